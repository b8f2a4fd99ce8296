// Layout and functions over maps: what is written when, and which text refuses what.
#include "chaincode/lifecycle/functions.hpp"

#include <doctest/doctest.h>

#include "chaincode/lifecycle/input.hpp"
#include "crypto/hash/sha256.hpp"
#include "crypto/policy/policy.hpp"
#include "common/policies.pb.h"
#include "peer/collection.pb.h"
#include "tests/unit/chaincode/support/golden_chain.hpp"

using namespace weft;
using namespace weft::chaincode;
using weft::chaincode::testing::golden_bundle;

namespace {

/// A key space in a map that also remembers which keys were written.
struct map_state final : writable_state, opaque_state {
  std::map<std::string, bytes, std::less<>> keys;
  std::vector<std::string> written;
  result<std::optional<bytes>> get(std::string_view key) override {
    const auto it = keys.find(key);
    return it == keys.end() ? std::nullopt : std::optional(it->second);
  }
  result<void> put(std::string_view key, bytes_view value) override {
    keys[std::string(key)] = value;
    written.emplace_back(key);
    return {};
  }
  result<void> erase(std::string_view key) override {
    keys.erase(std::string(key));
    written.push_back("-" + std::string(key));
    return {};
  }
  result<std::optional<bytes>> hash_of(std::string_view key) override {
    const auto it = keys.find(key);
    return it == keys.end() ? std::nullopt : std::optional(crypto::to_bytes(crypto::sha256(it->second)));
  }
};

ledger::chaincode_definition definition(std::int64_t sequence, const std::string& version = "1.0") {
  ledger::chaincode_definition d;
  d.name = "cc";
  d.version = version;
  d.sequence = sequence;
  return d;
}

struct fixture {
  map_state channel, org1, org2;
  std::shared_ptr<const ledger::channel_bundle> bundle = golden_bundle();
  organization_states organizations() { return {{"Org1MSP", &org1}, {"Org2MSP", &org2}}; }
  result<void> approve_by(map_state& org, ledger::chaincode_definition d, const std::string& package = "p") { return approve_definition(d, package, channel, org, *bundle); }
  void define(std::int64_t sequence, const std::string& version = "1.0") {
    const auto ready = commit_definition(definition(sequence, version), channel, organizations(), *bundle);
    REQUIRE_MESSAGE(ready, ready.error().context);
  }
};

}  // namespace

TEST_CASE("only what changes is written") {
  map_state state;
  auto d = definition(1);
  REQUIRE(store_structure(namespaces_table, "cc", definition_structure(d), state));
  CHECK(state.written.size() == 5);
  state.written.clear();
  REQUIRE(store_structure(namespaces_table, "cc", definition_structure(d), state));
  CHECK(state.written.empty());
  d.sequence = 2;
  REQUIRE(store_structure(namespaces_table, "cc", definition_structure(d), state));
  CHECK(state.written == std::vector<std::string>{"namespaces/fields/cc/Sequence"});
  state.written.clear();
  REQUIRE(store_structure(namespaces_table, "cc", parameters_structure(d), state));
  CHECK(state.written == std::vector<std::string>{"namespaces/metadata/cc", "-namespaces/fields/cc/Sequence"});
}

TEST_CASE("a definition reads back as it was stored") {
  map_state state;
  auto d = definition(7, "2.1");
  d.endorsement_plugin = "e";
  d.validation_plugin = "v";
  d.validation_parameter = bytes("\0\1", 2);
  d.init_required = true;
  REQUIRE(store_structure(namespaces_table, "cc", definition_structure(d), state));
  const auto read = read_definition("cc", state);
  REQUIRE_MESSAGE(read, read.error().context);
  CHECK(read->sequence == 7);
  CHECK_FALSE(definition_difference(*read, d));
  CHECK(read->name == "cc");
  CHECK(read_definition("nope", state).error() == error{errc::not_found, "namespace nope is not defined"});
  state.keys["namespaces/fields/cc/Sequence"] = "garbage";
  CHECK(read_definition("cc", state).error().code == errc::corruption);
  state.keys["namespaces/metadata/cc"] = "garbage";
  CHECK(read_definition("cc", state).error().code == errc::corruption);
}

TEST_CASE("digests tell whether exactly this is stored") {
  map_state state;
  const auto d = definition(1);
  CHECK_FALSE(is_stored(namespaces_table, "cc#1", parameters_structure(d), state).value());
  REQUIRE(store_structure(namespaces_table, "cc#1", parameters_structure(d), state));
  CHECK(is_stored(namespaces_table, "cc#1", parameters_structure(d), state).value());
  auto other = d;
  other.init_required = true;
  CHECK(differing_fields(namespaces_table, "cc#1", parameters_structure(other), state).value() == std::vector<std::string>{"EndorsementInfo"});
}

