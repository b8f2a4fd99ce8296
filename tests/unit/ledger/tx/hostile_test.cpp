// Envelopes, transactions and proposals that no honest client sends.
#include <doctest/doctest.h>

#include <functional>

#include "config/base/random.hpp"
#include "crypto/hash/sha256.hpp"
#include "ledger/tx/envelope.hpp"
#include "ledger/tx/fields.hpp"
#include "proto/wire.hpp"
#include "proto/wire_write.hpp"
#include "tests/unit/ledger/tx/golden.hpp"

namespace golden = weft::golden;
using namespace weft;
using namespace weft::ledger;

namespace {

bytes present(std::uint32_t number, bytes_view content) {
  bytes out;
  proto::put_present(out, number, content);
  return out;
}
bytes number(std::uint32_t field, std::uint64_t value) {
  bytes out;
  proto::put_varint(out, field, value);
  return out;
}

/// The parts of an endorser transaction; a test spoils one. What is absent is nullopt-like: an empty string written as no field.
struct parts {
  bytes channel_header = number(1, 3) + present(4, "ch") + present(5, "id") + present(7, present(2, present(2, "cc")));
  bytes signature_header = present(1, "creator") + present(2, "nonce");
  bytes action_header = signature_header;
  bytes proposal_payload = present(1, "input");
  bytes results = present(2, present(1, "cc"));
  bytes action = present(3, number(1, 200)) + present(4, present(2, "cc") + present(3, "1.0"));
  bytes endorsements = present(2, present(1, "e") + present(2, "s"));
  std::function<bytes(const parts&)> extension = [](const parts& p) { return present(2, present(1, p.results) + p.action); };
  std::function<bytes(const parts&)> endorsed = [](const parts& p) { return present(2, present(1, p.response_payload()) + p.endorsements); };
  std::size_t actions = 1;

  [[nodiscard]] bytes response_payload() const {
    return present(1, crypto::to_bytes(crypto::sha256(channel_header + action_header + proposal_payload))) + extension(*this);
  }
  [[nodiscard]] bytes data() const {
    bytes out;
    for (std::size_t i = 0; i < actions; ++i) out += present(1, present(1, action_header) + present(2, present(1, proposal_payload) + endorsed(*this)));
    return out;
  }
  [[nodiscard]] bytes header() const { return present(1, channel_header) + present(2, signature_header); }
  [[nodiscard]] envelope make() const { return envelope::make(present(1, header()) + present(2, data()), "signature"); }
};

}  // namespace

