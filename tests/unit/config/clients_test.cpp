// What clients are given: connection profiles, wallet entries, shell environments.
#include <doctest/doctest.h>
#include <yaml-cpp/yaml.h>

#include <nlohmann/json.hpp>

#include "config/clients/clients.hpp"

using namespace weft::config;
using nlohmann::json;

namespace {

const std::string pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

profile_request request(const topology& t) {
  profile_request r{&t, "Org2", {}, {}};
  r.peers = {{"peer0.org2.example.com", "Org2", "localhost:9051", pem, "/net/ca2.crt"}, {"peer0.org1.example.com", "Org1", "localhost:7051", pem, "/net/ca1.crt"}};
  r.orderers = {{"orderer0.example.com", "OrdererOrg", "localhost:7050", pem, "/net/ca.crt"}};
  return r;
}

}  // namespace

TEST_CASE("a connection profile has everybody whom a client without discovery may need") {
  const auto t = dev_topology({});
  const auto p = json::parse(connection_profile_json(request(t)));
  CHECK(p["version"] == "1.0.0");
  CHECK(p["client"]["organization"] == "Org2");
  CHECK(p["organizations"]["Org2"] == json{{"mspid", "Org2MSP"}, {"peers", {"peer0.org2.example.com"}}});
  CHECK(p["organizations"]["Org1"]["peers"] == json{"peer0.org1.example.com"});
  CHECK(p["organizations"].size() == 2);  // the orderers' are no organization that endorses
  CHECK(p["peers"]["peer0.org1.example.com"]["url"] == "grpcs://localhost:7051");
  CHECK(p["peers"]["peer0.org1.example.com"]["tlsCACerts"]["pem"] == pem);
  CHECK(p["peers"]["peer0.org1.example.com"]["grpcOptions"]["ssl-target-name-override"] == "peer0.org1.example.com");
  CHECK(p["orderers"]["orderer0.example.com"]["url"] == "grpcs://localhost:7050");
  CHECK(p["channels"]["mychannel"]["orderers"] == json{"orderer0.example.com"});
  CHECK(p["channels"]["mychannel"]["peers"]["peer0.org2.example.com"]["endorsingPeer"] == true);
}

TEST_CASE("the profile as YAML says the same") {
  const auto t = dev_topology({});
  const auto p = YAML::Load(connection_profile_yaml(request(t)));
  CHECK(p["client"]["organization"].as<std::string>() == "Org2");
  CHECK(p["peers"]["peer0.org2.example.com"]["tlsCACerts"]["pem"].as<std::string>() == pem);
  CHECK(p["peers"]["peer0.org2.example.com"]["grpcOptions"]["grpc.keepalive_time_ms"].as<int>() == 120'000);
  CHECK(p["channels"]["mychannel"]["peers"]["peer0.org1.example.com"]["eventSource"].as<bool>());
  CHECK(p["channels"]["mychannel"]["orderers"][0].as<std::string>() == "orderer0.example.com");
}

TEST_CASE("a wallet entry is what the SDK's file system wallet reads") {
  const auto e = json::parse(wallet_entry({"User1@org1.example.com", "Org1MSP", pem, "key\n", "/msp", {}}));
  CHECK(e == json{{"credentials", {{"certificate", pem}, {"privateKey", "key\n"}}}, {"mspId", "Org1MSP"}, {"type", "X.509"}, {"version", 1}});
}

TEST_CASE("a shell takes the environment as it is written, whatever the folder is called") {
  client_identity admin{"Admin@org1.example.com", "Org1MSP", {}, {}, "/it's here/$HOME/msp", {}};
  const reachable_member peer{"peer0.org1.example.com", "Org1", "localhost:7051", {}, "/tls/ca.crt"}, orderer{"orderer0.example.com", "OrdererOrg", "localhost:7050", {}, "/tls/o.crt"};
  const auto text = shell_environment(admin, peer, &orderer);
  CHECK(text.find("export CORE_PEER_MSPCONFIGPATH='/it'\\''s here/$HOME/msp'\n") != std::string::npos);
  CHECK(text.find("export CORE_PEER_ADDRESS='localhost:7051'\n") != std::string::npos);
  CHECK(text.find("export CORE_PEER_TLS_ROOTCERT_FILE='/tls/ca.crt'\n") != std::string::npos);
  CHECK(text.find("export ORDERER_CA='/tls/o.crt'\n") != std::string::npos);
  CHECK(shell_environment(admin, peer, nullptr).find("ORDERER_") == std::string::npos);
  CHECK(text.find("CLIENT") == std::string::npos);
  admin.tls_folder = "/tls";
  const auto mutual = shell_environment(admin, peer, nullptr);
  CHECK(mutual.find("export CORE_PEER_TLS_CLIENTAUTHREQUIRED='true'\nexport CORE_PEER_TLS_CLIENTCERT_FILE='/tls/client.crt'\n") != std::string::npos);
}

TEST_CASE("a contract that dials its peer is told where, and who it is") {
  const dialling_contract c{"basic_1.0:ab", "localhost:7052", "Org1MSP", pem, "key\n", "root\n"};
  CHECK(json::parse(contract_description(c)) == json{{"chaincode_id", "basic_1.0:ab"}, {"peer_address", "localhost:7052"}, {"client_cert", pem},
                                                     {"client_key", "key\n"}, {"root_cert", "root\n"}, {"mspid", "Org1MSP"}});
  const auto text = contract_environment(c, "/it's/here");
  CHECK(text.find("export CORE_CHAINCODE_ID_NAME='basic_1.0:ab'\n") != std::string::npos);
  CHECK(text.find("export CORE_TLS_CLIENT_KEY_PATH='/it'\\''s/here/client.key'\n") != std::string::npos);
}
