#include <algorithm>
#include <span>

#include "common/configtx.pb.h"
#include "common/configuration.pb.h"
#include "ledger/channel/sections.hpp"

namespace weft::ledger {
namespace {

// Lowest first: a name switches on what the names before it do.
constexpr std::string_view channel_names[] = {"V1_1", "V1_3", "V1_4_2", "V1_4_3", "V2_0", "V3_0"};
constexpr std::string_view orderer_names[] = {"V1_1", "V1_4_2", "V2_0"};
constexpr std::string_view application_names[] = {"V1_1", "V1_2", "V1_3", "V1_4_2", "V2_0", "V2_5"};

/// The level of one group: 1 + index of its highest name, 0 without any.
class level {
 public:
  explicit level(std::span<const std::string_view> known) : known_(known) {}

  result<void> read(const ::common::ConfigGroup& group, std::string_view path, std::string_view kind, std::string_view kind_lower) {
    ::common::Capabilities named;
    WEFT_CHECK(read_value(group, path, "Capabilities", named));
    for (const auto& [name, unused] : named.capabilities()) {
      const auto at = std::find(known_.begin(), known_.end(), name);
      if (at == known_.end()) {
        const std::string lacking = std::string(kind) + " capability " + name + " is required but not supported";
        return fail(errc::unsupported, "config requires unsupported " + std::string(kind_lower) + " capabilities: " + lacking + ": " + lacking);  // twice, as Fabric
      }
      reached_ = std::max(reached_, static_cast<std::size_t>(at - known_.begin()) + 1);
    }
    return {};
  }

  [[nodiscard]] bool has(std::string_view name) const {
    return reached_ > static_cast<std::size_t>(std::find(known_.begin(), known_.end(), name) - known_.begin());
  }

 private:
  std::span<const std::string_view> known_;
  std::size_t reached_ = 0;
};

crypto::msp_level msp_level_of(const level& channel) {
  if (channel.has("V3_0")) return crypto::msp_level::v3_0;
  if (channel.has("V1_4_3")) return crypto::msp_level::v1_4_3;
  if (channel.has("V1_3")) return crypto::msp_level::v1_3;
  return channel.has("V1_1") ? crypto::msp_level::v1_1 : crypto::msp_level::v1_0;
}

/// Capabilities must start at the orderers, or these would go on without knowing of them.
result<void> check_orderer_first(const ::common::ConfigGroup& channel, const ::common::ConfigGroup& orderer) {
  if (orderer.values().contains("Capabilities")) return {};
  if (channel.values().contains("Capabilities"))
    return fail(errc::invalid_argument, "/Channel/Capabilities: cannot enable channel capabilities without orderer support first");
  const auto application = channel.groups().find("Application");
  if (application != channel.groups().end() && application->second.values().contains("Capabilities"))
    return fail(errc::invalid_argument, "/Channel/Application/Capabilities: cannot enable application capabilities without orderer support first");
  return {};
}

}  // namespace

result<capabilities> read_capabilities(const ::common::ConfigGroup& group) {
  level channel(channel_names), orderer(orderer_names), application(application_names);
  const auto orderers = group.groups().find("Orderer");
  if (orderers != group.groups().end()) WEFT_CHECK(orderer.read(orderers->second, "/Channel/Orderer", "Orderer", "orderer"));
  WEFT_CHECK(channel.read(group, "/Channel", "Channel", "channel"));
  if (orderers != group.groups().end()) WEFT_CHECK(check_orderer_first(group, orderers->second));
  if (const auto found = group.groups().find("Application"); found != group.groups().end())
    WEFT_CHECK(application.read(found->second, "/Channel/Application", "Application", "application"));
  capabilities caps;
  caps.channel_v3_0 = channel.has("V3_0");
  caps.channel_v1_4_2 = channel.has("V1_4_2");
  caps.msp = msp_level_of(channel);
  caps.expiration_check = orderer.has("V1_1");
  caps.acls = application.has("V1_2");
  caps.key_level_endorsement = application.has("V1_3");
  caps.lifecycle_v2 = application.has("V2_0");
  caps.purge_private_data = application.has("V2_5");
  return caps;
}

}  // namespace weft::ledger