TEST_CASE("defects of an endorser transaction carry Fabric's code") {
  struct row { const char* name; std::function<void(parts&)> spoil; int code; };
  const row rows[] = {
    {"nothing", [](parts&) {}, 0},
    {"no transaction", [](parts& p) { p.actions = 0; }, 5},
    {"two actions", [](parts& p) { p.actions = 2; }, 5},
    {"an action header without nonce", [](parts& p) { p.action_header = present(1, "creator"); }, 5},
    {"an action header without creator", [](parts& p) { p.action_header = present(2, "nonce"); }, 5},
    {"a torn action header", [](parts& p) { p.action_header = "\x0a\x09"; }, 5},
    {"no endorsed action", [](parts& p) { p.endorsed = [](const parts&) { return bytes(); }; }, 16},
    {"a torn endorsement", [](parts& p) { p.endorsements = present(2, "\x0a"); }, 5},
    {"a torn endorsed action", [](parts& p) { p.endorsed = [](const parts&) { return present(2, "\x0a\x7f"); }; }, 5},
    {"a torn response payload", [](parts& p) { p.endorsed = [](const parts& q) { return present(2, present(1, q.response_payload() + "\x0a")); }; }, 5},
    {"another proposal hash", [](parts& p) { p.endorsed = [](const parts& q) { return present(2, present(1, q.response_payload() + present(1, bytes(32, 'h')))); }; }, 5},
    {"no proposal hash", [](parts& p) { p.endorsed = [](const parts&) { return present(2, ""); }; }, 5},
    {"an extension that does not parse", [](parts& p) { p.channel_header += present(7, "\x12"); }, 19},
    {"a name that is no UTF-8", [](parts& p) { p.channel_header += present(7, present(2, present(2, "\xff"))); }, 19},
    {"no ChaincodeAction", [](parts& p) { p.extension = [](const parts&) { return bytes(); }; }, 21},
    {"a torn ChaincodeAction", [](parts& p) { p.extension = [](const parts&) { return present(2, "\x0a\x05"); }; }, 21},
    {"a response message that is no UTF-8", [](parts& p) { p.action += present(3, present(2, "\x80")); }, 21},
    {"a version that is no UTF-8", [](parts& p) { p.action += present(4, present(3, "\xc3")); }, 21},
    {"a torn read/write set", [](parts& p) { p.results = "\x12\x05"; }, 22},
    {"a key that is no UTF-8", [](parts& p) { p.results = present(2, present(2, present(1, present(1, "\xff")))); }, 22},
    {"no chaincode id in the extension", [](parts& p) { p.channel_header += present(7, ""); }, 255},
    {"no chaincode id in the action", [](parts& p) { p.action = present(3, number(1, 200)); }, 255},
    {"the extension comes before the set", [](parts& p) { p.channel_header += present(7, "\x12"); p.results = "\x12\x05"; }, 19},
    {"the hash comes before the extension", [](parts& p) { p.channel_header += present(7, "\x12"); p.endorsed = [](const parts&) { return present(2, ""); }; }, 5},
    {"a torn payload header", [](parts& p) { p.signature_header = "\x0a"; }, 3},
    {"a channel id that is no UTF-8", [](parts& p) { p.channel_header += present(4, "\xf8"); }, 3},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    parts p;
    r.spoil(p);
    const auto tx = parse_endorser_tx(p.make());
    CHECK((tx ? 0 : tx.error().code) == r.code);
    if (!tx) CHECK_FALSE(tx.error().why.empty());
  }
}

TEST_CASE("an endorser transaction split over repeated messages is merged as in Go") {
  parts p;
  p.endorsed = [](const parts& q) { return present(2, q.endorsements) + present(2, present(1, q.response_payload()) + q.endorsements); };
  p.action = present(4, present(2, "cc")) + present(4, present(3, "1.0")) + present(3, "");
  const auto header = present(1, present(1, p.channel_header)) + present(1, present(2, p.signature_header));
  const auto e = envelope::make(header + present(2, p.data()), "s");
  const auto tx = parse_endorser_tx(e);
  REQUIRE_MESSAGE(tx.has_value(), tx.error().why);
  CHECK(tx->endorsements.size() == 2);
  CHECK(tx->chaincode_name == "cc");
  CHECK(tx->chaincode_version == "1.0");
  CHECK(e.header()->creator == "creator");
}

TEST_CASE("which envelopes encode to themselves") {
  struct row { const char* name; bytes raw; bool well_formed, canonical; };
  const row rows[] = {
    {"nothing at all", "", true, true},
    {"payload and signature", present(1, "p") + present(2, "s"), true, true},
    {"a payload alone", present(1, "p"), true, true},
    {"a signature alone", present(2, "s"), true, true},
    {"the other order", present(2, "s") + present(1, "p"), true, false},
    {"a payload twice", present(1, "p") + present(1, "p") + present(2, "s"), true, false},
    {"an unknown field", present(1, "p") + present(2, "s") + number(3, 1), true, false},
    {"an empty payload that is there", present(1, "") + present(2, "s"), true, false},
    {"an empty signature that is there", present(1, "p") + present(2, ""), true, false},
    {"a length longer than needed", bytes("\x0a\x81\x00p\x12\x01s", 7), true, false},
    {"a field of another type", present(1, "p") + number(2, 7), true, false},
    {"torn", present(1, "p") + "\x12\x05s", false, false},
    {"trailing zero", present(1, "p") + bytes(1, '\0'), false, false},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    CHECK(envelope::parse(shared_bytes(r.raw)).has_value() == r.well_formed);
    const auto kept = envelope::keep(shared_bytes(r.raw));
    CHECK(kept.well_formed() == r.well_formed);
    CHECK(kept.canonical() == r.canonical);
    CHECK(kept.raw().view() == r.raw);
    CHECK(envelope::make(bytes(kept.payload()), bytes(kept.signature())).canonical());
  }
}

