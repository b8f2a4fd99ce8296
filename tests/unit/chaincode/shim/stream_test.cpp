#include "chaincode/shim/stream.hpp"

#include <doctest/doctest.h>

using namespace weft;
using namespace weft::chaincode;
using namespace weft::chaincode::shim;

namespace {

const call_key k1{"mychannel", "tx1"};

message msg(message_type type, call_key call = {}, bytes payload = {}) { return {type, std::move(call), std::move(payload), {}, {}, {}}; }
const bytes registers_golden = "\x12\x06golden";

/// What effects say, in short.
std::string text(const stream_effects& effects) {
  std::string out;
  for (const auto& e : effects) {
    if (!out.empty()) out += " | ";
    if (const auto* s = std::get_if<send_bytes>(&e)) {
      const auto m = parse_message(s->raw).value();
      out += "send " + to_string(m.type) + (m.call.txid.empty() ? "" : " " + m.call.txid) + (m.type == message_type::error ? ": " + m.payload : "");
    } else if (const auto* r = std::get_if<registration>(&e)) {
      out += "registration " + r->package_id;
    } else if (const auto* q = std::get_if<serve>(&e)) {
      out += "serve " + to_string(q->request.type) + " " + q->request.call.txid;
    } else if (const auto* c = std::get_if<call_ended>(&e)) {
      out += "ended " + c->call.txid + " " + (c->outcome.answer ? std::to_string(c->outcome.answer->status) : c->outcome.answer.error().context);
    } else if (const auto* o = std::get_if<end_stream>(&e)) {
      out += "end: " + o->why;
    } else {
      out += "remark: " + std::get<remark>(e).text;
    }
  }
  return out;
}

std::string tell(stream& s, const message& m) { return text(s.step(received{encode(m)})); }

stream ready_stream(stream_options options = {}) {
  stream s(options);
  REQUIRE(tell(s, msg(message_type::register_contract, {}, registers_golden)) == "registration golden");
  REQUIRE(text(s.step(admit{})) == "send REGISTERED | send READY");
  return s;
}

}  // namespace

TEST_CASE("a contract registers, and READY offers batches or nothing") {
  for (const bool offered : {true, false}) {
    stream s({.offer_batches = offered});
    CHECK_FALSE(s.ready());
    CHECK(tell(s, msg(message_type::register_contract, {}, registers_golden)) == "registration golden");
    CHECK_FALSE(s.ready());
    const auto effects = s.step(admit{});
    REQUIRE(effects.size() == 2);
    CHECK(s.ready());
    const auto ready = parse_message(std::get<send_bytes>(effects[1]).raw).value();
    CHECK(to_hex(ready.payload) == (offered ? "080110e807180120e807" : ""));
    CHECK(s.step(admit{}).empty());
  }
}

TEST_CASE("a transaction: started, asked for, ended") {
  auto s = ready_stream();
  const auto effects = s.step(start_call{k1, {"f", "x"}, false, "proposal", "signature"});
  REQUIRE(effects.size() == 1);
  const auto started = parse_message(std::get<send_bytes>(effects[0]).raw).value();
  CHECK(started == message{message_type::transaction, k1, encode_input({"f", "x"}, false), "proposal", "signature", {}});
  CHECK(tell(s, msg(message_type::get_state, k1)) == "serve GET_STATE tx1");
  CHECK(tell(s, msg(message_type::get_state, k1)) == "remark: another request (GET_STATE) of transaction tx1 while one is outstanding: dropped");
  CHECK(text(s.step(answered{msg(message_type::response, k1)})) == "send RESPONSE tx1");
  CHECK(text(s.step(answered{msg(message_type::response, k1)})).empty());
  CHECK(tell(s, msg(message_type::put_state, k1)) == "serve PUT_STATE tx1");
  CHECK(tell(s, msg(message_type::completed, k1, encode_response({201, "m", "p"}))) == "ended tx1 201");
  CHECK(s.calls() == 0);
  CHECK(text(s.step(answered{msg(message_type::response, k1)})).empty());  // the answer came too late
  CHECK(tell(s, msg(message_type::completed, k1)) == "remark: COMPLETED for transaction tx1, which does not run here: dropped");
}

TEST_CASE("is_init says INIT") {
  auto s = ready_stream();
  const auto effects = s.step(start_call{k1, {"f"}, true, {}, {}});
  const auto m = parse_message(std::get<send_bytes>(effects.at(0)).raw).value();
  CHECK(m.type == message_type::init);
  CHECK(to_hex(m.payload) == "0a01661801");
}

