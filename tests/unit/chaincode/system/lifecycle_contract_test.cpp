// `_lifecycle` as a client calls it: deploying, upgrading, asking; statuses and texts of interop/04 §5.
#include <doctest/doctest.h>

#include "chaincode/lifecycle/package.hpp"
#include "chaincode/system/system.hpp"
#include "peer/lifecycle/lifecycle.pb.h"
#include "proto/encode.hpp"
#include "tests/unit/chaincode/support/memory_ledger.hpp"
#include "tests/unit/chaincode/support/test_channel.hpp"

using namespace weft;
using namespace weft::chaincode;
using namespace weft::chaincode::testing;

namespace {

contract_ptr ok() {
  return make_contract([](stub&) { return success(); });
}

response answer_of(const result<simulation_result>& r) {
  REQUIRE_MESSAGE(r, r.error().context);
  return r->answer;
}

template <class Result>
Result decoded(const result<simulation_result>& r) {
  const auto answer = answer_of(r);
  REQUIRE_MESSAGE(answer.status == 200, answer.message);
  Result out;
  REQUIRE(proto::decode(answer.payload, out));
  return out;
}

template <class Args>
bytes named(const std::string& name) {
  Args args;
  args.set_name(name);
  return proto::encode(args);
}

}  // namespace

TEST_CASE("an upgrade reads the committed definition and writes only what changed") {
  test_channel channel;
  channel.deploy("cc", ok());
  const deployment next{.version = "2.0", .sequence = 2};
  const auto approval = channel.approve("Org1MSP", "cc", next);
  channel.apply(approval);
  const auto read = namespace_of(*approval, "_lifecycle");
  CHECK(read.reads.size() == 5);
  CHECK(namespace_of(*approval, "lscc").reads.empty());
  CHECK(read.collections.at(0).writes.size() == 6);
  channel.apply(channel.approve("Org2MSP", "cc", next));
  const auto commit = channel.commit_definition("Org2MSP", "cc", next);
  channel.apply(commit);
  std::vector<std::string> written;
  for (const auto& w : namespace_of(*commit, "_lifecycle").writes) written.push_back(w.key);
  CHECK(written == std::vector<std::string>{"namespaces/fields/cc/EndorsementInfo", "namespaces/fields/cc/Sequence"});
  const auto defined = decoded<::lifecycle::QueryChaincodeDefinitionResult>(
      channel.lifecycle("Org1MSP", "QueryChaincodeDefinition", named<::lifecycle::QueryChaincodeDefinitionArgs>("cc")));
  CHECK(defined.sequence() == 2);
  CHECK(defined.version() == "2.0");
  CHECK(defined.endorsement_plugin() == "escc");
  CHECK(defined.approvals().at("Org1MSP"));
  CHECK(defined.approvals().at("Org2MSP"));
}

TEST_CASE("a commit needs the endorsing peer's own organization") {
  test_channel channel;
  channel.install("cc", ok());
  channel.apply(channel.approve("Org1MSP", "cc", {}));
  CHECK(answer_of(channel.commit_definition("Org1MSP", "cc", {})).status == 200);
  const auto other = answer_of(channel.commit_definition("Org2MSP", "cc", {}));
  CHECK(other.status == 500);
  CHECK(other.message == "failed to invoke backing implementation of 'CommitChaincodeDefinition': chaincode definition not agreed to by this org (Org2MSP)");
  CHECK(answer_of(channel.commit_definition("Org9MSP", "cc", {})).message.find("impossibly, this peer's org is processing requests") != std::string::npos);
}

TEST_CASE("readiness shows who is missing and what differs") {
  test_channel channel;
  channel.install("cc", ok());
  channel.apply(channel.approve("Org1MSP", "cc", {}));
  channel.apply(channel.approve("Org2MSP", "cc", {.init_required = true}));
  ::lifecycle::CheckCommitReadinessArgs args;
  args.set_name("cc");
  args.set_version("1.0");
  args.set_sequence(1);
  const auto ready = decoded<::lifecycle::CheckCommitReadinessResult>(channel.lifecycle("Org2MSP", "CheckCommitReadiness", proto::encode(args)));
  CHECK(ready.approvals().at("Org1MSP"));
  CHECK_FALSE(ready.approvals().at("Org2MSP"));
  REQUIRE(ready.mismatches().size() == 1);
  CHECK(ready.mismatches().at("Org2MSP").items(0) == "EndorsementInfo");
}

