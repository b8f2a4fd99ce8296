#include "edge/rpc/h2/grpc_text.hpp"

#include <doctest/doctest.h>

using namespace weft;
using namespace weft::edge::h2;

TEST_CASE("timeouts are read as gRPC writes them") {
  struct row {
    const char* text;
    std::optional<std::int64_t> nanos;
  };
  const row rows[] = {
      {"1n", 1}, {"5u", 5'000}, {"250m", 250'000'000}, {"30S", 30'000'000'000}, {"2M", 120'000'000'000}, {"1H", 3'600'000'000'000}, {"0S", 0},
      {"99999999n", 99'999'999}, {"99999999H", 366LL * 24 * 3'600'000'000'000}, {"99999999S", 366LL * 24 * 3'600'000'000'000},
      {"", {}}, {"S", {}}, {"1", {}}, {"1s", {}}, {"-1S", {}}, {"1.5S", {}}, {"123456789S", {}}, {"1 S", {}}, {"1SS", {}},
  };
  for (const auto& r : rows) {
    CAPTURE(r.text);
    const auto read = parse_timeout(r.text);
    REQUIRE(read.has_value() == r.nanos.has_value());
    if (read) CHECK(read->count() == *r.nanos);
  }
}

TEST_CASE("messages are printable ASCII on the wire, and come back") {
  CHECK(percent_encode("plain text, with spaces: ~!") == "plain text, with spaces: ~!");
  CHECK(percent_encode("100 %") == "100 %25");
  CHECK(percent_encode("\xc3\xa9\n\t") == "%C3%A9%0A%09");
  CHECK(percent_decode("%C3%A9%0a") == "\xc3\xa9\n");
  for (const auto* broken : {"%", "%4", "%zz", "a%4"}) CHECK(percent_decode(broken) == broken);
  bytes all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  CHECK(percent_decode(percent_encode(all)) == all);
}

TEST_CASE("base64 of binary metadata, padded or not") {
  struct row {
    const char *data, *text;
  };
  const row rows[] = {{"", ""}, {"f", "Zg"}, {"fo", "Zm8"}, {"foo", "Zm9v"}, {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xff\xef", "/+8"}};
  for (const auto& r : rows) {
    CAPTURE(r.text);
    CHECK(base64_encode(r.data) == r.text);
    CHECK(base64_decode(r.text) == r.data);
    CHECK(base64_decode(bytes(r.text) + bytes((4 - bytes_view(r.text).size() % 4) % 4, '=')) == r.data);
  }
  for (const auto* none : {"A", "Zg===", "Z=g", "Zm9v\n", "Zm-v", "AAAAA"}) CHECK_FALSE(base64_decode(none));
}

TEST_CASE("what says that it is gRPC") {
  for (const auto* yes : {"application/grpc", "application/grpc+proto", "application/grpc;charset=utf-8"}) CHECK(is_grpc_content(yes));
  for (const auto* no : {"", "application/grpc-web", "application/grpcx", "text/html", "application/json"}) CHECK_FALSE(is_grpc_content(no));
}
