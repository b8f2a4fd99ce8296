// A channel of two organizations with identities issued on the spot, and transactions that can be bent at every level.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/common.pb.h"
#include "config/base/random.hpp"
#include "crypto/msp/msp.hpp"
#include "ledger/channel/bundle.hpp"
#include "ledger/validation/validator.hpp"
#include "peer/proposal.pb.h"
#include "peer/proposal_response.pb.h"
#include "peer/transaction.pb.h"
#include "tests/unit/ledger/validation/map_state.hpp"

namespace weft::test {

using identity = std::shared_ptr<const crypto::signing_identity>;

/// An organization with its own root and one identity of each kind.
struct organization {
  std::string msp_id;
  std::shared_ptr<const ::msp::FabricMSPConfig> config;
  identity peer, second_peer, client, admin, expired_client;
};

/// What a transaction consists of; the hooks may spoil each message before the next level hashes or signs it.
struct tx_spec {
  std::string channel = "mychannel", chaincode = "mycc", version = "1.0";
  ledger::rwset sets;
  std::optional<bytes> event;
  identity client;                  ///< Default: Org1's.
  std::vector<identity> endorsers;  ///< Default: Org1's and Org2's peers.
  std::string nonce;                ///< Default: fresh.
  std::function<void(::common::ChannelHeader&)> channel_header = {};
  std::function<void(::common::SignatureHeader&)> signature_header = {};
  std::function<void(::protos::ChaincodeAction&)> action = {};
  std::function<void(::protos::ProposalResponsePayload&)> response = {};
  std::function<void(::protos::ChaincodeActionPayload&)> action_payload = {};
  std::function<void(::protos::Transaction&)> transaction = {};
  std::function<void(::common::Payload&)> payload = {};
  std::function<void(::common::Envelope&)> envelope = {};
};

class network {
 public:
  /// `application_capability` chooses the rules; "V2_5" unless a test says otherwise.
  explicit network(std::string application_capability = "V2_5");

  organization org1, org2, orderers, stranger;  ///< `stranger` uses Org1's MSP id with a root of its own.
  std::shared_ptr<const ledger::channel_bundle> bundle;
  std::shared_ptr<const crypto::verifier> verifier;

  [[nodiscard]] ledger::envelope make_tx(tx_spec spec);
  /// Prepares and judges one block of these envelopes on `state`, as a peer would. `in_ledger` are ids of earlier blocks.
  [[nodiscard]] result<ledger::judged_block> judge(std::vector<ledger::envelope> envelopes, const map_state& state,
                                                   std::vector<std::string> in_ledger = {}) const;
  /// The verdict of a block with only this transaction.
  [[nodiscard]] ledger::verdict verdict_of(ledger::envelope e, const map_state& state) const;
  /// pb(SignaturePolicyEnvelope) of a policy in words.
  [[nodiscard]] static bytes policy_bytes(const std::string& text);

 private:
  organization make_org(const std::string& msp_id, const std::string& domain);
  std::unique_ptr<random_source> random_;
  std::uint64_t txs_made_ = 0;
};

struct collection_spec {
  std::string name;
  std::string endorsement_policy = {};  ///< In words; empty: none.
};
/// How a definition is spoiled.
struct definition_spec {
  std::string chaincode = "mycc";
  std::string policy = "OR('Org1MSP.peer','Org2MSP.peer')";  ///< In words, or a channel policy when it starts with "ref:".
  std::vector<collection_spec> collections = {};
  std::string validation_plugin = "vscc";
  std::optional<bytes> validation_parameter = {};  ///< Instead of `policy`.
  std::string datatype = "ChaincodeDefinition";
};
/// Writes a definition into the state as a `_lifecycle` commit would.
void define(map_state& state, const definition_spec& spec);

/// pb(KVMetadataWrite) with one key-level policy, as the state keeps it.
[[nodiscard]] bytes key_policy(const std::string& text);
/// The entries of a metadata write that sets a key-level policy.
[[nodiscard]] std::vector<std::pair<std::string, bytes>> key_policy_entries(const std::string& text);
/// A transaction id of an envelope.
[[nodiscard]] std::string id_of(const ledger::envelope& e);

}  // namespace weft::test

/// Failed comparisons of verdicts print their names.
template <>
struct doctest::StringMaker<weft::ledger::verdict> {
  static String convert(weft::ledger::verdict v) { return String(std::string(weft::ledger::to_string(v)).c_str()); }
};
template <>
struct doctest::StringMaker<std::vector<weft::ledger::verdict>> {
  static String convert(const std::vector<weft::ledger::verdict>& list) {
    std::string out;
    for (const auto v : list) out += (out.empty() ? "" : ", ") + std::string(weft::ledger::to_string(v));
    return String(out.c_str());
  }
};
