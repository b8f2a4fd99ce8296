// The JSON of every golden file is that of Fabric's configtxlator 3.1.5, and leads back to the message it came from.
#include <google/protobuf/util/message_differencer.h>

#include <nlohmann/json.hpp>

#include "common/common.pb.h"
#include "common/configtx.pb.h"
#include "ledger/json/fabric_json.hpp"
#include "proto/encode.hpp"
#include "tests/unit/ledger/json/files.hpp"

using namespace weft;
using nlohmann::json;

namespace {

bool same(const google::protobuf::Message& a, const google::protobuf::Message& b) { return google::protobuf::util::MessageDifferencer::Equals(a, b); }

struct sample {
  std::string path;
  std::string type;
};

std::vector<sample> samples() {
  std::vector<sample> out;
  for (const char* folder : {"config", "blocks"}) {
    for (const auto& path : golden::files(folder, ".block")) out.push_back({path, "common.Block"});
  }
  out.push_back({"config/anchor-update.configupdate.pb", "common.ConfigUpdate"});
  out.push_back({"config/anchor-update.original-config.pb", "common.Config"});
  out.push_back({"config/anchor-update.modified-config.pb", "common.Config"});
  out.push_back({"config/anchor-update.envelope-unsigned.pb", "common.Envelope"});
  out.push_back({"config/anchor-update.envelope-1sig.pb", "common.Envelope"});
  out.push_back({"tx/proposed_transaction.pb", "gateway.ProposedTransaction"});
  out.push_back({"tx/proposed_transaction_transient.pb", "gateway.ProposedTransaction"});
  out.push_back({"tx/prepared_transaction.pb", "gateway.PreparedTransaction"});
  out.push_back({"tx/prepared_transaction_signed.pb", "gateway.PreparedTransaction"});
  out.push_back({"tx/signed_commit_status.pb", "gateway.SignedCommitStatusRequest"});
  out.push_back({"discovery/discovery_response.pb", "discovery.Response"});
  out.push_back({"discovery/discovery_signed_request.pb", "discovery.SignedRequest"});
  return out;
}

}  // namespace

TEST_CASE("golden JSON comes out as Fabric's tool prints it") {
  struct row {
    const char* message;
    const char* type;
    const char* json;
    bool as_printed;  ///< The genesis files were indented anew by another tool, the others are as they came.
  };
  const row rows[] = {
      {"config/mychannel.genesis.block", "common.Block", "config/mychannel.genesis.json", false},
      {"config/bftchannel.genesis.block", "common.Block", "config/bftchannel.genesis.json", false},
      {"config/anchor-update.configupdate.pb", "common.ConfigUpdate", "config/anchor-update.configupdate.json", true},
      {"blocks/mychannel.5.block", "common.Block", "blocks/mychannel.5.json", true},
      {"blocks/mychannel.10.block", "common.Block", "blocks/mychannel.10.json", true},
      {"blocks/mychannel.14.block", "common.Block", "blocks/mychannel.14.json", true},
      {"blocks/mychannel.19.block", "common.Block", "blocks/mychannel.19.json", true},
      {"blocks/bftchannel.1.block", "common.Block", "blocks/bftchannel.1.json", true},
  };
  CHECK(golden::files("blocks", ".json").size() + golden::files("config", ".json").size() == std::size(rows));
  for (const auto& r : rows) {
    CAPTURE(r.json);
    const auto text = ledger::decode_to_json(r.type, golden::file(r.message));
    REQUIRE_MESSAGE(text, text.error().context);
    if (r.as_printed) CHECK(*text == golden::file(r.json));
    CHECK(json::parse(*text) == json::parse(golden::file(r.json)));
    const auto again = ledger::encode_from_json(r.type, golden::file(r.json));
    REQUIRE_MESSAGE(again, again.error().context);
    CHECK(ledger::decode_to_json(r.type, *again) == text);
  }
}

TEST_CASE("every golden file goes to JSON and back") {
  for (const auto& s : samples()) {
    CAPTURE(s.path);
    const auto raw = golden::file(s.path);
    const auto text = ledger::decode_to_json(s.type, raw);
    REQUIRE_MESSAGE(text, text.error().context);
    const auto again = ledger::encode_from_json(s.type, *text);
    REQUIRE_MESSAGE(again, again.error().context);
    CHECK(again->size() == raw.size());
    CHECK(ledger::decode_to_json(s.type, *again) == text);
  }
}

TEST_CASE("a block without maps in it comes back byte for byte") {
  // Go writes a map in random order, so a config block and a proposal with transient data only have the same size.
  int blocks = 0;
  for (const auto& path : golden::files("blocks", ".block")) {
    if (path == "blocks/mychannel.1.block" || path == "blocks/mychannel.1.from-orderer.block") continue;
    CAPTURE(path);
    const auto raw = golden::file(path);
    const auto again = ledger::encode_from_json("common.Block", ledger::decode_to_json("common.Block", raw).value());
    CHECK((again && *again == raw));
    ++blocks;
  }
  CHECK(blocks > 30);
}

TEST_CASE("a configuration in JSON stands for the same tree") {
  for (const char* path : {"config/anchor-update.original-config.pb", "config/anchor-update.modified-config.pb"}) {
    ::common::Config config, again;
    REQUIRE(proto::decode(golden::file(path), config));
    REQUIRE(ledger::from_json(ledger::to_json(config).value(), again));
    CHECK(ledger::to_json(again) == ledger::to_json(config));
    // Bytes in it with a map of their own (capabilities) may differ in order, but these have one entry each.
    CHECK(same(config, again));
  }
}

TEST_CASE("a group that stands alone is opened as its level says") {
  ::common::Config config;
  REQUIRE(proto::decode(golden::file("config/anchor-update.modified-config.pb"), config));
  const auto& org = config.channel_group().groups().at("Application").groups().at("Org1MSP");
  const auto opened = json::parse(ledger::to_json(org, ledger::config_level::application_org).value());
  CHECK(opened["values"]["MSP"]["value"]["config"]["name"] == "Org1MSP");
  CHECK(opened["values"]["AnchorPeers"]["value"]["anchor_peers"][0]["port"] == 7051);
  CHECK(json::parse(ledger::to_json(org).value())["values"]["MSP"]["value"].is_string());
  const auto elsewhere = ledger::to_json(org, ledger::config_level::orderer_org);
  REQUIRE(!elsewhere);
  CHECK(elsewhere.error().context.find("unknown Orderer Org ConfigValue name: AnchorPeers") != std::string::npos);
  ::common::ConfigGroup again;
  REQUIRE(ledger::from_json(ledger::to_json(org, ledger::config_level::application_org).value(), again, ledger::config_level::application_org));
  CHECK(same(org, again));
}
