// Calls of contracts outside: how they are reached, what happens when they are not, and what misbehaves.
#include "chaincode/shim/switchboard.hpp"

#include <doctest/doctest.h>

#include "peer/chaincode.pb.h"
#include "proto/encode.hpp"
#include "tests/unit/chaincode/shim/board_fixture.hpp"

using namespace weft;
using namespace weft::chaincode;
using namespace weft::chaincode::shim;
using namespace weft::chaincode::testing;

namespace {

const std::string in_simulation = "error in simulation: failed to execute transaction ";

bytes calling(const std::string& contract, const std::string& arg = "g") {
  ::protos::ChaincodeSpec spec;
  spec.mutable_chaincode_id()->set_name(contract);
  spec.mutable_input()->add_args(arg);
  return proto::encode(spec);
}

call_key on_channel(const std::string& txid) { return {"mychannel", txid}; }

}  // namespace

TEST_CASE("the first call dials, and later calls use the stream") {
  board_fixture f;
  const auto t1 = f.propose("a", "t1");
  REQUIRE(f.dials.size() == 1);
  CHECK(f.dials[0].package_id == "a:1");
  CHECK(f.dials[0].to.address == "host:1");
  CHECK(f.dials[0].patience == 3s);
  CHECK(f.sent.empty());
  const auto link = f.connect();
  CHECK(f.board.connected("a:1"));
  REQUIRE(f.sent.size() == 3);
  CHECK(f.sent[0].second.type == message_type::registered);
  CHECK(f.sent[1].second.type == message_type::ready);
  const auto& started = f.last(message_type::transaction);
  CHECK(started.call == on_channel("t1"));
  CHECK_FALSE(started.proposal.empty());
  CHECK(f.reads == 2);  // one at the beginning, one behind each message
  f.completes(link, started.call, success("one"));
  CHECK(f.failure(t1) == "done: one");
  const auto t2 = f.propose("a", "t2");
  CHECK(f.dials.size() == 1);
  f.completes(link, f.last(message_type::transaction).call, success("two"));
  CHECK(f.failure(t2) == "done: two");
  CHECK(f.board.simulations() == 0);
  CHECK_FALSE(f.board.next_deadline());
}

TEST_CASE("calls that come while a service is dialled wait for it, in order") {
  board_fixture f({.waiting_max = 2});
  f.propose("a", "t1");
  f.propose("a", "t2");
  const auto t3 = f.propose("a", "t3");
  CHECK(f.dials.size() == 1);
  CHECK(f.failure(t3) == in_simulation + "t3: error sending: 2 calls wait for a:1: try again later");
  CHECK(f.outcomes.at(t3).error().code == errc::busy);
  f.connect();
  REQUIRE(f.sent.size() == 4);
  CHECK(f.sent[2].second.call.txid == "t1");
  CHECK(f.sent[3].second.call.txid == "t2");
}

TEST_CASE("a stream's room is bounded; what waits starts when there is some") {
  switchboard_options options;
  options.stream.calls_max = 1;
  board_fixture f(options);
  f.propose("a", "t1");
  const auto link = f.connect();
  const auto t2 = f.propose("a", "t2");
  CHECK(f.last(message_type::transaction).call.txid == "t1");
  f.completes(link, on_channel("t1"));
  CHECK(f.last(message_type::transaction).call.txid == "t2");
  f.completes(link, on_channel("t2"));
  CHECK(f.failure(t2) == "done: ");
}

TEST_CASE("the simulations at once are bounded") {
  board_fixture f({.simulations_max = 1});
  f.propose("a", "t1");
  const auto t2 = f.propose("b", "t2");
  CHECK(f.failure(t2) == in_simulation + "t2: 1 calls of external contracts run already: try again later");
}

TEST_CASE("the same transaction does not run twice at once") {
  board_fixture f;
  f.propose("a", "t1");
  const auto waiting = f.propose("a", "t1");
  f.connect();
  CHECK(f.failure(waiting) == in_simulation + "t1: error sending: txid: t1(mychannel) exists");
  const auto later = f.propose("a", "t1");
  CHECK(f.failure(later) == in_simulation + "t1: error sending: txid: t1(mychannel) exists");
}

