// The functions of `_lifecycle`: decode arguments, call the lifecycle's functions, encode results.
#include <map>

#include "chaincode/lifecycle/functions.hpp"
#include "chaincode/lifecycle/input.hpp"
#include "chaincode/lifecycle/package_store.hpp"
#include "chaincode/simulation/system_contract.hpp"
#include "chaincode/system/lifecycle_state.hpp"
#include "chaincode/system/references.hpp"
#include "chaincode/system/system.hpp"
#include "peer/lifecycle/lifecycle.pb.h"
#include "proto/encode.hpp"

namespace weft::chaincode {
namespace {

using ledger::chaincode_definition;

/// The fields that the arguments of approve, check and commit have in common.
template <class Args>
chaincode_definition definition_of(const Args& args) {
  chaincode_definition d;
  d.name = args.name();
  d.version = args.version();
  d.endorsement_plugin = args.endorsement_plugin();
  d.validation_plugin = args.validation_plugin();
  d.sequence = args.sequence();
  d.init_required = args.init_required();
  d.validation_parameter = args.validation_parameter();
  d.collections = proto::encode(args.collections());
  return d;
}

/// And the results that describe a definition.
template <class Result>
result<void> describe(Result& out, const chaincode_definition& d) {
  out.set_sequence(d.sequence);
  out.set_version(d.version);
  out.set_endorsement_plugin(d.endorsement_plugin);
  out.set_validation_plugin(d.validation_plugin);
  out.set_validation_parameter(d.validation_parameter);
  out.set_init_required(d.init_required);
  if (!proto::decode(d.collections, *out.mutable_collections())) return fail(errc::corruption, "unreadable collections of " + d.name);
  return {};
}

/// And those that describe what an organization approved, and with which package.
template <class Result>
result<void> describe_approval(Result& out, const approved_definition& a) {
  WEFT_CHECK(describe(out, a.definition));
  if (a.package_id.empty()) out.mutable_source()->mutable_unavailable();
  else out.mutable_source()->mutable_local_package()->set_package_id(a.package_id);
  return {};
}

/// The contracts that run with an installed package.
template <class Installed>
void describe_references(Installed& out, const package_references& references) {
  const auto it = references.find(out.package_id());
  if (it == references.end()) return;
  for (const auto& [channel, contracts] : it->second) {
    auto& row = (*out.mutable_references())[channel];
    for (const auto& c : contracts) {
      auto* described = row.add_chaincodes();
      described->set_name(c.name);
      described->set_version(c.version);
    }
  }
}

/// One call of one function.
class invocation_of {
 public:
  invocation_of(system_stub& s, package_store& packages, const peer_channels& channels)
      : stub_(s), packages_(packages), channels_(channels), channel_(s), own_(s, s.local_msp_id()) {}

  result<bytes> install(const ::lifecycle::InstallChaincodeArgs& args) {
    WEFT_TRY(const auto installed, packages_.install(args.chaincode_install_package()));
    ::lifecycle::InstallChaincodeResult out;
    out.set_package_id(installed.id);
    out.set_label(installed.label);
    return proto::encode(out);
  }

  result<bytes> query_installed(const ::lifecycle::QueryInstalledChaincodeArgs& args) {
    const auto found = packages_.find(args.package_id());
    if (!found) return fail(errc::not_found, "chaincode install package '" + args.package_id() + "' not found");
    ::lifecycle::QueryInstalledChaincodeResult out;
    out.set_package_id(found->id);
    out.set_label(found->label);
    WEFT_TRY(const auto references, find_references(channels_, stub_.local_msp_id(), {found->id}));
    describe_references(out, references);
    return proto::encode(out);
  }

  result<bytes> query_all_installed(const ::lifecycle::QueryInstalledChaincodesArgs&) {
    ::lifecycle::QueryInstalledChaincodesResult out;
    const auto packages = packages_.list();
    std::vector<std::string> ids;
    for (const auto& p : packages) ids.push_back(p.id);
    WEFT_TRY(const auto references, find_references(channels_, stub_.local_msp_id(), ids));
    for (const auto& p : packages) {
      auto* installed = out.add_installed_chaincodes();
      installed->set_package_id(p.id);
      installed->set_label(p.label);
      describe_references(*installed, references);
    }
    return proto::encode(out);
  }

  result<bytes> get_package(const ::lifecycle::GetInstalledChaincodePackageArgs& args) {
    WEFT_TRY(auto raw, packages_.read(args.package_id()));
    ::lifecycle::GetInstalledChaincodePackageResult out;
    out.set_chaincode_install_package(std::move(raw));
    return proto::encode(out);
  }

  result<bytes> approve(const ::lifecycle::ApproveChaincodeDefinitionForMyOrgArgs& args) {
    WEFT_TRY(const auto* bundle, channel_config());
    WEFT_CHECK(check_input(args, *bundle));
    WEFT_CHECK(approve_definition(definition_of(args), args.source().local_package().package_id(), channel_, own_, *bundle));
    return proto::encode(::lifecycle::ApproveChaincodeDefinitionForMyOrgResult{});
  }

