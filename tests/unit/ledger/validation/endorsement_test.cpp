// Endorsement policies: of chaincodes, `_lifecycle`, collections and single keys. interop/05 §5, §7.
#include <doctest/doctest.h>

#include "ledger/state/apply.hpp"
#include "peer/policy.pb.h"
#include "proto/encode.hpp"
#include "tests/unit/ledger/validation/network.hpp"

using namespace weft;
using namespace weft::test;
using ledger::verdict;

namespace {

constexpr auto refused = verdict::endorsement_policy_failure;
const char* const both = "AND('Org1MSP.peer','Org2MSP.peer')";
const char* const org1_only = "OR('Org1MSP.peer')";
const char* const org2_only = "OR('Org2MSP.peer')";

ledger::rwset writes(std::vector<std::string> keys, const std::string& ns = "mycc") {
  ledger::namespace_rwset out{.name = ns};
  for (auto& key : keys) out.writes.push_back({.key = std::move(key), .value = "1"});
  return {{std::move(out)}};
}
ledger::rwset hashed_writes(const std::string& collection, const std::string& ns = "mycc") {
  ledger::collection_rwset c{
      .name = collection, .writes = {{.key_hash = bytes(32, 'k'), .value_hash = bytes(32, 'v')}}, .private_hash = bytes(32, 'p')};
  return {{{.name = ns, .collections = {std::move(c)}}}};
}
ledger::rwset sets_policy(const std::string& key, const std::string& policy) {
  return {{{.name = "mycc", .metadata_writes = {{.key = key, .entries = key_policy_entries(policy)}}}}};
}

struct signer_row {
  std::string name;
  const char* policy;
  bool org1, org2;
  verdict expected;
};

}  // namespace

TEST_CASE("a chaincode's policy decides whose signatures are needed") {
  const signer_row rows[] = {
      {"one of two, first", "OR('Org1MSP.peer','Org2MSP.peer')", true, false, verdict::valid},
      {"one of two, second", "OR('Org1MSP.peer','Org2MSP.peer')", false, true, verdict::valid},
      {"both of both", both, true, true, verdict::valid},
      {"one where both are needed", both, true, false, refused},
      {"the wrong one", org1_only, false, true, refused},
      {"a role that nobody who signed has", "OR('Org1MSP.admin','Org2MSP.admin')", true, true, refused},
      {"majority of the channel's organizations", "ref:/Channel/Application/Endorsement", true, true, verdict::valid},
      {"half is no majority", "ref:/Channel/Application/Endorsement", true, false, refused},
      {"a reference may leave the root out", "ref:Application/Endorsement", true, true, verdict::valid},
      {"a reference to an organization's policy", "ref:/Channel/Application/Org2/Endorsement", false, true, verdict::valid},
      {"a reference to nothing", "ref:/Channel/Application/Nothing", true, true, refused},
  };
  network net;
  for (const auto& r : rows) {
    CAPTURE(r.name);
    map_state state;
    define(state, {.policy = r.policy});
    tx_spec spec{.sets = writes({"a"})};
    if (r.org1) spec.endorsers.push_back(net.org1.peer);
    if (r.org2) spec.endorsers.push_back(net.org2.peer);
    CHECK(net.verdict_of(net.make_tx(spec), state) == r.expected);
  }
}

TEST_CASE("an identity counts once, and only with a good signature") {
  network net;
  map_state state;
  define(state, {.policy = "AND('Org1MSP.peer','Org1MSP.peer')"});
  CHECK(net.verdict_of(net.make_tx({.sets = writes({"a"}), .endorsers = {net.org1.peer, net.org1.peer}}), state) == refused);
  CHECK(net.verdict_of(net.make_tx({.sets = writes({"a"}), .endorsers = {net.org1.peer, net.org1.second_peer}}), state) ==
        verdict::valid);
  CHECK(net.verdict_of(net.make_tx({.sets = writes({"a"}), .endorsers = {net.org1.peer, net.stranger.peer}}), state) == refused);
  tx_spec bent{.sets = writes({"a"}), .endorsers = {net.org1.peer, net.org1.second_peer}};
  bent.action_payload = [](auto& p) { (*p.mutable_action()->mutable_endorsements(1)->mutable_signature())[10] ^= 1; };
  CHECK(net.verdict_of(net.make_tx(bent), state) == refused);
}

