// Every request of the shim protocol and what can go wrong with it.
#include "chaincode/shim/requests.hpp"

#include <doctest/doctest.h>

#include "ledger/queryresult/kv_query_result.pb.h"
#include "peer/chaincode.pb.h"
#include "peer/chaincode_shim.pb.h"
#include "proto/encode.hpp"
#include "tests/unit/chaincode/shim/board_fixture.hpp"

using namespace weft;
using namespace weft::chaincode;
using namespace weft::chaincode::shim;
using namespace weft::chaincode::testing;

namespace {

/// A run of contract "a", which holds k000 … k249 and the metadata of m.
struct running {
  explicit running(request_limits limits = {}) {
    channel.deploy("a", make_contract([](stub& s) {
                     for (int i = 1'000; i < 1'250; ++i) CHECK(s.put("k" + std::to_string(i).substr(1), "v" + std::to_string(i)).has_value());
                     CHECK(s.put("m", "v").has_value());
                     CHECK(s.set_validation_parameter("m", "policy").has_value());
                     CHECK(s.put_private(mine, "p", "secret").has_value());
                     return success();
                   }));
    channel.invoke("a", {"fill"});
    channel.install("a", outside("a:1"));
    proposal = make_test_proposal("a", {"f"});
    proposal.header.tx_id = "tx1";
    context = channel.context_of(proposal, "Org1MSP");
    sim = std::make_unique<simulation>(context.value);
    const auto step = sim->start();
    REQUIRE(std::holds_alternative<run_frame>(step));
    handler = std::make_unique<request_handler>(*std::get<run_frame>(step).frame->stub, limits);
  }
  message ask(message_type type, const bytes& payload) {
    auto answer = handler->serve(say(type, {"mychannel", "tx1"}, payload));
    REQUIRE(std::holds_alternative<message>(answer));
    auto& m = std::get<message>(answer);
    CHECK(m.call == call_key{"mychannel", "tx1"});
    return m;
  }
  template <class Payload>
  message ask(message_type type, const Payload& p) {
    return ask(type, bytes(proto::encode(p)));
  }
  /// The payload of a RESPONSE.
  template <class Payload>
  bytes value(message_type type, const Payload& p) {
    const auto m = ask(type, p);
    CHECK_MESSAGE(m.type == message_type::response, m.payload);
    return m.payload;
  }
  template <class Payload>
  ::protos::QueryResponse query(message_type type, const Payload& p) {
    ::protos::QueryResponse out;
    REQUIRE(proto::decode(value(type, p), out));
    return out;
  }
  ledger::namespace_rwset ends() {
    auto step = sim->end(0, {success(), std::nullopt});
    const auto& outcome = std::get<simulation_ended>(step).outcome;
    REQUIRE_MESSAGE(outcome, outcome.error().context);
    return namespace_of(*outcome, "a");
  }

  static inline const std::string mine = "_implicit_org_Org1MSP";
  test_channel channel;
  ledger::proposal proposal;
  test_context context;
  std::unique_ptr<simulation> sim;
  std::unique_ptr<request_handler> handler;
};

template <class T>
T key_of(const std::string& key, const std::string& collection = {}) {
  T out;
  out.set_key(key);
  out.set_collection(collection);
  return out;
}
::protos::GetStateByRange range_of(const std::string& start, const std::string& end, const std::string& collection = {}) {
  ::protos::GetStateByRange out;
  out.set_startkey(start);
  out.set_endkey(end);
  out.set_collection(collection);
  return out;
}
template <class T>
T by_id(const std::string& id) {
  T out;
  out.set_id(id);
  return out;
}
std::string first_key(const ::protos::QueryResponse& r) {
  ::queryresult::KV kv;
  REQUIRE(r.results_size() > 0);
  REQUIRE(proto::decode(r.results(0).resultbytes(), kv));
  CHECK(kv.namespace_() == "a");
  return kv.key();
}

}  // namespace

