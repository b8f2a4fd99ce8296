// Verdicts that need no policy: structure, creator, transaction id, chaincode names. A row per rule of interop/01 §13.
#include <doctest/doctest.h>

#include <algorithm>
#include <span>

#include "peer/chaincode_event.pb.h"
#include "proto/encode.hpp"
#include "tests/unit/ledger/validation/network.hpp"

using namespace weft;
using namespace weft::test;
using ledger::verdict;

namespace {

ledger::rwset one_write(const std::string& ns = "mycc") { return {{{.name = ns, .writes = {{.key = "a", .value = "1"}}}}}; }

struct row {
  std::string name;
  verdict expected;
  std::function<void(tx_spec&, network&)> bend;
};

bytes event_of(const std::string& chaincode) {
  ::protos::ChaincodeEvent event;
  event.set_chaincode_id(chaincode);
  event.set_event_name("moved");
  return proto::encode(event);
}

/// s' = n - s: the same signature to plain ECDSA, refused here. Works on the DER of a P-256 signature.
bytes with_high_s(const bytes& der) {
  static const bytes n = *from_hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  const std::size_t r_size = static_cast<unsigned char>(der[3]);
  bytes s = der.substr(4 + r_size + 2);
  s = bytes(32 - std::min<std::size_t>(32, s.size()), '\0') + s.substr(s.size() > 32 ? s.size() - 32 : 0);
  bytes high(32, '\0');
  int borrow = 0;
  for (int i = 31; i >= 0; --i) {
    const int digit = static_cast<unsigned char>(n[static_cast<std::size_t>(i)]) -
                      static_cast<unsigned char>(s[static_cast<std::size_t>(i)]) - borrow;
    borrow = digit < 0;
    high[static_cast<std::size_t>(i)] = static_cast<char>(digit + (borrow ? 256 : 0));
  }
  if ((high[0] & 0x80) != 0) high.insert(0, 1, '\0');
  const bytes r = der.substr(2, 2 + r_size);
  const bytes body = r + '\x02' + static_cast<char>(high.size()) + high;
  return bytes("\x30") + static_cast<char>(body.size()) + body;
}

const row rows[] = {
    {"an honest transaction", verdict::valid, [](auto&, auto&) {}},
    {"an honest transaction with an event", verdict::valid, [](auto& t, auto&) { t.event = event_of("mycc"); }},
    {"an expired creator is a member still", verdict::valid, [](auto& t, auto& n) { t.client = n.org1.expired_client; }},
    {"header version and type of client do not matter", verdict::valid,
     [](auto& t, auto&) { t.channel_header = [](auto& h) { h.set_version(1); }; }},

    {"a payload that is none", verdict::bad_payload,
     [](auto& t, auto&) { t.envelope = [](auto& e) { e.set_payload("\x0a\xff"); }; }},
    {"a payload without header", verdict::bad_common_header,
     [](auto& t, auto&) { t.payload = [](auto& p) { p.clear_header(); }; }},
    {"a header type that is no transaction", verdict::bad_common_header,
     [](auto& t, auto&) { t.channel_header = [](auto& h) { h.set_type(::common::MESSAGE); }; }},
    {"a header type from the future", verdict::bad_common_header,
     [](auto& t, auto&) { t.channel_header = [](auto& h) { h.set_type(77); }; }},
    {"an epoch", verdict::bad_common_header, [](auto& t, auto&) { t.channel_header = [](auto& h) { h.set_epoch(1); }; }},
    {"no nonce", verdict::bad_common_header, [](auto& t, auto&) { t.signature_header = [](auto& h) { h.clear_nonce(); }; }},
    {"no creator", verdict::bad_common_header, [](auto& t, auto&) { t.signature_header = [](auto& h) { h.clear_creator(); }; }},
    {"a channel header that does not parse", verdict::bad_common_header,
     [](auto& t, auto&) { t.payload = [](auto& p) { p.mutable_header()->set_channel_header("\x0a\xff"); }; }},
    {"an update outside a CONFIG envelope", verdict::unsupported_tx_payload,
     [](auto& t, auto&) { t.channel_header = [](auto& h) { h.set_type(::common::CONFIG_UPDATE); }; }},

    {"a creator of an unknown organization", verdict::bad_creator_signature,
     [](auto& t, auto&) {
       t.signature_header = [](auto& h) { h.set_creator(crypto::serialize_identity("Org9MSP", "no certificate")); };
     }},
    {"a creator that is no identity", verdict::bad_creator_signature,
     [](auto& t, auto&) { t.signature_header = [](auto& h) { h.set_creator("me"); }; }},
    {"a creator from a foreign root with our MSP id", verdict::bad_creator_signature,
     [](auto& t, auto& n) { t.client = n.stranger.client; }},
    {"somebody else's signature", verdict::bad_creator_signature,
     [](auto& t, auto& n) { t.envelope = [&n](auto& e) { e.set_signature(*n.org1.peer->sign(e.payload())); }; }},
    {"no signature", verdict::bad_creator_signature, [](auto& t, auto&) { t.envelope = [](auto& e) { e.clear_signature(); }; }},
    {"a signature with a high S", verdict::bad_creator_signature,
     [](auto& t, auto&) { t.envelope = [](auto& e) { e.set_signature(with_high_s(e.signature())); }; }},
    {"a transaction of another channel", verdict::bad_creator_signature, [](auto& t, auto&) { t.channel = "otherchannel"; }},

    {"a transaction id of one's own", verdict::bad_proposal_txid,
     [](auto& t, auto&) { t.channel_header = [](auto& h) { h.set_tx_id(std::string(64, 'a')); }; }},
    {"no transaction id", verdict::bad_proposal_txid,
     [](auto& t, auto&) { t.channel_header = [](auto& h) { h.clear_tx_id(); }; }},
    {"an upper-case transaction id", verdict::bad_proposal_txid,
     [](auto& t, auto&) {
       t.nonce = "always the same";
       t.channel_header = [](auto& h) {
         for (auto& c : *h.mutable_tx_id()) c = static_cast<char>(std::toupper(c));
       };
     }},

    {"no action", verdict::invalid_endorser_transaction,
     [](auto& t, auto&) { t.transaction = [](auto& x) { x.clear_actions(); }; }},
    {"two actions", verdict::invalid_endorser_transaction,
     [](auto& t, auto&) { t.transaction = [](auto& x) { *x.add_actions() = x.actions(0); }; }},
    {"a transaction that does not parse", verdict::invalid_endorser_transaction,
     [](auto& t, auto&) { t.payload = [](auto& p) { p.set_data("\x0a\xff"); }; }},
    {"an action header without nonce", verdict::invalid_endorser_transaction,
     [](auto& t, auto&) {
       t.transaction = [](auto& x) {
         ::common::SignatureHeader h;
         h.set_creator("me");
         x.mutable_actions(0)->set_header(proto::encode(h));
       };
     }},
    {"another proposal than was endorsed", verdict::invalid_endorser_transaction,
     [](auto& t, auto&) { t.action_payload = [](auto& p) { p.set_chaincode_proposal_payload("put a 1000000"); }; }},
    {"a proposal hash of one's own", verdict::invalid_endorser_transaction,
     [](auto& t, auto&) { t.response = [](auto& r) { r.set_proposal_hash(bytes(32, 'x')); }; }},
    {"an action without endorsed action", verdict::nil_txaction,
     [](auto& t, auto&) { t.action_payload = [](auto& p) { p.clear_action(); }; }},

    {"a header extension that does not parse", verdict::bad_header_extension,
     [](auto& t, auto&) { t.channel_header = [](auto& h) { h.set_extension("\x12\xff"); }; }},
    {"a response without action", verdict::bad_response_payload,
     [](auto& t, auto&) { t.response = [](auto& r) { r.clear_extension(); }; }},
    {"a read/write set that does not parse", verdict::bad_rwset,
     [](auto& t, auto&) { t.action = [](auto& a) { a.set_results("\x12\xff"); }; }},
    {"a header that names no chaincode id", verdict::invalid_other_reason,
     [](auto& t, auto&) { t.channel_header = [](auto& h) { h.clear_extension(); }; }},
    {"an action that names no chaincode id", verdict::invalid_other_reason,
     [](auto& t, auto&) { t.action = [](auto& a) { a.clear_chaincode_id(); }; }},
    {"an empty chaincode name", verdict::invalid_chaincode, [](auto& t, auto&) { t.chaincode = ""; }},
    {"another chaincode than was invoked", verdict::invalid_chaincode,
     [](auto& t, auto&) { t.action = [](auto& a) { a.mutable_chaincode_id()->set_name("other"); }; }},
    {"no chaincode version", verdict::invalid_chaincode, [](auto& t, auto&) { t.version = ""; }},
    {"an event that does not parse", verdict::invalid_other_reason, [](auto& t, auto&) { t.event = "\x0a\xff"; }},
    {"an event of another chaincode", verdict::invalid_other_reason, [](auto& t, auto&) { t.event = event_of("other"); }},
    {"a namespace twice", verdict::illegal_writeset,
     [](auto& t, auto&) { t.sets.namespaces.push_back(t.sets.namespaces.front()); }},
    {"an unknown chaincode", verdict::invalid_chaincode, [](auto& t, auto&) { t.chaincode = "nobody"; }},
    {"a write to lscc", verdict::invalid_chaincode,
     [](auto& t, auto&) { t.sets.namespaces.push_back(one_write("lscc").namespaces.front()); }},
    {"a write to cscc", verdict::invalid_chaincode,
     [](auto& t, auto&) { t.sets.namespaces.push_back(one_write("cscc").namespaces.front()); }},
};

}  // namespace

