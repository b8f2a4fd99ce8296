// What a contract sees and what is recorded: the rules of interop/05 §3, one by one.
#include <doctest/doctest.h>

#include <stdexcept>

#include "common/policies.pb.h"
#include "crypto/policy/policy.hpp"
#include "peer/chaincode_event.pb.h"
#include "peer/collection.pb.h"
#include "proto/encode.hpp"
#include "tests/unit/chaincode/support/test_channel.hpp"

using namespace weft;
using namespace weft::chaincode;
using namespace weft::chaincode::testing;

namespace {

/// A channel where `cc` is deployed and holds k1=v1 … k9=v9.
test_channel with_keys(contract_ptr code) {
  test_channel channel;
  channel.deploy("cc", make_contract([](stub& s) {
                   for (char c = '1'; c <= '9'; ++c) {
                     if (!s.put(std::string("k") + c, std::string("v") + c)) return failure("put");
                   }
                   return success();
                 }));
  channel.invoke("cc", {"fill"});
  channel.install("cc", std::move(code));
  return channel;
}

std::string keys_in(result_cursor& cursor) {
  std::string out;
  for (;;) {
    const auto entry = cursor.next();
    if (!entry || !*entry) return out;
    out.append(out.empty() ? "" : ",").append((*entry)->key);
  }
}

}  // namespace

TEST_CASE("reads see committed state only") {
  auto channel = with_keys(make_contract([](stub& s) {
    CHECK(s.put("k1", "new").has_value());
    CHECK(s.erase("k2").has_value());
    CHECK(s.put("k10", "inserted").has_value());
    CHECK(s.get("k1").value() == "v1");
    CHECK(s.get("k2").value() == "v2");
    CHECK(s.get("k10").value() == std::nullopt);
    return success(keys_in(*s.range("k1", "k4").value()));
  }));
  const auto r = channel.run("cc", {"f"});
  REQUIRE_MESSAGE(r, r.error().context);
  CHECK(r->answer.payload == "k1,k2,k3");
  const auto ns = namespace_of(*r, "cc");
  CHECK(ns.reads.size() == 3);
  CHECK(ns.writes == std::vector<ledger::kv_write>{{"k1", false, "new"}, {"k10", false, "inserted"}, {"k2", true, ""}});
}

TEST_CASE("one read per key, the last write of a key, sorted") {
  auto channel = with_keys(make_contract([](stub& s) {
    for (const auto* key : {"k3", "k1", "nope", "k3", "k1"}) CHECK(s.get(key).has_value());
    CHECK(s.put("b", "1").has_value());
    CHECK(s.put("a", "1").has_value());
    CHECK(s.put("b", "2").has_value());
    CHECK(s.erase("c").has_value());
    CHECK(s.put("c", "back").has_value());
    CHECK(s.put("d", "").has_value());
    return success();
  }));
  const auto r = channel.run("cc", {"f"});
  REQUIRE_MESSAGE(r, r.error().context);
  const auto ns = namespace_of(*r, "cc");
  const version filled{block_number{4}, tx_number{0}};
  CHECK(ns.reads == std::vector<ledger::kv_read>{{"k1", filled}, {"k3", filled}, {"nope", std::nullopt}});
  CHECK(ns.writes == std::vector<ledger::kv_write>{{"a", false, "1"}, {"b", false, "2"}, {"c", false, "back"}, {"d", true, ""}});
}

TEST_CASE("keys that cannot travel are refused, and the contract may go on") {
  struct row {
    std::string name, key;
  };
  const row rows[] = {{"empty", ""}, {"no UTF-8", "\xff\xfe"}, {"overlong NUL", "\xc0\x80"}, {"a surrogate", "\xed\xa0\x80"}, {"cut off", "a\xe2\x82"}};
  for (const auto& r : rows) {
    CAPTURE(r.name);
    auto channel = with_keys(make_contract([&](stub& s) {
      CHECK(s.put(r.key, "v").error().code == errc::invalid_argument);
      CHECK(s.erase(r.key).error().code == errc::invalid_argument);
      CHECK(s.get(r.key).error().code == errc::invalid_argument);
      CHECK(s.set_validation_parameter(r.key, "p").error().code == errc::invalid_argument);
      return success("still here");
    }));
    const auto made = channel.run("cc", {"f"});
    REQUIRE_MESSAGE(made, made.error().context);
    CHECK(made->answer.payload == "still here");
    CHECK(namespace_of(*made, "cc") == ledger::namespace_rwset{});
  }
}