  result<bytes> check_readiness(const ::lifecycle::CheckCommitReadinessArgs& args) {
    WEFT_TRY(const auto* bundle, channel_config());
    const organization_hashes organizations(stub_, *bundle);
    auto d = definition_of(args);
    WEFT_TRY(const auto ready, check_commit_readiness(d, channel_, organizations.states(), *bundle));
    ::lifecycle::CheckCommitReadinessResult out;
    for (const auto& [msp_id, approved] : ready.approvals) (*out.mutable_approvals())[msp_id] = approved;
    for (const auto& [msp_id, fields] : ready.mismatches) {
      for (const auto& field : fields) (*out.mutable_mismatches())[msp_id].add_items(field);
    }
    return proto::encode(out);
  }

  result<bytes> commit(const ::lifecycle::CommitChaincodeDefinitionArgs& args) {
    WEFT_TRY(const auto* bundle, channel_config());
    WEFT_CHECK(check_input(args, *bundle));
    const organization_hashes organizations(stub_, *bundle);
    const auto states = organizations.states();
    const auto& own = stub_.local_msp_id();
    if (!states.contains(own)) {
      return fail(errc::failed_precondition, "impossibly, this peer's org is processing requests for a channel it is not a member of");
    }
    WEFT_TRY(const auto ready, commit_definition(definition_of(args), channel_, states, *bundle));
    if (!ready.approvals.at(own)) return fail(errc::failed_precondition, "chaincode definition not agreed to by this org (" + own + ")");
    return proto::encode(::lifecycle::CommitChaincodeDefinitionResult{});
  }

  result<bytes> query_definition(const ::lifecycle::QueryChaincodeDefinitionArgs& args) {
    WEFT_TRY(const auto* bundle, channel_config());
    WEFT_TRY(const auto d, read_definition(args.name(), channel_));
    const organization_hashes organizations(stub_, *bundle);
    WEFT_TRY(const auto ready, approvals_of(d, organizations.states()));
    ::lifecycle::QueryChaincodeDefinitionResult out;
    WEFT_CHECK(describe(out, d));
    for (const auto& [msp_id, approved] : ready.approvals) (*out.mutable_approvals())[msp_id] = approved;
    return proto::encode(out);
  }

  /// Sorted by name.
  result<bytes> query_definitions(const ::lifecycle::QueryChaincodeDefinitionsArgs&) {
    const std::string prefix = metadata_key(namespaces_table, "");
    WEFT_TRY(const auto cursor, stub_.range(prefix, prefix + "\x7f"));
    ::lifecycle::QueryChaincodeDefinitionsResult out;
    for (;;) {
      WEFT_TRY(const auto entry, cursor->next());
      if (!entry) return proto::encode(out);
      const auto name = entry->key.substr(prefix.size());
      WEFT_TRY(const auto datatype, read_datatype(namespaces_table, name, channel_));
      if (datatype != definition_type) continue;
      WEFT_TRY(const auto d, read_definition(name, channel_));
      auto* described = out.add_chaincode_definitions();
      described->set_name(name);
      WEFT_CHECK(describe(*described, d));
    }
  }

  result<bytes> query_approved(const ::lifecycle::QueryApprovedChaincodeDefinitionArgs& args) {
    WEFT_CHECK(channel_config());
    auto found = find_approval(args.name(), args.sequence(), stub_.channel_id(), channel_, own_);
    if (!found) return fail(errc::failed_precondition, found.error().context);  // 500, unlike other things that are not there
    ::lifecycle::QueryApprovedChaincodeDefinitionResult out;
    WEFT_CHECK(describe_approval(out, *found));
    return proto::encode(out);
  }

  /// Every approval of the own organization, committed or not, in the order of their keys.
  result<bytes> query_all_approved(const ::lifecycle::QueryApprovedChaincodeDefinitionsArgs&) {
    WEFT_CHECK(channel_config());
    const std::string prefix = metadata_key(namespaces_table, "");
    WEFT_TRY(const auto keys, stub_.private_keys(std::string(ledger::implicit_collection_prefix) + stub_.local_msp_id(), prefix));
    ::lifecycle::QueryApprovedChaincodeDefinitionsResult out;
    for (const auto& key : keys) {
      const auto which = parse_approval_name(bytes_view(key).substr(prefix.size()));
      if (!which) continue;
      WEFT_TRY(const auto found, find_approval(which->first, which->second, stub_.channel_id(), channel_, own_));
      auto* described = out.add_approved_chaincode_definitions();
      described->set_name(which->first);
      WEFT_CHECK(describe_approval(*described, found));
    }
    return proto::encode(out);
  }

 private:
  result<const ledger::channel_bundle*> channel_config() const {
    if (const auto* bundle = stub_.bundle()) return bundle;
    return fail(errc::failed_precondition, "no application config for channel '" + stub_.channel_id() + "'");
  }

