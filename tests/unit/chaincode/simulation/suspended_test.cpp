// Contracts outside of the process: the simulation stops for them, and the rules stay those of contracts that are compiled in.
#include "chaincode/simulation/suspended.hpp"

#include <doctest/doctest.h>

#include "peer/chaincode_event.pb.h"
#include "proto/encode.hpp"
#include "tests/unit/chaincode/support/test_channel.hpp"

using namespace weft;
using namespace weft::chaincode;
using namespace weft::chaincode::testing;

namespace {

contract_ptr outside(const std::string& package) { return std::make_shared<external_contract>(package); }
response ok(const bytes& payload = {}) { return success(payload); }

/// A channel and one transaction on it that a test drives by hand.
struct driven {
  explicit driven(test_channel& channel, const std::string& contract = "ext", bool is_init = false)
      : proposal(make_test_proposal(contract, {"f", "x"}, is_init)), context(channel.context_of(proposal, "Org1MSP")) {}
  simulation& start(simulation_sources sources = {}) {
    s = std::make_unique<simulation>(context.value, std::move(sources));
    step = s->start();
    return *s;
  }
  const external_frame& frame() const {
    REQUIRE(std::holds_alternative<run_frame>(step));
    return *std::get<run_frame>(step).frame;
  }
  void call(const std::string& contract) { step = s->call(contract, {"g"}); }
  void end(std::size_t number, result<response> answer, std::optional<std::pair<std::string, bytes>> event = {}) {
    step = s->end(number, {std::move(answer), std::move(event)});
  }
  const result<response>& answer() const {
    REQUIRE(std::holds_alternative<answer_call>(step));
    return std::get<answer_call>(step).answer;
  }
  const result<simulation_result>& outcome() const {
    REQUIRE(std::holds_alternative<simulation_ended>(step));
    return std::get<simulation_ended>(step).outcome;
  }
  ledger::proposal proposal;
  test_context context;
  std::unique_ptr<simulation> s;
  simulation_step step;
};

bytes event_name(const result<simulation_result>& r) {
  REQUIRE_MESSAGE(r, r.error().context);
  ::protos::ChaincodeEvent e;
  REQUIRE(proto::decode(r->event, e));
  return e.event_name();
}

/// ext, ext2 outside, native compiled in.
test_channel with_both() {
  test_channel channel;
  channel.deploy("ext", outside("ext_1:aa"));
  channel.deploy("ext2", outside("ext2_1:bb"));
  channel.deploy("twin", outside("ext_1:aa"));
  channel.deploy("native", make_contract([](stub& s) {
                   CHECK(s.put("n", s.args().at(0)).has_value());
                   s.set_event("of the native", "");
                   return success("native");
                 }));
  channel.deploy("asks", make_contract([](stub& s) { return success(s.call("ext", {"f"}).message); }));
  return channel;
}

}  // namespace

TEST_CASE("an external contract: its frame, its requests, its end") {
  auto channel = with_both();
  driven d(channel);
  d.start();
  CHECK(d.frame().number == 0);
  CHECK(d.frame().contract == "ext");
  CHECK(d.frame().package_id == "ext_1:aa");
  CHECK(d.frame().channel_id == "mychannel");
  CHECK(d.frame().args == std::vector<bytes>{"f", "x"});
  CHECK_FALSE(d.frame().is_init);
  CHECK(d.frame().stub->put("k", "v").has_value());
  CHECK(d.frame().stub->get("k").value() == std::nullopt);
  d.end(0, ok("done"), {{"event", "e"}});
  REQUIRE_MESSAGE(d.outcome(), d.outcome().error().context);
  CHECK(d.outcome()->answer.payload == "done");
  CHECK(d.outcome()->chaincode_version == "1.0");
  CHECK(event_name(d.outcome()) == "event");
  CHECK(namespace_of(*d.outcome(), "ext").writes == std::vector<ledger::kv_write>{{"k", false, "v"}});
  CHECK(d.s->depth() == 0);
}

