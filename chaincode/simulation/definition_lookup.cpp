#include "chaincode/simulation/definition_lookup.hpp"

#include "chaincode/lifecycle/snapshot_keys.hpp"
#include "crypto/hash/sha256.hpp"

namespace weft::chaincode {
namespace {

constexpr std::string_view lifecycle_ns = "_lifecycle";

bytes hash(bytes_view data) { return crypto::to_bytes(crypto::sha256(data)); }

std::string package_key(const ledger::chaincode_definition& d) {
  return field_key(sources_table, approval_name(d.name, d.sequence), "PackageID");
}

std::string package_for(const simulation_context& context, const std::string& name) {
  return context.installed_package ? context.installed_package(name) : std::string{};
}

/// The installed package that an approval names; "" if it is none.
std::string approved_package(const simulation_context& context, const simulation_sources& sources, const std::string& name, const bytes& approval) {
  const auto own = package_for(context, name);
  if (!own.empty() && approval == approval_digest(own)) return own;
  return sources.package_of ? sources.package_of(approval) : std::string{};
}

/// Reads everything anew.
result<std::shared_ptr<const approved_contract>> look_up(const simulation_context& context, const simulation_sources& sources, const ledger::state_view& state, const std::string& name,
                                                         std::optional<version> defined_at) {
  auto out = std::make_shared<approved_contract>();
  definition_keys channel(state);
  WEFT_TRY(out->definition, read_definition(name, channel));
  const auto& d = out->definition;
  organization_keys own(state, context.local_msp_id);
  WEFT_TRY(const bool approved, is_stored(namespaces_table, approval_name(name, d.sequence), parameters_structure(d), own));
  if (!approved) {
    return fail(errc::failed_precondition, "chaincode definition for '" + name + "' at sequence " + std::to_string(d.sequence) + " on channel '" +
                                               context.proposal->header.channel_id + "' has not yet been approved by this org");
  }
  const auto key = package_key(d);
  WEFT_TRY(const auto approval, own.hash_of(key));
  if (approval) out->package_id = approved_package(context, sources, name, *approval);
  if (out->package_id.empty()) {
    return fail(errc::failed_precondition, "chaincode definition for '" + name + "' exists, but chaincode is not installed");
  }
  out->package_key_hash = hash(key);
  out->defined_at = defined_at;
  WEFT_TRY(out->approved_at, own.version_of(out->package_key_hash));
  return std::shared_ptr<const approved_contract>(std::move(out));
}

}  // namespace

bytes approval_digest(const std::string& package_id) { return hash(package_structure(package_id).fields.front().data); }

result<std::shared_ptr<const approved_contract>> find_approved(const simulation_context& context, const simulation_sources& sources, recorder& sets,
                                                               const std::string& name) {
  WEFT_TRY(const auto sequence, sets.read(std::string(lifecycle_ns), field_key(namespaces_table, name, "Sequence")));
  if (!sequence) return fail(errc::not_found, "chaincode " + name + " not found");
  if (context.definitions) {
    if (auto known = context.definitions->find(name); known && known->defined_at == sequence->at) {
      WEFT_TRY(const auto approved_at, organization_keys(sets.state(), context.local_msp_id).version_of(known->package_key_hash));
      if (known->approved_at == approved_at && (sources.package_of || known->package_id == package_for(context, name))) return known;
    }
  }
  WEFT_TRY(auto found, look_up(context, sources, sets.state(), name, sequence->at));
  if (context.definitions) context.definitions->put(found);
  return found;
}

result<void> record_definition_reads(recorder& sets, const std::string& name) {
  const std::string ns(lifecycle_ns);
  WEFT_CHECK(sets.read(ns, metadata_key(namespaces_table, name)));
  for (const auto field : {"Sequence", "EndorsementInfo", "ValidationInfo", "Collections"}) {
    WEFT_CHECK(sets.read(ns, field_key(namespaces_table, name, field)));
  }
  return {};
}

}  // namespace weft::chaincode