TEST_CASE("every fault of structure has its code") {
  network net;
  map_state state;
  define(state, {});
  for (const auto& r : rows) {
    CAPTURE(r.name);
    tx_spec spec{.sets = one_write()};
    r.bend(spec, net);
    CHECK(net.verdict_of(net.make_tx(spec), state) == r.expected);
  }
}

TEST_CASE("a slice gives every transaction the verdict it has alone, in two sweeps over its signatures") {
  struct counting final : crypto::verifier {
    bool verify(const crypto::public_key& key, const crypto::hashed_message& m, bytes_view s) const override { return inner->verify(key, m, s); }
    std::vector<bool> verify_all(std::span<const crypto::verify_job> jobs) const override {
      sizes.push_back(jobs.size());
      return inner->verify_all(jobs);
    }
    std::shared_ptr<const crypto::verifier> inner = crypto::make_verifier();
    mutable std::vector<std::size_t> sizes;
  };
  network n;
  std::vector<ledger::envelope> all{ledger::envelope()};
  for (const auto& r : rows) {
    tx_spec spec;
    spec.sets = one_write();
    r.bend(spec, n);
    all.push_back(n.make_tx(std::move(spec)));
  }
  const counting counted;
  std::vector<ledger::prepared_tx> together(all.size());
  ledger::prepare(all, *n.bundle, counted, together);
  for (std::size_t i = 0; i < all.size(); ++i) {
    CAPTURE(i);
    const auto alone = ledger::prepare(all[i], *n.bundle, *n.verifier);
    CHECK(together[i].code == alone.code);
    CHECK(together[i].why == alone.why);
    CHECK(together[i].type == alone.type);
    CHECK(together[i].tx_id == alone.tx_id);
    CHECK(together[i].signers.size() == alone.signers.size());
    CHECK(together[i].dropped == alone.dropped);
  }
  REQUIRE(counted.sizes.size() == 2);
  CHECK(counted.sizes[0] > 10);
  // Only those whose creator has signed have their endorsements looked at; two each.
  const auto passed = std::count_if(together.begin(), together.end(), [](const auto& t) { return !t.signers.empty(); });
  CHECK(passed > 0);
  CHECK(counted.sizes[1] == 2 * static_cast<std::size_t>(passed));
}