TEST_CASE("nobody there: attempts until the dial timeout, then a clear text") {
  board_fixture f;
  f.words = "Error: Cannot find module 'x'";
  const auto t = f.propose("a", "t1");
  f.step(link_down{f.dials.back().link, "connection refused"});
  CHECK(f.failure(t) == "still running");
  CHECK(f.dials.size() == 1);
  f.pass(100ms);
  REQUIRE(f.dials.size() == 2);
  CHECK(f.dials.back().patience == 2900ms);
  f.step(link_down{f.dials.back().link, "connection refused"});
  REQUIRE(f.board.next_deadline());
  CHECK(*f.board.next_deadline() == f.now + 100ms);
  f.pass(2900ms);
  CHECK(f.failure(t) == in_simulation +
                            "t1: could not launch chaincode a:1: connection to a:1 failed: error cannot create connection for a:1: error creating grpc "
                            "connection to host:1: connection refused\nthe contract's last words:\nError: Cannot find module 'x'");
  CHECK(f.board.links() == 0);
  f.propose("a", "t2");  // dials at once
  CHECK(f.dials.size() == 3);
  f.connect();
  CHECK(f.last(message_type::transaction).call.txid == "t2");
}

TEST_CASE("a dial that hangs is given up and closed") {
  board_fixture f;
  const auto t = f.propose("a", "t1");
  f.pass(3s);
  CHECK(f.failure(t).find("host:1: context deadline exceeded") != std::string::npos);
  REQUIRE(f.closed.size() == 1);
  CHECK(f.closed[0].link == f.dials[0].link);
  f.step(link_up{f.dials[0].link});  // it came up after all
  CHECK(f.closed.size() == 2);
}

TEST_CASE("a service that is restarted is dialled by the next call, and the caller does not notice") {
  board_fixture f;
  f.propose("a", "t1");
  const auto first = f.connect();
  f.completes(first, on_channel("t1"));
  f.step(link_down{first, "it went away"});
  CHECK(f.dials.size() == 1);  // only a call dials
  const auto t2 = f.propose("a", "t2");
  REQUIRE(f.dials.size() == 2);
  f.step(link_down{f.dials.back().link, "connection refused"});  // not back yet
  f.pass(100ms);
  const auto second = f.connect();
  f.completes(second, on_channel("t2"), success("back"));
  CHECK(f.failure(t2) == "done: back");
}

TEST_CASE("a stream that is lost fails what runs on it, with the contract's last words") {
  board_fixture f;
  const auto t1 = f.propose("a", "t1");
  const auto t2 = f.propose("a", "t2");
  const auto link = f.connect();
  f.words = "segmentation fault";
  f.step(link_down{link, "reset by peer"});
  for (const auto& [t, id] : {std::pair(t1, "t1"), std::pair(t2, "t2")}) {
    CHECK(f.failure(t) == in_simulation + id + ": error sending: chaincode stream terminated (reset by peer)\nthe contract's last words:\nsegmentation fault");
  }
  CHECK(f.board.links() == 0);
  CHECK_FALSE(f.board.next_deadline());
}

TEST_CASE("a contract that hangs is given up; its stream goes on") {
  board_fixture f;
  const auto t1 = f.propose("a", "t1");
  const auto link = f.connect();
  f.pass(29s);
  CHECK(f.failure(t1) == "still running");
  const auto t2 = f.propose("a", "t2");
  f.pass(1s);
  CHECK(f.failure(t1) == in_simulation + "t1: error sending: timeout expired while executing transaction");
  CHECK(f.outcomes.at(t1).error().code == errc::timeout);
  f.message(link, say(message_type::get_state, on_channel("t1")));  // too late
  CHECK(f.last(message_type::error).payload == "GET_STATE failed: transaction ID: t1: no ledger context");
  f.completes(link, on_channel("t1"));
  f.completes(link, on_channel("t2"), success("fine"));
  CHECK(f.failure(t2) == "done: fine");
}