TEST_CASE("ranges") {
  SUBCASE("an empty start skips composite keys; composite ranges see them only") {
    auto channel = with_keys(make_contract([](stub& s) {
      CHECK(s.put(make_composite_key("t", {"a", "1"}).value(), "x").has_value());
      CHECK(s.put(make_composite_key("t", {"a", "2"}).value(), "x").has_value());
      CHECK(s.put(make_composite_key("t", {"b", "1"}).value(), "x").has_value());
      CHECK(s.put(make_composite_key("tt", {"a"}).value(), "x").has_value());
      return success();
    }));
    channel.invoke("cc", {"fill"});
    channel.install("cc", make_contract([](stub& s) {
                      const auto simple = keys_in(*s.range("", "").value());
                      CHECK(simple == "k1,k2,k3,k4,k5,k6,k7,k8,k9");
                      const auto some = keys_in(*s.composite_range("t", {"a"}).value());
                      CHECK(some == make_composite_key("t", {"a", "1"}).value() + "," + make_composite_key("t", {"a", "2"}).value());
                      return success();
                    }));
    const auto r = channel.run("cc", {"read"});
    REQUIRE_MESSAGE(r, r.error().context);
    const auto ns = namespace_of(*r, "cc");
    REQUIRE(ns.ranges.size() == 2);
    CHECK(ns.ranges[0].start_key == "\x01");
    CHECK(ns.ranges[0].end_key == "");
    CHECK(ns.ranges[0].exhausted);
    CHECK(ns.ranges[1].end_key == make_composite_key("t", {"a"}).value() + "\xF4\x8F\xBF\xBF");
  }
  SUBCASE("bounds that begin with U+0000 are refused") {
    auto channel = with_keys(make_contract([](stub& s) {
      CHECK(s.range(std::string("\0a", 2), "").error().context.find("contains a null character which is not allowed") != std::string::npos);
      CHECK(!s.range("a", std::string("\0", 1)));
      return success();
    }));
    CHECK(channel.answer("cc", {"f"}).status == 200);
  }
  SUBCASE("equal queries are recorded once, in the order of their first") {
    auto channel = with_keys(make_contract([](stub& s) {
      for (const auto* end : {"k3", "k2", "k3"}) CHECK(!keys_in(*s.range("k1", end).value()).empty());
      return success();
    }));
    const auto r = channel.run("cc", {"f"});
    REQUIRE(r);
    const auto ns = namespace_of(*r, "cc");
    REQUIRE(ns.ranges.size() == 2);
    CHECK(ns.ranges[0].end_key == "k3");
    CHECK(ns.ranges[1].end_key == "k2");
  }
  SUBCASE("a query that nobody reads has fetched its first batch") {
    auto channel = with_keys(make_contract([](stub& s) {
      CHECK(s.range("k2", "k5").has_value());
      return success();
    }));
    const auto r = channel.run("cc", {"f"});
    REQUIRE(r);
    const auto ns = namespace_of(*r, "cc");
    REQUIRE(ns.ranges.size() == 1);
    CHECK(ns.ranges[0].raw_reads.size() == 3);
    CHECK(ns.ranges[0].exhausted);
  }
  SUBCASE("a range ends silently at the bound of records") {
    auto channel = with_keys(make_contract([](stub& s) { return success(keys_in(*s.range("", "").value())); }));
    channel.limits.range_records_max = 4;
    const auto r = channel.run("cc", {"f"});
    REQUIRE(r);
    CHECK(r->answer.payload == "k1,k2,k3,k4");
    const auto ns = namespace_of(*r, "cc");
    CHECK(ns.ranges.at(0).end_key == "k4");
    CHECK_FALSE(ns.ranges.at(0).exhausted);
  }
}

