// A channel's configuration as one immutable bundle: tree, MSPs, policies, limits. Swapped whole when a config block commits. interop/02.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/base/bytes.hpp"
#include "config/base/ids.hpp"
#include "crypto/msp/msp.hpp"
#include "crypto/policy/policy.hpp"

namespace common {
class Config;
class ConfigEnvelope;
class ConfigGroup;
}  // namespace common

namespace weft::ledger {

class block;

/// BatchSize and BatchTimeout.
struct batch_limits {
  std::uint32_t max_message_count = 500;
  std::uint32_t absolute_max_bytes = 10 * MiB;
  std::uint32_t preferred_max_bytes = 2 * MiB;
  std::chrono::milliseconds timeout{2000};
};

/// An organization of the Application or Orderer group.
struct channel_org {
  std::string group, msp_id;  ///< Group names appear in policy paths, MSP ids in principals; they often differ.
  std::vector<std::string> endpoints;                                 ///< Orderer organizations: "host:port".
  std::vector<std::pair<std::string, std::uint16_t>> anchor_peers;    ///< Application organizations.
};

/// A consenter of a BFT channel.
struct bft_consenter {
  std::uint32_t id = 0;
  std::string host, msp_id;
  std::uint32_t port = 0;
  bytes identity;                          ///< PEM of the certificate that it signs blocks with.
  bytes client_tls_cert, server_tls_cert;  ///< PEM
};

/// A consenter of a raft channel. Its place in the list gives its raft id together with the newest block's metadata (cluster/consenter/members.hpp).
struct raft_consenter {
  std::string host;
  std::uint32_t port = 0;
  bytes client_tls_cert, server_tls_cert;  ///< PEM, as the files hold it. Fabric tells consenters apart by the first, byte for byte.
  friend bool operator==(const raft_consenter&, const raft_consenter&) = default;
};

/// What a raft channel tells its consenters (ConsensusType.metadata). Every value is within Fabric's rules, and so never zero.
struct raft_settings {
  struct timing {
    std::chrono::milliseconds tick_interval{500};  ///< Rounded up: a tick of 100 µs is one of 1 ms.
    std::uint32_t election_tick = 10, heartbeat_tick = 1;  ///< In ticks; the first is larger.
    std::uint32_t max_inflight_blocks = 5;
    std::uint32_t snapshot_interval_size = 16 * MiB;  ///< Bytes of blocks between two snapshots.
  };
  std::vector<raft_consenter> consenters;
  timing options;
};

/// Which rules a channel has switched on (interop/02 §2).
struct capabilities {
  bool channel_v3_0 = false;
  bool channel_v1_4_2 = false;         ///< Channel ≥ V1_4_2: Endpoints per organization, migration of the consensus type
  bool key_level_endorsement = false;  ///< Application ≥ V1_3
  bool lifecycle_v2 = false;           ///< Application ≥ V2_0
  bool purge_private_data = false;     ///< Application V2_5
  bool acls = false;                   ///< Application ≥ V1_2
  bool expiration_check = false;       ///< Orderer ≥ V1_1
  crypto::msp_level msp = crypto::msp_level::v1_0;
};

/// A policy that guards an element of an update and that the update's signatures do not satisfy: for whoever has to ask for more of them.
struct unmet_policy {
  struct org {
    std::string group, msp_id;  ///< "/Channel/Application/Org1", "Org1MSP"
  };
  std::string element;          ///< As error texts name it: "[Group]  /Channel/Application".
  std::string policy;           ///< "/Channel/Application/Admins"
  std::string rule;             ///< "MAJORITY Admins, 2 of 3"
  std::vector<org> satisfied, missing;  ///< Organizations below the policy, by what is theirs in it.
};

/// Immutable; thread-safe.
class channel_bundle {
 public:
  /// Builds and checks everything. Errors: `invalid_argument` with the path of the element at fault; `unsupported` for a capability that we lack.
  [[nodiscard]] static result<std::shared_ptr<const channel_bundle>> create(std::string channel_id, const ::common::Config& config);
  /// From a config block (genesis or later).
  [[nodiscard]] static result<std::shared_ptr<const channel_bundle>> from_block(const block& config_block);
  virtual ~channel_bundle() = default;