TEST_CASE("contracts call one another over their streams") {
  board_fixture f;
  const auto t = f.propose("a", "t1");
  const auto a = f.connect();
  f.message(a, say(message_type::invoke_chaincode, on_channel("t1"), calling("b")));
  CHECK(f.dials.back().package_id == "b:1");
  const auto b = f.connect();
  CHECK(f.sent.back().first == b);
  CHECK(f.last(message_type::transaction).payload == encode_input({"g"}, false));
  SUBCASE("and get the answer") {
    f.completes(b, on_channel("t1"), success("from b"));
    CHECK(f.sent.back().first == a);
    const auto inner = parse_message(f.last(message_type::response).payload).value();
    CHECK(inner.type == message_type::completed);
    CHECK(parse_response(inner.payload)->payload == "from b");
  }
  SUBCASE("or the callee's ERROR") {
    f.message(b, say(message_type::error, on_channel("t1"), "boom"));
    CHECK(f.sent.back().first == a);
    const auto inner = parse_message(f.last(message_type::response).payload).value();
    CHECK(inner.type == message_type::error);
    CHECK(inner.payload == "boom");
  }
  SUBCASE("or why it did not end") {
    f.step(link_down{b, "gone"});
    CHECK(f.sent.back().first == a);
    CHECK(f.last(message_type::error).payload ==
          "INVOKE_CHAINCODE failed: transaction ID: t1: execute failed: error sending: chaincode stream terminated (gone)");
  }
  SUBCASE("a caller that ends early takes the callee's run with it") {
    f.completes(a, on_channel("t1"), success("impatient"));
    CHECK(f.failure(t) == "done: impatient");
    f.message(b, say(message_type::get_state, on_channel("t1")));
    CHECK(f.last(message_type::error).payload == "GET_STATE failed: transaction ID: t1: no ledger context");
    return;
  }
  SUBCASE("when the caller's stream is lost, all is over") {
    f.step(link_down{a, "gone"});
    CHECK(f.failure(t).find("chaincode stream terminated (gone)") != std::string::npos);
    CHECK(f.board.simulations() == 0);
    return;
  }
  f.completes(a, on_channel("t1"), success("done"));
  CHECK(f.failure(t) == "done: done");
}

TEST_CASE("a contract that registers by itself") {
  board_fixture f({.accepted_max = 2});
  SUBCASE("before it is called") {
    const auto link = f.board.accept(f.now).value();
    f.registers(link, "self:1");
    CHECK(f.board.connected("self:1"));
    const auto t = f.propose("self", "t1");
    f.completes(link, f.last(message_type::transaction).call, success("x"));
    CHECK(f.failure(t) == "done: x");
  }
  SUBCASE("while calls wait for it") {
    f.propose("self", "t1");
    CHECK(f.dials.empty());
    const auto link = f.board.accept(f.now).value();
    f.registers(link, "self:1");
    CHECK(f.last(message_type::transaction).call.txid == "t1");
  }
  SUBCASE("never") {
    const auto t = f.propose("self", "t1");
    f.pass(10s);
    CHECK(f.failure(t) ==
          in_simulation + "t1: could not launch chaincode self:1: timeout expired while starting chaincode self:1 for transaction: it has not registered with this peer");
  }
  SUBCASE("although somebody with its id is connected: no answer") {
    f.registers(f.board.accept(f.now).value(), "self:1");
    const auto before = f.sent.size();
    const auto second = f.board.accept(f.now).value();
    f.registers(second, "self:1");
    CHECK(f.sent.size() == before);
    CHECK(f.closed.empty());
    CHECK_FALSE(f.board.accept(f.now));  // both places are taken
    f.step(link_down{second, "tired"});
    CHECK(f.board.connected("self:1"));
  }
  SUBCASE("while its service is dialled: it takes the place") {
    f.propose("a", "t1");
    const auto link = f.board.accept(f.now).value();
    f.registers(link, "a:1");
    REQUIRE(f.closed.size() == 1);
    CHECK(f.closed[0].link == f.dials[0].link);
    CHECK(f.sent.back().first == link);
  }
  SUBCASE("though it is not installed") {
    const auto link = f.board.accept(f.now).value();
    f.registers(link, "stranger:1");
    REQUIRE(f.closed.size() == 1);
    CHECK(f.closed[0].why == "package stranger:1 is not installed on this peer");
  }
  SUBCASE("as what its certificate says, and as nothing else") {
    const auto link = f.board.accept(f.now, "self:1").value();
    f.registers(link, "a:1");
    REQUIRE(f.closed.size() == 1);
    CHECK(f.closed[0].why == "the contract's certificate was issued for self:1, not for a:1");
    CHECK_FALSE(f.board.connected("a:1"));
    f.registers(f.board.accept(f.now, "self:1").value(), "self:1");
    CHECK(f.board.connected("self:1"));
  }
  SUBCASE("or says nothing") {
    static_cast<void>(f.board.accept(f.now));
    f.pass(10s);
    REQUIRE(f.closed.size() == 1);
    CHECK(f.closed[0].why == "it did not register in time");
    CHECK(f.board.links() == 0);
  }
}

