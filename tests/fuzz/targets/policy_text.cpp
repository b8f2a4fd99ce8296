// The policy language: what compiles is written back to text that compiles to the same bytes, and can be evaluated.
#include "common/policies.pb.h"
#include "crypto/policy/policy.hpp"
#include "proto/encode.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/golden.hpp"
#include "tests/fuzz/policies.hpp"

using namespace weft;
using namespace weft::fuzz;

namespace {

void check_implicit_meta(bytes_view text) {
  const auto rule = crypto::parse_implicit_meta(text);
  if (!rule) return;
  const auto* name = rule->first == crypto::meta_rule::any ? "ANY " : rule->first == crypto::meta_rule::all ? "ALL " : "MAJORITY ";
  FUZZ_CHECK(crypto::parse_implicit_meta(name + rule->second) == rule);
}

int fuzz_one(const std::uint8_t* data, std::size_t size) {
  const auto text = view(data, size);
  check_implicit_meta(text);
  const auto policy = crypto::parse_policy(text);
  if (!policy) {
    FUZZ_CHECK(policy.error().code == errc::invalid_argument && !policy.error().context.empty());
    return 0;
  }
  const auto encoded = proto::encode(*policy);
  const auto compiled = crypto::compile(encoded, golden_world().raft->msps());
  if (!compiled) return 0;  // more rules than an evaluation takes on
  FUZZ_CHECK((*compiled)->evaluate({}) == (*compiled)->explain({}).satisfied);
  const auto again = crypto::parse_policy(crypto::to_text(*policy));
  FUZZ_CHECK(again && proto::encode(*again) == encoded);
  return 0;
}

std::vector<bytes> seeds() {
  std::vector<bytes> out{"MAJORITY Endorsement", "ANY Writers", "ALL  Admins"};
  for (const auto& text : golden_strings("policy/policies.json", "policy")) out.push_back(text);
  return out;
}

}  // namespace

WEFT_FUZZ_TARGET(policy_text, 300'000);