  [[nodiscard]] virtual const std::string& channel_id() const = 0;
  [[nodiscard]] virtual config_sequence sequence() const = 0;
  [[nodiscard]] virtual const ::common::Config& config() const = 0;
  [[nodiscard]] virtual std::shared_ptr<const crypto::msp_manager> msps() const = 0;
  [[nodiscard]] virtual const capabilities& caps() const = 0;
  /// By absolute path, "/Channel/Application/Writers". A missing policy rejects everything.
  [[nodiscard]] virtual crypto::policy_ptr policy(std::string_view path) const = 0;
  [[nodiscard]] virtual bool has_policy(std::string_view path) const = 0;
  /// Policy behind an ACL resource ("peer/Propose"), the configured one or Fabric's default; its path goes to `path` when given.
  [[nodiscard]] virtual crypto::policy_ptr acl(std::string_view resource, std::string* path = nullptr) const = 0;
  /// The same judged for somebody whose signature was verified; without an identity (the creator is invalid here) nobody passes.
  /// Errors: `permission_denied` in Fabric's words, which differ for a policy that the ACLs value names.
  [[nodiscard]] virtual result<void> check_acl(std::string_view resource, const crypto::identity_ptr& who) const = 0;
  [[nodiscard]] virtual const std::vector<channel_org>& application_orgs() const = 0;
  [[nodiscard]] virtual const std::vector<channel_org>& orderer_orgs() const = 0;
  [[nodiscard]] virtual const batch_limits& batching() const = 0;
  [[nodiscard]] virtual const std::string& consensus_type() const = 0;  ///< "etcdraft", "BFT", "solo", …
  [[nodiscard]] virtual bytes_view consensus_metadata() const = 0;
  /// What a raft channel tells its consenters; null for every other consensus type.
  [[nodiscard]] virtual const raft_settings* raft() const = 0;
  /// The consensus type is being migrated: normal transactions wait, only orderer organizations read and write (interop/02 §9).
  [[nodiscard]] virtual bool maintenance() const = 0;
  [[nodiscard]] virtual const std::vector<bft_consenter>& consenters() const = 0;
  /// A compiled signature policy over this channel's MSPs, cached by its bytes (bounded). Errors: `invalid_argument`.
  [[nodiscard]] virtual result<crypto::policy_ptr> compile(bytes_view signature_policy_envelope) const = 0;

  /// Authorises a pb(ConfigUpdateEnvelope) and computes the configuration that it leads to (interop/02 §4), with Fabric's error texts.
  [[nodiscard]] virtual result<::common::Config> propose_update(bytes_view config_update_envelope, const crypto::verifier& verifier) const = 0;
  /// What still keeps a pb(ConfigUpdateEnvelope) from being authorised, as far as signatures can help; empty when it parses not at all.
  [[nodiscard]] virtual std::vector<unmet_policy> unmet_policies(bytes_view config_update_envelope, const crypto::verifier& verifier) const = 0;
  /// Checks the ConfigEnvelope of an ordered CONFIG transaction by recomputing it from last_update; gives the next bundle.
  [[nodiscard]] virtual result<std::shared_ptr<const channel_bundle>> apply(const ::common::ConfigEnvelope& envelope,
                                                                            const crypto::verifier& verifier) const = 0;
};

/// Checks a block's signatures by /Channel/Orderer/BlockValidation, CFT or BFT form. Errors: `permission_denied` with the policy's explanation.
[[nodiscard]] result<void> check_block_signatures(const block& b, const channel_bundle& bundle, const crypto::verifier& verifier);

}  // namespace weft::ledger
