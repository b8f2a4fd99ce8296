// Compiled policies out of bytes: an evaluation and its explanation agree, whoever signed.
#include "common/policies.pb.h"
#include "crypto/policy/policy.hpp"
#include "proto/encode.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/golden.hpp"
#include "tests/fuzz/policies.hpp"

using namespace weft;
using namespace weft::fuzz;

namespace {

const std::vector<crypto::identity_ptr>& members() {
  static const auto all = [] {
    std::vector<crypto::identity_ptr> out;
    for (const auto& raw : golden_identities())
      if (auto who = golden_world().raft->msps()->validate(raw)) out.push_back(*std::move(who));
    FUZZ_CHECK(out.size() > 6);
    return out;
  }();
  return all;
}

int fuzz_one(const std::uint8_t* data, std::size_t size) {
  const auto raw = view(data, size);
  const auto compiled = crypto::compile(raw, golden_world().raft->msps());
  FUZZ_CHECK(golden_world().raft->compile(raw).has_value() == compiled.has_value());
  ::common::SignaturePolicyEnvelope wire;
  if (proto::decode(raw, wire)) (void)crypto::to_text(wire);
  if (!compiled) {
    FUZZ_CHECK(!compiled.error().context.empty());
    return 0;
  }
  for (const auto& signers : {std::vector<crypto::identity_ptr>{}, {members().front()}, members()}) {
    const auto trace = (*compiled)->explain(signers);
    FUZZ_CHECK(trace.satisfied == (*compiled)->evaluate(signers));
    FUZZ_CHECK(!trace.to_text().empty());
  }
  return 0;
}

std::vector<bytes> seeds() {
  std::vector<bytes> out;
  for (const auto& hex : golden_strings("policy/policies.json", "signature_policy_envelope_hex"))
    if (auto raw = from_hex(hex)) out.push_back(*std::move(raw));
  return out;
}

}  // namespace

WEFT_FUZZ_TARGET(policy_bytes, 12'000);