TEST_CASE("approvals that are refused") {
  fixture f;
  CHECK(f.approve_by(f.org1, definition(0)).error().context == "requested sequence is 0, but first definable sequence number is 1");
  CHECK(f.approve_by(f.org1, definition(-1)).error().context == "currently defined sequence 0 is larger than requested sequence -1");
  CHECK(f.approve_by(f.org1, definition(2)).error().context == "requested sequence 2 is larger than the next available sequence number 1");

  REQUIRE(f.approve_by(f.org1, definition(1)));
  CHECK(f.approve_by(f.org1, definition(1)).error() ==
        error{errc::already_exists, "attempted to redefine uncommitted sequence (1) for namespace cc with unchanged content"});
  f.org1.written.clear();
  REQUIRE(f.approve_by(f.org1, definition(1), "another package"));
  CHECK(f.org1.written == std::vector<std::string>{"chaincode-sources/fields/cc#1/PackageID"});
  REQUIRE(f.approve_by(f.org1, definition(1, "1.1")));
  REQUIRE(f.approve_by(f.org1, definition(1)));

  f.define(1);
  CHECK(f.approve_by(f.org1, definition(1, "2.0")).error().context ==
        "attempted to redefine the current committed sequence (1) for namespace cc with different parameters: expected Version '1.0' does not match passed "
        "Version '2.0'");
  CHECK(f.approve_by(f.org1, definition(1)).error().context == "attempted to redefine the current committed sequence (1) for namespace cc");
  REQUIRE(f.approve_by(f.org2, definition(1)));
  f.define(2);
  CHECK(f.approve_by(f.org1, definition(1)).error().context == "currently defined sequence 2 is larger than requested sequence 1");
}

TEST_CASE("the difference between two definitions") {
  const auto base = definition(1);
  struct row {
    std::string text;
    void (*change)(ledger::chaincode_definition&);
  };
  const row rows[] = {
      {"expected Version '1.0' does not match passed Version '2'", [](auto& d) { d.version = "2"; }},
      {"expected EndorsementPlugin '' does not match passed EndorsementPlugin 'e'", [](auto& d) { d.endorsement_plugin = "e"; }},
      {"expected InitRequired 'false' does not match passed InitRequired 'true'", [](auto& d) { d.init_required = true; }},
      {"expected ValidationPlugin '' does not match passed ValidationPlugin 'v'", [](auto& d) { d.validation_plugin = "v"; }},
      {"expected ValidationParameter '' does not match passed ValidationParameter '61'", [](auto& d) { d.validation_parameter = "a"; }},
      {"Collections do not match", [](auto& d) { d.collections = "c"; }},
  };
  for (const auto& r : rows) {
    auto other = base;
    r.change(other);
    CHECK(definition_difference(base, other) == r.text);
  }
  CHECK_FALSE(definition_difference(base, definition(2)));
}

TEST_CASE("commit_readiness counts who approved exactly this") {
  fixture f;
  REQUIRE(f.approve_by(f.org1, definition(1)));
  REQUIRE(f.approve_by(f.org2, definition(1, "other")));
  auto d = definition(1);
  auto ready = check_commit_readiness(d, f.channel, f.organizations(), *f.bundle);
  REQUIRE(ready);
  CHECK(ready->approvals == std::map<std::string, bool>{{"Org1MSP", true}, {"Org2MSP", false}});
  CHECK(ready->mismatches == std::map<std::string, std::vector<std::string>>{{"Org2MSP", {"EndorsementInfo"}}});
  CHECK(d.endorsement_plugin == "escc");
  auto third = definition(3);
  CHECK(check_commit_readiness(third, f.channel, f.organizations(), *f.bundle).error().context == "requested sequence is 3, but new definition must be sequence 1");
  f.define(1);
  CHECK(read_sequence("cc", f.channel).value() == 1);
}

TEST_CASE("asking for an approval") {
  fixture f;
  REQUIRE(f.approve_by(f.org1, definition(1), "p1"));
  const auto ask = [&](std::int64_t sequence) { return find_approval("cc", sequence, "mychannel", f.channel, f.org1); };
  CHECK(ask(0).value().package_id == "p1");
  f.define(1);
  CHECK(ask(0).value().definition.sequence == 1);
  REQUIRE(f.approve_by(f.org1, definition(2, "2.0"), ""));
  CHECK(ask(0).value().definition.version == "2.0");
  CHECK(ask(0).value().package_id == "");
  CHECK(ask(1).value().package_id == "p1");
  CHECK(ask(5).error().context == "could not fetch approved chaincode definition (name: 'cc', sequence: '5') on channel 'mychannel'");
}