TEST_CASE("entries that are no envelopes") {
  network net;
  const map_state state;
  CHECK(net.verdict_of(ledger::envelope::keep(shared_bytes(bytes())), state) == verdict::nil_envelope);
  CHECK(net.verdict_of(ledger::envelope(), state) == verdict::nil_envelope);
  CHECK(net.verdict_of(ledger::envelope::keep(shared_bytes(bytes("\x0a\xff"))), state) == verdict::invalid_other_reason);
  CHECK(net.verdict_of(ledger::envelope::make("", "signature"), state) == verdict::bad_common_header);
}

TEST_CASE("below V2_0 a contract must not write to lscc") {
  network net("V1_3");
  map_state state;
  define(state, {});
  auto sets = one_write();
  sets.namespaces.push_back(one_write("lscc").namespaces.front());
  CHECK(net.verdict_of(net.make_tx({.sets = sets}), state) == verdict::illegal_writeset);
  sets.namespaces.back().writes.clear();
  sets.namespaces.back().reads = {{.key = "mycc"}};
  CHECK(net.verdict_of(net.make_tx({.sets = sets}), state) == verdict::valid);
}

TEST_CASE("prepare names the transaction even where it is not valid") {
  network net;
  const auto computed = [](const ledger::envelope& e) { return ledger::compute_txid(e.header()->nonce, e.header()->creator); };
  tx_spec spec{.sets = one_write()};
  spec.channel_header = [](auto& h) { h.clear_tx_id(); };
  auto e = net.make_tx(spec);
  auto prepared = ledger::prepare(e, *net.bundle, *net.verifier);
  CHECK(prepared.code == verdict::bad_proposal_txid);
  CHECK(prepared.tx_id == computed(e));

  spec.channel_header = [](auto& h) { h.set_epoch(1); };
  e = net.make_tx(spec);
  prepared = ledger::prepare(e, *net.bundle, *net.verifier);
  CHECK(prepared.code == verdict::bad_common_header);
  CHECK(prepared.tx_id == id_of(e));
}

TEST_CASE("reasons of structure say what is wrong") {
  network net;
  map_state state;
  define(state, {});
  const auto text_of = [&](tx_spec spec) {
    spec.sets = one_write();
    const auto judged = net.judge({net.make_tx(spec)}, state);
    REQUIRE(judged.has_value());
    return judged->reasons[0].text;
  };
  CHECK(text_of({.channel = "otherchannel"}) == "the transaction is for channel 'otherchannel', this is 'mychannel'");
  CHECK(text_of({.chaincode = "nobody"}) == "chaincode 'nobody' is not defined on this channel");
  CHECK(text_of({.event = event_of("other")}) == "the chaincode event is of 'other', not of the invoked 'mycc'");
  tx_spec foreign;
  foreign.envelope = [&](auto& e) { e.set_signature("no signature"); };
  CHECK(text_of(foreign).find("user1.org1.example.com") != std::string::npos);
}