TEST_CASE("reads and writes of keys") {
  running r;
  CHECK(r.value(message_type::get_state, key_of<::protos::GetState>("k007")) == "v1007");
  CHECK(r.value(message_type::get_state, key_of<::protos::GetState>("none")).empty());
  auto put = key_of<::protos::PutState>("x");
  put.set_value("1");
  CHECK(r.value(message_type::put_state, put).empty());
  CHECK(r.value(message_type::get_state, key_of<::protos::GetState>("x")).empty());
  CHECK(r.value(message_type::del_state, key_of<::protos::DelState>("k001")).empty());
  CHECK(r.value(message_type::get_state, key_of<::protos::GetState>("p", running::mine)) == "secret");
  CHECK(r.value(message_type::get_private_data_hash, key_of<::protos::GetState>("p", running::mine)).size() == 32);
  CHECK(r.value(message_type::get_private_data_hash, key_of<::protos::GetState>("q", running::mine)).empty());
  auto put_private = key_of<::protos::PutState>("q", running::mine);
  put_private.set_value("1");
  CHECK(r.value(message_type::put_state, put_private).empty());
  CHECK(r.value(message_type::del_state, key_of<::protos::DelState>("p", running::mine)).empty());
  const auto ns = r.ends();
  CHECK(ns.writes == std::vector<ledger::kv_write>{{"k001", true, ""}, {"x", false, "1"}});
  CHECK(ns.collections.at(0).writes.size() == 2);
}

TEST_CASE("what fails is said in Fabric's words") {
  struct row {
    const char* name;
    message_type type;
    bytes payload;
    std::string says;
  };
  ::protos::GetQueryResult rich;
  rich.set_query("{}");
  ::protos::WriteBatchState unknown, purge;
  unknown.add_rec()->set_type(::protos::WriteRecord::UNDEFINED);
  purge.add_rec()->set_type(::protos::WriteRecord::PURGE_PRIVATE_DATA);
  auto bad_page = range_of("a", "b");
  bad_page.set_metadata("\xff");
  auto of_collection = key_of<::protos::PutStateMetadata>("k", running::mine);
  ::protos::WriteBatchState empty_key;
  empty_key.add_rec()->set_type(::protos::WriteRecord::PUT_STATE);
  const row rows[] = {
      {"a collection that is not there", message_type::get_state, proto::encode(key_of<::protos::GetState>("k", "nocoll")),
       "GET_STATE failed: transaction ID: tx1: collection mychannel/a/nocoll could not be found"},
      {"an empty key", message_type::put_state, "", "PUT_STATE failed: transaction ID: tx1: key must not be an empty string"},
      {"an empty key in a batch", message_type::write_batch_state, proto::encode(empty_key),
       "WRITE_BATCH_STATE failed: transaction ID: tx1: key must not be an empty string"},
      {"bytes that are no request", message_type::del_state, "\xff", "DEL_STATE failed: transaction ID: tx1: unmarshal failed"},
      {"a rich query", message_type::get_query_result, proto::encode(rich), "GET_QUERY_RESULT failed: transaction ID: tx1: ExecuteQuery not supported for leveldb"},
      {"a query that is not open", message_type::query_state_next, proto::encode(by_id<::protos::QueryStateNext>("7")),
       "QUERY_STATE_NEXT failed: transaction ID: tx1: query iterator not found"},
      {"a page by nonsense", message_type::get_state_by_range, proto::encode(bad_page), "GET_STATE_BY_RANGE failed: transaction ID: tx1: unmarshal failed"},
      {"a hash of no collection", message_type::get_private_data_hash, proto::encode(key_of<::protos::GetState>("k")),
       "GET_PRIVATE_DATA_HASH failed: transaction ID: tx1: collection must not be an empty string"},
      {"purge", message_type::purge_private_data, proto::encode(key_of<::protos::PurgePrivateState>("p", running::mine)),
       "PURGE_PRIVATE_DATA failed: transaction ID: tx1: purging private data is not offered by this peer yet; deleting it is"},
      {"purge in a batch", message_type::write_batch_state, proto::encode(purge),
       "WRITE_BATCH_STATE failed: transaction ID: tx1: purging private data is not offered by this peer yet; deleting it is"},
      {"an unknown write", message_type::write_batch_state, proto::encode(unknown), "WRITE_BATCH_STATE failed: transaction ID: tx1: unknown operation type"},
      {"metadata of private data", message_type::put_state_metadata, proto::encode(of_collection),
       "PUT_STATE_METADATA failed: transaction ID: tx1: metadata of private data is not offered by this peer yet"},
      {"history where none is kept", message_type::get_history_for_key, "\x0a\x01k",
       "GET_HISTORY_FOR_KEY failed: transaction ID: tx1: history is not kept on this peer"},
      {"a call of nobody", message_type::invoke_chaincode, "", "INVOKE_CHAINCODE failed: transaction ID: tx1: a call without the name of a chaincode"},
  };
  running r;
  for (const auto& x : rows) {
    CAPTURE(x.name);
    const auto m = r.ask(x.type, x.payload);
    CHECK(m.type == message_type::error);
    CHECK(m.payload == x.says);
  }
  static_cast<void>(r.ends());  // and the contract may go on
}

