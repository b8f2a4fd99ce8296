#include "cluster/consenter/members.hpp"

#include <doctest/doctest.h>

#include "common/common.pb.h"
#include "proto/encode.hpp"
#include "tests/unit/ledger/channel/support.hpp"

using namespace weft;
using namespace weft::cluster;
using namespace weft::channel_test;
using ids = std::vector<raft::node_id>;

namespace {

/// Consenters of these names: certificates need not be any to be told apart.
consenter_list list(std::initializer_list<const char*> names) {
  consenter_list out;
  for (const std::string name : names) out.push_back({"host-" + name, 7050, name + " client", name + " server"});
  return out;
}

bytes metadata_value(const block& b) {
  const auto content = decoded<::common::OrdererBlockMetadata>(decoded<::common::Metadata>(b.metadata(ledger::metadata_slot::signatures)).value());
  return decoded<::common::Metadata>(content.consenter_metadata()).value();
}

crypto::certificate tls_of(const std::string& orderer) {
  return *crypto::certificate::from_pem(golden_file("crypto/ordererOrganizations/example.com/orderers/" + orderer + ".example.com/tls/server.crt"));
}

}  // namespace

TEST_CASE("metadata of the golden blocks: ids 1 to 3, the next is 4, and an index that grows") {
  using namespace std::string_literals;
  const auto fifth = "\x0a\x03\x01\x02\x03\x10\x04\x18\x05"s;
  CHECK(group_metadata{{1, 2, 3}, 4, 5}.encode() == fifth);
  raft::log_index before = 0;
  bool seen = false;
  for (int n = 1; n <= 25; ++n) {
    CAPTURE(n);
    const auto raw = metadata_value(golden_block("blocks/mychannel." + std::to_string(n) + ".block"));
    const auto read = group_metadata::decode(raw);
    REQUIRE_MESSAGE(read.has_value(), why(read));
    CHECK(read->ids == ids{1, 2, 3});
    CHECK(read->next_id == 4);
    CHECK(read->index > before);
    before = read->index;
    CHECK(read->encode() == raw);
    seen = seen || raw == fifth;
  }
  CHECK(seen);
  CHECK(first_group(3) == group_metadata{{1, 2, 3}, 4, 0});
  CHECK(first_group(golden_bundle("mychannel")->raft()->consenters.size()).ids == ids{1, 2, 3});
}

TEST_CASE("metadata that no orderer writes is corrupt") {
  using namespace std::string_literals;
  struct row { const char* name; bytes raw; };
  const row rows[] = {
      {"cut off", "\x0a\x03\x01\x02"s},
      {"nobody", group_metadata{{1, 0}, 3, 1}.encode()},
      {"one twice", group_metadata{{1, 2, 1}, 3, 1}.encode()},
      {"not given out yet", group_metadata{{1, 2, 3}, 3, 1}.encode()},
      {"too many", first_group(256).encode()},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const auto read = group_metadata::decode(r.raw);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code == errc::corruption);
  }
  CHECK(group_metadata::decode("").value().ids.empty());
  CHECK(group_metadata::decode(first_group(255).encode()).has_value());
}

TEST_CASE("from one list of consenters to the next") {
  struct row {
    const char* name;
    consenter_list to;
    ids after;
    raft::node_id next;
    const char* change;  // as raft writes it, "" for none
    raft::node_id added = 0, removed = 0, rotated = 0;
  };
  const group_metadata now{{2, 5, 3}, 7, 40};  // b has 2, c has 5, a has 3
  const auto from = list({"b", "c", "a"});
  auto moved = from;
  moved[1].host = "elsewhere";
  moved[1].port = 1;
  moved[1].server_tls_cert = "another server certificate";
  auto only_client = from;
  only_client[0].client_tls_cert = "another client certificate";
  const row rows[] = {
      {"nothing", from, {2, 5, 3}, 7, ""},
      {"another order", list({"a", "b", "c"}), {3, 2, 5}, 7, ""},
      {"another address and server certificate", moved, {2, 5, 3}, 7, ""},
      {"one more at the end", list({"b", "c", "a", "d"}), {2, 5, 3, 7}, 8, "v7", 7},
      {"one more in front, and another order", list({"d", "a", "c", "b"}), {7, 3, 5, 2}, 8, "v7", 7},
      {"one less", list({"b", "a"}), {2, 3}, 7, "r5", 0, 5},
      {"one less, and another order", list({"a", "c"}), {3, 5}, 7, "r2", 0, 2},
      {"one for another", list({"b", "d", "a"}), {2, 5, 3}, 7, "", 0, 0, 5},
      {"one for another at another place", list({"d", "b", "c"}), {3, 2, 5}, 7, "", 0, 0, 3},
      {"a client certificate alone", only_client, {2, 5, 3}, 7, "", 0, 0, 2},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const auto step = change_group(now, from, r.to);
    REQUIRE_MESSAGE(step.has_value(), why(step));
    CHECK(step->after == group_metadata{r.after, r.next, 40});
    CHECK((step->members ? raft::to_string(step->members->changes) : "") == std::string(r.change));
    CHECK((!step->members || step->members->how == raft::transition::automatic));
    CHECK(step->added == r.added);
    CHECK(step->removed == r.removed);
    CHECK(step->rotated == r.rotated);
    CHECK(step->changes_group() == (r.added + r.removed + r.rotated != 0));
  }
}

