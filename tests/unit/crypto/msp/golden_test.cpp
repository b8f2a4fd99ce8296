// The golden network, made by Fabric's own tools, against our MSP: folders, definitions, everybody who signed.
#include "golden.hpp"

#include <doctest/doctest.h>
#include <google/protobuf/util/message_differencer.h>

#include <set>

#include "crypto/msp/folder.hpp"
#include "crypto/msp/principal.hpp"
#include "proto/encode.hpp"

using namespace weft;
using namespace weft::crypto;
using test::golden_manager;

namespace {

const std::filesystem::path crypto_dir = std::filesystem::path(WEFT_GOLDEN_DIR) / "crypto";

struct organization {
  const char* msp_id;
  const char* folder;
};
const organization organizations[] = {
    {"OrdererMSP", "ordererOrganizations/example.com"},
    {"Org1MSP", "peerOrganizations/org1.example.com"},
    {"Org2MSP", "peerOrganizations/org2.example.com"},
};

}  // namespace

TEST_CASE("an MSP folder reads as configtxgen wrote it into the genesis block") {
  for (const char* genesis : {"config/mychannel.genesis.block", "config/bftchannel.genesis.block"}) {
    const auto definitions = test::msp_definitions(genesis);
    CHECK(definitions.size() == std::size(organizations));
    for (const auto& org : organizations) {
      CAPTURE(org.msp_id);
      const auto read = read_msp_folder(crypto_dir / org.folder / "msp", org.msp_id);
      REQUIRE(read.has_value());
      const auto at = definitions.find(org.msp_id);
      REQUIRE(at != definitions.end());
      CHECK(google::protobuf::util::MessageDifferencer::Equals(*read, at->second));
      CHECK(weft::proto::encode(*read) == weft::proto::encode(at->second));
    }
  }
}

TEST_CASE("every creator, endorser and block signer of the golden chains is valid") {
  struct row {
    const char* channel;
    int blocks;
    msp_level level;
  };
  const row rows[] = {{"mychannel", 25, msp_level::v1_4_3}, {"bftchannel", 13, msp_level::v3_0}};
  for (const auto& r : rows) {
    const auto msps = golden_manager(std::string("config/") + r.channel + ".genesis.block", r.level);
    std::set<std::string> people;
    for (int n = 1; n <= r.blocks; ++n) {
      CAPTURE(n);
      for (const auto& serialized : test::signers_of_block(std::string("blocks/") + r.channel + "." + std::to_string(n) + ".block")) {
        const auto who = msps->validate(serialized);
        REQUIRE_MESSAGE(who.has_value(), who.error().context);
        CHECK((*who)->serialized == serialized);
        CHECK((*who)->client + (*who)->peer + (*who)->admin + (*who)->orderer == 1);
        CHECK(msps->validate(serialized).value() == *who);  // the second time from the cache
        people.insert((*who)->cert.common_name());
      }
    }
    CHECK(people.contains("peer0.org1.example.com"));
    CHECK(people.contains("Admin@org1.example.com"));
  }
}

TEST_CASE("signing folders of the golden network sign as who they are") {
  struct row {
    const char* msp_id;
    const char* folder;
    member_role role;
  };
  const row rows[] = {
      {"Org1MSP", "peerOrganizations/org1.example.com/peers/peer0.org1.example.com", member_role::peer},
      {"Org1MSP", "peerOrganizations/org1.example.com/users/Admin@org1.example.com", member_role::admin},
      {"Org1MSP", "peerOrganizations/org1.example.com/users/User1@org1.example.com", member_role::client},
      {"Org2MSP", "peerOrganizations/org2.example.com/peers/peer0.org2.example.com", member_role::peer},
      {"OrdererMSP", "ordererOrganizations/example.com/orderers/orderer0.example.com", member_role::orderer},
      {"OrdererMSP", "ordererOrganizations/example.com/users/Admin@example.com", member_role::admin},
  };
  const auto msps = golden_manager("config/mychannel.genesis.block", msp_level::v1_4_3);
  CHECK(msps->ids() == std::vector<std::string>{"OrdererMSP", "Org1MSP", "Org2MSP"});
  for (const auto& r : rows) {
    CAPTURE(r.folder);
    const auto own = read_signing_identity(crypto_dir / r.folder / "msp", r.msp_id, nonce_rule::deterministic);
    REQUIRE(own.has_value());
    const auto who = msps->validate(own->serialized());
    REQUIRE_MESSAGE(who.has_value(), who.error().context);
    for (const auto role : {member_role::member, member_role::admin, member_role::client, member_role::peer, member_role::orderer}) {
      principal whom;
      whom.what = principal::kind::role;
      whom.msp_id = r.msp_id;
      whom.role = role;
      CHECK(msps->satisfies(**who, whom) == (role == member_role::member || role == r.role));
      whom.msp_id = "Org9MSP";
      CHECK_FALSE(msps->satisfies(**who, whom));
    }
    const auto signature = own->sign("message");
    REQUIRE(signature.has_value());
    CHECK(make_verifier()->verify((*who)->cert.key(), "message", *signature));
  }
}

TEST_CASE("an identity of another organization is refused by name") {
  const auto msps = golden_manager("config/mychannel.genesis.block", msp_level::v1_4_3);
  const auto own = read_signing_identity(crypto_dir / "peerOrganizations/org1.example.com/peers/peer0.org1.example.com/msp", "Org2MSP");
  REQUIRE(own.has_value());
  const auto borrowed = msps->validate(own->serialized());
  REQUIRE_FALSE(borrowed.has_value());
  CHECK(borrowed.error().code == errc::permission_denied);
  CHECK(borrowed.error().context.find("peer0.org1.example.com") != std::string::npos);
  CHECK(borrowed.error().context.find("no chain to a root") != std::string::npos);
  const auto unknown = msps->validate(serialize_identity("Org9MSP", own->cert().to_pem()));
  REQUIRE_FALSE(unknown.has_value());
  CHECK(unknown.error().context.find("Org9MSP") != std::string::npos);
}