TEST_CASE("how transactions end") {
  struct row {
    const char* name;
    message end;
    std::string says;
  };
  const row rows[] = {
      {"an error of the contract's own", msg(message_type::completed, k1, encode_response({500, "no", {}})), "ended tx1 500"},
      {"ERROR", msg(message_type::error, k1, "boom"), "ended tx1 transaction returned with failure: boom"},
      {"ERROR that is no text", msg(message_type::error, k1, "b\xff\xfem"), "ended tx1 transaction returned with failure: b??m"},
      {"a very long ERROR", msg(message_type::error, k1, bytes(100, 'x')), "ended tx1 transaction returned with failure: " + bytes(50, 'x')},
      {"COMPLETED with nonsense in it", msg(message_type::completed, k1, "\xff\xff"),
       "ended tx1 transaction returned with failure: failed to unmarshal response for transaction tx1"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    auto s = ready_stream({.failure_text_max = 50});
    static_cast<void>(s.step(start_call{k1, {}, false, {}, {}}));
    CHECK(tell(s, r.end) == r.says);
  }
}

TEST_CASE("transactions are told apart by channel and id, and may run interleaved") {
  auto s = ready_stream({.calls_max = 2});
  const call_key other{"other", "tx1"};
  CHECK(s.has_room());
  static_cast<void>(s.step(start_call{k1, {}, false, {}, {}}));
  static_cast<void>(s.step(start_call{other, {}, false, {}, {}}));
  CHECK_FALSE(s.has_room());
  CHECK(tell(s, msg(message_type::get_state, k1)) == "serve GET_STATE tx1");
  CHECK(tell(s, msg(message_type::get_state, other)) == "serve GET_STATE tx1");
  CHECK(text(s.step(forget_call{k1})).empty());
  CHECK(s.has_room());
  CHECK(tell(s, msg(message_type::get_state, k1)) ==
        "remark: GET_STATE for transaction tx1, which does not run here | send ERROR tx1: GET_STATE failed: transaction ID: tx1: no ledger context");
  CHECK(text(s.step(answered{msg(message_type::response, other)})) == "send RESPONSE tx1");
}

TEST_CASE("junk ends the stream, and nothing else") {
  struct row {
    const char* name;
    bool registered;
    bytes raw;
    std::string says;
  };
  const auto type = [](int t) { return encode(msg(static_cast<message_type>(t))); };
  const row rows[] = {
      {"bytes at the beginning", false, "\xff\xff\xff", "end: the contract sent bytes that are no ChaincodeMessage"},
      {"bytes later", true, "\xff\xff\xff", "end: the contract sent bytes that are no ChaincodeMessage"},
      {"a request before registering", false, type(8), "end: the contract sent GET_STATE where REGISTER was expected"},
      {"nothing at all", false, "", "end: the contract sent UNDEFINED where REGISTER was expected"},
      {"a registration of nobody", false, type(1), "end: the contract sent a registration without a package id"},
      {"a registration that is none", false, encode(msg(message_type::register_contract, {}, "\xff")), "end: the contract sent bytes that are no ChaincodeID"},
      {"a registration of somebody endless", false, encode(msg(message_type::register_contract, {}, "\x12\x80\x08" + std::string(1'024, 'x'))), "end: the contract sent a package id of 1024 bytes"},
      {"REGISTER again", true, type(1), "end: the contract sent REGISTER, which is not for a peer that is ready"},
      {"a peer's message", true, type(5), "end: the contract sent TRANSACTION, which is not for a peer that is ready"},
      {"a RESPONSE", true, type(13), "end: the contract sent RESPONSE, which is not for a peer that is ready"},
      {"a type that nobody knows", true, type(77), "end: the contract sent 77, which is not for a peer that is ready"},
      {"KEEPALIVE at the beginning", false, type(18), ""},
      {"KEEPALIVE", true, type(18), ""},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    auto s = r.registered ? ready_stream() : stream{};
    const auto says = text(s.step(received{r.raw}));
    CHECK(says == r.says);
    if (says.empty()) continue;
    CHECK_FALSE(s.ready());
    CHECK(text(s.step(received{encode(msg(message_type::register_contract, {}, registers_golden))})).empty());  // over is over
  }
  stream asked;
  static_cast<void>(asked.step(received{encode(msg(message_type::register_contract, {}, registers_golden))}));
  CHECK(tell(asked, msg(message_type::get_state, k1)) == "end: the contract sent GET_STATE before it was registered");
  CHECK_FALSE(parse_message(bytes(message_bytes_max + 1, 'x')));
}
