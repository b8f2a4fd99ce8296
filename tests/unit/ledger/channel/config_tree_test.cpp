#include <doctest/doctest.h>

#include "ledger/channel/config_tree.hpp"
#include "tests/unit/ledger/channel/support.hpp"

using namespace weft;
using namespace weft::ledger;
using namespace weft::channel_test;

TEST_CASE("flattening and growing again gives the same tree") {
  for (const char* channel : {"mychannel", "bftchannel"}) {
    const auto config = config_of(golden_genesis(channel)).config();
    const auto flat = flatten(config.channel_group());
    REQUIRE(flat.has_value());
    CHECK(flat->contains("[Group]  /Channel"));
    CHECK(flat->contains("[Value]  /Channel/Orderer/BatchSize"));
    CHECK(flat->contains("[Policy] /Channel/Application/Org1MSP/Endorsement"));
    const auto grown = grow(*flat);
    REQUIRE(grown.has_value());
    CHECK(same_tree(*grown, config.channel_group()));
  }
}

TEST_CASE("a relative mod_policy is found where the element is, a group's inside the group") {
  auto config = config_of(golden_genesis("mychannel")).config();
  (*config.mutable_channel_group()->mutable_values())["OrdererAddresses"].set_mod_policy("/Channel/Orderer/Admins");
  const auto flat = flatten(config.channel_group());
  REQUIRE(flat.has_value());
  CHECK(flat->at("[Group]  /Channel").mod_policy_path() == "/Channel/Admins");
  CHECK(flat->at("[Value]  /Channel/HashingAlgorithm").mod_policy_path() == "/Channel/Admins");
  CHECK(flat->at("[Group]  /Channel/Application/Org1MSP").mod_policy_path() == "/Channel/Application/Org1MSP/Admins");
  CHECK(flat->at("[Policy] /Channel/Application/Org1MSP/Writers").mod_policy_path() == "/Channel/Application/Org1MSP/Admins");
  CHECK(flat->at("[Value]  /Channel/OrdererAddresses").mod_policy_path() == "/Channel/Orderer/Admins");
}

TEST_CASE("an empty mod_policy becomes Admins once the orderers have capabilities") {
  auto config = config_of(golden_genesis("mychannel")).config();
  auto& channel = *config.mutable_channel_group();
  group_at(channel, {"Application"}).clear_mod_policy();
  channel.mutable_values()->at("HashingAlgorithm").clear_mod_policy();
  channel.mutable_policies()->at("Readers").clear_mod_policy();
  const auto repaired = grow(*flatten(channel));
  REQUIRE(repaired.has_value());
  CHECK(group_at(*repaired, {"Application"}).mod_policy() == "Admins");
  CHECK(repaired->values().at("HashingAlgorithm").mod_policy() == "Admins");
  CHECK(repaired->policies().at("Readers").mod_policy() == "Admins");
  group_at(channel, {"Orderer"}).mutable_values()->erase("Capabilities");
  const auto left = grow(*flatten(channel));
  REQUIRE(left.has_value());
  CHECK(same_tree(*left, channel));
}

TEST_CASE("a listed element that is missing is an error, an unlisted one is left out") {
  const auto config = config_of(golden_genesis("mychannel")).config();
  auto flat = *flatten(config.channel_group());
  flat.erase("[Value]  /Channel/Application/Org2MSP/MSP");
  CHECK(why(grow(flat)) == "missing value at path: [Value]  /Channel/Application/Org2MSP/MSP");

  ::common::ConfigGroup smaller = group_at(config.channel_group(), {"Application"});
  smaller.mutable_groups()->erase("Org2MSP");
  flat.at("[Group]  /Channel/Application").group = &smaller;
  const auto grown = grow(flat);
  REQUIRE(grown.has_value());
  CHECK(group_at(*grown, {"Application"}).groups_size() == 1);
}

TEST_CASE("names and bounds of a tree") {
  struct row { const char* name; bool allowed; };
  const row rows[] = {{"Org1MSP", true}, {"a.b-C.9", true}, {"...", true}, {"", false}, {".", false}, {"..", false}, {"a b", false}, {"a/b", false}, {"a_b", false}, {"ä", false}};
  for (const auto& r : rows) {
    CAPTURE(r.name);
    ::common::ConfigGroup root;
    (*root.mutable_groups())[r.name];
    CHECK(flatten(root).has_value() == r.allowed);
    ::common::ConfigGroup values;
    (*values.mutable_values())[r.name];
    CHECK(flatten(values).has_value() == r.allowed);
  }
  CHECK(check_element_name(std::string(249, 'a')).has_value());
  CHECK_FALSE(check_element_name(std::string(250, 'a')).has_value());

  for (std::size_t depth : {tree_depth_max - 1, tree_depth_max}) {  // the root is the first level
    ::common::ConfigGroup root;
    ::common::ConfigGroup* at = &root;
    for (std::size_t i = 0; i < depth; ++i) at = &(*at->mutable_groups())["g"];
    CHECK(flatten(root).has_value() == (depth < tree_depth_max));
  }
}

TEST_CASE("a tree of many long paths is refused before it fills the memory") {
  ::common::ConfigGroup root;
  ::common::ConfigGroup* at = &root;
  for (std::size_t i = 0; i + 1 < tree_depth_max; ++i) at = &(*at->mutable_groups())[std::string(249, 'a')];
  for (int i = 0; i < 20'000; ++i) (*at->mutable_values())[std::to_string(i)];
  CHECK(why(flatten(root)) == "the configuration tree has too many elements");
}

TEST_CASE("channel ids") {
  struct row { std::string id; bool allowed; };
  const row rows[] = {{"mychannel", true}, {"a", true}, {"a.b-c9", true}, {std::string(249, 'a'), true}, {"", false}, {std::string(250, 'a'), false},
                      {"Mychannel", false}, {"myChannel", false}, {"9a", false}, {".a", false}, {"a_b", false}, {"a b", false}};
  for (const auto& r : rows) {
    CAPTURE(r.id);
    CHECK(check_channel_id(r.id).has_value() == r.allowed);
  }
}
