// What a channel's configuration tree says, value by value, checked and taken out of its bytes. interop/02 §1–2. Internal to ledger/channel.
#pragma once

#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/channel/bundle.hpp"

namespace google::protobuf {
class MessageLite;
}

namespace weft::ledger {

/// The parsed values of all groups. `msps` holds each MSP once, even when its organization stands in several groups.
struct channel_sections {
  capabilities caps;
  batch_limits batching;
  bool has_orderer = false, has_application = false, has_consortiums = false;
  std::string consensus_type;
  bytes consensus_metadata;
  std::optional<raft_settings> raft;  ///< Of a raft channel whose metadata is sound.
  std::optional<error> consensus_fault;  ///< A type that is not offered, or raft without its metadata: judged after everything else, as in Fabric.
  bool maintenance = false;  ///< ConsensusType.state
  std::vector<bft_consenter> consenters;
  std::vector<channel_org> application, orderers;
  std::map<std::string, std::string, std::less<>> acls;  ///< Resource → absolute policy path, as configured.
  std::vector<std::shared_ptr<const crypto::msp>> msps;
};

/// Errors: `invalid_argument` with the path of the element at fault; `unsupported` for a capability, consensus type or kind of MSP that we lack.
[[nodiscard]] result<channel_sections> read_sections(const ::common::ConfigGroup& channel);

/// The switches that the three groups' Capabilities values turn. Errors: `unsupported` for a name that is not known here.
[[nodiscard]] result<capabilities> read_capabilities(const ::common::ConfigGroup& channel);

/// Decodes the value `name` of a group into `message`; an absent value leaves it empty, as in Fabric. Errors: `invalid_argument`.
[[nodiscard]] result<void> read_value(const ::common::ConfigGroup& group, std::string_view path, const std::string& name,
                                      google::protobuf::MessageLite& message);

/// Refuses values with other names than `allowed`. Errors: `invalid_argument`.
[[nodiscard]] result<void> check_value_names(const ::common::ConfigGroup& group, std::string_view path,
                                             std::initializer_list<std::string_view> allowed);

/// Collects organizations while groups are read: their MSPs, each built once.
class msp_collector {
 public:
  explicit msp_collector(crypto::msp_level level) : level_(level) {}
  /// Reads a group's MSP value; gives the MSP id. Errors: `invalid_argument`, also when another definition of that id was seen; `unsupported`.
  [[nodiscard]] result<std::string> add(const ::common::ConfigGroup& org, std::string_view path);
  [[nodiscard]] std::vector<std::shared_ptr<const crypto::msp>> take() { return std::move(msps_); }

 private:
  crypto::msp_level level_;
  std::map<std::string, bytes> definitions_;  ///< MSP id → pb(FabricMSPConfig)
  std::vector<std::shared_ptr<const crypto::msp>> msps_;
};

enum class org_kind : std::uint8_t { application, orderer, consortium };
/// The organizations of one group, in order of group names. Errors: as above, and `invalid_argument` for two with one MSP id.
[[nodiscard]] result<std::vector<channel_org>> read_orgs(const ::common::ConfigGroup& parent, std::string_view path, org_kind kind,
                                                         const capabilities& caps, msp_collector& msps);

}  // namespace weft::ledger