TEST_CASE("a failure shows the policy, who signed, who is missing and what did not count") {
  network net;
  map_state state;
  define(state, {.policy = both});
  const auto judged = net.judge({net.make_tx({.sets = writes({"a"}), .endorsers = {net.org1.peer, net.stranger.peer}})}, state);
  REQUIRE(judged.has_value());
  const auto& text = judged->reasons[0].text;
  INFO(text);
  CHECK(text.find("endorsement policy of chaincode 'mycc'") == 0);
  CHECK(text.find("signed: ") != std::string::npos);
  CHECK(text.find("peer0.org1.example.com") != std::string::npos);
  CHECK(text.find("missing: Org2MSP.peer") != std::string::npos);
  CHECK(text.find("not counted: ") != std::string::npos);
}

TEST_CASE("definitions that rule nothing") {
  struct row {
    std::string name;
    definition_spec definition;
    verdict expected;
  };
  ::protos::ApplicationPolicy empty_signature_policy;
  empty_signature_policy.mutable_signature_policy();
  const row rows[] = {
      {"no validation plugin", {.validation_plugin = ""}, verdict::invalid_chaincode},
      {"no policy", {.validation_parameter = bytes()}, verdict::invalid_chaincode},
      {"a policy that does not parse", {.validation_parameter = bytes("\x0a\xff")}, refused},
      {"a policy of no kind", {.validation_parameter = bytes("\x1a\x01x")}, refused},
      {"a signature policy without rule", {.validation_parameter = proto::encode(empty_signature_policy)}, refused},
  };
  network net;
  for (const auto& r : rows) {
    CAPTURE(r.name);
    map_state state;
    define(state, r.definition);
    CHECK(net.verdict_of(net.make_tx({.sets = writes({"a"})}), state) == r.expected);
  }
}

TEST_CASE("what only this peer lacks halts the channel instead of forking it") {
  network net;
  struct row {
    std::string name;
    errc expected;
    std::function<void(map_state&)> spoil;
  };
  const row rows[] = {
      {"an unknown validation plugin", errc::unsupported, [](auto& s) { define(s, {.validation_plugin = "custom"}); }},
      {"a namespace of another type", errc::corruption, [](auto& s) { define(s, {.datatype = "Something"}); }},
      {"a definition with a hole", errc::corruption,
       [](auto& s) {
         define(s, {});
         s.keys.erase({"_lifecycle", "namespaces/fields/mycc/ValidationInfo"});
       }},
      {"a field of another type", errc::corruption,
       [](auto& s) {
         define(s, {});
         s.keys[{"_lifecycle", "namespaces/fields/mycc/ValidationInfo"}] =
             s.keys[{"_lifecycle", "namespaces/fields/mycc/Sequence"}];
       }},
      {"a state that cannot be read", errc::io, [](auto& s) { s.failure = errc::io; }},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    map_state state;
    r.spoil(state);
    const auto judged = net.judge({net.make_tx({.sets = writes({"a"})})}, state);
    REQUIRE_FALSE(judged.has_value());
    CHECK(judged.error().code == r.expected);
    CHECK(judged.error().context.find("block 1") == 0);
  }
}