TEST_CASE("look-ahead: how much a range has fetched depends on how far it was read") {
  struct row {
    std::string name;
    int stored, read, fetched;
    bool exhausted;
  };
  const row rows[] = {
      {"less than a batch", 99, 1, 99, true},       {"exactly a batch", 100, 1, 100, true},          {"one more than a batch", 101, 1, 101, false},
      {"the whole first batch", 250, 100, 101, false}, {"one of the second batch", 250, 101, 201, false}, {"everything", 250, 251, 250, true},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    test_channel channel;
    channel.deploy("cc", make_contract([&](stub& s) {
                     for (int i = 0; i < r.stored; ++i) CHECK(s.put("k" + std::to_string(1000 + i), "v").has_value());
                     return success();
                   }));
    channel.invoke("cc", {"fill"});
    channel.install("cc", make_contract([&](stub& s) {
                      const auto cursor = s.range("k", "l").value();
                      for (int i = 0; i < r.read; ++i) CHECK(cursor->next().has_value());
                      return success();
                    }));
    const auto made = channel.run("cc", {"f"});
    REQUIRE_MESSAGE(made, made.error().context);
    const auto q = namespace_of(*made, "cc").ranges.at(0);
    CHECK(q.exhausted == r.exhausted);
    CHECK(q.end_key == (r.exhausted ? "l" : "k" + std::to_string(999 + r.fetched)));
    CHECK(q.hashes.size() == static_cast<std::size_t>((r.fetched + 50) / 51));
  }
}

TEST_CASE("events: the last one, of the first contract, of a success") {
  const auto event_of = [](const result<simulation_result>& r) {
    REQUIRE_MESSAGE(r, r.error().context);
    ::protos::ChaincodeEvent e;
    REQUIRE(proto::decode(r->event, e));
    return e;
  };
  test_channel channel;
  channel.deploy("cc", make_contract([](stub& s) {
                   s.set_event("first", "1");
                   s.set_event("second", "2");
                   return success();
                 }));
  const auto p = make_test_proposal("cc", {"f"});
  auto e = event_of(channel.run_proposal(p, "Org1MSP"));
  CHECK(e.event_name() == "second");
  CHECK(e.payload() == "2");
  CHECK(e.chaincode_id() == "cc");
  CHECK(e.tx_id() == p.header.tx_id);

  channel.install("cc", make_contract([](stub& s) {
                    s.set_event("kept", "1");
                    s.set_event("", "a name is needed");
                    return success();
                  }));
  CHECK(event_of(channel.run("cc", {"f"})).event_name() == "kept");

  channel.install("cc", make_contract([](stub& s) {
                    s.set_event("lost", "1");
                    return failure("no");
                  }));
  CHECK(channel.run("cc", {"f"}).value().event == "");

  channel.install("cc", make_contract([](stub&) { return success(); }));
  channel.deploy("caller", make_contract([](stub& s) { return s.call("cc", {"f"}); }));
  channel.install("cc", make_contract([](stub& s) {
                    s.set_event("of the callee", "1");
                    return success();
                  }));
  CHECK(channel.run("caller", {"f"}).value().event == "");
}

TEST_CASE("a contract calls another in the same transaction") {
  test_channel channel;
  channel.deploy("callee", make_contract([](stub& s) {
                   CHECK(s.get("k").has_value());
                   CHECK(s.put("k", s.args().at(1)).has_value());
                   return success("from " + s.args().at(0));
                 }));
  channel.deploy("caller", make_contract([](stub& s) {
                   CHECK(s.put("own", "1").has_value());
                   return s.call("callee", {"f", "x"});
                 }));
  const auto r = channel.run("caller", {"f"});
  REQUIRE_MESSAGE(r, r.error().context);
  CHECK(r->answer.payload == "from f");
  CHECK(namespace_of(*r, "caller").writes == std::vector<ledger::kv_write>{{"own", false, "1"}});
  CHECK(namespace_of(*r, "callee").writes == std::vector<ledger::kv_write>{{"k", false, "x"}});
  CHECK(namespace_of(*r, "callee").reads.size() == 1);
  const auto lifecycle = namespace_of(*r, "_lifecycle");
  REQUIRE(lifecycle.reads.size() == 2);
  CHECK(lifecycle.reads[0].key == "namespaces/fields/callee/Sequence");
  CHECK(lifecycle.reads[1].key == "namespaces/fields/caller/Sequence");
  CHECK(r->written_namespaces == std::vector<std::string>{"callee", "caller"});
}

