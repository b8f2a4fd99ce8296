// The policy language: byte-equal to Fabric 3.1, and errors that point.
#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "common/policies.pb.h"
#include "config/base/random.hpp"
#include "crypto/policy/policy.hpp"
#include "msp/msp_principal.pb.h"
#include "proto/encode.hpp"

using namespace weft;
using namespace weft::crypto;

namespace {

std::string encoded(std::string_view text) {
  const auto parsed = parse_policy(text);
  return parsed ? weft::proto::encode(*parsed) : "error: " + parsed.error().context;
}

}  // namespace

TEST_CASE("golden policies compile to Fabric's bytes, and what Fabric refuses fails") {
  std::ifstream in(std::string(WEFT_GOLDEN_DIR) + "/policy/policies.json");
  const auto rows = nlohmann::json::parse(in);
  CHECK(rows.size() >= 20);
  for (const auto& row : rows) {
    const auto text = row.at("policy").get<std::string>();
    CAPTURE(text);
    const auto parsed = parse_policy(text);
    if (row.contains("error")) {
      REQUIRE_FALSE(parsed.has_value());
      CHECK(parsed.error().code == errc::invalid_argument);
      CHECK(parsed.error().context.find("at character ") != std::string::npos);
    } else {
      REQUIRE_MESSAGE(parsed.has_value(), parsed.error().context);
      const auto wire = weft::proto::encode(*parsed);
      CHECK(to_hex(wire) == row.at("signature_policy_envelope_hex").get<std::string>());
      CHECK(encoded(to_text(*parsed)) == wire);
    }
  }
}
