#include "chaincode/system/references.hpp"

#include "chaincode/lifecycle/functions.hpp"
#include "chaincode/lifecycle/snapshot_keys.hpp"
#include "ledger/chain/channel_ledger.hpp"

namespace weft::chaincode {
namespace {

constexpr std::string_view lifecycle_ns = "_lifecycle";

/// The package of the approval of exactly this definition; empty: not approved, or with none of these.
result<std::string> package_of(const ledger::chaincode_definition& d, opaque_state& approvals, const std::vector<std::string>& package_ids) {
  const auto name = approval_name(d.name, d.sequence);
  WEFT_TRY(const bool approved, is_stored(namespaces_table, name, parameters_structure(d), approvals));
  if (!approved) return std::string();
  for (const auto& id : package_ids) {
    WEFT_TRY(const bool with_this, is_stored(sources_table, name, package_structure(id), approvals));
    if (with_this) return id;
  }
  return std::string();
}

result<void> add_channel(const std::string& channel, const ledger::state_view& state, const std::string& msp_id, const std::vector<std::string>& package_ids,
                         package_references& out) {
  const auto prefix = metadata_key(namespaces_table, "");
  definition_keys keys(state);
  organization_keys approvals(state, msp_id);
  const auto cursor = state.range(lifecycle_ns, prefix, prefix + "\x7f");
  for (;;) {
    WEFT_TRY(const auto entry, cursor->next());
    if (!entry) return {};
    const auto name = entry->first.substr(prefix.size());
    WEFT_TRY(const auto datatype, read_datatype(namespaces_table, name, keys));
    if (datatype != definition_type) continue;
    WEFT_TRY(const auto d, read_definition(name, keys));
    WEFT_TRY(const auto package, package_of(d, approvals, package_ids));
    if (!package.empty()) out[package][channel].push_back({d.name, d.version});
  }
}

}  // namespace

result<package_references> find_references(const peer_channels& channels, const std::string& msp_id, const std::vector<std::string>& package_ids) {
  package_references out;
  if (!channels.find || !channels.names) return out;
  for (const auto& name : channels.names()) {
    const auto ledger = channels.find(name);
    if (ledger) WEFT_CHECK(add_channel(name, *ledger->view(), msp_id, package_ids, out));
  }
  return out;
}

}  // namespace weft::chaincode