TEST_CASE("calls that do not work say why, and the caller goes on") {
  struct row {
    std::string callee, text;
  };
  const row rows[] = {
      {"nobody", "failed to get chaincode container info for nobody: chaincode nobody not found"},
      {"caller", "exists: caller is already running"},
      {"_lifecycle", "system chaincode _lifecycle cannot be invoked with a cc2cc invocation"},
      {"qscc", "system chaincode qscc cannot be invoked with a cc2cc invocation"},
      {"thrower", "transaction returned with failure: thrown"},
  };
  test_channel channel;
  channel.deploy("thrower", make_contract([](stub&) -> response { throw std::runtime_error("thrown"); }));
  for (const auto& r : rows) {
    CAPTURE(r.callee);
    channel.install("caller", make_contract([&](stub& s) { return success(s.call(r.callee, {"f"}).message); }));
    if (&r == rows) channel.deploy("caller", make_contract([&](stub& s) { return success(s.call(r.callee, {"f"}).message); }));
    const auto p = make_test_proposal("caller", {"f"});
    const auto made = channel.run_proposal(p, "Org1MSP");
    REQUIRE_MESSAGE(made, made.error().context);
    CHECK(made->answer.payload.find("INVOKE_CHAINCODE failed: transaction ID: " + p.header.tx_id + ": ") == 0);
    CHECK_MESSAGE(made->answer.payload.find(r.text) != std::string::npos, made->answer.payload);
  }
}

TEST_CASE("a chain of calls ends at the bound") {
  test_channel channel;
  for (int i = 0; i < 10; ++i) {
    channel.deploy("c" + std::to_string(i), make_contract([i](stub& s) {
                     auto r = s.call("c" + std::to_string(i + 1), {"f"});
                     return r.status == 200 ? success(r.payload) : success(std::to_string(i) + " " + r.message);
                   }));
  }
  const auto payload = channel.answer("c0", {"f"}).payload;
  CHECK_MESSAGE(payload.find("7 INVOKE_CHAINCODE") == 0, payload);
  CHECK(payload.find("more than 8 contracts call one another") != std::string::npos);
}

TEST_CASE("what a contract throws is an error, not a crash") {
  test_channel channel;
  channel.deploy("cc", make_contract([](stub&) -> response { throw std::runtime_error("bad thing"); }));
  auto r = channel.run("cc", {"f"});
  REQUIRE_FALSE(r);
  CHECK(r.error().context == "error in simulation: transaction returned with failure: bad thing");
  channel.install("cc", make_contract([](stub&) -> response { throw 7; }));
  r = channel.run("cc", {"f"});
  REQUIRE_FALSE(r);
  CHECK(r.error().context.find("error in simulation: transaction returned with failure") == 0);
}

TEST_CASE("exceeding a bound fails the simulation, even when the contract does not care") {
  struct row {
    std::string name, text;
    void (*set)(simulation_limits&);
    void (*act)(stub&);
  };
  const row rows[] = {
      {"written bytes", "more than 100 bytes", [](simulation_limits& l) { l.written_bytes_max = 100; }, [](stub& s) { (void)s.put("k", bytes(101, 'x')); }},
      {"private bytes", "more than 100 bytes", [](simulation_limits& l) { l.written_bytes_max = 100; },
       [](stub& s) { (void)s.put_private("_implicit_org_Org1MSP", "k", bytes(101, 'x')); }},
      {"event", "more than 100 bytes", [](simulation_limits& l) { l.written_bytes_max = 100; }, [](stub& s) { s.set_event("e", bytes(101, 'x')); }},
      {"keys", "more than 20 keys", [](simulation_limits& l) { l.keys_max = 20; },
       [](stub& s) { for (int i = 0; i < 21; ++i) (void)s.get("k" + std::to_string(i)); }},
      {"range queries", "more than 3 range queries", [](simulation_limits& l) { l.range_queries_max = 3; },
       [](stub& s) { for (int i = 0; i < 4; ++i) (void)s.range("a", "b"); }},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    test_channel channel;
    channel.deploy("cc", make_contract([&](stub& s) {
                     r.act(s);
                     return success("ignored");
                   }));
    r.set(channel.limits);
    const auto made = channel.run("cc", {"f"});
    REQUIRE_FALSE(made);
    CHECK_MESSAGE(made.error().context.find(r.text) != std::string::npos, made.error().context);
  }
}

