// What may not change from one configuration to the next. interop/02 §4.8, §9.
#include <algorithm>

#include "common/configtx.pb.h"
#include "ledger/channel/config_update.hpp"
#include "ledger/channel/sections.hpp"

namespace weft::ledger {
namespace {


result<void> check_orgs(const char* kind, const std::vector<channel_org>& from, const std::vector<channel_org>& to) {
  for (const channel_org& org : from) {
    const auto same = std::find_if(to.begin(), to.end(), [&](const channel_org& other) { return other.group == org.group; });
    if (same != to.end() && same->msp_id != org.msp_id)
      return invalid(std::string(kind) + " org " + org.group + " attempted to change MSP ID from " + org.msp_id + " to " + same->msp_id);
  }
  return {};
}

/// Migrations that keep every committed block readable by the new kind of consenter.
bool migration_exists(std::string_view from, std::string_view to) {
  return (from == "kafka" && to == "etcdraft") || (from == "etcdraft" && to == "BFT");
}

std::string state_name(bool maintenance) { return maintenance ? "STATE_MAINTENANCE" : "STATE_NORMAL"; }

/// Entering and leaving maintenance is a step of its own: state and nothing else.
result<void> check_state_change(const channel_sections& from, const channel_sections& to, bool same_otherwise) {
  const std::string changing = "ConsensusType.State is changing from " + state_name(from.maintenance) + " to " + state_name(to.maintenance);
  if (from.consensus_type != to.consensus_type)
    return invalid("attempted to change ConsensusType.Type from " + from.consensus_type + " to " + to.consensus_type + ", but " + changing);
  if (from.consensus_metadata != to.consensus_metadata) return invalid("attempted to change ConsensusType.Metadata, but " + changing);
  if (!same_otherwise) return invalid("config update contains changes to more than the ConsensusType value, but " + changing);
  return {};
}

/// With the state unchanged: whoever migrates is in maintenance before and after.
result<void> check_type_change(const channel_sections& from, const channel_sections& to) {
  const std::string change = "attempted to change consensus type from " + from.consensus_type + " to " + to.consensus_type;
  if (!from.caps.channel_v1_4_2) return invalid(change);
  if (!from.maintenance) return invalid(change + ", but current config ConsensusType.State is not in maintenance mode");
  if (!migration_exists(from.consensus_type, to.consensus_type)) return invalid(change + ", transition not supported");
  return {};
}

}  // namespace

result<void> check_transition(const channel_sections& from, const channel_sections& to, bool same_otherwise) {
  if (from.has_orderer && !to.has_orderer) return invalid("current config has orderer section, but new config does not");
  if (from.has_application && !to.has_application) return invalid("current config has application section, but new config does not");
  if (from.has_consortiums && !to.has_consortiums) return invalid("current config has consortiums section, but new config does not");
  WEFT_CHECK(check_orgs("orderer", from.orderers, to.orderers));
  WEFT_CHECK(check_orgs("application", from.application, to.application));
  if (!from.has_orderer) return {};
  if (from.maintenance != to.maintenance) return check_state_change(from, to, same_otherwise);
  return from.consensus_type == to.consensus_type ? result<void>{} : check_type_change(from, to);
}

bool same_but_consensus_type(const ::common::ConfigGroup& a, const ::common::ConfigGroup& b) {
  const auto without = [](::common::ConfigGroup tree) {
    const auto orderer = tree.mutable_groups()->find("Orderer");
    if (orderer != tree.mutable_groups()->end()) orderer->second.mutable_values()->erase("ConsensusType");
    return tree;
  };
  return same_tree(without(a), without(b));
}

}  // namespace weft::ledger
