// Clients that mean no good, and what they can make our server hold or do.
#include <algorithm>
#include <thread>

#include "tests/unit/edge/rpc/h2/wire_fixture.hpp"

using namespace weft;
using namespace weft::testing;
using edge::h2::limits;
using std::chrono::milliseconds;

namespace {

constexpr std::uint32_t calm = 11;  // ENHANCE_YOUR_CALM

bool serves(wire_server& s) {
  wire_client other(s.port());
  return other.finish(other.request("/t.T/Echo", framed("honest"))).body == framed("honest");
}

}  // namespace

TEST_CASE("who does not finish the greeting is cut") {
  limits l;
  l.handshake = milliseconds(30);
  wire_server s(l);
  wire_client polite(s.port()), silent(s.port());
  polite.read_until_settings();
  struct speaker {
    const char* name;
    bytes says;
  };
  for (const auto& x : {speaker{"HTTP/1.1", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"}, speaker{"noise", bytes(300, '\xee')}, speaker{"half a greeting", "PRI * HTTP/2.0\r\n"}}) {
    CAPTURE(x.name);
    wire_client c(s.port());
    c.send_raw(x.says);
    c.read_to_end();
    CHECK_FALSE(c.connected());
  }
  CHECK(serves(s));
  CHECK(polite.finish(polite.request("/t.T/Echo", framed("x"))).body == framed("x"));
}

TEST_CASE("pings without end are answered with a request for calm") {
  wire_server s;
  wire_client c(s.port());
  for (int i = 0; i < 3; ++i) c.ping();
  c.flush();
  CHECK(c.finish(c.request("/t.T/Echo", framed("x"))).body == framed("x"));  // three are forgiven
  for (int i = 0; i < 20; ++i) c.ping();
  c.flush();
  c.read_to_end();
  CHECK(c.goaway() == calm);
  CHECK(c.goaway_text() == "too_many_pings");
  CHECK(serves(s));
}

TEST_CASE("calls that are begun and dropped without end are answered with a request for calm") {
  limits l;
  l.resets_at_once = 50;
  l.resets_per_second = 1;
  wire_server s(l);
  wire_client c(s.port());
  for (int i = 0; i < 200 && c.connected(); ++i) {
    const auto id = c.request("/t.T/Hold", framed("x"), false);
    c.reset(id);
    c.flush();
  }
  c.read_to_end();
  CHECK(c.goaway() == calm);
  CHECK(serves(s));
}

TEST_CASE("frames that say nothing, without end, are answered with a request for calm") {
  limits l;
  l.idle_frames_at_once = 50;
  l.idle_frames_per_second = 1;
  const bytes priority("\0\0\5\2\0\0\0\0\3\0\0\0\0\x10", 14);
  const bytes empty_data("\0\0\0\0\0\0\0\0\1", 9);                    // of the first call
  const bytes only_padding("\0\0\3\0\x8\0\0\0\1\2\0\0", 12);
  for (const auto& frame : {priority, empty_data, only_padding}) {
    CAPTURE(to_hex(frame));
    wire_server s(l);
    wire_client c(s.port());
    REQUIRE(c.request("/t.T/Pipe", framed("x"), false) == 1);
    c.wait_until_taken();
    bytes flood;
    for (int i = 0; i < 60; ++i) flood += frame;  // in one read: what is unread at the end takes the last words with it
    c.send_raw(flood);
    c.read_to_end();
    CHECK(c.goaway() == calm);
    CHECK(c.goaway_text() == "too_many_empty_frames");
    CHECK(serves(s));
  }
}

TEST_CASE("settings without end cost their connection only") {
  wire_server s;
  wire_client c(s.port());
  c.read_until_settings();
  bytes flood;
  for (int i = 0; i < 5'000; ++i) flood += bytes("\0\0\0\4\0\0\0\0\0", 9);
  for (int i = 0; i < 100; ++i) c.send_raw(flood);
  CHECK(serves(s));
}

TEST_CASE("a connection has as many calls as it was told, and its service as many as it may") {
  limits l;
  l.streams_max = 10;
  wire_server s(l, 12);
  wire_client c(s.port()), d(s.port());
  c.read_until_settings();
  CHECK(c.streams_max() == 10);
  for (int i = 0; i < 10; ++i) c.request("/t.T/Hold", framed("x"));
  d.request("/t.T/Hold", framed("x"));
  d.request("/t.T/Hold", framed("x"));
  auto held = s.wait_held(12);
  const auto a = d.finish(d.request("/t.T/Echo", framed("x")));
  CHECK(a.headers.at("grpc-status") == "8");
  CHECK(a.headers.at("grpc-message") == "too many requests for /t.T, exceeding concurrency limit (12)");
  held.clear();
}

TEST_CASE("messages that never end are bounded in sum: the largest goes") {
  limits l;
  l.unread_bytes_max = 1'000'000;
  wire_server s(l);
  wire_client c(s.port()), d(s.port());
  for (auto* each : {&c, &d}) each->read_until_settings();
  const auto small = c.request("/t.T/Echo", prefix(900'000) + bytes(300'000, 'x'), false);
  const auto large = d.request("/t.T/Echo", prefix(900'000) + bytes(600'000, 'x'), false);
  for (auto* each : {&c, &d}) each->wait_until_taken();
  CHECK(serves(s));
  c.send(small, bytes(300'000, 'x'), false);
  CHECK(d.finish(large).headers.at("grpc-status") == "8");
  c.send(small, bytes(300'000, 'x'), true);
  c.read_body(small, 60'000);
  CHECK(c.answer(small).body.size() >= 60'000);
}

TEST_CASE("what nobody asks for fills a window and no more") {
  limits l;
  l.stream_window = 100'000;
  wire_server s(l);
  wire_client c(s.port());
  c.read_until_settings();
  c.request("/t.T/Pipe", framed(bytes(10'000'000, 'x')), false);
  const auto out = s.wait_stream();
  CHECK(serves(s));  // the stream does not read; others are served, also on this connection
  CHECK(c.finish(c.request("/t.T/Echo", framed("x"))).body == framed("x"));
  CHECK(s.events().empty());
}

TEST_CASE("a reader that does not read gets what it has room for, and its stream is told of no more") {
  wire_server s;
  wire_client c(s.port(), 1'000);
  c.request("/t.T/Pipe", framed("x"), false);
  const auto out = s.wait_stream();
  for (int i = 0; i < 5; ++i) out->write(bytes(900, 'x'));
  s.wait_event("written");
  CHECK(serves(s));
  const auto told = s.events();
  CHECK(std::count(told.begin(), told.end(), "written") == 1);
}

TEST_CASE("a client that says nothing is asked whether it is there") {
  limits l;
  l.ping_every = milliseconds(20);
  l.ping_wait = milliseconds(50);
  wire_server s(l);
  wire_client lively(s.port()), dead(s.port());
  lively.read_until_settings();
  dead.read_until_settings();
  dead.request("/t.T/Pipe", framed("x"), false);
  const auto out = s.wait_stream();
  lively.read_until_pinged(5);
  CHECK(lively.pings_of_server() >= 5);
  s.wait_event("cancelled");  // nobody reads at `dead`, so nobody answers
  CHECK(lively.finish(lively.request("/t.T/Echo", framed("x"))).body == framed("x"));
}

TEST_CASE("junk behind the greeting ends its connection only") {
  wire_server s;
  for (int i = 0; i < 50; ++i) {
    wire_client c(s.port());
    c.request("/t.T/Hold", framed("x"), false);
    c.send_raw(bytes(static_cast<std::size_t>(9 + i), static_cast<char>(17 * i + 1)));
    c.send_raw(bytes(20'000, '\xff'));
    c.read_to_end();
    CHECK_FALSE(c.connected());
  }
  CHECK(serves(s));
  while (s.running->open_calls() > 0) std::this_thread::yield();
}