TEST_CASE("definitions of a channel, by name") {
  test_channel channel;
  const auto list = [&] { return decoded<::lifecycle::QueryChaincodeDefinitionsResult>(channel.lifecycle("Org1MSP", "QueryChaincodeDefinitions", "")); };
  CHECK(list().chaincode_definitions_size() == 0);
  channel.deploy("b", ok());
  channel.deploy("a", ok(), {.version = "3"});
  const auto both = list();
  REQUIRE(both.chaincode_definitions_size() == 2);
  CHECK(both.chaincode_definitions(0).name() == "a");
  CHECK(both.chaincode_definitions(0).version() == "3");
  CHECK(both.chaincode_definitions(1).name() == "b");
  CHECK(both.chaincode_definitions(1).sequence() == 1);
}

TEST_CASE("an approval of the own organization") {
  test_channel channel;
  channel.install("cc", ok());
  channel.apply(channel.approve("Org1MSP", "cc", {}));
  const auto ask = [&](const std::string& org, const std::string& name) {
    return channel.lifecycle(org, "QueryApprovedChaincodeDefinition", named<::lifecycle::QueryApprovedChaincodeDefinitionArgs>(name));
  };
  const auto approved = decoded<::lifecycle::QueryApprovedChaincodeDefinitionResult>(ask("Org1MSP", "cc"));
  CHECK(approved.sequence() == 1);
  CHECK(approved.source().local_package().package_id() == channel.package_of("cc"));
  const auto none = answer_of(ask("Org2MSP", "cc"));
  CHECK(none.status == 500);
  CHECK(none.message.find("could not fetch approved chaincode definition (name: 'cc', sequence: '0') on channel 'mychannel'") != std::string::npos);
  channel.apply(channel.approve("Org1MSP", "cc", {}, ""));
  CHECK(decoded<::lifecycle::QueryApprovedChaincodeDefinitionResult>(ask("Org1MSP", "cc")).source().has_unavailable());
}

TEST_CASE("all approvals of an organization, each sequence, committed or not") {
  test_channel channel;
  channel.deploy("cc", ok());
  channel.install("ab", ok());
  channel.apply(channel.approve("Org1MSP", "cc", {.version = "2.0", .sequence = 2}));
  channel.apply(channel.approve("Org1MSP", "ab", {}, ""));
  const auto ask = [&](const std::string& org) {
    std::vector<std::string> out;
    const auto all = decoded<::lifecycle::QueryApprovedChaincodeDefinitionsResult>(channel.lifecycle(org, "QueryApprovedChaincodeDefinitions", ""));
    for (const auto& d : all.approved_chaincode_definitions())
      out.push_back(d.name() + "#" + std::to_string(d.sequence()) + " " + d.version() + " " + (d.source().has_unavailable() ? "-" : d.source().local_package().package_id()));
    return out;
  };
  CHECK(ask("Org1MSP") == std::vector<std::string>{"ab#1 1.0 -", "cc#1 1.0 " + channel.package_of("cc"), "cc#2 2.0 " + channel.package_of("cc")});
  CHECK(ask("Org2MSP") == std::vector<std::string>{"cc#1 1.0 " + channel.package_of("cc")});
}

TEST_CASE("refusals and their texts") {
  test_channel channel;
  struct row {
    std::vector<bytes> args;
    std::int32_t status;
    std::string message;
  };
  const row rows[] = {
      {{}, 500, "lifecycle scc must be invoked with arguments"},
      {{"QueryChaincodeDefinitions"}, 500, "lifecycle scc operations require exactly two arguments but received 1"},
      {{"a", "b", "c"}, 500, "lifecycle scc operations require exactly two arguments but received 3"},
      {{"Nonsense", ""}, 500, "failed to invoke backing implementation of 'Nonsense': receiver *lifecycle.Invocation.Nonsense does not exist"},
      {{"QueryChaincodeDefinition", named<::lifecycle::QueryChaincodeDefinitionArgs>("nope")}, 404, "namespace nope is not defined"},
      {{"QueryChaincodeDefinition", "\xff\xff"}, 500, "failed to invoke backing implementation of 'QueryChaincodeDefinition': could not decode input arg: proto: cannot parse invalid wire-format data"},
      {{"QueryInstalledChaincode", ""}, 404, "chaincode install package '' not found"},
      {{"GetInstalledChaincodePackage", ""}, 404, "chaincode install package '' not found"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.message);
    const auto answer = channel.answer("_lifecycle", r.args);
    CHECK(answer.status == r.status);
    CHECK(answer.message == r.message);
  }
  const auto bad_name = answer_of(channel.approve("Org1MSP", "-cc", {}));
  CHECK(bad_name.message.find("failed to invoke backing implementation of 'ApproveChaincodeDefinitionForMyOrg': error validating chaincode definition: invalid "
                              "chaincode name '-cc'") == 0);
}