TEST_CASE("services that are not what they should be") {
  board_fixture f;
  const auto t = f.propose("a", "t1");
  const auto link = f.dials.back().link;
  f.step(link_up{link});
  SUBCASE("another package") {
    f.registers(link, "b:1");
    CHECK(f.failure(t) == in_simulation + "t1: could not launch chaincode a:1: the service that was dialled for a:1 registered as b:1");
    CHECK(f.closed.size() == 1);
    CHECK_FALSE(f.board.connected("b:1"));
  }
  SUBCASE("silence") {
    f.pass(10s);
    CHECK(f.closed.size() == 1);
    CHECK(f.failure(t) == "still running");  // it is tried once more
    f.pass(3s);
    CHECK(f.failure(t).find("error creating grpc connection to host:1: it did not register in time") != std::string::npos);
  }
  SUBCASE("a service that hangs up whenever it is reached") {
    for (int i = 0; i < 200 && f.failure(t) == "still running"; ++i) {
      f.step(link_down{f.dials.back().link, "hung up"});
      f.pass(100ms);
      if (f.board.links() > 0) f.step(link_up{f.dials.back().link});
    }
    CHECK(f.failure(t).find("host:1: hung up") != std::string::npos);
    CHECK(f.dials.size() < 150);
    CHECK(f.board.simulations() == 0);
  }
  SUBCASE("junk instead of a registration is not asked for again") {
    f.step(link_message{link, "\xff\xff\xff"});
    CHECK(f.failure(t).find("error creating grpc connection to host:1: the contract sent bytes that are no ChaincodeMessage") != std::string::npos);
    CHECK(f.closed.size() == 1);
    f.pass(1s);
    CHECK(f.dials.size() == 1);
    f.propose("a", "t2");
    CHECK(f.dials.size() == 2);
  }
  SUBCASE("junk in the middle") {
    f.registers(link, "a:1");
    f.step(link_message{link, "\xff\xff\xff"});
    CHECK(f.failure(t) ==
          in_simulation + "t1: error sending: chaincode stream terminated (the contract sent bytes that are no ChaincodeMessage)");
    REQUIRE(f.closed.size() == 1);
    f.propose("a", "t2");
    CHECK(f.dials.size() == 2);
  }
  SUBCASE("a flood of what means nothing is answered, one by one, and logged a little") {
    f.registers(link, "a:1");
    const auto sent = f.sent.size(), reads = f.reads;
    for (int i = 0; i < 1'000; ++i) f.message(link, say(message_type::get_state, on_channel("nobody's")));
    CHECK(f.sent.size() == sent + 1'000);
    CHECK(f.reads == reads + 1'000);
    CHECK(f.log.size() == 20);
    f.completes(link, on_channel("t1"), success("still"));
    CHECK(f.failure(t) == "done: still");
  }
}

TEST_CASE("last words are bounded") {
  board_fixture f({.last_words_max = 10});
  f.words = bytes(100, 'x') + "the end";
  const auto t = f.propose("a", "t1");
  f.step(link_down{f.connect(), ""});
  CHECK(f.failure(t) == in_simulation + "t1: error sending: chaincode stream terminated\nthe contract's last words:\nxxxthe end");
}

TEST_CASE("last words are text, whatever the contract wrote") {
  struct {
    bytes written, told;
  } rows[] = {
      {"\xc3\x28 and \xff", "?( and ?"},
      {"z\xc3\xbcrich", "z\xc3\xbcrich"},
      {"xxx\xc3\xbc" "12345678 ", "12345678 "},  // the bound falls into a character
      {bytes(20, '\x80'), ""},
  };
  for (const auto& row : rows) {
    board_fixture f({.last_words_max = 10});
    f.words = row.written;
    const auto t = f.propose("a", "t1");
    f.step(link_down{f.connect(), ""});
    CHECK(f.failure(t) == in_simulation + "t1: error sending: chaincode stream terminated\nthe contract's last words:\n" + row.told);
  }
}