TEST_CASE("more than one change at a time is refused in Fabric's words") {
  struct row { consenter_list to; const char* how; };
  const auto from = list({"a", "b", "c"});
  const row rows[] = {
      {list({"a", "b", "c", "d", "e"}), "add 2 node(s), remove 0 node(s)"},
      {list({"a"}), "add 0 node(s), remove 2 node(s)"},
      {list({"a", "d", "e"}), "add 2 node(s), remove 2 node(s)"},
      {list({"a", "d"}), "add 1 node(s), remove 2 node(s)"},
      {list({"a", "b", "d", "e"}), "add 2 node(s), remove 1 node(s)"},
      {{}, "add 0 node(s), remove 3 node(s)"},
  };
  for (const auto& r : rows) {
    const auto step = change_group(first_group(3), from, r.to);
    CHECK(why(step) == std::string("update of more than one consenter at a time is not supported, requested changes: ") + r.how);
  }
  const auto unfit = change_group(first_group(2), from, from);
  REQUIRE_FALSE(unfit.has_value());
  CHECK(unfit.error().code == errc::corruption);
}

TEST_CASE("ids are never used again, whatever comes and goes") {
  auto group = first_group(3);
  auto now = list({"a", "b", "c"});
  raft::node_id newest = 3;
  const char* joining[] = {"d", "e", "f", "d", "a", "b"};
  for (const char* name : joining) {
    auto next = now;
    next.erase(next.begin());
    auto step = change_group(group, now, next);
    REQUIRE(step.has_value());
    group = step->after;
    now = next;
    next.push_back(list({name}).front());
    step = change_group(group, now, next);
    REQUIRE(step.has_value());
    CHECK(step->added == ++newest);
    group = step->after;
    now = next;
    CHECK(group_metadata::decode(group.encode()).value() == group);
  }
}

TEST_CASE("a step that would cost the quorum") {
  struct row { const char* name; consenter_list from, to; ids active; bool loses; };
  const row rows[] = {
      {"nothing changes, nobody lives", list({"a", "b", "c"}), list({"a", "b", "c"}), {}, false},
      {"2 of 3 alive, the dead one leaves", list({"a", "b", "c"}), list({"a", "b"}), {1, 2}, false},
      {"2 of 3 alive, one of them leaves", list({"a", "b", "c"}), list({"b", "c"}), {1, 2}, true},
      {"3 of 3 alive, one leaves", list({"a", "b", "c"}), list({"b", "c"}), {1, 2, 3}, false},
      {"2 of 3 alive, one joins", list({"a", "b", "c"}), list({"a", "b", "c", "d"}), {1, 2}, true},
      {"3 of 3 alive, one joins", list({"a", "b", "c"}), list({"a", "b", "c", "d"}), {1, 2, 3}, false},
      {"3 of 4 alive, one joins", list({"a", "b", "c", "d"}), list({"a", "b", "c", "d", "e"}), {1, 2, 4}, false},
      {"2 of 3 alive, one of them rotates", list({"a", "b", "c"}), list({"x", "b", "c"}), {1, 2}, true},
      {"2 of 3 alive, the dead one rotates", list({"a", "b", "c"}), list({"a", "b", "x"}), {1, 2}, false},
      {"3 of 3 alive, one rotates", list({"a", "b", "c"}), list({"x", "b", "c"}), {1, 2, 3}, false},
      {"1 of 1, one joins: inevitable", list({"a"}), list({"a", "b"}), {1}, false},
      {"1 of 1 rotates: inevitable", list({"a"}), list({"x"}), {1}, false},
      {"2 of 2 alive, one joins", list({"a", "b"}), list({"a", "b", "c"}), {1, 2}, false},
      {"1 of 2 alive, one joins", list({"a", "b"}), list({"a", "b", "c"}), {1}, true},
      {"1 of 2 alive, the dead one leaves", list({"a", "b"}), list({"a"}), {1}, false},
      {"1 of 2 alive, the living one leaves", list({"a", "b"}), list({"b"}), {1}, true},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const auto step = change_group(first_group(r.from.size()), r.from, r.to);
    REQUIRE(step.has_value());
    CHECK(loses_quorum(*step, r.active) == r.loses);
  }
}

TEST_CASE("a consenter finds itself by the key of its TLS certificate") {
  const auto bundle = golden_bundle("mychannel");
  auto consenters = bundle->raft()->consenters;
  const group_metadata group{{4, 2, 9}, 10, 1};
  CHECK(find_consenter(consenters, tls_of("orderer0")) == std::size_t{0});
  CHECK(find_consenter(consenters, tls_of("orderer2")) == std::size_t{2});
  CHECK(id_of(group, consenters, tls_of("orderer2")) == 9);
  CHECK_FALSE(find_consenter(consenters, tls_of("orderer3")).has_value());
  CHECK(id_of(group, consenters, tls_of("orderer3")) == raft::nobody);
  consenters[1].client_tls_cert = "not a certificate";  // the server certificate is as good
  CHECK(id_of(group, consenters, tls_of("orderer1")) == 2);
  CHECK_FALSE(find_consenter(consenters, golden_orderer("orderer0").cert()).has_value());  // its signing key is another one

  // A new certificate of the same key: issued again, not yet in the channel.
  std::uint64_t seed = 7;
  seeded_random random(seed);
  const auto key = crypto::private_key::generate(random);
  crypto::certificate_request request;
  request.use = crypto::certificate_request::profile::tls;
  request.not_after = timestamp{std::chrono::hours{1}};
  std::vector<crypto::certificate> twice;
  for (const char* name : {"old", "new"}) {
    request.common_name = name;
    twice.push_back(*crypto::issue_certificate(request, key.public_half(), nullptr, key, crypto::nonce_rule::deterministic, random));
  }
  REQUIRE(twice[0].der() != twice[1].der());
  consenters[0].client_tls_cert = consenters[0].server_tls_cert = twice[0].to_pem();
  CHECK(id_of(group, consenters, twice[1]) == 4);
}