TEST_CASE("every written namespace is asked, a namespace that is only read is not") {
  network net;
  map_state state;
  define(state, {.policy = org1_only});
  define(state, {.chaincode = "other", .policy = both});
  auto sets = writes({"a"});
  sets.namespaces.push_back({.name = "other", .reads = {{.key = "x"}}});
  CHECK(net.verdict_of(net.make_tx({.sets = sets, .endorsers = {net.org1.peer}}), state) == verdict::valid);
  sets.namespaces.back().writes = {{.key = "x", .value = "1"}};
  CHECK(net.verdict_of(net.make_tx({.sets = sets, .endorsers = {net.org1.peer}}), state) == refused);
  CHECK(net.verdict_of(net.make_tx({.sets = sets, .endorsers = {net.org1.peer, net.org2.peer}}), state) == verdict::valid);
  sets.namespaces.back() = {.name = "nowhere", .writes = {{.key = "x", .value = "1"}}};
  CHECK(net.verdict_of(net.make_tx({.sets = sets}), state) == verdict::invalid_chaincode);
  sets.namespaces.back() = {.name = "nowhere", .reads = {{.key = "x"}}};
  CHECK(net.verdict_of(net.make_tx({.sets = sets}), state) == verdict::valid);
}

TEST_CASE("the invoked namespace is asked even if nothing is written") {
  network net;
  map_state state;
  define(state, {.policy = both});
  CHECK(net.verdict_of(net.make_tx({.endorsers = {net.org1.peer}}), state) == refused);
  CHECK(net.verdict_of(net.make_tx({}), state) == verdict::valid);
}

TEST_CASE("_lifecycle: an organization approves for itself, a majority commits") {
  network net;
  const map_state state;
  const auto verdict_of = [&](ledger::rwset sets, std::vector<identity> endorsers) {
    return net.verdict_of(
        net.make_tx({.chaincode = "_lifecycle", .version = "syscc", .sets = std::move(sets), .endorsers = std::move(endorsers)}),
        state);
  };
  CHECK(verdict_of(hashed_writes("_implicit_org_Org1MSP", "_lifecycle"), {net.org1.peer}) == verdict::valid);
  CHECK(verdict_of(hashed_writes("_implicit_org_Org1MSP", "_lifecycle"), {net.org2.peer}) == refused);
  CHECK(verdict_of(hashed_writes("_implicit_org_Org1MSP", "_lifecycle"), {net.org1.client}) == refused);
  CHECK(verdict_of(hashed_writes("_implicit_org_Org9MSP", "_lifecycle"), {net.org1.peer, net.org2.peer}) == refused);
  CHECK(verdict_of(hashed_writes("_implicit_org_", "_lifecycle"), {net.org1.peer, net.org2.peer}) == refused);
  CHECK(verdict_of(hashed_writes("mine", "_lifecycle"), {net.org1.peer, net.org2.peer}) == refused);
  CHECK(verdict_of(writes({"namespaces/metadata/mycc"}, "_lifecycle"), {net.org1.peer}) == refused);
  CHECK(verdict_of(writes({"namespaces/metadata/mycc"}, "_lifecycle"), {net.org1.peer, net.org2.peer}) == verdict::valid);
}

TEST_CASE("a collection's own policy replaces the chaincode's for its keys") {
  network net;
  map_state state;
  define(state, {.policy = both, .collections = {{.name = "open"}, {.name = "ours", .endorsement_policy = org1_only}}});
  const std::vector<identity> one{net.org1.peer}, two{net.org1.peer, net.org2.peer};
  CHECK(net.verdict_of(net.make_tx({.sets = hashed_writes("ours"), .endorsers = one}), state) == verdict::valid);
  CHECK(net.verdict_of(net.make_tx({.sets = hashed_writes("open"), .endorsers = one}), state) == refused);
  CHECK(net.verdict_of(net.make_tx({.sets = hashed_writes("open"), .endorsers = two}), state) == verdict::valid);
  CHECK(net.verdict_of(net.make_tx({.sets = hashed_writes("unknown"), .endorsers = two}), state) == refused);
  CHECK(net.verdict_of(net.make_tx({.sets = hashed_writes("_implicit_org_Org2MSP"), .endorsers = one}), state) == refused);
  CHECK(net.verdict_of(net.make_tx({.sets = hashed_writes("_implicit_org_Org1MSP"), .endorsers = one}), state) == verdict::valid);

  auto mixed = hashed_writes("ours");
  mixed.namespaces[0].writes = {{.key = "a", .value = "1"}};
  CHECK(net.verdict_of(net.make_tx({.sets = mixed, .endorsers = one}), state) == refused);
  CHECK(net.verdict_of(net.make_tx({.sets = mixed, .endorsers = two}), state) == verdict::valid);
  auto two_collections = hashed_writes("ours");
  two_collections.namespaces[0].collections.push_back(hashed_writes("open").namespaces[0].collections[0]);
  CHECK(net.verdict_of(net.make_tx({.sets = two_collections, .endorsers = one}), state) == refused);
  auto metadata_only = hashed_writes("ours");
  metadata_only.namespaces[0].collections[0].writes.clear();
  metadata_only.namespaces[0].collections[0].metadata_writes = {
      {.key = bytes(32, 'k'), .entries = key_policy_entries(org1_only)}};
  CHECK(net.verdict_of(net.make_tx({.sets = metadata_only, .endorsers = one}), state) == verdict::valid);
}

