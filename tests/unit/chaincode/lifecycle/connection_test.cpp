#include "chaincode/lifecycle/connection.hpp"

#include <doctest/doctest.h>

using namespace weft;
using namespace weft::chaincode;
using namespace std::chrono_literals;

TEST_CASE("a connection as packages describe it") {
  const auto c = parse_connection(R"({"address":"127.0.0.1:9999","dial_timeout":"10s","tls_required":true,"client_auth_required":true,
                                      "client_key":"KEY","client_cert":"CERT","root_cert":"ROOT","more":[1]})");
  REQUIRE_MESSAGE(c, c.error().context);
  CHECK(*c == connection{"127.0.0.1:9999", 10s, true, true, "KEY", "CERT", "ROOT"});
  for (const auto* good : {"[::1]:9999", "{{ .peername }}.cc:1", "cc_1.internal:65535"}) {
    CAPTURE(good);
    CHECK(parse_connection(std::string(R"({"address":")") + good + R"("})"));
  }
  const auto least = parse_connection(R"({"address":"cc:1"})");
  REQUIRE_MESSAGE(least, least.error().context);
  CHECK(*least == connection{"cc:1", 3s, false, false, "", "", ""});
}

TEST_CASE("how long an attempt may take") {
  struct row {
    const char* written;
    std::chrono::milliseconds meant;
  };
  const row rows[] = {
      {R"("10s")", 10s}, {R"("1m30s")", 90s}, {R"("0s")", 3s}, {"0", 3s}, {"null", 3s}, {"5000000000", 5s}, {"1e9", 1s}, {"1", 1ms}, {R"("1h")", 1h},
  };
  for (const auto& r : rows) {
    CAPTURE(r.written);
    const auto c = parse_connection(std::string(R"({"address":"cc:1","dial_timeout":)") + r.written + "}");
    REQUIRE_MESSAGE(c, c.error().context);
    CHECK(c->dial_timeout == r.meant);
  }
}

TEST_CASE("connections that are refused name the member") {
  struct row {
    std::string json;
    const char* says;
  };
  const row rows[] = {
      {"", "no JSON object"},
      {"[]", "no JSON object"},
      {R"({"address":"cc:1")", "no JSON object"},
      {"{}", "chaincode address not provided"},
      {R"({"address":7})", "address must be a text"},
      {R"({"address":"cc"})", "host:port"},
      {R"({"address":":9999"})", "host:port"},
      {R"({"address":"cc:0"})", "host:port"},
      {R"({"address":"unix:/run/other.sock:1"})", "host:port"},
      {R"({"address":"unix-abstract:other:1"})", "host:port"},
      {R"({"address":"dns:///cc:1"})", "host:port"},
      {R"({"address":"http://cc:80"})", "host:port"},
      {R"({"address":"c\nc:1"})", "host:port"},
      {R"({"address":"cc:65536"})", "host:port"},
      {R"({"address":"cc:1","dial_timeout":"soon"})", "dial_timeout"},
      {R"({"address":"cc:1","dial_timeout":"-1s"})", "dial_timeout"},
      {R"({"address":"cc:1","dial_timeout":-1})", "dial_timeout"},
      {R"({"address":"cc:1","dial_timeout":1e300})", "dial_timeout"},
      {R"({"address":"cc:1","dial_timeout":"2h"})", "dial_timeout"},
      {R"({"address":"cc:1","dial_timeout":true})", "dial_timeout"},
      {R"({"address":"cc:1","tls_required":"yes"})", "tls_required must be"},
      {R"({"address":"cc:1","tls_required":true})", "root_cert"},
      {R"({"address":"cc:1","tls_required":true,"root_cert":"R","client_auth_required":true})", "client_key"},
      {R"({"address":"cc:1","tls_required":true,"root_cert":"R","client_auth_required":true,"client_key":"K"})", "client_cert"},
      {R"({"address":")" + std::string(connection_bytes_max, 'x') + R"(:1"})", "larger than"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.json.substr(0, 100));
    const auto c = parse_connection(r.json);
    REQUIRE_FALSE(c);
    CHECK(c.error().code == errc::invalid_argument);
    CHECK_MESSAGE(c.error().context.find(r.says) != std::string::npos, c.error().context);
  }
}
