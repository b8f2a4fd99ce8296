#include <doctest/doctest.h>

#include <map>

#include "config/configtx/configtx.hpp"

using namespace weft;
using namespace weft::config;

namespace {

/// A document with one raft and one BFT profile in which nothing is wrong.
constexpr const char* sound = R"yaml(Organizations:
  - &Ord
    Name: OrdererOrg
    ID: OrdererMSP
    MSPDir: crypto/ord/msp
    Policies: &OrdPolicies
      Readers: {Type: Signature, Rule: "OR('OrdererMSP.member')"}
      Writers: {Type: Signature, Rule: "OR('OrdererMSP.member')"}
      Admins: {Type: Signature, Rule: "OR('OrdererMSP.admin')"}
    OrdererEndpoints: [orderer0.example.com:7050]
  - &Org1
    Name: Org1
    ID: Org1MSP
    MSPDir: /crypto/org1/msp
    Policies:
      Readers: {Type: Signature, Rule: "OR('Org1MSP.member')"}
      Writers: {Type: Signature, Rule: "OR('Org1MSP.member')"}
      Admins: {Type: Signature, Rule: "OR('Org1MSP.admin')"}
      Endorsement: {Type: Signature, Rule: "OR('Org1MSP.peer')"}
    AnchorPeers:
      - Host: peer0.org1.example.com
        Port: 7051
Channel: &Channel
  Policies: &Policies
    Readers: {Type: ImplicitMeta, Rule: "ANY Readers"}
    Writers: {Type: ImplicitMeta, Rule: "ANY Writers"}
    Admins: {Type: ImplicitMeta, Rule: "MAJORITY Admins"}
  Capabilities: {V2_0: true, V1_3: false}
Application: &Application
  Policies:
    <<: *Policies
    Endorsement: {Type: ImplicitMeta, Rule: "MAJORITY Endorsement"}
    LifecycleEndorsement: {Type: ImplicitMeta, Rule: "MAJORITY Endorsement"}
  Capabilities: {V2_5: true}
  ACLs: {peer/Propose: /Channel/Application/Writers}
Orderer: &Orderer
  BatchTimeout: 1500ms
  BatchSize:
    MaxMessageCount: 10
    AbsoluteMaxBytes: 99 MB
    PreferredMaxBytes: 512 KB
  Policies:
    <<: *Policies
    BlockValidation: {Type: ImplicitMeta, Rule: "ANY Writers"}
  Capabilities: {V2_0: true}
  Organizations: [*Ord]
Profiles:
  Raft:
    <<: *Channel
    Orderer:
      <<: *Orderer
      OrdererType: etcdraft
      EtcdRaft:
        Consenters:
          - {Host: orderer0.example.com, Port: 7050, ClientTLSCert: tls/server.crt, ServerTLSCert: tls/server.crt}
        Options: {ElectionTick: 20}
    Application:
      <<: *Application
      Organizations: [*Org1]
  Bft:
    <<: *Channel
    Capabilities: {V3_0: true}
    Orderer:
      <<: *Orderer
      OrdererType: BFT
      ConsenterMapping:
        - {ID: 1, Host: a, Port: 1, MSPID: OrdererMSP, Identity: id.pem, ClientTLSCert: c.pem, ServerTLSCert: s.pem}
    Application:
      <<: *Application
      Organizations: [*Org1]
)yaml";

using edits = std::vector<std::pair<std::string, std::string>>;

std::string edited(const edits& all) {
  std::string text = sound;
  for (const auto& [from, to] : all) {
    const auto at = text.find(from);
    REQUIRE_MESSAGE(at != std::string::npos, from);
    text.replace(at, from.size(), to);
  }
  return text;
}

/// The report of a document, its profile checked.
std::string report(const std::string& text, const std::string& profile) {
  auto d = configtx::read(text, {.file = "c.yaml", .folder = "/net", .environment = {}});
  if (const auto* p = d.find(profile)) configtx::check(d, *p);
  return to_text(configtx::problems(d), d.file);
}

}  // namespace

