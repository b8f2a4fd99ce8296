// Judging configuration updates: who may change what, and what comes out. interop/02 §4, §9. Internal to ledger/channel.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/base/bytes.hpp"
#include "crypto/keys/signer.hpp"
#include "crypto/msp/msp.hpp"
#include "ledger/channel/bundle.hpp"
#include "ledger/channel/config_tree.hpp"
#include "ledger/channel/policy_manager.hpp"

namespace common {
class ConfigUpdate;
class ConfigUpdateEnvelope;
class Envelope;
}  // namespace common

namespace weft::ledger {

struct channel_sections;

/// Signatures of one update that are looked at; more are refused.
inline constexpr int update_signatures_max = 1024;

/// The configuration that an update is judged against. Everything is borrowed.
struct update_base {
  const std::string& channel_id;
  const ::common::ConfigGroup& tree;
  const policy_manager& policies;
  const crypto::msp_manager& msps;
};

/// The elements of the configuration that an authorised update leads to; they point into the current tree and into `update`.
struct authorized_update {
  std::unique_ptr<const ::common::ConfigUpdate> update;
  flat_tree elements;
};

/// Checks read set, write set and signatures. Errors carry Fabric's text: `invalid_argument` for what can never be applied,
/// `conflict` for versions that have moved on, `permission_denied` for a policy that is not satisfied.
[[nodiscard]] result<authorized_update> authorize_update(const ::common::ConfigUpdateEnvelope& envelope, const update_base& base,
                                                         const crypto::verifier& verifier);

/// The policies among those that authorize_update asks which the signatures do not satisfy, in order of elements; MSP ids are left empty.
[[nodiscard]] std::vector<unmet_policy> find_unmet_policies(const ::common::ConfigUpdateEnvelope& envelope, const update_base& base,
                                                            const crypto::verifier& verifier);

/// Takes the ConfigUpdateEnvelope out of a CONFIG_UPDATE envelope (`last_update`). Errors: `invalid_argument`.
[[nodiscard]] result<::common::ConfigUpdateEnvelope> unwrap_update(const ::common::Envelope& envelope);

/// What may not change between two configurations that are each valid: groups that disappear, an organization's MSP id, the consensus
/// type outside of a migration. `same_otherwise`: the two differ in nothing but the ConsensusType value. Errors: `invalid_argument`.
[[nodiscard]] result<void> check_transition(const channel_sections& from, const channel_sections& to, bool same_otherwise);

/// True if two trees are equal but for the value (and version) of /Channel/Orderer/ConsensusType.
[[nodiscard]] bool same_but_consensus_type(const ::common::ConfigGroup& a, const ::common::ConfigGroup& b);

}  // namespace weft::ledger