TEST_CASE("ranges go out by hundreds, each with one look-ahead") {
  running r;
  auto q = r.query(message_type::get_state_by_range, range_of("k", "l"));
  CHECK(q.results_size() == 100);
  CHECK(q.has_more());
  const auto id = q.id();
  q = r.query(message_type::query_state_next, by_id<::protos::QueryStateNext>(id));
  CHECK(q.results_size() == 100);
  CHECK(q.has_more());
  CHECK(q.id() == id);
  CHECK(first_key(q) == "k100");
  SUBCASE("read to the end, it closes itself") {
    q = r.query(message_type::query_state_next, by_id<::protos::QueryStateNext>(id));
    CHECK(q.results_size() == 50);
    CHECK_FALSE(q.has_more());
    CHECK(r.ask(message_type::query_state_next, by_id<::protos::QueryStateNext>(id)).type == message_type::error);
    q = r.query(message_type::query_state_close, by_id<::protos::QueryStateClose>(id));
    CHECK(q.id() == id);
    CHECK(r.ends().ranges.at(0).exhausted);
  }
  SUBCASE("closed early, 201 records were seen") {
    q = r.query(message_type::query_state_close, by_id<::protos::QueryStateClose>(id));
    CHECK(q.results_size() == 0);
    CHECK(r.ends().ranges.at(0).end_key == "k200");
  }
}

TEST_CASE("pages come whole, with a bookmark") {
  running r;
  ::protos::QueryMetadata page;
  page.set_pagesize(120);
  auto range = range_of("k", "l");
  range.set_metadata(proto::encode(page));
  auto q = r.query(message_type::get_state_by_range, range);
  CHECK(q.results_size() == 120);
  CHECK_FALSE(q.has_more());
  ::protos::QueryResponseMetadata about;
  REQUIRE(proto::decode(q.metadata(), about));
  CHECK(about.fetched_records_count() == 120);
  CHECK(about.bookmark() == "k120");
  page.set_bookmark(about.bookmark());
  page.set_pagesize(500);
  range.set_metadata(proto::encode(page));
  q = r.query(message_type::get_state_by_range, range);
  REQUIRE(proto::decode(q.metadata(), about));
  CHECK(about.fetched_records_count() == 130);
  CHECK(about.bookmark().empty());
  CHECK(first_key(q) == "k120");
  auto put = key_of<::protos::PutState>("x");
  put.set_value("1");
  CHECK(r.ask(message_type::put_state, put).payload ==
        "PUT_STATE failed: transaction ID: tx1: txid [tx1]: unsuppored transaction. Transaction has already performed a paginated query. Writes are not allowed");
}