TEST_CASE("a sound configtx.yaml, read") {
  CHECK(report(sound, "Raft") == "");
  CHECK(report(sound, "Bft") == "");
  const auto d = configtx::read(sound, {.file = "c.yaml", .folder = "/net", .environment = {}});
  CHECK(d.profile_names() == std::vector<std::string>{"Raft", "Bft"});
  CHECK(d.find("raft") == nullptr);  // keys have any case, names have theirs
  const auto& raft = *d.find("Raft");
  CHECK(raft.capabilities == std::vector<std::string>{"V2_0"});
  REQUIRE(raft.orderer.has_value());
  const auto& o = *raft.orderer;
  CHECK(o.type == "etcdraft");
  CHECK(o.batch_timeout == std::chrono::milliseconds(1500));
  CHECK(o.max_message_count == 10);
  CHECK(o.absolute_max_bytes == 99 * MiB);
  CHECK(o.preferred_max_bytes == 512 * KiB);
  CHECK(o.raft.election_tick == 20);
  CHECK(o.raft.tick_interval == "500ms");
  CHECK(o.raft_consenters.at(0).client_tls_cert == "/net/tls/server.crt");
  CHECK(o.policies.size() == 4);
  CHECK(o.organizations.at(0).msp_dir == "/net/crypto/ord/msp");
  CHECK(o.organizations.at(0).orderer_endpoints.at(0) == "orderer0.example.com:7050");
  const auto& a = *raft.application;
  CHECK(a.organizations.at(0).msp_dir == "/crypto/org1/msp");
  CHECK(a.organizations.at(0).anchor_peers.at(0).port == 7051);
  CHECK(a.acls.at(0).first == "peer/Propose");
  CHECK_FALSE(raft.consortiums.has_value());
  const std::vector<std::string> told{"Orderer.EtcdRaft.Options.TickInterval unset, setting to 500ms", "Orderer.EtcdRaft.Options.HeartbeatTick unset, setting to 1",
                                      "Orderer.EtcdRaft.Options.MaxInflightBlocks unset, setting to 5",
                                      "Orderer.EtcdRaft.Options.SnapshotIntervalSize unset, setting to 16777216"};
  CHECK(o.defaults_taken == told);
  const auto& bft = *d.find("Bft");
  CHECK(bft.capabilities == std::vector<std::string>{"V3_0"});
  CHECK(bft.orderer->consenter_mapping.at(0).identity == "/net/id.pem");
  CHECK(bft.orderer->smartbft.request_pool_size == 400);
}

TEST_CASE("keys have any case; what is left out or zero has configtxgen's default") {
  const auto d = configtx::read(edited({{"  BatchTimeout: 1500ms\n", ""}, {"    MaxMessageCount: 10\n", "    maxmessagecount: 0\n"}, {"  Raft:\n", "  raft:\n"}, {"Profiles:", "PROFILES:"}}));
  REQUIRE(d.find("raft") != nullptr);
  const auto& o = *d.find("raft")->orderer;
  CHECK(o.batch_timeout == std::chrono::seconds(2));
  CHECK(o.max_message_count == 500);
  CHECK(o.defaults_taken.at(0) == "Orderer.BatchTimeout unset, setting to 2s");
  CHECK(o.defaults_taken.at(1) == "Orderer.BatchSize.MaxMessageCount unset, setting to 500");
}

TEST_CASE("the environment overrides keys that the document has") {
  const std::map<std::string, std::string> variables{{"CONFIGTX_PROFILES_RAFT_ORDERER_BATCHTIMEOUT", "7s"},
                                                     {"CONFIGTX_PROFILES_RAFT_ORDERER_BATCHSIZE_ABSOLUTEMAXBYTES", "lots"},
                                                     {"CONFIGTX_PROFILES_RAFT_ORDERER_ETCDRAFT_OPTIONS_ELECTIONTICK", "30"},
                                                     {"CONFIGTX_PROFILES_RAFT_ORDERER_MAXCHANNELS", "3"},
                                                     {"CONFIGTX_PROFILES_BFT_ORDERER_ADDRESSES", ""}};
  const auto environment = [&](const std::string& name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::optional<std::string>() : std::optional<std::string>(found->second);
  };
  const auto d = configtx::read(edited({{"      OrdererType: etcdraft", "      Addresses:\n      OrdererType: etcdraft"}}), {.file = "c.yaml", .folder = "/net", .environment = environment});
  const auto& o = *d.find("Raft")->orderer;
  CHECK(o.batch_timeout == std::chrono::seconds(7));
  CHECK(o.raft.election_tick == 30);
  CHECK(o.max_channels == 0);  // the document has no such key, so there is nothing to override
  CHECK(d.find("Bft")->orderer->batch_timeout == std::chrono::milliseconds(1500));  // the merged section itself is as it was
  CHECK(to_text(configtx::problems(d), d.file) ==
        "c.yaml:40:5: Profiles.Raft.Orderer.BatchSize.AbsoluteMaxBytes: must be a size such as 512 KB, 10 MB or 4096, but is 'lots' "
        "(CONFIGTX_PROFILES_RAFT_ORDERER_BATCHSIZE_ABSOLUTEMAXBYTES says so)");
  const auto list = configtx::read(edited({{"      OrdererType: etcdraft", "      Addresses:\n      OrdererType: etcdraft"}}),
                                   {.file = "c.yaml", .folder = "/net", .environment = [](const std::string& name) {
                                      return name == "CONFIGTX_PROFILES_RAFT_ORDERER_ADDRESSES" ? std::optional<std::string>("[a:1, b:2]") : std::nullopt;
                                    }});
  CHECK(list.find("Raft")->orderer->addresses == std::vector<std::string>{"a:1", "b:2"});
}

