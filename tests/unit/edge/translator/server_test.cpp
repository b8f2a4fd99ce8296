// The REST server over real sockets on the loopback, on ports that the system chooses.
#include "edge/translator/server.hpp"

#include <httplib.h>

#include <thread>

#include "common/configtx.pb.h"
#include "proto/encode.hpp"
#include "tests/unit/ledger/json/files.hpp"

using namespace weft;
using edge::translator::server;
using edge::translator::server_options;

namespace {

server_options local() { return {.hostname = "127.0.0.1", .port = 0}; }

std::unique_ptr<server> started(server_options options = local()) {
  auto made = server::open(std::move(options));
  REQUIRE_MESSAGE(made, made.error().context);
  return std::move(*made);
}

httplib::Client client_of(const server& s) { return httplib::Client("127.0.0.1", s.port()); }

/// Sends bytes and returns all that comes back until the server closes.
std::string raw_exchange(int port, const std::string& request) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
  std::size_t sent = 0;
  while (sent < request.size()) {
    const auto n = ::send(fd, request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) break;
    sent += static_cast<std::size_t>(n);
  }
  std::string out;
  char buffer[4096];
  for (ssize_t n; (n = ::recv(fd, buffer, sizeof buffer, 0)) > 0;) out.append(buffer, static_cast<std::size_t>(n));
  ::close(fd);
  return out;
}

}  // namespace

TEST_CASE("messages go to JSON and back over HTTP") {
  const auto s = started();
  auto client = client_of(*s);
  const auto block = golden::file("config/bftchannel.genesis.block");
  const auto decoded = client.Post("/protolator/decode/common.Block", block, "application/octet-stream");
  REQUIRE(decoded);
  CHECK(decoded->status == 200);
  CHECK(decoded->get_header_value("Content-Type") == "text/plain; charset=utf-8");
  const auto encoded = client.Post("/protolator/encode/common.Block", decoded->body, "application/json");
  REQUIRE(encoded);
  CHECK(encoded->get_header_value("Content-Type") == "application/octet-stream");
  CHECK(encoded->body.size() == block.size());
  const auto again = client.Post("/protolator/decode/common.Block", encoded->body, "application/octet-stream");
  REQUIRE(again);
  CHECK(again->body == decoded->body);

  const auto unknown = client.Post("/protolator/decode/common.Blok", "", "text/plain");
  REQUIRE(unknown);
  CHECK(unknown->status == 404);
  CHECK(unknown->body == "message name not found\n");
  CHECK(client.Get("/protolator/decode/common.Block")->status == 405);
  CHECK(client.Get("/")->status == 404);
  CHECK(s->close(std::chrono::seconds(20)));
  CHECK(!client.Get("/"));
}

TEST_CASE("an update is computed from a multipart form") {
  const auto s = started();
  auto client = client_of(*s);
  httplib::MultipartFormDataItems form = {
      {"channel", "mychannel", "", ""},
      {"original", golden::file("config/anchor-update.original-config.pb"), "original.pb", "application/octet-stream"},
      {"updated", golden::file("config/anchor-update.modified-config.pb"), "updated.pb", "application/octet-stream"},
  };
  ::common::ConfigUpdate golden_update;
  REQUIRE(proto::decode(golden::file("config/anchor-update.configupdate.pb"), golden_update));
  const auto done = client.Post("/configtxlator/compute/update-from-configs", form);
  REQUIRE(done);
  CHECK(done->status == 200);
  CHECK(done->body == proto::encode(golden_update));
  form.erase(form.begin());
  CHECK(client.Post("/configtxlator/compute/update-from-configs?channel=mychannel", form)->body == done->body);
  form[0].filename.clear();
  CHECK(client.Post("/configtxlator/compute/update-from-configs", form)->body == "Error with field 'original': error reading field bytes: http: no such file\n");
  const auto plain = client.Post("/configtxlator/compute/update-from-configs", "x", "application/octet-stream");
  REQUIRE(plain);
  CHECK(plain->status == 400);
  CHECK(plain->body == "Error with field 'original': error reading field bytes: request Content-Type isn't multipart/form-data\n");
}