  /// Checks what may be named so, and against what is committed. The reads of the committed definition, or of its legacy twin in lscc, are
  /// recorded in every approval and commit.
  template <class Args>
  result<void> check_input(const Args& args, const ledger::channel_bundle& bundle) {
    auto checked = check_definition(args, bundle);
    if (!checked) return fail(within("error validating chaincode definition", checked.error()));
    return {};
  }

  template <class Args>
  result<void> check_definition(const Args& args, const ledger::channel_bundle& bundle) {
    WEFT_CHECK(check_chaincode_name(args.name()));
    WEFT_CHECK(check_chaincode_version(args.version()));
    WEFT_CHECK(check_collections(args.collections(), bundle));
    const auto committed = read_definition(args.name(), channel_);
    if (!committed && committed.error().code == errc::not_found) {
      WEFT_CHECK(stub_.get_of("lscc", args.name()));
      return {};
    }
    if (!committed) return fail(within("could not retrieve committed definition for chaincode '" + args.name() + "'", committed.error()));
    ::protos::CollectionConfigPackage collections;
    if (!proto::decode(committed->collections, collections)) return fail(errc::corruption, "unreadable collections of " + args.name());
    return check_collections_kept(args.collections(), collections);
  }

  system_stub& stub_;
  package_store& packages_;
  const peer_channels& channels_;
  public_state channel_;
  organization_state own_;
};

/// Decodes the arguments of one function and calls it.
template <class Args, result<bytes> (invocation_of::*run)(const Args&)>
result<bytes> call(invocation_of& invocation, const bytes& raw) {
  Args args;
  if (!proto::decode(raw, args)) return fail(errc::invalid_argument, "could not decode input arg: proto: cannot parse invalid wire-format data");
  return (invocation.*run)(args);
}

using function_ptr = result<bytes> (*)(invocation_of&, const bytes&);

const std::map<std::string_view, function_ptr>& functions() {
  using namespace ::lifecycle;
  static const std::map<std::string_view, function_ptr> all{
      {"InstallChaincode", &call<InstallChaincodeArgs, &invocation_of::install>},
      {"QueryInstalledChaincode", &call<QueryInstalledChaincodeArgs, &invocation_of::query_installed>},
      {"QueryInstalledChaincodes", &call<QueryInstalledChaincodesArgs, &invocation_of::query_all_installed>},
      {"GetInstalledChaincodePackage", &call<GetInstalledChaincodePackageArgs, &invocation_of::get_package>},
      {"ApproveChaincodeDefinitionForMyOrg", &call<ApproveChaincodeDefinitionForMyOrgArgs, &invocation_of::approve>},
      {"CheckCommitReadiness", &call<CheckCommitReadinessArgs, &invocation_of::check_readiness>},
      {"CommitChaincodeDefinition", &call<CommitChaincodeDefinitionArgs, &invocation_of::commit>},
      {"QueryChaincodeDefinition", &call<QueryChaincodeDefinitionArgs, &invocation_of::query_definition>},
      {"QueryChaincodeDefinitions", &call<QueryChaincodeDefinitionsArgs, &invocation_of::query_definitions>},
      {"QueryApprovedChaincodeDefinition", &call<QueryApprovedChaincodeDefinitionArgs, &invocation_of::query_approved>},
      {"QueryApprovedChaincodeDefinitions", &call<QueryApprovedChaincodeDefinitionsArgs, &invocation_of::query_all_approved>},
  };
  return all;
}

class lifecycle_contract final : public system_contract {
 public:
  lifecycle_contract(std::shared_ptr<package_store> packages, peer_channels channels) : packages_(std::move(packages)), channels_(std::move(channels)) {}

  response run(system_stub& s) override {
    const auto& args = s.args();
    if (args.empty()) return failure("lifecycle scc must be invoked with arguments");
    if (args.size() != 2) return failure("lifecycle scc operations require exactly two arguments but received " + std::to_string(args.size()));
    if (s.bundle() && !s.bundle()->caps().lifecycle_v2) {
      return failure("cannot use new lifecycle for channel '" + s.channel_id() + "' as it does not have the required capabilities enabled");
    }
    const auto failed = "failed to invoke backing implementation of '" + args[0] + "': ";
    const auto it = functions().find(args[0]);
    if (it == functions().end()) return failure(failed + "receiver *lifecycle.Invocation." + args[0] + " does not exist");
    invocation_of invocation(s, *packages_, channels_);
    auto done = it->second(invocation, args[1]);
    if (done) return success(std::move(*done));
    constexpr std::int32_t status_not_found = 404;
    if (done.error().code == errc::not_found) return {status_not_found, done.error().context, {}};
    return failure(failed + done.error().context);
  }

 private:
  std::shared_ptr<package_store> packages_;
  peer_channels channels_;
};

}  // namespace

contract_ptr make_lifecycle_contract(std::shared_ptr<package_store> packages, peer_channels channels) {
  return std::make_shared<lifecycle_contract>(std::move(packages), std::move(channels));
}

}  // namespace weft::chaincode