TEST_CASE("a problem, where it is and what was meant") {
  struct row { const char* profile; edits changes; const char* expected; };
  const row rows[] = {
      {"Raft", {{"BatchTimeout: 1500ms", "BatchTimeuot: 1500ms"}},
       "c.yaml:37:3: Orderer.BatchTimeuot: unknown key; did you mean 'BatchTimeout'?"},
      {"Raft", {{"BatchTimeout: 1500ms", "BatchTimeout: 2"}},
       "c.yaml:37:17: Orderer.BatchTimeout: must be a duration such as 500ms, 2s or 1h30m, but is '2'"},
      {"Raft", {{"99 MB", "9 XB"}},
       "c.yaml:40:23: Orderer.BatchSize.AbsoluteMaxBytes: must be a size such as 512 KB, 10 MB or 4096, but is '9 XB'"},
      {"Raft", {{"MaxMessageCount: 10", "MaxMessageCount: ten"}},
       "c.yaml:39:22: Orderer.BatchSize.MaxMessageCount: must be a whole number, but is 'ten'"},
      {"Raft", {{"OrdererType: etcdraft", "OrdererType: etcdraf"}},
       "c.yaml:52:20: Profiles.Raft.Orderer.OrdererType: must be etcdraft, BFT, solo or kafka, but is 'etcdraf'; did you mean 'etcdraft'?"},
      {"Raft", {{"OrdererType: etcdraft", "OrdererType: raft"}},
       "c.yaml:52:20: Profiles.Raft.Orderer.OrdererType: unknown orderer type: raft; did you mean 'etcdraft'?"},
      {"Raft", {{"PreferredMaxBytes: 512 KB", "PreferredMaxBytes: 1 G"}},
       "c.yaml:41:24: Profiles.Raft.Orderer.BatchSize.PreferredMaxBytes: is larger than AbsoluteMaxBytes (1073741824 > 103809024)"},
      {"Raft", {{"    BlockValidation: {Type: ImplicitMeta, Rule: \"ANY Writers\"}\n", ""}},
       "c.yaml:43:5: Profiles.Raft.Orderer.Policies.BlockValidation: no BlockValidation policy defined; the usual one is {Type: ImplicitMeta, Rule: \"ANY Writers\"}"},
      {"Raft", {{"{Type: ImplicitMeta, Rule: \"ANY Readers\"}", "{Type: implicitmeta, Rool: \"ANY Readers\"}"}},
       "c.yaml:25:5: Application.Policies.Readers.Rule: is missing\n"
       "c.yaml:25:21: Application.Policies.Readers.Type: must be Signature or ImplicitMeta, but is 'implicitmeta'; did you mean 'ImplicitMeta'?\n"
       "c.yaml:25:35: Application.Policies.Readers.Rool: unknown key; allowed: Type, Rule"},
      {"Raft", {{"Port: 7050, ClientTLSCert: tls/server.crt, ", ""}},
       "c.yaml:55:13: Profiles.Raft.Orderer.EtcdRaft.Consenters[0].Port: consenter info in etcdraft configuration did not specify port\n"
       "c.yaml:55:13: Profiles.Raft.Orderer.EtcdRaft.Consenters[0].ClientTLSCert: consenter info in etcdraft configuration did not specify client TLS cert"},
      {"Raft", {{"ElectionTick: 20", "ElectionTick: 1, TickInterval: soon"}},
       "c.yaml:56:33: Profiles.Raft.Orderer.EtcdRaft.Options.ElectionTick: election tick must be greater than heartbeat tick\n"
       "c.yaml:56:50: Profiles.Raft.Orderer.EtcdRaft.Options.TickInterval: must be a duration such as 500ms, 2s or 1h30m, but is 'soon'"},
      {"Raft", {{"V2_0: true, V1_3", "V2_1: true, V1_3"}},
       "c.yaml:28:24: Profiles.Raft.Capabilities.V2_1: no channel capability that a node would know; did you mean 'V1_1'?"},
      {"Raft", {{"    Name: Org1\n", ""}, {"    MSPDir: /crypto/org1/msp\n", ""}},
       "c.yaml:11:5: Profiles.Raft.Application.Organizations[0].Name: is missing\n"
       "c.yaml:11:5: Profiles.Raft.Application.Organizations[0].MSPDir: is missing; the organization's msp folder"},
      {"Raft", {{"Organizations: [*Org1]", "Organizations: [*Org1, *Org1]"}},
       "c.yaml:12:11: Profiles.Raft.Application.Organizations[1].Name: an organization of that name stands at Profiles.Raft.Application.Organizations[0].Name already\n"
       "c.yaml:13:9: Profiles.Raft.Application.Organizations[1].ID: that MSP id is the one of Profiles.Raft.Application.Organizations[0].ID already"},
      {"Raft", {{"[orderer0.example.com:7050]", "[orderer0.example.com]"}},
       "c.yaml:10:24: Profiles.Raft.Orderer.Organizations[0].OrdererEndpoints[0]: must be host:port, but is 'orderer0.example.com'"},
      {"Raft", {{"Port: 7051", "Port: 70510"}},
       "c.yaml:22:15: Organizations[1].AnchorPeers[0].Port: must be at most 65535, but is '70510'"},
      {"Raft", {{"      Endorsement: {Type: Signature, Rule: \"OR('Org1MSP.peer')\"}\n", ""}},
       "c.yaml:16:7: warning: Profiles.Raft.Application.Organizations[0].Policies.Endorsement: is missing; without it the organization's endorsements never count for \"MAJORITY Endorsement\""},
      {"Raft", {{"  Capabilities: {V2_5: true}", "  Capabilities: {V1_1: true}"}},
       "c.yaml:35:9: Profiles.Raft.Application.ACLs: ACLs may not be specified without the required capability; set the application capability V2_0 or V2_5"},
      {"Raft", {{"Profiles:\n", "Profiles:\n  Empty:\n"}},
       "c.yaml:48:3: Profiles.Empty: is empty; a profile has Policies, Orderer, Application"},
      {"Raft", {{"Channel: &Channel", "Chanel: &Channel"}},
       "c.yaml:23:1: Chanel: unknown key; did you mean 'Channel'?"},
      {"Bft", {{"V3_0: true", "V2_0: true"}},
       "c.yaml:65:20: Profiles.Bft.Orderer.OrdererType: orderer type BFT must be used with V3_0 channel capability; set V3_0: true in the profile's Capabilities"},
      {"Bft", {{"OrdererEndpoints: [orderer0.example.com:7050]", "AdminPrincipal: Role.ADMIN"}, {"  BatchTimeout: 1500ms", "  Addresses: [a:1]\n  BatchTimeout: 1500ms"}},
       "c.yaml:2:5: Profiles.Bft.Orderer.Organizations[0].OrdererEndpoints: orderer endpoints for organization OrdererOrg are missing and must be configured when capability V3_0 is enabled; list the organization's orderers as host:port\n"
       "c.yaml:10:21: warning: Organizations[0].AdminPrincipal: is not used any more; the policy Admins says who is an admin\n"
       "c.yaml:37:14: Profiles.Bft.Orderer.Addresses: global orderer endpoints exist, but can not be used with V3_0 capability; list them in the organizations' OrdererEndpoints"},
      {"Bft", {{"MSPID: OrdererMSP, Identity: id.pem", "MSPID: OrdererMPS"}, {"ID: 1, ", ""}},
       "c.yaml:67:11: Profiles.Bft.Orderer.ConsenterMapping[0].ID: consenter info in BFT configuration did not specify ID; number the consenters from 1\n"
       "c.yaml:67:11: Profiles.Bft.Orderer.ConsenterMapping[0].Identity: consenter info in BFT configuration did not specify identity certificate; the certificate that the orderer signs with, in msp/signcerts\n"
       "c.yaml:67:37: Profiles.Bft.Orderer.ConsenterMapping[0].MSPID: 'OrdererMPS' is no organization of this Orderer section; did you mean 'OrdererMSP'?"},
      {"Raft", {{"Profiles:", "Profiles: ["}},
       "c.yaml:49:7: no YAML: end of sequence flow not found"},
      {"Raft", {{"  Raft:\n    <<: *Channel", "  Raft:\n    <<: *Chanel"}},
       "c.yaml:49:9: no YAML: the referenced anchor is not defined"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.expected);
    auto got = report(edited(r.changes), r.profile);
    if (const auto named = got.find("anchor is not defined: "); named != got.npos) got.resize(got.find(':', named));  // yaml-cpp 0.8 names it
    CHECK(got == r.expected);
  }
}