TEST_CASE("browsers are let in by origin") {
  auto options = local();
  options.cors = {"http://a.example"};
  const auto s = started(options);
  auto client = client_of(*s);
  const auto asked = client.Options("/protolator/decode/common.Block", {{"Origin", "http://a.example"}, {"Access-Control-Request-Method", "POST"}});
  REQUIRE(asked);
  CHECK(asked->status == 200);
  CHECK(asked->get_header_value("Access-Control-Allow-Origin") == "http://a.example");
  const auto posted = client.Post("/protolator/decode/common.Block", {{"Origin", "http://a.example"}}, "", "text/plain");
  REQUIRE(posted);
  CHECK(posted->status == 200);
  CHECK(posted->get_header_value("Access-Control-Allow-Origin") == "http://a.example");
  CHECK(!client.Post("/protolator/decode/common.Block", {{"Origin", "http://b.example"}}, "", "text/plain")->has_header("Access-Control-Allow-Origin"));
}

TEST_CASE("bodies are bounded, however they are sent") {
  auto options = local();
  options.body_bytes_max = 100'000;
  const auto s = started(options);
  auto client = client_of(*s);
  const std::string large(200'000, ' ');
  const auto refused = client.Post("/protolator/encode/common.Block", large, "application/json");
  if (refused) CHECK(refused->status == 413);  // the server may have closed before all was sent
  const std::string head = "POST /protolator/encode/common.Block HTTP/1.1\r\nHost: x\r\n";
  CHECK(raw_exchange(s->port(), head + "Content-Length: 99999999999\r\n\r\n" + large).find(" 413 ") != std::string::npos);
  CHECK(raw_exchange(s->port(), head + "Transfer-Encoding: chunked\r\n\r\n30d40\r\n" + large + "\r\n0\r\n\r\n").find(" 413 ") != std::string::npos);
  CHECK(raw_exchange(s->port(), head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n").find(" 400 ") != std::string::npos);
  CHECK(raw_exchange(s->port(), head + "\r\n").find(" 400 ") != std::string::npos);  // no body is no JSON, and nobody waits for one
  CHECK(raw_exchange(s->port(), "POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n").find(" 404 ") != std::string::npos);
  CHECK(client.Post("/protolator/encode/common.Block", "{}", "application/json")->status == 200);
}

TEST_CASE("a compressed body is bounded by what it becomes") {
  auto options = local();
  options.body_bytes_max = 100'000;
  const auto s = started(options);
  auto client = client_of(*s);
  client.set_compress(true);
  const auto refused = client.Post("/protolator/encode/common.Block", std::string(5'000'000, ' '), "application/json");
  REQUIRE(refused);
  CHECK(refused->status == 413);
}

TEST_CASE("many clients at once are all served") {
  auto options = local();
  options.threads = 2;
  options.waiting_max = 2;
  const auto s = started(options);
  const auto block = golden::file("blocks/mychannel.5.block"), text = golden::file("blocks/mychannel.5.json");
  std::atomic<int> good{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 16; ++i) {
    clients.emplace_back([&] {
      for (int n = 0; n < 5; ++n) {
        const auto done = client_of(*s).Post("/protolator/decode/common.Block", block, "application/octet-stream");
        good += done && done->body == text;
      }
    });
  }
  for (auto& c : clients) c.join();
  CHECK(good == 80);
}

TEST_CASE("a port that is taken is refused, and closing at once is fine") {
  const auto first = started();
  auto options = local();
  options.port = first->port();
  const auto second = server::open(options);
  REQUIRE(!second);
  CHECK(second.error().context.find("in use") != std::string::npos);
  for (int i = 0; i < 20; ++i) CHECK(started()->close(std::chrono::seconds(20)));
}