TEST_CASE("valid private writes are claimed for the committer") {
  network net;
  map_state state;
  define(state, {.collections = {{.name = "open"}}});
  const auto e = net.make_tx({.sets = hashed_writes("open")});
  const ledger::rwset only_reads{{{.name = "mycc", .collections = {{.name = "open", .reads = {{.key_hash = bytes(32, 'n')}}}}}}};
  const auto judged = net.judge({net.make_tx({.sets = writes({"a"})}), e, net.make_tx({.sets = hashed_writes("unknown")}),
                                 net.make_tx({.sets = only_reads})},
                                state);
  REQUIRE(judged.has_value());
  CHECK(judged->verdicts[3] == verdict::valid);
  REQUIRE(judged->claims.size() == 1);
  CHECK(judged->claims[0].tx == tx_number(1));
  CHECK(judged->claims[0].tx_id == id_of(e));
  CHECK(judged->claims[0].ns == "mycc");
  CHECK(judged->claims[0].collection == "open");
  CHECK(judged->claims[0].hash == bytes(32, 'p'));
}

TEST_CASE("a key with a policy of its own obeys that policy alone") {
  network net;
  map_state state;
  define(state, {.policy = both, .collections = {{.name = "open"}}});
  const version at{block_number(0), tx_number(0)};
  state.put("mycc", "org1's", "v", at, key_policy(org1_only));
  state.put("mycc", "org2's", "v", at, key_policy(org2_only));
  state.put("mycc", "other metadata", "v", at, ledger::encode_metadata({{"colour", "red"}}));
  state.put("mycc", "broken", "v", at, ledger::encode_metadata({{"VALIDATION_PARAMETER", "\x0a\xff"}}));
  state.hashed[{"mycc", "open", bytes(32, 'k')}] = {bytes(32, 'v'), key_policy(org2_only), at};
  struct row {
    std::string name;
    ledger::rwset sets;
    bool org1, org2;
    verdict expected;
  };
  const row rows[] = {
      {"its owner writes", writes({"org1's"}), true, false, verdict::valid},
      {"the other organization writes", writes({"org1's"}), false, true, refused},
      {"its owner deletes", {{{.name = "mycc", .writes = {{.key = "org1's", .is_delete = true}}}}}, true, false, verdict::valid},
      {"its owner changes the policy", sets_policy("org1's", org2_only), true, false, verdict::valid},
      {"the other organization changes the policy", sets_policy("org1's", org2_only), false, true, refused},
      {"a first policy needs the chaincode's", sets_policy("new", org1_only), true, false, refused},
      {"a first policy with the chaincode's", sets_policy("new", org1_only), true, true, verdict::valid},
      {"two keys, two owners, both signed", writes({"org1's", "org2's"}), true, true, verdict::valid},
      {"two keys, two owners, one signed", writes({"org1's", "org2's"}), true, false, refused},
      {"a key of its own and an ordinary one", writes({"a", "org1's"}), true, false, refused},
      {"other metadata are no policy", writes({"other metadata"}), true, false, refused},
      {"other metadata do not stand in the way", writes({"other metadata"}), true, true, verdict::valid},
      {"a policy that nobody can read", writes({"broken"}), true, true, refused},
      {"a private key's owner", hashed_writes("open"), false, true, verdict::valid},
      {"not a private key's owner", hashed_writes("open"), true, false, refused},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    tx_spec spec{.sets = r.sets};
    if (r.org1) spec.endorsers.push_back(net.org1.peer);
    if (r.org2) spec.endorsers.push_back(net.org2.peer);
    CHECK(net.verdict_of(net.make_tx(spec), state) == r.expected);
  }
}

