#include "ledger/channel/compute_update.hpp"

#include <doctest/doctest.h>

#include <functional>

#include "ledger/channel/config_tree.hpp"
#include "orderer/configuration.pb.h"
#include "peer/configuration.pb.h"
#include "proto/encode.hpp"
#include "tests/unit/ledger/channel/support.hpp"

using namespace weft;
using namespace weft::ledger;
using namespace weft::channel_test;

namespace {

using tree = ::common::ConfigGroup;

::common::Config original() { return decoded<::common::Config>(golden_file("config/anchor-update.original-config.pb")); }

void without_versions(tree& group) {
  group.set_version(0);
  for (auto& [_, v] : *group.mutable_values()) v.set_version(0);
  for (auto& [_, p] : *group.mutable_policies()) p.set_version(0);
  for (auto& [_, g] : *group.mutable_groups()) without_versions(g);
}

void change_batch(tree& root) {
  ::orderer::BatchSize size;
  size.set_max_message_count(77);
  size.set_absolute_max_bytes(99 << 20);
  size.set_preferred_max_bytes(512 << 10);
  set_value(group_at(root, {"Orderer"}), "BatchSize", size);
}

void copy_org(tree& root) {
  auto& groups = *group_at(root, {"Application"}).mutable_groups();
  tree org = groups.at("Org2MSP");
  groups["Second"] = org;
}

}  // namespace

TEST_CASE("the golden anchor update comes out as Fabric computed it") {
  const auto updated = decoded<::common::Config>(golden_file("config/anchor-update.modified-config.pb"));
  auto update = compute_update(original(), updated);
  REQUIRE_MESSAGE(update, why(update));
  update->set_channel_id("mychannel");
  CHECK(proto::encode(*update) == proto::encode(decoded<::common::ConfigUpdate>(golden_file("config/anchor-update.configupdate.pb"))));
}

TEST_CASE("nothing to do is said in Fabric's words") {
  auto changed = original();
  changed.set_sequence(9);
  group_at(*changed.mutable_channel_group(), {"Orderer"}).set_version(4);
  CHECK(why(compute_update(original(), changed)) == "no differences detected between original and updated config");
  CHECK(why(compute_update({}, changed)) == "no channel group included for original config");
  CHECK(why(compute_update(original(), {})) == "no channel group included for updated config");
}

TEST_CASE("what stands in the two sets") {
  struct row {
    const char* name;
    std::function<void(tree&)> edit;
    std::vector<std::string> path;  ///< The group that is looked at.
    std::uint64_t version;          ///< Of that group in the write set.
    std::size_t read, write;        ///< Elements of that group in the sets.
  };
  const row rows[] = {
      {"a changed value stands alone", change_batch, {"Orderer"}, 0, 0, 1},
      {"a new policy brings its siblings along", [](tree& r) { (*group_at(r, {"Orderer"}).mutable_policies())["Extra"].set_mod_policy("Admins"); },
       {"Orderer"}, 1, 10, 11},
      {"a removed value does too", [](tree& r) { group_at(r, {"Orderer"}).mutable_values()->erase("ChannelRestrictions"); }, {"Orderer"}, 1, 9, 9},
      {"so does a new mod_policy", [](tree& r) { group_at(r, {"Orderer"}).set_mod_policy("Writers"); }, {"Orderer"}, 1, 10, 10},
      {"an added group", copy_org, {"Application"}, 1, 8, 9},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    auto updated = original();
    r.edit(*updated.mutable_channel_group());
    const auto update = compute_update(original(), updated);
    REQUIRE_MESSAGE(update, why(update));
    const auto size = [](const tree& g) { return g.values().size() + g.policies().size() + g.groups().size(); };
    const auto& write = group_at(update->write_set(), r.path);
    CHECK(write.version() == r.version);
    CHECK(write.mod_policy().empty() == (r.version == 0));
    CHECK(size(group_at(update->read_set(), r.path)) == r.read);
    CHECK(size(write) == r.write);
    CHECK(update->write_set().version() == 0);
    CHECK(update->channel_id().empty());
  }
}

TEST_CASE("a computed update leads to what it was computed from") {
  struct row {
    const char* name;
    std::function<void(tree&)> edit;
  };
  const row rows[] = {
      {"batch size", change_batch},
      {"a policy's content", [](tree& r) {
         auto& policies = *group_at(r, {"Application"}).mutable_policies();
         *policies.at("Endorsement").mutable_policy() = policies.at("Admins").policy();
       }},
      {"an organization leaves", [](tree& r) { group_at(r, {"Application"}).mutable_groups()->erase("Org2MSP"); }},
      {"a mod_policy", [](tree& r) { group_at(r, {"Application", "Org1MSP"}).mutable_values()->at("MSP").set_mod_policy("/Channel/Application/Admins"); }},
      {"an ACL appears and an anchor peer with it", [](tree& r) {
         ::protos::ACLs acls;
         (*acls.mutable_acls())["peer/Propose"].set_policy_ref("/Channel/Application/Readers");
         set_value(group_at(r, {"Application"}), "ACLs", acls);
         ::protos::AnchorPeers peers;
         peers.add_anchor_peers()->set_host("a");
         peers.mutable_anchor_peers(0)->set_port(7);
         set_value(group_at(r, {"Application", "Org2MSP"}), "AnchorPeers", peers);
       }},
  };
  const auto channel = golden_bundle("mychannel");
  for (const auto& r : rows) {
    CAPTURE(r.name);
    auto updated = channel->config();
    r.edit(*updated.mutable_channel_group());
    auto update = compute_update(channel->config(), updated);
    REQUIRE_MESSAGE(update, why(update));
    update->set_channel_id("mychannel");
    const auto signers = {golden_user("Admin@example.com"), golden_user("Admin@org1.example.com"), golden_user("Admin@org2.example.com")};
    auto next = channel->propose_update(signed_update(*update, signers), verifier());
    REQUIRE_MESSAGE(next, why(next));
    without_versions(*next->mutable_channel_group());
    without_versions(*updated.mutable_channel_group());
    CHECK(same_tree(next->channel_group(), updated.channel_group()));
  }
}