TEST_CASE("headers that fail say which code they deserve") {
  struct row { const char* name; bytes payload; int code; };
  const row rows[] = {
    {"a torn payload", "\x0a\x05", 2},
    {"a torn header message", present(1, "\x0a\x05"), 2},
    {"no payload", "", 3},
    {"no header", present(2, "data"), 3},
    {"a torn channel header", present(1, present(1, "\x08")), 3},
    {"a torn timestamp", present(1, present(1, present(3, "\x08"))), 3},
    {"an empty header", present(1, ""), 0},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const auto e = envelope::make(r.payload, "s");
    CHECK(e.header_code() == r.code);
    CHECK(e.header().has_value() == (r.code == 0));
  }
  CHECK(envelope::make(present(2, "data"), "s").data() == "data");
  const envelope nothing;
  CHECK(nothing.raw().empty());
  CHECK(nothing.size() == 0);
  CHECK(nothing.data().empty());
  CHECK(nothing.header_code() == 2);
  CHECK_FALSE(nothing.canonical());
  CHECK_FALSE(nothing.header().has_value());
}

TEST_CASE("times at the edge of what 64 bits of nanoseconds hold") {
  const auto time = [](std::uint64_t seconds, std::uint64_t nanos) {
    const auto h = parse_headers(present(1, present(3, number(1, seconds) + number(2, nanos))));
    REQUIRE(h.has_value());
    CHECK(h->has_time);
    return h->time;
  };
  using std::chrono::nanoseconds;
  CHECK(time(1, 5) == timestamp{nanoseconds{1'000'000'005}});
  CHECK(time(static_cast<std::uint64_t>(-1), 5) == timestamp{nanoseconds{-999'999'995}});
  CHECK(time(static_cast<std::uint64_t>(INT64_MAX), 0) == timestamp::max());
  CHECK(time(static_cast<std::uint64_t>(INT64_MIN), 0) == timestamp::min());
  CHECK(time(0, 0xffffffffu) == timestamp{nanoseconds{-1}});
  CHECK_FALSE(parse_headers("")->has_time);
}

TEST_CASE("proposals are refused with Fabric's words") {
  struct row { const char* name; bytes proposal; const char* text; };
  const auto header = [](bytes_view extension) { return present(1, present(1, number(1, 3) + present(7, extension)) + present(2, present(1, "c"))); };
  const bytes named = present(2, present(2, "cc"));
  const auto payload = [](const bytes& spec) { return present(2, present(1, spec)); };
  const row rows[] = {
    {"torn", "\x0a\x05", "error unmarshaling Proposal"},
    {"torn header", present(1, "\x0a"), "error unmarshaling Header"},
    {"torn channel header", present(1, present(1, "\x0a")), "error unmarshaling ChannelHeader"},
    {"torn signature header", present(1, present(2, "\x0a")), "error unmarshaling SignatureHeader"},
    {"torn extension", header("\x12"), "error unmarshaling ChaincodeHeaderExtension"},
    {"empty", "", "ChaincodeHeaderExtension.ChaincodeId is nil"},
    {"unnamed", header(present(2, "")), "ChaincodeHeaderExtension.ChaincodeId.Name is empty"},
    {"torn payload", header(named) + present(2, "\x0a"), "error unmarshaling ChaincodeProposalPayload"},
    {"transient key that is no UTF-8", header(named) + present(2, present(2, present(1, "\xff"))), "error unmarshaling ChaincodeProposalPayload"},
    {"torn specification", header(named) + payload("\x0a\x09"), "error unmarshaling ChaincodeInvocationSpec"},
    {"no specification", header(named), "chaincode invocation spec did not contain chaincode spec"},
    {"no input", header(named) + payload(present(1, present(2, ""))), "chaincode input did not contain any input"},
    {"enough", header(named) + payload(present(1, present(3, ""))), nullptr},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const auto p = parse_signed_proposal(make_signed_proposal(r.proposal, "s"));
    CHECK(p.has_value() == (r.text == nullptr));
    if (p || r.text == nullptr) continue;
    CHECK(p.error().code == errc::invalid_argument);
    CHECK(p.error().context.starts_with(r.text));
  }
  CHECK_FALSE(parse_signed_proposal("\x0a\x05").has_value());
}

TEST_CASE("a proposal's hash takes the stored input, whatever stands around it") {
  const bytes header = present(1, present(1, number(1, 3) + present(7, present(2, present(2, "cc")))) + present(2, present(1, "c")));
  const bytes spec = present(1, present(3, present(1, "arg") + present(1, "")) + bytes("\x08\x81\x00", 3));  // an overlong varint stays as it is
  const bytes entry = present(2, present(1, "k") + present(2, "1"));
  const bytes later = present(2, present(1, "k") + present(2, "2"));
  const auto plain = parse_signed_proposal(make_signed_proposal(header + present(2, present(1, spec)), "s"));
  const auto dressed = parse_signed_proposal(make_signed_proposal(header + present(2, entry + present(9, "?") + present(1, spec) + later), "s"));
  REQUIRE(plain.has_value());
  REQUIRE(dressed.has_value());
  CHECK(plain->input == spec);
  CHECK(plain->args == std::vector<bytes>{"arg", ""});
  CHECK(proposal_hash(plain->header, plain->input) == proposal_hash(dressed->header, dressed->input));
  CHECK(dressed->transient_map == std::vector<std::pair<std::string, bytes>>{{"k", "2"}});
  CHECK(payload_without_transient(dressed->input) == present(1, spec));
  CHECK(payload_without_transient("").empty());
}

TEST_CASE("bent and torn envelopes and proposals never hurt") {
  const bytes prepared = golden::file("tx/prepared_transaction_signed.pb");
  const bytes proposed = golden::file("tx/proposed_transaction_transient.pb");
  bytes_view envelope_part, proposal_part;
  REQUIRE(proto::find_bytes(prepared, 2, envelope_part) == proto::wire_status::found);
  REQUIRE(proto::find_bytes(proposed, 2, proposal_part) == proto::wire_status::found);
  seeded_random random(0x7c8);
  const auto bend = [&](bytes_view from) {
    bytes out(from);
    for (std::uint64_t flips = 1 + random.below(3); flips != 0; --flips) out[random.below(out.size())] ^= static_cast<char>(1u << random.below(8));
    if (random.below(4) == 0) out.resize(random.below(out.size() + 1));
    out.shrink_to_fit();  // so that a sanitizer sees a step beyond the end
    return out;
  };
  std::size_t parsed = 0, whole = 0;
  for (int round = 0; round < 4000; ++round) {
    const auto e = envelope::keep(shared_bytes(bend(envelope_part)));
    if (const auto tx = parse_endorser_tx(e)) {
      ++whole;
      CHECK(e.raw().size() > tx->results.size());
      CHECK(ledger::rwset::parse(tx->sets.encode()).value() == tx->sets);
    }
    if (const auto p = parse_signed_proposal(bend(proposal_part))) {
      ++parsed;
      CHECK(proposal_hash(p->header, p->input).size() == 32);
    }
  }
  CHECK(parsed > 0);
  CHECK(whole > 0);
  CHECK(whole < 4000);
}

TEST_CASE("UTF-8 as Go sees it") {
  const char* const good[] = {"", "a", "abcdefgh", "abcdefghi\xc3\xa9", "\xed\x9f\xbf", "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "\x7f"};
  const char* const bad[] = {"\x80", "\xc0\x80", "\xc1\xbf", "\xc3", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "abcdefg\xe2\x82", "abcdefgh\xff"};
  for (const char* text : good) CHECK_MESSAGE(fields::valid_utf8(text), to_hex(text));
  for (const char* text : bad) CHECK_MESSAGE(!fields::valid_utf8(text), to_hex(text));
  CHECK(fields::valid_utf8(bytes_view("\0\0", 2)));
}

TEST_CASE("a transaction taken apart keeps its bytes alive") {
  const auto tx = parse_endorser_tx(parts{}.make());  // the envelope is gone
  REQUIRE(tx.has_value());
  CHECK(tx->endorsements.at(0).endorser == "e");
  CHECK(tx->proposal_response_payload == parts{}.response_payload());
}