TEST_CASE("private ranges, metadata, several keys, batches of writes") {
  SUBCASE("a private range") {
    running r;
    const auto q = r.query(message_type::get_state_by_range, range_of("", "", running::mine));
    CHECK(q.results_size() == 1);
    CHECK(first_key(q) == "p");
  }
  SUBCASE("metadata") {
    running r;
    CHECK(r.value(message_type::get_state_metadata, key_of<::protos::GetStateMetadata>("none")).empty());
    ::protos::StateMetadataResult out;
    REQUIRE(proto::decode(r.value(message_type::get_state_metadata, key_of<::protos::GetStateMetadata>("m")), out));
    REQUIRE(out.entries_size() == 1);
    CHECK(out.entries(0).metakey() == "VALIDATION_PARAMETER");
    CHECK(out.entries(0).value() == "policy");
  }
  SUBCASE("several keys: a value for each, empty if absent") {
    running r;
    ::protos::GetStateMultiple keys;
    for (const auto* k : {"k003", "none", "k001"}) keys.add_keys(k);
    ::protos::GetStateMultipleResult out;
    REQUIRE(proto::decode(r.value(message_type::get_state_multiple, keys), out));
    REQUIRE(out.values_size() == 3);
    CHECK(out.values(0) == "v1003");
    CHECK(out.values(1).empty());
    CHECK(out.values(2) == "v1001");
    CHECK(r.ends().reads.size() == 3);
  }
  SUBCASE("a batch of writes") {
    running r;
    ::protos::WriteBatchState batch;
    auto* put = batch.add_rec();
    put->set_type(::protos::WriteRecord::PUT_STATE);
    put->set_key("x");
    put->set_value("1");
    auto* erase = batch.add_rec();
    erase->set_type(::protos::WriteRecord::DEL_STATE);
    erase->set_key("k001");
    auto* secret = batch.add_rec();
    secret->set_type(::protos::WriteRecord::PUT_STATE);
    secret->set_key("p2");
    secret->set_value("s");
    secret->set_collection(running::mine);
    auto* policy = batch.add_rec();
    policy->set_type(::protos::WriteRecord::PUT_STATE_METADATA);
    policy->set_key("x");
    policy->mutable_metadata()->set_metakey("VALIDATION_PARAMETER");
    policy->mutable_metadata()->set_value("policy");
    CHECK(r.value(message_type::write_batch_state, batch).empty());
    const auto ns = r.ends();
    CHECK(ns.writes == std::vector<ledger::kv_write>{{"k001", true, ""}, {"x", false, "1"}});
    CHECK(ns.metadata_writes.size() == 1);
    CHECK(ns.collections.at(0).writes.size() == 1);
  }
}

TEST_CASE("bounds") {
  running r({.iterators_max = 2, .batch_max = 2, .answer_bytes_max = 200});
  ::protos::WriteBatchState batch;
  ::protos::GetStateMultiple keys;
  for (int i = 0; i < 3; ++i) {
    batch.add_rec();
    keys.add_keys("k");
  }
  CHECK(r.ask(message_type::write_batch_state, batch).payload.find("a batch of more than 2 writes") != std::string::npos);
  CHECK(r.ask(message_type::get_state_multiple, keys).payload.find("more than 2 keys at once") != std::string::npos);
  CHECK(r.ask(message_type::get_state_by_range, range_of("k", "k1")).payload.find("ask for less at once") != std::string::npos);
  CHECK(r.ask(message_type::get_state_by_range, range_of("k", "k1")).type == message_type::error);
  CHECK(r.ask(message_type::get_state_by_range, range_of("k", "l")).type == message_type::error);
  CHECK(r.ask(message_type::get_state_by_range, range_of("k", "l")).type == message_type::error);
  CHECK(r.ask(message_type::get_state_by_range, range_of("k", "l")).payload.find("more than 2 queries are open") != std::string::npos);
}

TEST_CASE("a call is the simulation's, and comes back as the callee's last message") {
  running r;
  ::protos::ChaincodeSpec spec;
  spec.mutable_chaincode_id()->set_name("other/channel");
  spec.mutable_input()->add_args("f");
  const auto asked = r.handler->serve(say(message_type::invoke_chaincode, {"mychannel", "tx1"}, proto::encode(spec)));
  REQUIRE(std::holds_alternative<call_request>(asked));
  CHECK(std::get<call_request>(asked).contract == "other/channel");
  CHECK(std::get<call_request>(asked).args == std::vector<bytes>{"f"});
  const call_key key{"mychannel", "tx1"};
  const auto fine = parse_message(request_handler::answer_call(key, response{404, "m", "p"}).payload).value();
  CHECK(fine.type == message_type::completed);
  CHECK(parse_response(fine.payload)->status == 404);
  const auto failed = request_handler::answer_call(key, fail(errc::internal, "INVOKE_CHAINCODE failed: transaction ID: tx1: execute failed: x"));
  CHECK(failed.type == message_type::error);
  CHECK(failed.payload == "INVOKE_CHAINCODE failed: transaction ID: tx1: execute failed: x");
}
