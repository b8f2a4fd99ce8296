// What the two JSON targets share: the first byte of an input chooses the type of the message.
#pragma once

#include <array>

#include "ledger/json/fabric_json.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/golden.hpp"

namespace weft::fuzz {

inline constexpr auto json_types = std::to_array<const char*>({
    "common.Block", "common.Envelope", "common.Config", "common.ConfigUpdate", "common.ConfigUpdateEnvelope", "gateway.PreparedTransaction",
    "gateway.ProposedTransaction", "discovery.Response", "protos.ChaincodeMessage", "protos.SignedProposal", "rwset.TxReadWriteSet",
    "common.SignaturePolicyEnvelope", "lifecycle.CommitChaincodeDefinitionArgs", "protos.CollectionConfigPackage"});

inline constexpr ledger::json_limits json_fuzz_limits{std::size_t{64} << 20};

[[nodiscard]] inline const char* json_type_of(bytes_view input) {
  return json_types[input.empty() ? 0 : static_cast<unsigned char>(input.front()) % json_types.size()];
}

/// Golden messages, each behind the byte of its type.
[[nodiscard]] inline std::vector<bytes> json_seeds() {
  std::vector<bytes> out;
  const auto add = [&](std::size_t type, const bytes& message) { out.push_back(static_cast<char>(type) + message); };
  for (const auto& block : golden_blocks()) add(0, block);
  add(0, golden_file("config/mychannel.genesis.block"));
  add(0, golden_file("config/bftchannel.genesis.block"));
  add(1, golden_file("config/anchor-update.envelope-1sig.pb"));
  add(2, golden_file("config/anchor-update.original-config.pb"));
  add(2, golden_file("config/anchor-update.modified-config.pb"));
  add(3, golden_file("config/anchor-update.configupdate.pb"));
  add(5, golden_file("tx/prepared_transaction.pb"));
  add(6, golden_file("tx/proposed_transaction_transient.pb"));
  add(7, golden_file("discovery/discovery_response.pb"));
  for (const auto& proposal : golden_proposals()) add(9, proposal);
  return out;
}

/// Read and written again a text is the same, and the message of it the same bytes; but a nested message of unknown fields alone is shown with its
/// defaults, is empty when it is read, and is shown as null then. Each such step makes the message smaller.
/// Times outside the four digits of a year are shown and cannot be read.
inline void check_json_is_stable(std::string_view type, std::string text) {
  const auto encoded = ledger::encode_from_json(type, text, json_fuzz_limits);
  if (!encoded) {
    FUZZ_CHECK(encoded.error().context.find("bad Timestamp") != std::string::npos);
    return;
  }
  auto message = *encoded;
  for (int steps = 0;; ++steps) {
    FUZZ_CHECK(steps <= ledger::json_depth_max);
    auto again = ledger::decode_to_json(type, message, json_fuzz_limits);
    FUZZ_CHECK(again.has_value());
    const auto next = ledger::encode_from_json(type, *again, json_fuzz_limits);
    FUZZ_CHECK(next.has_value());
    if (*again == text) {
      FUZZ_CHECK(*next == message);
      return;
    }
    FUZZ_CHECK(steps == 0 || next->size() < message.size());
    text = std::move(*again);
    message = *next;
  }
}

}  // namespace weft::fuzz