TEST_CASE("key-level policies are written without touching the value, and read as committed") {
  auto channel = with_keys(make_contract([](stub& s) {
    CHECK(s.validation_parameter("k1").value() == "");
    CHECK(s.set_validation_parameter("k1", "a policy").has_value());
    CHECK(s.validation_parameter("k1").value() == "");
    return success();
  }));
  const auto r = channel.run("cc", {"f"});
  REQUIRE_MESSAGE(r, r.error().context);
  const auto ns = namespace_of(*r, "cc");
  CHECK(ns.writes.empty());
  CHECK(ns.reads.size() == 1);
  REQUIRE(ns.metadata_writes.size() == 1);
  CHECK(ns.metadata_writes[0] == ledger::metadata_write{"k1", {{"VALIDATION_PARAMETER", "a policy"}}});
  channel.apply(r);
  channel.install("cc", make_contract([](stub& s) { return success(s.validation_parameter("k1").value() + "|" + s.get("k1").value().value()); }));
  CHECK(channel.answer("cc", {"f"}).payload == "a policy|v1");
}

TEST_CASE("private data of implicit collections") {
  test_channel channel;
  const std::string mine = "_implicit_org_Org1MSP", theirs = "_implicit_org_Org2MSP";
  channel.deploy("cc", make_contract([&](stub& s) {
                   CHECK(s.put_private(mine, "b", "secret").has_value());
                   CHECK(s.put_private(mine, "a", "").has_value());
                   CHECK(s.get_private(mine, "b").value() == std::nullopt);
                   return success();
                 }));
  auto r = channel.run("cc", {"f"});
  REQUIRE_MESSAGE(r, r.error().context);
  CHECK(namespace_of(*r, "_lifecycle").reads.size() == 5);
  const auto ns = namespace_of(*r, "cc");
  REQUIRE(ns.collections.size() == 1);
  CHECK(ns.collections[0].writes.size() == 2);
  CHECK(ns.collections[0].writes[0].is_delete);
  CHECK(ns.collections[0].writes[0].value_hash == "");
  CHECK(ns.collections[0].private_hash.size() == 32);
  REQUIRE(r->privates.size() == 1);
  CHECK(r->privates[0].writes == std::vector<ledger::kv_write>{{"a", true, ""}, {"b", false, "secret"}});
  CHECK(r->written_namespaces == std::vector<std::string>{"cc"});
  channel.apply(r);

  channel.install("cc", make_contract([&](stub& s) {
                    CHECK(s.get_private(mine, "b").value() == "secret");
                    CHECK(s.get_private(mine, "nope").value() == std::nullopt);
                    CHECK(s.get_private_hash(mine, "b").value().value().size() == 32);
                    CHECK(s.get_private_hash(theirs, "b").value() == std::nullopt);
                    CHECK(s.erase_private(mine, "b").has_value());
                    return success();
                  }));
  r = channel.run("cc", {"f"});
  REQUIRE_MESSAGE(r, r.error().context);
  CHECK(namespace_of(*r, "cc").collections.size() == 2);
  CHECK(namespace_of(*r, "cc").collections[1].private_hash == "");

  // A peer that holds the hash but not the value must not endorse as if there were nothing.
  channel.install("cc", make_contract([&](stub& s) { CHECK(s.put_private(mine, "b", "newer").has_value()); return success(); }));
  r = channel.run("cc", {"f"});
  r->privates.clear();
  channel.apply(r);
  channel.install("cc", make_contract([&](stub& s) { return success(s.get_private(mine, "b").error().context); }));
  const auto text = channel.answer("cc", {"f"}).payload;
  CHECK_MESSAGE(text.find("private data matching public hash version is not available. Public hash version = {BlockNum: 5, TxNum: 0}, Private data version = "
                          "{BlockNum: 4, TxNum: 0}") != std::string::npos,
                text);
}