TEST_CASE("installing leaves nothing on the channel") {
  test_channel channel;
  const auto contract = make_lifecycle_contract(open_package_store(nullptr, {{"mycc", "mycc_1.0"}}).value());
  const auto bundle = golden_bundle();
  golden_state state;
  state.advance_to(1);
  const auto call = [&](const std::string& function, const bytes& args) {
    const auto p = make_test_proposal("_lifecycle", {function, args});
    simulation_context context;
    context.proposal = &p;
    context.state = state.view();
    context.bundle = bundle.get();
    context.find_contract = [&](std::string_view) { return contract; };
    return simulate(context);
  };
  ::lifecycle::InstallChaincodeArgs install;
  install.set_chaincode_install_package(make_native_package("mycc", "mycc_2.0"));
  const auto r = call("InstallChaincode", proto::encode(install));
  const auto installed = decoded<::lifecycle::InstallChaincodeResult>(r);
  CHECK(installed.label() == "mycc_2.0");
  CHECK(r->results == "");
  CHECK(r->privates.empty());
  CHECK(answer_of(call("InstallChaincode", proto::encode(install))).message ==
        "failed to invoke backing implementation of 'InstallChaincode': chaincode already successfully installed (package ID '" + installed.package_id() + "')");
  CHECK(decoded<::lifecycle::QueryInstalledChaincodesResult>(call("QueryInstalledChaincodes", "")).installed_chaincodes_size() == 2);
  ::lifecycle::GetInstalledChaincodePackageArgs get;
  get.set_package_id(installed.package_id());
  CHECK(decoded<::lifecycle::GetInstalledChaincodePackageResult>(call("GetInstalledChaincodePackage", proto::encode(get))).chaincode_install_package() ==
        install.chaincode_install_package());
}

TEST_CASE("installed packages say which contracts of which channels run with them") {
  const auto ledger = make_golden_ledger(26);
  const peer_channels channels{[&](std::string_view id) { return id == "mychannel" ? ledger : nullptr; }, [] { return std::vector<std::string>{"gone", "mychannel"}; }};
  const auto packages = open_package_store(nullptr, {{"mycc", "mycc_1.0"}}).value();
  REQUIRE(packages->install(read_golden("chaincode/golden.tar.gz")));
  const auto contract = make_lifecycle_contract(packages, channels);
  const auto ask = [&](const std::string& msp_id) {
    const auto p = make_test_proposal("_lifecycle", {"QueryInstalledChaincodes", ""});
    const auto bundle = golden_bundle();
    simulation_context context;
    context.proposal = &p;
    context.state = ledger->view();
    context.bundle = bundle.get();
    context.local_msp_id = msp_id;
    context.find_contract = [&](std::string_view) { return contract; };
    return decoded<::lifecycle::QueryInstalledChaincodesResult>(simulate(context));
  };
  const auto installed = ask("Org1MSP");
  REQUIRE(installed.installed_chaincodes_size() == 2);
  const auto& golden = installed.installed_chaincodes(0);
  CHECK(golden.package_id() == golden_package_id);
  REQUIRE(golden.references().size() == 1);
  REQUIRE(golden.references().at("mychannel").chaincodes_size() == 1);
  CHECK(golden.references().at("mychannel").chaincodes(0).name() == "golden");
  CHECK(golden.references().at("mychannel").chaincodes(0).version() == "1.0");
  CHECK(installed.installed_chaincodes(1).references().empty());
  const auto other = ask("Org9MSP");
  CHECK(other.installed_chaincodes(0).references().empty());
}
