// What our server says on the wire, to clients that keep to the rules.
#include <algorithm>

#include "edge/rpc/h2/grpc_text.hpp"
#include "tests/unit/edge/rpc/h2/wire_fixture.hpp"

using namespace weft;
using namespace weft::testing;
using edge::h2::limits;
using std::chrono::milliseconds;

TEST_CASE("a call is answered with its message and status 0") {
  wire_server s;
  wire_client c(s.port());
  const auto a = c.finish(c.request("/t.T/Echo", framed("hello"), true, {{"suffix-bin", "Zm9v"}}));
  CHECK(a.headers.at(":status") == "200");
  CHECK(a.headers.at("content-type") == "application/grpc");
  CHECK(a.headers.at("grpc-status") == "0");
  CHECK(a.body == framed("hellofoo"));
  CHECK(a.reset == 0);
}

TEST_CASE("messages of every size pass both ways, and windows open again") {
  wire_server s;
  wire_client c(s.port(), 64 << 20);
  for (const std::size_t size : {std::size_t{0}, std::size_t{16'379}, std::size_t{16'384}, std::size_t{70'000}, std::size_t{5'000'000}}) {
    CAPTURE(size);
    const auto id = c.request("/t.T/Echo", framed(bytes(size, 'x')), true);
    CHECK(c.finish(id).body == framed(bytes(size, 'x')));
  }
}

TEST_CASE("a refusal carries code, encoded text and details, without a body") {
  wire_server s;
  wire_client c(s.port());
  const auto a = c.finish(c.request("/t.T/Refuse", framed("")));
  CHECK(a.headers.at("grpc-status") == "10");
  CHECK(a.headers.at("grpc-message") == "50 %25 %C3%A9");
  const auto details = edge::decode_details(*edge::h2::base64_decode(a.headers.at("grpc-status-details-bin")));
  REQUIRE(details.size() == 1);
  CHECK(details[0].msp_id == "Org1MSP");
  CHECK(a.body.empty());
}

TEST_CASE("what is refused before a service hears of it") {
  wire_server s;
  wire_client c(s.port());
  struct row {
    const char* name;
    std::string path;
    bytes body;
    wire_client::headers headers;
    std::string http, grpc;
  };
  const row rows[] = {
      {"no gRPC", "/t.T/Echo", framed("x"), {{"content-type", "text/plain"}}, "415", ""},
      {"no POST", "/t.T/Echo", framed("x"), {{":method", "PUT"}}, "405", ""},
      {"an unknown method", "/t.T/None", framed("x"), {}, "200", "12"},
      {"an unknown service", "/x/Echo", framed("x"), {}, "200", "12"},
      {"a time that is none", "/t.T/Echo", framed("x"), {{"grpc-timeout", "1"}}, "200", "13"},
      {"compression by name", "/t.T/Echo", framed("x"), {{"grpc-encoding", "gzip"}}, "200", "12"},
      {"compression by flag", "/t.T/Echo", prefix(1, 1) + "x", {}, "200", "12"},
      {"another flag", "/t.T/Echo", prefix(1, 7) + "x", {}, "200", "13"},
      {"no message", "/t.T/Echo", "", {}, "200", "3"},
      {"a piece of a prefix", "/t.T/Echo", bytes(2, '\0'), {}, "200", "13"},
      {"a piece of a message", "/t.T/Echo", prefix(10) + "x", {}, "200", "13"},
      {"too large", "/t.T/Echo", prefix(0xffff'ffff), {}, "200", "8"},
      {"headers that are too large", "/t.T/Echo", framed("x"), {{"a", bytes(9'000, 'x')}, {"b", bytes(9'000, 'x')}}, "200", "8"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const auto a = c.finish(c.request(r.path, r.body, true, r.headers));
    REQUIRE(a.closed);
    CHECK(a.headers.at(":status") == r.http);
    if (!r.grpc.empty()) CHECK(a.headers.at("grpc-status") == r.grpc);
  }
  CHECK(c.finish(c.request("/t.T/Echo", framed("still here"))).body == framed("still here"));
  CHECK(s.running->open_calls() == 0);
}

TEST_CASE("a client that is answered early need not send the rest") {
  wire_server s;
  wire_client c(s.port());
  const auto a = c.finish(c.request("/t.T/Echo", framed("x"), false));
  CHECK(a.headers.at("grpc-status") == "0");
  CHECK(a.reset == 0);
}

TEST_CASE("a stream is read by one message for each that is asked for") {
  wire_server s;
  wire_client c(s.port());
  const auto id = c.request("/t.T/Pipe", framed("one") + framed("two") + framed("three"));
  const auto out = s.wait_stream();
  for (const auto* m : {"message one", "message two", "message three"}) {
    out->read();
    s.wait_event(m);
  }
  CHECK(s.events().size() == 3);
  out->read();
  s.wait_event("no more");
  out->write("answer");
  out->finish({});
  CHECK(c.finish(id).body == framed("answer"));
  s.wait_event("closed");
  CHECK(s.events() == std::vector<std::string>{"message one", "message two", "message three", "no more", "written", "closed"});
  out->write("late");
  out->read();
  out->finish({});
}

TEST_CASE("a stream of a client that is gone is cancelled, then closed, and not before") {
  wire_server s;
  {
    wire_client c(s.port());
    const auto id = c.request("/t.T/Pipe", framed("one"), false);
    const auto out = s.wait_stream();
    CHECK(s.events().empty());
    c.reset(id);
    c.flush();
    s.wait_event("closed");
    CHECK(s.events() == std::vector<std::string>{"cancelled", "closed"});
    c.request("/t.T/Pipe", framed("one"), false);
    s.wait_stream();
  }
  s.wait_event("closed", 2);  // the connection's end is the call's
}

TEST_CASE("a deadline passes while a service thinks, or while a client does not read") {
  wire_server s;
  wire_client c(s.port(), 100);
  const auto thinking = c.finish(c.request("/t.T/Hold", framed("x"), true, {{"grpc-timeout", "20m"}}));
  CHECK(thinking.headers.at("grpc-status") == "4");
  const auto unread = c.request("/t.T/Pipe", framed("x"), true, {{"grpc-timeout", "50m"}});
  s.wait_stream()->write(bytes(1'000, 'x'));
  const auto a = c.finish(unread);
  CHECK(a.body.size() == 100);
  CHECK(a.reset == 8);  // CANCEL: a message that was begun
  s.wait_event("closed");
}

TEST_CASE("many calls on one connection are answered in any order") {
  wire_server s;
  wire_client c(s.port());
  std::vector<std::int32_t> ids;
  for (int i = 0; i < 500; ++i) ids.push_back(c.request("/t.T/Hold", framed(std::to_string(i))));
  auto held = s.wait_held(500);
  std::reverse(held.begin(), held.end());
  for (const auto& call : held) call->answer("to " + call->request());
  for (std::size_t i = 0; i < ids.size(); ++i) CHECK(c.finish(ids[i]).body == framed("to " + std::to_string(i)));
}

TEST_CASE("stopping lets calls end within their grace, takes no new ones, and ends those that take longer") {
  wire_server s;
  wire_client c(s.port()), slow(s.port());
  const auto in_time = c.request("/t.T/Hold", framed("x"));
  auto first = s.wait_held(1);
  const auto late = slow.request("/t.T/Hold", framed("x"));
  auto second = s.wait_held(1);
  auto stopping = std::async(std::launch::async, [&] { s.running->stop(milliseconds(300)); });
  while (!c.goaway() && c.read_some()) {
  }
  first[0]->answer("done");
  CHECK(c.finish(in_time).body == framed("done"));
  CHECK(slow.finish(late).headers.at("grpc-status") == "14");
  stopping.get();
  CHECK(s.running->open_calls() == 0);
  c.read_to_end();
  CHECK(c.goaway() == 0);
}