TEST_CASE("whoever writes a key after its policy changed in the same block must come again") {
  network net;
  map_state state;
  define(state, {.collections = {{.name = "open"}}});
  const version at{block_number(0), tx_number(0)};
  state.put("mycc", "k", "v", at);
  state.hashed[{"mycc", "open", bytes(32, 'k')}] = {bytes(32, 'v'), {}, at};
  const auto verdicts = [&](std::vector<tx_spec> specs) {
    std::vector<ledger::envelope> envelopes;
    for (auto& s : specs) envelopes.push_back(net.make_tx(s));
    const auto judged = net.judge(std::move(envelopes), state);
    REQUIRE(judged.has_value());
    return judged->verdicts;
  };
  using list = std::vector<verdict>;
  const auto ok = verdict::valid;
  const tx_spec change{.sets = sets_policy("k", both)}, write{.sets = writes({"k"})}, elsewhere{.sets = writes({"j"})};
  CHECK(verdicts({change, write}) == list{ok, refused});
  CHECK(verdicts({write, change, write}) == list{ok, ok, refused});
  CHECK(verdicts({change, elsewhere}) == list{ok, ok});
  CHECK(verdicts({change, change}) == list{ok, refused});

  tx_spec unsigned_change = change;
  unsigned_change.endorsers = {net.stranger.peer};
  CHECK(verdicts({unsigned_change, write}) == list{refused, ok});

  tx_spec stale_change = change;
  stale_change.sets.namespaces[0].reads = {{.key = "k", .at = version{block_number(0), tx_number(7)}}};
  CHECK(verdicts({stale_change, write}) == list{verdict::mvcc_read_conflict, refused});  // as on a real peer: MVCC comes later

  auto private_change = hashed_writes("open");
  private_change.namespaces[0].collections[0].writes.clear();
  private_change.namespaces[0].collections[0].metadata_writes = {{.key = bytes(32, 'k'), .entries = key_policy_entries(both)}};
  CHECK(verdicts({{.sets = private_change}, {.sets = hashed_writes("open")}}) == list{ok, refused});
  CHECK(verdicts({{.sets = private_change}, write}) == list{ok, ok});

  auto two_namespaces = sets_policy("k", both);
  two_namespaces.namespaces.push_back({.name = "nowhere", .writes = {{.key = "x", .value = "1"}}});
  CHECK(verdicts({{.sets = two_namespaces}, write}) ==
        list{verdict::invalid_chaincode, refused});  // its own namespace was satisfied
  tx_spec invoked_elsewhere{.chaincode = "nowhere", .sets = sets_policy("k", both)};
  CHECK(verdicts({invoked_elsewhere, write}) == list{verdict::invalid_chaincode, refused});  // whichever namespace came first
}

TEST_CASE("the reason of a key in flux names the transaction that changes it") {
  network net;
  map_state state;
  define(state, {});
  state.put("mycc", "k", "v", {});
  const auto change = net.make_tx({.sets = sets_policy("k", both)});
  const auto judged = net.judge({change, net.make_tx({.sets = writes({"k"})})}, state);
  REQUIRE(judged.has_value());
  CHECK(judged->reasons[1].winner == id_of(change));
  CHECK(judged->reasons[1].key == "k");
  CHECK(judged->reasons[1].text.find("transaction 0 of the same block") == 0);
}
