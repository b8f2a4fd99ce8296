#include "cli/chaincode_definition.hpp"

#include <doctest/doctest.h>

#include <optional>

#include "peer/lifecycle/lifecycle.pb.h"
#include "peer/policy.pb.h"
#include "proto/encode.hpp"

using namespace weft;
using namespace weft::cli;

TEST_CASE("a policy is a text, or a policy of the channel") {
  const auto decoded = [](const std::string& text) {
    const auto raw = validation_parameter(text);
    REQUIRE_MESSAGE(raw, raw.error().context);
    ::protos::ApplicationPolicy out;
    REQUIRE(proto::decode(*raw, out));
    return out;
  };
  CHECK(decoded("").channel_config_policy_reference() == "/Channel/Application/Endorsement");
  CHECK(decoded("/Channel/Application/Admins").channel_config_policy_reference() == "/Channel/Application/Admins");
  CHECK(decoded("AND('Org1MSP.peer', 'Org2MSP.peer')").signature_policy().identities_size() == 2);
  const auto wrong = validation_parameter("AND('Org1MSP.peer', 'Org2MSP.pear')");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().code == errc::invalid_argument);
  CHECK_MESSAGE(wrong.error().context.find("policy: a role is admin, member, client, peer or orderer") == 0, wrong.error().context);
}

TEST_CASE("collections files") {
  struct row {
    const char* text;
    std::optional<errc> code;  ///< Nothing: it is taken.
    const char* says;
  };
  const row rows[] = {
      {"[]", std::nullopt, ""},
      {"[", errc::invalid_argument, "no JSON at byte"},
      {"{}", errc::invalid_argument, "no array; a collections file is an array"},
      {"[1]", errc::invalid_argument, "collection 1 is no object"},
      {R"json([{"policy":"OR('Org1MSP.member')"}])json", errc::invalid_argument, "collection 1 has no \"name\""},
      {R"json([{"name":"a"}])json", errc::invalid_argument, "collection 'a' has no \"policy\""},
      {R"json([{"name":"a","policy":"OR('Org1MSP.membre')"}])json", errc::invalid_argument, "collection 'a', policy: "},
      {R"json([{"name":"a","policy":"OR('Org1MSP.member')","blockToLive":"3"}])json", errc::invalid_argument, "\"blockToLive\" must be a whole number"},
      {R"json([{"name":"a","policy":"OR('Org1MSP.member')","requiredPeerCount":0,"maxPeerCount":3,"blockToLive":0}])json", errc::unsupported, "(a) are not there yet"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.text);
    const auto checked = check_collections_file(r.text);
    CHECK(checked.has_value() == !r.code.has_value());
    if (checked || !r.code) continue;
    CHECK(checked.error().code == *r.code);
    CHECK_MESSAGE(checked.error().context.find(r.says) != std::string::npos, checked.error().context);
  }
}

TEST_CASE("addresses of services") {
  for (const auto* good : {"localhost:9999", "10.0.0.1:1", "{{.peername}}_cc:9999"}) CHECK(check_service_address(good));
  for (const auto* bad : {"", "localhost", "localhost:0", "localhost:70000", ":1", "{{.host}}:1"}) CHECK(check_service_address(bad).error().code == errc::invalid_argument);
}

TEST_CASE("approval and commit say the same") {
  const contract_definition d{"cc", "1.0", "policy", true, 3};
  ::lifecycle::ApproveChaincodeDefinitionForMyOrgArgs approval;
  ::lifecycle::CommitChaincodeDefinitionArgs commit;
  REQUIRE(proto::decode(approval_args(d, "cc_1.0:ab"), approval));
  REQUIRE(proto::decode(commit_args(d), commit));
  CHECK(approval.source().local_package().package_id() == "cc_1.0:ab");
  CHECK(approval.name() == commit.name());
  CHECK(approval.sequence() == 3);
  CHECK(commit.sequence() == 3);
  CHECK(approval.validation_parameter() == commit.validation_parameter());
  CHECK(approval.init_required());
  CHECK(commit.init_required());
}

TEST_CASE("functions that a contract tells of") {
  const auto one = R"({"contracts":{"AssetTransfer":{"transactions":[{"name":"Create"},{"name":"Read"},{}]},"org.hyperledger.fabric":{"transactions":[{"name":"GetMetadata"}]}}})";
  CHECK(functions_in(one) == std::vector<std::string>{"Create", "Read"});
  const auto two = R"({"contracts":{"a":{"default":true,"transactions":[{"name":"x"}]},"b":{"transactions":[{"name":"y"}]},"org.hyperledger.fabric":{}}})";
  CHECK(functions_in(two) == std::vector<std::string>{"x", "b:y"});
  const auto of_node = R"({"contracts":{"a":{"contractInstance":{"name":"a"},"transactions":[{"name":"x"}]},"b":{"contractInstance":{"name":"b","default":true},"transactions":[{"name":"y"}]},"org.hyperledger.fabric":{"contractInstance":7}}})";
  CHECK(functions_in(of_node) == std::vector<std::string>{"a:x", "y"});
  for (const auto* other : {"", "[]", "{}", R"({"contracts":[]})", R"({"contracts":{"a":1}})", R"({"contracts":{"a":{"transactions":7}}})"}) CHECK(functions_in(other).empty());
}