TEST_CASE("collections that are not there") {
  test_channel channel;
  std::string collection;
  channel.deploy("cc", make_contract([&](stub& s) { return success(s.get_private(collection, "k").error().context); }));
  for (const auto* name : {"nocoll", "_implicit_org_NobodyMSP", "_implicit_org_", ""}) {
    collection = name;
    const auto p = make_test_proposal("cc", {"f"});
    const auto r = channel.run_proposal(p, "Org1MSP");
    REQUIRE(r);
    CHECK(r->answer.payload == "GET_STATE failed: transaction ID: " + p.header.tx_id + ": collection mychannel/cc/" + collection + " could not be found");
  }
}

TEST_CASE("collections of a definition are for their members, once they are switched on") {
  ::protos::CollectionConfigPackage package;
  for (const auto* org : {"Org1MSP", "Org2MSP"}) {
    auto* c = package.add_config()->mutable_static_collection_config();
    c->set_name(std::string("of-") + org);
    c->set_member_only_write(true);
    *c->mutable_member_orgs_policy()->mutable_signature_policy() = crypto::parse_policy("OR('" + std::string(org) + ".member')").value();
  }
  test_channel channel;
  channel.deploy("cc", make_contract([](stub& s) {
                   const auto r = s.put_private(s.args().at(0), "k", "v");
                   return success(r ? "done" : r.error().context);
                 }),
                 {.collections = proto::encode(package)});
  struct row {
    std::string collection;
    bool on;
    std::string text;
  };
  const row rows[] = {
      {"of-Org1MSP", true, "done"},
      {"of-Org1MSP", false, "collection mychannel/cc/of-Org1MSP could not be found"},
      {"of-Org2MSP", true, "tx creator does not have write access permission on privatedata in chaincodeName:cc collectionName: of-Org2MSP"},
      {"of-Org3MSP", true, "collection mychannel/cc/of-Org3MSP could not be found"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.collection);
    CAPTURE(r.on);
    channel.defined_collections = r.on;
    const auto payload = channel.answer("cc", {r.collection}).payload;
    CHECK_MESSAGE(payload.find(r.text) != std::string::npos, payload);
  }
}

TEST_CASE("arguments, transient data, time and creator are the proposal's") {
  test_channel channel;
  const auto p = make_test_proposal("cc", {"f", bytes("\0\xff", 2)}, false, {{"a", "1"}, {"b", ""}});
  channel.deploy("cc", make_contract([&](stub& s) {
                   CHECK(s.args() == std::vector<bytes>{"f", bytes("\0\xff", 2)});
                   CHECK(s.transient("a") == "1");
                   CHECK(s.transient("b") == "");
                   CHECK(s.transient("c") == std::nullopt);
                   CHECK(s.channel_id() == "mychannel");
                   CHECK(s.tx_id() == p.header.tx_id);
                   CHECK(s.tx_time() == p.header.time);
                   CHECK(s.creator() == p.header.creator);
                   CHECK_FALSE(s.is_init());
                   CHECK(s.history("k").error().code == errc::unsupported);
                   return success();
                 }));
  CHECK(channel.run_proposal(p, "Org1MSP").value().answer.status == 200);
}

TEST_CASE("statuses pass through; results are kept for those of 500 and above") {
  test_channel channel;
  channel.deploy("cc", make_contract([](stub& s) {
                   CHECK(s.put("k", "v").has_value());
                   return response{std::stoi(s.args().at(0)), "as asked", "payload"};
                 }));
  for (const auto* status : {"200", "299", "400", "404", "500"}) {
    const auto r = channel.run("cc", {status});
    REQUIRE_MESSAGE(r, r.error().context);
    CHECK(r->answer.status == std::stoi(status));
    CHECK(r->answer.message == "as asked");
    CHECK(r->answer.payload == "payload");
    CHECK(namespace_of(*r, "cc").writes.size() == 1);
  }
}
