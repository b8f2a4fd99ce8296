#include "cli/chaincode_definition.hpp"

#include <nlohmann/json.hpp>

#include "chaincode/lifecycle/package.hpp"
#include "common/policies.pb.h"
#include "crypto/policy/policy.hpp"
#include "peer/lifecycle/lifecycle.pb.h"
#include "peer/policy.pb.h"
#include "proto/encode.hpp"

namespace weft::cli {
namespace {

using nlohmann::json;

constexpr const char* default_policy = "/Channel/Application/Endorsement";
constexpr std::size_t functions_max = 200;

template <class Args>
void fill(Args& args, const contract_definition& d) {
  args.set_name(d.name);
  args.set_version(d.version);
  args.set_sequence(d.sequence);
  args.set_endorsement_plugin("escc");
  args.set_validation_plugin("vscc");
  args.set_validation_parameter(d.validation_parameter);
  args.set_init_required(d.init_required);
}

result<std::string> check_collection(const json& c, std::size_t index) {
  const auto where = "collection " + std::to_string(index + 1);
  if (!c.is_object()) return fail(errc::invalid_argument, where + " is no object");
  const auto name = c.find("name"), policy = c.find("policy");
  if (name == c.end() || !name->is_string() || name->get<std::string>().empty()) return fail(errc::invalid_argument, where + " has no \"name\"");
  const auto called = "collection '" + name->get<std::string>() + "'";
  if (policy == c.end() || !policy->is_string()) return fail(errc::invalid_argument, called + " has no \"policy\", such as \"OR('Org1MSP.member', 'Org2MSP.member')\"");
  if (const auto parsed = crypto::parse_policy(policy->get<std::string>()); !parsed) return fail(within(called + ", policy", parsed.error()));
  for (const auto* count : {"requiredPeerCount", "maxPeerCount", "blockToLive"}) {
    if (c.contains(count) && !c[count].is_number_integer()) return fail(errc::invalid_argument, called + ": \"" + count + "\" must be a whole number");
  }
  return name->get<std::string>();
}

}  // namespace

result<bytes> validation_parameter(const std::string& policy) {
  ::protos::ApplicationPolicy out;
  if (policy.empty() || policy.front() == '/') {
    out.set_channel_config_policy_reference(policy.empty() ? default_policy : policy);
  } else {
    WEFT_TRY(*out.mutable_signature_policy(), crypto::parse_policy(policy));
  }
  return proto::encode(out);
}

result<void> check_collections_file(bytes_view text) {
  constexpr const char* expected = "a collections file is an array of objects with \"name\", \"policy\", \"requiredPeerCount\", \"maxPeerCount\", \"blockToLive\"";
  json all;
  try {
    all = json::parse(text);
  } catch (const json::parse_error& e) {
    return fail(errc::invalid_argument, "no JSON at byte " + std::to_string(e.byte) + "; " + expected);
  }
  if (!all.is_array()) return fail(errc::invalid_argument, std::string("no array; ") + expected);
  std::string names;
  for (std::size_t i = 0; i < all.size(); ++i) {
    WEFT_TRY(const auto name, check_collection(all[i], i));
    names.append(names.empty() ? "" : ", ").append(name);
  }
  if (names.empty()) return {};
  return fail(errc::unsupported, "private data collections that a contract defines (" + names +
                                     ") are not there yet: peers of weft do not exchange private data. An organization's own collection, _implicit_org_MSPID, works without a definition");
}

result<void> check_service_address(const std::string& address) {
  // The same rule as for packages of others, by making one and reading it.
  const auto p = chaincode::parse_package(chaincode::make_service_package({.address = address}, "x"));
  if (!p) return fail(p.error());
  const auto service = chaincode::service_of(*p, chaincode::builder_values("peer", nullptr));
  if (!service) {
    const auto& text = service.error().context;
    constexpr std::string_view file = "connection.json: ";  // which nobody has written here
    return fail(service.error().code, text.starts_with(file) ? text.substr(file.size()) : text);
  }
  return {};
}

bytes approval_args(const contract_definition& d, const std::string& package_id) {
  ::lifecycle::ApproveChaincodeDefinitionForMyOrgArgs args;
  fill(args, d);
  args.mutable_source()->mutable_local_package()->set_package_id(package_id);
  return proto::encode(args);
}

bytes commit_args(const contract_definition& d) {
  ::lifecycle::CommitChaincodeDefinitionArgs args;
  fill(args, d);
  return proto::encode(args);
}

bytes readiness_args(const contract_definition& d) {
  ::lifecycle::CheckCommitReadinessArgs args;
  fill(args, d);
  return proto::encode(args);
}

namespace {
bool says_default(const json& o) { return o.is_object() && o.value("default", json()) == json(true); }
}  // namespace

std::vector<std::string> functions_in(bytes_view metadata_json) {
  std::vector<std::string> out;
  const auto parsed = json::parse(metadata_json, nullptr, false);
  if (!parsed.is_object() || !parsed.contains("contracts") || !parsed["contracts"].is_object()) return out;
  for (const auto& [name, contract] : parsed["contracts"].items()) {
    if (name == "org.hyperledger.fabric" || !contract.is_object() || !contract.contains("transactions") || !contract["transactions"].is_array()) continue;
    // Functions of the default contract are called by their name alone.
    const bool is_default = parsed["contracts"].size() <= 2 || says_default(contract) || says_default(contract.value("contractInstance", json()));  // Go, Node
    for (const auto& t : contract["transactions"]) {
      if (!t.is_object() || !t.contains("name") || !t["name"].is_string() || out.size() >= functions_max) continue;
      out.push_back((is_default ? "" : name + ":") + t["name"].get<std::string>());
    }
  }
  return out;
}

}  // namespace weft::cli