TEST_CASE("names and versions") {
  for (const auto* good : {"a", "A1", "my-cc", "my_cc_2"}) CHECK(check_chaincode_name(good));
  for (const auto* bad : {"", "-a", "a-", "a--b", "a-_b", "ä", "a.b", "_lifecycle", "a b"}) CHECK(check_chaincode_name(bad).error().context.find("invalid chaincode name '") == 0);
  for (const auto* reserved : {"qscc", "cscc", "lscc", "vscc", "escc"}) CHECK(check_chaincode_name(reserved).error().context.find("is the name of a system chaincode") != std::string::npos);
  for (const auto* good : {"1.0", "v-1_2+3"}) CHECK(check_chaincode_version(good));
  for (const auto* bad : {"", "1 0", "1/0"}) CHECK(check_chaincode_version(bad).error().context.find("invalid chaincode version '") == 0);
}

TEST_CASE("collection configurations") {
  using config = ::protos::StaticCollectionConfig;
  struct row {
    std::string text, policy;
    void (*change)(config&);
  };
  const std::string fine = "OR('Org1MSP.member','Org2MSP.member')";
  const row rows[] = {
      {"", fine, [](config&) {}},
      {"invalid collection name '_c'", fine, [](config& c) { c.set_name("_c"); }},
      {"invalid collection name ''", fine, [](config& c) { c.clear_name(); }},
      {"collection-name: c -- maximum peer count (1) cannot be less than the required peer count (2)", fine,
       [](config& c) { c.set_required_peer_count(2), c.set_maximum_peer_count(1); }},
      {"collection-name: c -- requiredPeerCount (-1) cannot be less than zero", fine, [](config& c) { c.set_required_peer_count(-1); }},
      {"collection member policy is not set for collection 'c'", fine, [](config& c) { c.clear_member_orgs_policy(); }},
      {"collection member org policy is empty for collection 'c'", fine, [](config& c) { c.mutable_member_orgs_policy()->Clear(); }},
      {"signature policy is not an OR concatenation, NOutOf 2", "AND('Org1MSP.member','Org2MSP.member')", [](config&) {}},
      {"signature policy is not an OR concatenation, NOutOf 2", "OR('Org1MSP.member',AND('Org1MSP.member','Org2MSP.member'))", [](config&) {}},
      {"collection-name: c -- collection member 'Org9MSP' is not part of the channel", "OR('Org9MSP.member')", [](config&) {}},
  };
  for (const auto& r : rows) {
    CAPTURE(r.text);
    ::protos::CollectionConfigPackage package;
    auto* c = package.add_config()->mutable_static_collection_config();
    c->set_name("c");
    *c->mutable_member_orgs_policy()->mutable_signature_policy() = crypto::parse_policy(r.policy).value();
    r.change(*c);
    const auto checked = check_collections(package, *golden_bundle());
    CHECK(checked.has_value() == r.text.empty());
    if (!checked) CHECK_MESSAGE(checked.error().context.find(r.text) != std::string::npos, checked.error().context);
    if (checked) {
      *package.add_config() = package.config(0);
      CHECK(check_collections(package, *golden_bundle()).error().context == "collection-name: c -- found duplicate in collection configuration");
    }
  }
  ::protos::CollectionConfigPackage untyped;
  untyped.add_config();
  CHECK(check_collections(untyped, *golden_bundle()).error().context == "collection config contains unexpected payload type");
}

TEST_CASE("collections once defined stay") {
  const auto package = [](std::initializer_list<std::pair<const char*, std::uint64_t>> collections) {
    ::protos::CollectionConfigPackage out;
    for (const auto& [name, block_to_live] : collections) {
      auto* c = out.add_config()->mutable_static_collection_config();
      c->set_name(name);
      c->set_block_to_live(block_to_live);
    }
    return out;
  };
  CHECK(check_collections_kept(package({}), package({})));
  CHECK(check_collections_kept(package({{"b", 0}, {"a", 3}}), package({{"a", 3}})));
  CHECK(check_collections_kept(package({}), package({{"a", 3}})).error().context == "the proposed collection config does not contain previously defined collections");
  CHECK(check_collections_kept(package({{"b", 3}}), package({{"a", 3}})).error().context == "existing collection [a] missing in the proposed collection configuration");
  CHECK(check_collections_kept(package({{"a", 4}}), package({{"a", 3}})).error().context == "the BlockToLive in an existing collection [a] modified. Existing value [3]");
}
