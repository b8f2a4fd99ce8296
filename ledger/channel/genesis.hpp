// Makes genesis blocks as configtxgen does. interop/02 §1, §7.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/base/random.hpp"
#include "ledger/block/block.hpp"
#include "ledger/channel/bundle.hpp"

namespace common {
class ConfigGroup;
}
namespace msp {
class FabricMSPConfig;
}

namespace weft::ledger {

/// A policy as configtx.yaml says it: "Signature" or "ImplicitMeta", and its rule.
struct policy_text {
  std::string name, type, rule;
};

struct genesis_org {
  std::string name;                                     ///< Group name.
  bool foreign = false;                                 ///< SkipAsForeign: the group is named, but nothing is said in it. Not in a genesis block.
  std::shared_ptr<const ::msp::FabricMSPConfig> msp;    ///< Its `name` is the MSP id.
  std::vector<policy_text> policies;                    ///< Empty: the usual ones for NodeOUs.
  std::vector<std::string> endpoints;                   ///< Orderer organizations.
  std::vector<std::pair<std::string, std::uint16_t>> anchor_peers;
};

/// Who may create channels together: of a system channel (1.4, 2.x).
struct genesis_consortium {
  std::string name;
  std::vector<genesis_org> orgs;
};

struct genesis_request {
  std::string channel_id;
  bool has_application = true, has_orderer = true;  ///< A system channel has no application; a profile for channel creation has no orderer.
  std::vector<genesis_org> application, orderers;
  std::optional<std::vector<genesis_consortium>> consortiums;  ///< Present (although empty): a system channel.
  std::string consortium;                                      ///< Channel value Consortium; empty: not written.
  std::vector<std::string> orderer_addresses;                  ///< "host:port" for all; not with the channel capability V3_0.
  std::string consensus_type = "solo";
  bytes consensus_metadata;                ///< ledger/channel/consensus_metadata.hpp makes it.
  std::vector<std::string> kafka_brokers;  ///< Written when the type is kafka.
  std::uint64_t max_channels = 0;          ///< 0: no limit.
  batch_limits batching;
  std::vector<std::string> channel_capabilities{"V2_0"}, orderer_capabilities{"V2_0"}, application_capabilities{"V2_5"};
  /// Policies of the three groups. Empty: ANY Readers, ANY Writers, MAJORITY Admins; for the application also MAJORITY Endorsement as
  /// Endorsement and LifecycleEndorsement, for the orderers ANY Writers as BlockValidation.
  std::vector<policy_text> channel_policies, orderer_policies, application_policies;
  /// Consenters of a BFT channel; they replace BlockValidation by "a quorum of these certificates".
  std::vector<bft_consenter> consenters;
  std::vector<std::pair<std::string, std::string>> acls;  ///< Resource → policy.
};

/// Block 0 with its first configuration, checked as a joining node would. The nonce comes from `random`; equal inputs give equal bytes.
/// Errors: `invalid_argument` naming the element (a policy text, a name), `unsupported` for a capability or consensus type that we lack.
[[nodiscard]] result<block> make_genesis(const genesis_request& request, random_source& random, timestamp now);

/// Puts a tree that `make_channel_group` drew into block 0; nothing is checked.
[[nodiscard]] block make_genesis_block(const std::string& channel_id, const ::common::ConfigGroup& tree, random_source& random, timestamp now);

}  // namespace weft::ledger
