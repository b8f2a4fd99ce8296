#include "edge/rpc/h2/request_head.hpp"

#include <doctest/doctest.h>

using namespace weft;
using namespace weft::edge::h2;
using actors::rpc_code;

namespace {

request_head of(const std::vector<std::pair<bytes, bytes>>& more, bytes method = "POST", bytes content = "application/grpc") {
  request_head h;
  h.add(":method", method);
  h.add(":path", "/a.B/C");
  h.add("te", "trailers");
  if (!content.empty()) h.add("content-type", content);
  for (const auto& [name, value] : more) h.add(name, value);
  return h;
}
int code(rpc_code c) { return static_cast<int>(c); }

}  // namespace

TEST_CASE("a call says where it goes, how long it may take, and what goes with it") {
  const auto h = of({{"grpc-timeout", "3S"}, {"weft-peer", "peer0"}, {"weft-peer", "peer1"}, {"key-bin", "Zm9v"}, {"user-agent", "x"}, {"grpc-trace-bin", "!"},
                     {"grpc-encoding", "identity"}});
  CHECK(h.http_status() == 200);
  CHECK(h.refused().ok());
  CHECK(h.path() == "/a.B/C");
  CHECK(h.timeout() == std::chrono::seconds(3));
  CHECK(find(h.metadata(), "weft-peer") == "peer0");
  CHECK(find(h.metadata(), "key-bin") == "foo");
  CHECK(find(h.metadata(), "user-agent").empty());
}

TEST_CASE("what is no call of gRPC has an answer of HTTP") {
  CHECK(of({}, "GET").http_status() == 405);
  CHECK(of({}, "POST", "text/html").http_status() == 415);
  CHECK(of({}, "POST", "").http_status() == 415);
  CHECK(request_head().http_status() == 405);
}

TEST_CASE("headers that a call is refused for") {
  struct row {
    const char* name;
    std::vector<std::pair<bytes, bytes>> headers;
    rpc_code code;
  };
  std::vector<std::pair<bytes, bytes>> many;
  for (int i = 0; i < 200; ++i) many.emplace_back("k" + std::to_string(i), "v");
  const row rows[] = {
      {"a time that is none", {{"grpc-timeout", "soon"}}, rpc_code::internal},
      {"compression", {{"grpc-encoding", "gzip"}}, rpc_code::unimplemented},
      {"binary that is none", {{"key-bin", "!"}}, rpc_code::internal},
      {"too large", {{"key", bytes(17'000, 'x')}}, rpc_code::resource_exhausted},
      {"too many", many, rpc_code::resource_exhausted},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const auto h = of(r.headers);
    CHECK(h.http_status() == 200);
    CHECK(h.refused().code == code(r.code));
    CHECK_FALSE(h.refused().message.empty());
  }
}
