#include "tests/unit/chaincode/support/test_channel.hpp"

#include <doctest/doctest.h>

#include "chaincode/system/system.hpp"
#include "ledger/state/apply.hpp"
#include "ledger/store/kv.hpp"
#include "peer/lifecycle/lifecycle.pb.h"
#include "proto/encode.hpp"

namespace weft::chaincode::testing {
namespace {

template <class Args>
Args definition_args(const std::string& name, const deployment& d) {
  Args args;
  args.set_name(name);
  args.set_version(d.version);
  args.set_sequence(d.sequence);
  args.set_init_required(d.init_required);
  if (!d.collections.empty()) REQUIRE(proto::decode(d.collections, *args.mutable_collections()));
  return args;
}

}  // namespace

test_channel::test_channel()
    : store_(ledger::open_state_store(ledger::make_memory_kv()).value()),
      lifecycle_(make_lifecycle_contract(open_package_store(nullptr, {}).value())) {
  REQUIRE(store_->apply(block_number{0}, {}));
}

test_context test_channel::context_of(const ledger::proposal& p, const std::string& msp_id) {
  test_context out{golden_bundle(), {}};
  auto& context = out.value;
  context.proposal = &p;
  context.state = store_->view();
  context.history = history.get();
  context.bundle = out.bundle.get();
  context.local_msp_id = msp_id;
  context.limits = limits;
  context.definitions = definitions;
  context.defined_collections = defined_collections;
  context.find_contract = [this](std::string_view name) {
    const auto it = contracts_.find(name);
    return name == "_lifecycle" ? lifecycle_ : it == contracts_.end() ? nullptr : it->second;
  };
  context.installed_package = [this](std::string_view name) { return package_of(name); };
  return out;
}

result<simulation_result> test_channel::run_proposal(const ledger::proposal& p, const std::string& msp_id) {
  return simulate(context_of(p, msp_id).value);
}

result<simulation_result> test_channel::lifecycle(const std::string& msp_id, const std::string& function, const bytes& args) {
  return run_proposal(make_test_proposal("_lifecycle", {function, args}), msp_id);
}

result<simulation_result> test_channel::approve(const std::string& msp_id, const std::string& name, const deployment& d) {
  return approve(msp_id, name, d, package_of(name));
}

result<simulation_result> test_channel::approve(const std::string& msp_id, const std::string& name, const deployment& d, const std::string& package) {
  auto args = definition_args<::lifecycle::ApproveChaincodeDefinitionForMyOrgArgs>(name, d);
  if (package.empty()) {
    args.mutable_source()->mutable_unavailable();
  } else {
    args.mutable_source()->mutable_local_package()->set_package_id(package);
  }
  return lifecycle(msp_id, "ApproveChaincodeDefinitionForMyOrg", proto::encode(args));
}

result<simulation_result> test_channel::commit_definition(const std::string& msp_id, const std::string& name, const deployment& d) {
  return lifecycle(msp_id, "CommitChaincodeDefinition", proto::encode(definition_args<::lifecycle::CommitChaincodeDefinitionArgs>(name, d)));
}

void test_channel::deploy(const std::string& name, contract_ptr code, const deployment& d) {
  install(name, std::move(code));
  apply(approve("Org1MSP", name, d));
  apply(approve("Org2MSP", name, d));
  apply(commit_definition("Org1MSP", name, d));
}

response test_channel::answer(const std::string& name, std::vector<bytes> args) {
  auto r = run(name, std::move(args));
  REQUIRE_MESSAGE(r, r.error().context);
  return r->answer;
}

void test_channel::apply(const result<simulation_result>& r) {
  REQUIRE_MESSAGE(r, r.error().context);
  REQUIRE_MESSAGE(r->answer.status == 200, r->answer.message);
  const auto sets = ledger::rwset::parse(r->results);
  REQUIRE(sets);
  const auto view = store_->view();
  const version at{view->height(), tx_number{0}};
  ledger::state_batch batch;
  REQUIRE(ledger::apply_writes(batch, *sets, at, *view));
  for (const auto& writes : r->privates) REQUIRE(ledger::apply_private_writes(batch, writes, ledger::pending_state(batch, *view)));
  REQUIRE(store_->apply(at.block, batch));
}

response test_channel::invoke(const std::string& name, std::vector<bytes> args) {
  const auto r = run(name, std::move(args));
  apply(r);
  return r->answer;
}

ledger::namespace_rwset namespace_of(const simulation_result& r, const std::string& ns) {
  const auto sets = ledger::rwset::parse(r.results);
  REQUIRE(sets);
  for (const auto& n : sets->namespaces) {
    if (n.name == ns) return n;
  }
  return {};
}

}  // namespace weft::chaincode::testing
