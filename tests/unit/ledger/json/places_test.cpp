// What is opened where, and what Fabric says when it cannot be.
#include "ledger/json/places.hpp"

#include <nlohmann/json.hpp>

#include "common/common.pb.h"
#include "common/configtx.pb.h"
#include "common/policies.pb.h"
#include "msp/msp_principal.pb.h"
#include "orderer/configuration.pb.h"
#include "peer/policy.pb.h"
#include "proto/encode.hpp"
#include "tests/unit/ledger/json/files.hpp"

using namespace weft;
using nlohmann::json;

namespace {

std::string refusal(const google::protobuf::Message& m) {
  const auto text = ledger::to_json(m);
  return text ? *text : text.error().context;
}

::common::Envelope envelope_of(int type, const std::string& data, const std::string& extension = {}) {
  ::common::ChannelHeader header;
  header.set_type(type);
  header.set_extension(extension);
  ::common::Payload payload;
  payload.mutable_header()->set_channel_header(proto::encode(header));
  payload.set_data(data);
  ::common::Envelope out;
  out.set_payload(proto::encode(payload));
  return out;
}

}  // namespace

TEST_CASE("the tables name fields and types that the schema has") { CHECK(ledger::json::broken_rules() == 0); }

TEST_CASE("types are found by name") {
  const auto all = ledger::message_types();
  for (const char* name : {"common.Block", "common.Config", "protos.ChaincodeMessage", "orderer.smartbft.Options", "gateway.PreparedTransaction",
                           "common.SignaturePolicy.NOutOf", "google.protobuf.Timestamp"}) {
    CAPTURE(name);
    CHECK(std::binary_search(all.begin(), all.end(), name) == (std::string_view(name) != "google.protobuf.Timestamp"));
    CHECK(ledger::new_message(name) != nullptr);
  }
  for (const char* name : {"", "common", "common.Blok", "common.Capabilities.CapabilitiesEntry", "Block"}) CHECK(ledger::new_message(name) == nullptr);
  const auto missing = ledger::decode_to_json("common.Blok", "");
  REQUIRE(!missing);
  CHECK(missing.error().code == errc::not_found);
}

TEST_CASE("what cannot be opened is refused in Fabric's words, with the way to it") {
  const std::string path = "*commonext.Envelope: error in PopulateTo for field payload for message *commonext.Envelope: *commonext.Payload: ";
  CHECK(refusal(envelope_of(5, "x")) == path + "error in PopulateTo for field data for message *commonext.Payload: decoding type 5 is unimplemented");
  CHECK(refusal(envelope_of(1, "\xff")) ==
        path + "error in PopulateTo for field data for message *commonext.Payload: proto: cannot parse invalid wire-format data");
  CHECK(refusal(envelope_of(1, "", "x")).ends_with("channel header extension only valid for endorser transactions"));

  ::common::Policy policy;
  policy.set_type(2);
  policy.set_value("x");
  CHECK(refusal(policy).ends_with("unable to decode policy type: 2"));

  ::common::MSPPrincipal principal;
  principal.set_principal_classification(::common::MSPPrincipal::ANONYMITY);
  principal.set_principal(std::string("x"));
  CHECK(refusal(principal).ends_with("unable to decode MSP type: ANONYMITY"));

  ::common::Payload headless;
  headless.set_data(std::string("x"));
  CHECK(refusal(headless).ends_with("cannot determine payload type when header is missing"));

  ::common::ConfigUpdate update;
  (*update.mutable_isolated_data())["x"] = std::string("y");
  CHECK(refusal(update).ends_with("Unknown map key: x"));
}

TEST_CASE("configuration elements out of place") {
  struct row {
    std::vector<std::string> groups;
    std::string value, error;
  };
  const row rows[] = {
      {{}, "MSP", "unknown Channel ConfigValue name: MSP"},
      {{"Other"}, "", "unknown channel group sub-group 'Other'"},
      {{"Orderer"}, "MSP", "unknown Orderer ConfigValue name: MSP"},
      {{"Orderer", "Org"}, "AnchorPeers", "unknown Orderer Org ConfigValue name: AnchorPeers"},
      {{"Orderer", "Org", "Sub"}, "", "the orderer orgs do not support sub-groups"},
      {{"Application"}, "Consortium", "Unknown Application ConfigValue name: Consortium"},
      {{"Application", "Org"}, "Endpoints", "Unknown Application Org ConfigValue name: Endpoints"},
      {{"Application", "Org", "Sub"}, "", "The application orgs do not support sub-groups"},
      {{"Consortiums"}, "MSP", "Consortiums currently support no config values"},
      {{"Consortiums", "C"}, "MSP", "unknown Consortium ConfigValue name: MSP"},
      {{"Consortiums", "C", "Org"}, "AnchorPeers", "unknown Consortium Org ConfigValue name: AnchorPeers"},
      {{"Consortiums", "C", "Org", "Sub"}, "", "ConsortiumOrg groups do not support sub groups"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.error);
    ::common::Config config;
    auto* group = config.mutable_channel_group();
    for (const auto& name : r.groups) group = &(*group->mutable_groups())[name];
    if (!r.value.empty()) (*group->mutable_values())[r.value].set_value("x");
    CHECK(refusal(config).ends_with(r.error));
  }
}

TEST_CASE("an element without a value is shown without one, whatever its name: read sets are made of them") {
  ::common::Config config;
  (*config.mutable_channel_group()->mutable_values())["Whatever"].set_version(3);
  const auto tree = json::parse(ledger::to_json(config).value());
  CHECK(tree["channel_group"]["values"]["Whatever"] == json::parse(R"({"mod_policy":"","value":null,"version":"3"})"));
}

TEST_CASE("consensus metadata is opened by the type of consensus") {
  ::orderer::ConsensusType type;
  type.set_type("solo");
  CHECK(json::parse(ledger::to_json(type).value())["metadata"].is_null());
  type.set_metadata("\x0a\x01x");
  CHECK(json::parse(ledger::to_json(type).value())["metadata"] == json::object());
  type.set_metadata("\xff");
  type.set_type("BFT");
  CHECK(refusal(type).ends_with("proto: cannot parse invalid wire-format data"));
}

TEST_CASE("members of a oneof stay closed inside, as Fabric leaves them") {
  ::protos::ApplicationPolicy policy;
  auto& role = *policy.mutable_signature_policy()->add_identities();
  role.set_principal("\x0a\x01x");
  const auto text = ledger::to_json(policy).value();
  CHECK(json::parse(text)["signature_policy"]["identities"][0]["principal"] == "CgF4");
  ::protos::ApplicationPolicy again;
  REQUIRE(ledger::from_json(text, again));
  CHECK(proto::encode(again) == proto::encode(policy));
}

TEST_CASE("errors name types as Go does") {
  const auto name = [](const google::protobuf::Message& m) { return ledger::json::go_name({}, *m.GetDescriptor()); };
  CHECK(name(::common::Block()) == "*common.Block");
  CHECK(name(::common::BlockData()) == "*commonext.BlockData");
  CHECK(name(::common::MSPPrincipal()) == "*mspext.MSPPrincipal");
  CHECK(name(::common::SignaturePolicy::NOutOf()) == "*common.SignaturePolicy_NOutOf");
  CHECK(name(::protos::ApplicationPolicy()) == "*peer.ApplicationPolicy");
}