TEST_CASE("how an external contract's end is told") {
  struct row {
    const char* name;
    result<response> answer;
    std::string text;
  };
  auto channel = with_both();
  driven d(channel);
  const auto& id = d.proposal.header.tx_id;
  const row rows[] = {
      {"it said ERROR", fail(errc::internal, std::string(returned_with_failure) + "boom"), "error in simulation: transaction returned with failure: boom"},
      {"it took too long", fail(errc::timeout, "error sending: timeout expired while executing transaction"),
       "error in simulation: failed to execute transaction " + id + ": error sending: timeout expired while executing transaction"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    d.start();
    d.end(0, r.answer, {{"event", "e"}});
    REQUIRE_FALSE(d.outcome());
    CHECK(d.outcome().error().context == r.text);
    CHECK(d.outcome().error().code == r.answer.error().code);
  }
  d.start();
  d.end(0, response{500, "no", {}}, {{"event", "e"}});
  REQUIRE(d.outcome());
  CHECK(d.outcome()->answer.message == "no");
  CHECK(d.outcome()->event.empty());
}

TEST_CASE("calls across the border") {
  auto channel = with_both();
  driven d(channel);
  SUBCASE("to a contract that is compiled in: answered at once, its event dropped") {
    d.start();
    d.call("native");
    REQUIRE(d.answer());
    CHECK(d.answer()->payload == "native");
    d.end(0, ok(), {{"mine", ""}});
    CHECK(event_name(d.outcome()) == "mine");
    CHECK(namespace_of(*d.outcome(), "native").writes == std::vector<ledger::kv_write>{{"n", false, "g"}});
  }
  SUBCASE("to another external one: a frame within the frame, its event dropped") {
    d.start();
    d.call("ext2");
    CHECK(d.frame().number == 1);
    CHECK(d.frame().contract == "ext2");
    CHECK(d.frame().args == std::vector<bytes>{"g"});
    CHECK(d.frame().stub->put("k", "inner").has_value());
    CHECK(d.s->depth() == 2);
    d.end(1, ok("from ext2"), {{"of the callee", ""}});
    REQUIRE(d.answer());
    CHECK(d.answer()->payload == "from ext2");
    CHECK(std::get<answer_call>(d.step).frame->number == 0);
    d.end(0, ok());
    CHECK(d.outcome()->event.empty());
    CHECK(d.outcome()->written_namespaces == std::vector<std::string>{"ext2"});
  }
  SUBCASE("an external callee's failure is the caller's to handle") {
    d.start();
    d.call("ext2");
    d.end(1, fail(errc::internal, std::string(returned_with_failure) + "boom"));
    REQUIRE_FALSE(d.answer());
    CHECK(d.answer().error().context ==
          "INVOKE_CHAINCODE failed: transaction ID: " + d.proposal.header.tx_id + ": execute failed: transaction returned with failure: boom");
    d.end(0, ok("went on"));
    CHECK(d.outcome()->answer.payload == "went on");
  }
  SUBCASE("a caller that ends abandons what it called") {
    d.start();
    d.call("ext2");
    d.end(0, ok("impatient"));
    CHECK(d.outcome()->answer.payload == "impatient");
    CHECK(d.s->depth() == 0);
  }
  SUBCASE("a contract that is compiled in cannot wait for an external one") {
    driven asks(channel, "asks");
    asks.start();
    REQUIRE(asks.outcome());
    CHECK_MESSAGE(asks.outcome()->answer.payload.find("contract ext runs outside of the peer's process, and a contract that is compiled into the peer cannot "
                                                      "wait for it") != std::string::npos,
                  asks.outcome()->answer.payload);
  }
  SUBCASE("a simulation that is abandoned with frames open") {
    d.start();
    d.call("ext2");
    d.s.reset();
  }
}

TEST_CASE("calls that do not work") {
  struct row {
    const char* callee;
    const char* text;
  };
  const row rows[] = {
      {"ext", "exists: ext is already running"},
      {"ext:1.0", "exists: ext is already running"},
      {"twin", "exists: twin is already running"},  // another name of the same process, which knows transactions by their id
      {"nobody", "failed to get chaincode container info for nobody: chaincode nobody not found"},
      {"_lifecycle", "system chaincode _lifecycle cannot be invoked with a cc2cc invocation"},
      {"ext2/nochannel", "failed to find ledger for channel: nochannel"},
  };
  auto channel = with_both();
  for (const auto& r : rows) {
    CAPTURE(r.callee);
    driven d(channel);
    d.start();
    d.call(r.callee);
    REQUIRE_FALSE(d.answer());
    CHECK(d.answer().error().context.find("INVOKE_CHAINCODE failed: transaction ID: " + d.proposal.header.tx_id + ": ") == 0);
    CHECK_MESSAGE(d.answer().error().context.find(r.text) != std::string::npos, d.answer().error().context);
    d.end(0, ok("went on"));
    CHECK(d.outcome()->answer.payload == "went on");
  }
  driven d(channel);
  channel.limits.call_depth_max = 1;
  d.context = channel.context_of(d.proposal, "Org1MSP");
  d.start();
  d.call("ext2");
  REQUIRE_FALSE(d.answer());
  CHECK(d.answer().error().context.find("more than 1 contracts call one another") != std::string::npos);
}

TEST_CASE("a call to another channel reads there, and leaves nothing") {
  auto here = with_both();
  test_channel there;
  there.deploy("reader", outside("reader_1:cc"));
  there.deploy("native", make_contract([](stub& s) {
                 CHECK(s.put("n", "lost").has_value());
                 return success(s.channel_id() + " " + s.get("k").value().value_or("nothing"));
               }));
  there.deploy("ext", outside("ext_1:aa"));
  there.deploy("kv", make_contract([](stub& s) {
                 CHECK(s.put("k", "v").has_value());
                 return success();
               }));
  driven d(here);
  auto other = there.context_of(d.proposal, "Org1MSP");
  d.start({[&](const std::string& name) { return name == "other" ? std::optional(channel_view{other.value, nullptr}) : std::nullopt; }, {}, {}});
  d.call("native/other");
  REQUIRE_MESSAGE(d.answer(), d.answer().error().context);
  CHECK(d.answer()->payload == "other nothing");
  d.call("ext/other");  // the same package may run once for each channel
  CHECK(d.frame().channel_id == "other");
  CHECK(d.frame().stub->put("k", "lost").has_value());
  d.call("native");  // of the other channel, where the call comes from
  REQUIRE(d.answer());
  CHECK(d.answer()->payload == "other nothing");
  d.call("ext/mychannel");
  CHECK(d.answer().error().context.find("failed to find ledger for channel: mychannel") != std::string::npos);
  d.end(1, ok());
  d.call("native/mychannel");
  CHECK(d.answer().value().payload == "native");
  d.end(0, ok());
  REQUIRE_MESSAGE(d.outcome(), d.outcome().error().context);
  CHECK(d.outcome()->written_namespaces == std::vector<std::string>{"native"});
  CHECK(namespace_of(*d.outcome(), "native").writes == std::vector<ledger::kv_write>{{"n", false, "g"}});
}

TEST_CASE("init-required holds for external contracts") {
  test_channel channel;
  channel.deploy("ext", outside("ext_1:aa"), {.init_required = true});
  driven early(channel);
  early.start();
  REQUIRE_FALSE(early.outcome());
  CHECK(early.outcome().error().context.find("must call as init first") != std::string::npos);
  driven d(channel, "ext", true);
  d.start();
  CHECK(d.frame().is_init);
  d.end(0, ok());
  CHECK(namespace_of(*d.outcome(), "ext").writes.size() == 1);
}

TEST_CASE("the synchronous way has nobody to run an external contract") {
  auto channel = with_both();
  const auto r = channel.run("ext", {"f"});
  REQUIRE_FALSE(r);
  CHECK(r.error().context.find("contract ext runs outside of the peer's process and has nobody to run it") != std::string::npos);
}

TEST_CASE("pages of a range") {
  test_channel channel;
  channel.deploy("ext", make_contract([](stub& s) {
                   for (char c = '1'; c <= '5'; ++c) CHECK(s.put(std::string("k") + c, "v").has_value());
                   return success();
                 }));
  channel.invoke("ext", {"fill"});
  channel.install("ext", outside("ext_1:aa"));
  struct row {
    const char *start, *end;
    std::int32_t size;
    const char *keys, *bookmark, *recorded_end;
    bool exhausted;
  };
  const row rows[] = {
      {"k1", "k9", 2, "k1k2", "k3", "k2", false}, {"k3", "k9", 2, "k3k4", "k5", "k4", false},   {"k5", "k9", 2, "k5", "", "k9", true},
      {"k1", "k3", 2, "k1k2", "", "k2", false},   {"k1", "", 0, "k1k2k3k4k5", "", "", true},    {"k7", "k9", 3, "", "", "k9", true},
      {"k1", "k9", 5, "k1k2k3k4k5", "", "k5", false},
  };
  for (const auto& r : rows) {
    CAPTURE(r.start);
    CAPTURE(r.size);
    driven d(channel);
    d.start();
    const auto page = d.frame().stub->page(r.start, r.end, r.size);
    REQUIRE_MESSAGE(page, page.error().context);
    std::string keys;
    for (const auto& kv : page->records) keys += kv.key;
    CHECK(keys == r.keys);
    CHECK(page->bookmark == r.bookmark);
    d.end(0, ok());
    const auto q = namespace_of(*d.outcome(), "ext").ranges.at(0);
    CHECK(q.start_key == r.start);
    CHECK(q.end_key == r.recorded_end);
    CHECK(q.exhausted == r.exhausted);
  }
}

TEST_CASE("what only a transaction without writes may ask") {
  auto channel = with_both();
  const std::string mine = "_implicit_org_Org1MSP";
  driven d(channel);
  const auto in_words = [&](const std::string& operation, const std::string& why) {
    return operation + " failed: transaction ID: " + d.proposal.header.tx_id + ": txid [" + d.proposal.header.tx_id + "]: unsuppored transaction. " + why;
  };
  SUBCASE("a page before a write") {
    d.start();
    auto& s = *d.frame().stub;
    CHECK(s.page("a", "b", 1).has_value());
    const auto why = "Transaction has already performed a paginated query. Writes are not allowed";
    CHECK(s.put("k", "v").error().context == in_words("PUT_STATE", why));
    CHECK(s.erase("k").error().context == in_words("DEL_STATE", why));
    CHECK(s.set_metadata("k", "VALIDATION_PARAMETER", "p").error().context == in_words("PUT_STATE_METADATA", why));
    CHECK(s.put_private(mine, "k", "v").error().context == in_words("PUT_STATE", why));
  }
  SUBCASE("a page behind a write") {
    d.start();
    auto& s = *d.frame().stub;
    CHECK(s.put("k", "v").has_value());
    CHECK(s.page("a", "b", 1).error().context == in_words("GET_STATE_BY_RANGE", "Paginated queries are supported only in a read-only transaction"));
    CHECK(s.private_range(mine, "a", "b").error().context ==
          in_words("GET_STATE_BY_RANGE", "Queries on pvt data is supported only in a read-only transaction"));
  }
  SUBCASE("private ranges before a write") {
    d.start();
    auto& s = *d.frame().stub;
    CHECK(s.private_range(mine, "", "").value()->next().value() == std::nullopt);
    CHECK(s.put("k", "v").error().context == in_words("PUT_STATE", "Transaction has already performed queries on pvt data. Writes are not allowed"));
  }
  d.end(0, ok());
  CHECK(d.outcome());  // the contract may go on
}

TEST_CASE("metadata of a key as a whole") {
  auto channel = with_both();
  driven d(channel);
  d.start();
  CHECK(d.frame().stub->put("k", "v").has_value());
  CHECK(d.frame().stub->set_metadata("k", "VALIDATION_PARAMETER", "policy").has_value());
  CHECK(d.frame().stub->set_metadata("k", "other", "thing").has_value());  // replaces
  d.end(0, ok());
  channel.apply(d.outcome());
  d.context = channel.context_of(d.proposal, "Org1MSP");
  d.start();
  CHECK(d.frame().stub->metadata("k").value() == key_metadata{{"other", "thing"}});
  CHECK(d.frame().stub->metadata("none").value() == key_metadata{});
  CHECK(d.frame().stub->raw_range("", "").value()->next().value()->key == "k");
}

TEST_CASE("the package that was approved decides what runs, not the name") {
  definition_cache remembered;
  test_channel channel;
  channel.definitions = &remembered;
  channel.deploy("cc", make_contract([](stub&) { return success("native"); }));
  const deployment second{.version = "2.0", .sequence = 2};
  for (const auto* org : {"Org1MSP", "Org2MSP"}) channel.apply(channel.approve(org, "cc", second, "cc_2.0:feed"));
  channel.apply(channel.commit_definition("Org1MSP", "cc", second));
  std::map<std::string, contract_ptr> packages;
  const simulation_sources sources{{},
                                   [&](bytes_view approval) {
                                     for (const auto& [id, code] : packages) {
                                       if (approval == approval_digest(id)) return id;
                                     }
                                     return std::string{};
                                   },
                                   [&](const std::string& id) { return packages.at(id); }};
  driven d(channel, "cc");
  d.start(sources);
  REQUIRE_FALSE(d.outcome());
  CHECK(d.outcome().error().context.find("chaincode definition for 'cc' exists, but chaincode is not installed") != std::string::npos);
  packages["cc_2.0:feed"] = outside("cc_2.0:feed");
  for (int i = 0; i < 2; ++i) {  // looked up, then remembered
    d.start(sources);
    CHECK(d.frame().package_id == "cc_2.0:feed");
    d.end(0, ok());
    CHECK(d.outcome()->chaincode_version == "2.0");
  }
  packages["cc_2.0:feed"] = make_contract([](stub&) { return success("another one that is compiled in"); });
  d.start(sources);
  CHECK(d.outcome().value().answer.payload == "another one that is compiled in");
  CHECK_FALSE(channel.run("cc", {"f"}));  // whoever knows only names does not run the wrong package
}
