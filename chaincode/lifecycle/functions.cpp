#include "chaincode/lifecycle/functions.hpp"

#include "peer/policy.pb.h"
#include "proto/encode.hpp"

namespace weft::chaincode {
namespace {

constexpr std::string_view default_policy_path = "/Channel/Application/Endorsement";

std::string numbered(std::string_view before, std::int64_t n, std::string_view after) {
  return std::string(before) + std::to_string(n) + std::string(after);
}

/// Whether the approval would change nothing: same parameters, same package.
result<bool> is_repeated(const ledger::chaincode_definition& d, std::string_view package_id, readable_state& organization) {
  WEFT_TRY(const auto approved, read_parameters(d.name, d.sequence, organization));
  if (!approved || definition_difference(*approved, d)) return false;
  WEFT_TRY(const auto package, read_package(d.name, d.sequence, organization));
  return package && *package == package_id;
}

/// A sequence that is committed can only be approved as it is.
result<void> check_equals_committed(const ledger::chaincode_definition& d, std::string_view package_id, readable_state& channel,
                                    readable_state& organization) {
  const auto committed = read_definition(d.name, channel);
  if (!committed && committed.error().code == errc::not_found) {
    return fail(errc::corruption, numbered("missing metadata for currently committed sequence number (", d.sequence, ")"));
  }
  if (!committed) return fail(committed.error());
  const auto redefined = numbered("attempted to redefine the current committed sequence (", d.sequence, ") for namespace ") + d.name;
  if (const auto why = definition_difference(*committed, d)) return fail(errc::failed_precondition, redefined + " with different parameters: " + *why);
  WEFT_TRY(const bool repeated, is_repeated(d, package_id, organization));
  if (repeated) return fail(errc::already_exists, redefined);
  return {};
}

}  // namespace

result<void> set_defaults(ledger::chaincode_definition& d, const ledger::channel_bundle& bundle) {
  if (d.endorsement_plugin.empty()) d.endorsement_plugin = "escc";
  if (d.validation_plugin.empty()) d.validation_plugin = "vscc";
  if (!d.validation_parameter.empty()) return {};
  if (!bundle.has_policy(default_policy_path)) {
    return fail(errc::failed_precondition, "could not set defaults for chaincode definition in channel " + bundle.channel_id() + ": policy '" +
                                               std::string(default_policy_path) + "' must be defined for channel '" + bundle.channel_id() +
                                               "' before chaincode operations can be attempted");
  }
  ::protos::ApplicationPolicy policy;
  policy.set_channel_config_policy_reference(std::string(default_policy_path));
  d.validation_parameter = proto::encode(policy);
  return {};
}

std::optional<std::string> definition_difference(const ledger::chaincode_definition& expected, const ledger::chaincode_definition& passed) {
  const auto differ = [](std::string_view what, const std::string& a, const std::string& b) {
    return "expected " + std::string(what) + " '" + a + "' does not match passed " + std::string(what) + " '" + b + "'";
  };
  const auto yes_no = [](bool b) { return std::string(b ? "true" : "false"); };
  if (expected.version != passed.version) return differ("Version", expected.version, passed.version);
  if (expected.endorsement_plugin != passed.endorsement_plugin) return differ("EndorsementPlugin", expected.endorsement_plugin, passed.endorsement_plugin);
  if (expected.init_required != passed.init_required) return differ("InitRequired", yes_no(expected.init_required), yes_no(passed.init_required));
  if (expected.validation_plugin != passed.validation_plugin) return differ("ValidationPlugin", expected.validation_plugin, passed.validation_plugin);
  if (expected.validation_parameter != passed.validation_parameter) {
    return differ("ValidationParameter", to_hex(expected.validation_parameter), to_hex(passed.validation_parameter));
  }
  if (expected.collections != passed.collections) return "Collections do not match";
  return std::nullopt;
}

result<void> approve_definition(ledger::chaincode_definition d, std::string_view package_id, readable_state& channel, writable_state& organization,
                     const ledger::channel_bundle& bundle) {
  WEFT_TRY(const std::int64_t current, read_sequence(d.name, channel));
  if (d.sequence == 0 && current == 0) return fail(errc::failed_precondition, "requested sequence is 0, but first definable sequence number is 1");
  if (d.sequence < current) {
    return fail(errc::failed_precondition, numbered("currently defined sequence ", current, " is larger than requested sequence ") + std::to_string(d.sequence));
  }
  if (d.sequence > current + 1) {
    return fail(errc::failed_precondition,
                numbered("requested sequence ", d.sequence, " is larger than the next available sequence number ") + std::to_string(current + 1));
  }
  WEFT_CHECK(set_defaults(d, bundle));
  if (d.sequence == current) {
    WEFT_CHECK(check_equals_committed(d, package_id, channel, organization));
  } else {
    WEFT_TRY(const bool repeated, is_repeated(d, package_id, organization));
    if (repeated) {
      return fail(errc::already_exists,
                  numbered("attempted to redefine uncommitted sequence (", d.sequence, ") for namespace ") + d.name + " with unchanged content");
    }
  }
  const auto stored_as = approval_name(d.name, d.sequence);
  WEFT_CHECK(store_structure(namespaces_table, stored_as, parameters_structure(d), organization));
  return store_structure(sources_table, stored_as, package_structure(package_id), organization);
}

result<commit_readiness> approvals_of(const ledger::chaincode_definition& d, const organization_states& organizations) {
  const auto wanted = parameters_structure(d);
  commit_readiness out;
  for (const auto& [msp_id, state] : organizations) {
    WEFT_TRY(auto differing, differing_fields(namespaces_table, approval_name(d.name, d.sequence), wanted, *state));
    out.approvals[msp_id] = differing.empty();
    if (!differing.empty()) out.mismatches[msp_id] = std::move(differing);
  }
  return out;
}

result<commit_readiness> check_commit_readiness(ledger::chaincode_definition& d, readable_state& channel, const organization_states& organizations,
                                  const ledger::channel_bundle& bundle) {
  WEFT_TRY(const std::int64_t current, read_sequence(d.name, channel));
  if (d.sequence != current + 1) {
    return fail(errc::failed_precondition,
                numbered("requested sequence is ", d.sequence, ", but new definition must be sequence ") + std::to_string(current + 1));
  }
  WEFT_CHECK(set_defaults(d, bundle));
  return approvals_of(d, organizations);
}

result<commit_readiness> commit_definition(ledger::chaincode_definition d, writable_state& channel, const organization_states& organizations,
                         const ledger::channel_bundle& bundle) {
  WEFT_TRY(auto ready, check_commit_readiness(d, channel, organizations, bundle));
  WEFT_CHECK(store_structure(namespaces_table, d.name, definition_structure(d), channel));
  return ready;
}

result<approved_definition> find_approval(std::string_view name, std::int64_t sequence, std::string_view channel_id, readable_state& channel,
                                           readable_state& organization) {
  if (sequence == 0) {
    WEFT_TRY(sequence, read_sequence(name, channel));
    WEFT_TRY(const auto next, read_datatype(namespaces_table, approval_name(name, sequence + 1), organization));
    if (next) ++sequence;
  }
  WEFT_TRY(auto parameters, read_parameters(name, sequence, organization));
  WEFT_TRY(auto package, read_package(name, sequence, organization));
  if (!parameters || !package) {
    return fail(errc::not_found, "could not fetch approved chaincode definition (name: '" + std::string(name) + "', sequence: '" +
                                     std::to_string(sequence) + "') on channel '" + std::string(channel_id) + "'");
  }
  return approved_definition{std::move(*parameters), std::move(*package)};
}

}  // namespace weft::chaincode
