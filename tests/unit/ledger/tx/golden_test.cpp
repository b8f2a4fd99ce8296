// Proposals, transactions and read/write sets that Fabric 3.1.5 and its SDK made.
#include <doctest/doctest.h>

#include "crypto/hash/sha256.hpp"
#include "ledger/tx/envelope.hpp"
#include "proto/wire.hpp"
#include "proto/wire_write.hpp"
#include "tests/unit/ledger/tx/golden.hpp"

namespace golden = weft::golden;
using namespace weft;
using namespace weft::ledger;

namespace {

/// gateway.ProposedTransaction.proposed_transaction
bytes signed_proposal(const golden::json& v) {
  const bytes request = golden::file(golden::text(v, "file"));
  bytes_view inner;
  REQUIRE(proto::find_bytes(request, 2, inner) == proto::wire_status::found);
  return bytes(inner);
}

/// gateway.PreparedTransaction.envelope
envelope prepared(const std::string& path) {
  const bytes request = golden::file(path);
  bytes_view inner;
  REQUIRE(proto::find_bytes(request, 2, inner) == proto::wire_status::found);
  auto e = envelope::parse(shared_bytes(bytes(inner)));
  REQUIRE(e.has_value());
  return *e;
}

proposal parse(const bytes& raw) {
  auto p = parse_signed_proposal(raw);
  REQUIRE_MESSAGE(p.has_value(), p.error().context);
  return *p;
}

/// A response as an endorser gives it, rebuilt from a finished transaction.
bytes response(const endorser_tx& tx, std::size_t endorser, std::uint64_t status = 200) {
  bytes inner, e, out;
  proto::put_varint(inner, 1, status);
  proto::put_bytes(inner, 2, "reason");
  proto::put_bytes(e, 1, tx.endorsements[endorser].endorser);
  proto::put_bytes(e, 2, tx.endorsements[endorser].signature);
  proto::put_varint(out, 1, 1);
  proto::put_present(out, 4, inner);
  proto::put_bytes(out, 5, tx.proposal_response_payload);
  proto::put_present(out, 6, e);
  return out;
}

}  // namespace

TEST_CASE("proposals of the Node SDK: id, digest, hash") {
  for (const char* name : {"plain", "with_transient"}) {
    CAPTURE(name);
    const auto& v = golden::at(golden::vectors(), "proposals", name);
    const auto p = parse(signed_proposal(v));
    CHECK(p.header.tx_id == golden::text(v, "txid"));
    CHECK(compute_txid(p.header.nonce, p.header.creator) == golden::text(v, "txid"));
    CHECK(to_hex(p.header.nonce) == golden::text(v, "nonce_hex"));
    CHECK(to_hex(crypto::view(crypto::sha256(p.raw))) == golden::text(v, "proposal_digest_sha256"));
    CHECK(to_hex(p.signature) == golden::text(v, "signature_hex"));
    CHECK(to_hex(proposal_hash(p.header, p.input)) == golden::text(v, "proposal_hash_hex"));
    CHECK(p.transient_map.size() == golden::number(v, "transient_fields"));
    CHECK(p.chaincode_name == "golden");
    CHECK(p.header.channel_id == "mychannel");
    CHECK(p.header.type == static_cast<std::int32_t>(header_type::endorser_transaction));
    CHECK_FALSE(p.args.empty());
    CHECK_FALSE(p.is_init);
    CHECK(make_signed_proposal(p.raw, p.signature) == signed_proposal(v));
  }
}

TEST_CASE("the endorsed transaction hashes to its proposal") {
  const auto& v = golden::at(golden::vectors(), "proposals", "endorsed_tx");
  const auto e = prepared(golden::text(v, "file"));
  CHECK(e.canonical());
  CHECK(to_hex(crypto::view(crypto::sha256(e.payload()))) == golden::text(v, "envelope_payload_sha256"));
  CHECK(e.header()->tx_id == golden::text(v, "txid"));
  const auto tx = parse_endorser_tx(e);
  REQUIRE_MESSAGE(tx.has_value(), tx.error().why);
  CHECK(to_hex(tx->proposal_hash) == golden::text(v, "proposal_hash_in_prp"));
  CHECK(tx->endorsements.size() == 2);
  CHECK(tx->action_header == e.header()->signature_header);
  CHECK(e.size() == e.payload().size() + e.signature().size());
}

TEST_CASE("a transaction payload assembled here equals the gateway's") {
  const auto p = parse(signed_proposal(golden::at(golden::vectors(), "proposals", "plain")));
  const auto e = prepared("tx/prepared_transaction.pb");
  const auto tx = parse_endorser_tx(e);
  REQUIRE(tx.has_value());
  const auto both = make_transaction_payload(p, {response(*tx, 0), response(*tx, 1)});
  REQUIRE_MESSAGE(both.has_value(), both.error().context);
  CHECK(*both == e.payload());

  SUBCASE("a second endorsement of one endorser is dropped") {
    CHECK(make_transaction_payload(p, {response(*tx, 0), response(*tx, 0), response(*tx, 1)}).value() == e.payload());
  }
  SUBCASE("a status outside 200..399 is refused") {
    for (std::uint64_t status : {0u, 199u, 400u, 500u}) {
      const auto bad = make_transaction_payload(p, {response(*tx, 0), response(*tx, 1, status)});
      REQUIRE_FALSE(bad.has_value());
      CHECK(bad.error().code == errc::invalid_argument);
      CHECK(bad.error().context.find("error code " + std::to_string(status) + ", msg reason") != std::string::npos);
    }
    CHECK(make_transaction_payload(p, {response(*tx, 0, 399)}).has_value());
  }
  SUBCASE("payloads must be byte-equal") {
    auto other = *tx;
    bytes changed(tx->proposal_response_payload);
    changed.back() ^= 1;
    other.proposal_response_payload = changed;
    const auto bad = make_transaction_payload(p, {response(*tx, 0), response(other, 1)});
    REQUIRE_FALSE(bad.has_value());
    CHECK(bad.error().code == errc::conflict);
    CHECK(bad.error().context == "ProposalResponsePayloads do not match");
  }
  SUBCASE("no responses, malformed ones, unendorsed ones") {
    CHECK_FALSE(make_transaction_payload(p, {}).has_value());
    CHECK_FALSE(make_transaction_payload(p, {"\x2a\x7f"}).has_value());
    CHECK_FALSE(make_transaction_payload(p, {bytes("\x22\x03\x08\xc8\x01", 5)}).has_value());
  }
}

TEST_CASE("an assembled response payload equals the endorsers'") {
  const auto e = prepared("tx/prepared_transaction.pb");
  const auto tx = parse_endorser_tx(e).value();
  bytes_view extension, stored_response;
  REQUIRE(proto::find_bytes(tx.proposal_response_payload, 2, extension) == proto::wire_status::found);
  REQUIRE(proto::find_bytes(extension, 3, stored_response) == proto::wire_status::found);
  CHECK(make_response_payload(tx.proposal_hash, tx.results, tx.events, stored_response, tx.chaincode_name, tx.chaincode_version) ==
        tx.proposal_response_payload);
}

TEST_CASE("a proposal made here comes back, and encodes as Go's tools do") {
  const proposal_request request{"mychannel", "kv", {"put", "k", bytes("\0v", 2)}, {{"z", "1"}, {"a", "2"}}, true};
  const timestamp now{std::chrono::nanoseconds{1'700'000'000'123'456'789}};
  const auto made = make_proposal(request, "creator", "nonce", now);
  const auto p = parse(make_signed_proposal(made.proposal_bytes, "sig"));
  CHECK(p.header.tx_id == made.tx_id);
  CHECK(made.tx_id == compute_txid("nonce", "creator"));
  CHECK(p.header.time == now);
  CHECK(p.header.has_time);
  CHECK(p.header.type == 3);
  CHECK(p.header.channel_id == "mychannel");
  CHECK(p.header.creator == "creator");
  CHECK(p.header.nonce == "nonce");
  CHECK(to_hex(p.header.extension) == "120412026b76");
  CHECK(p.chaincode_name == "kv");
  CHECK(p.args == request.args);
  CHECK(p.is_init);
  CHECK(p.transient_map == std::vector<std::pair<std::string, bytes>>{{"a", "2"}, {"z", "1"}});
  CHECK(p.signature == "sig");
  // ChaincodeInvocationSpec{ChaincodeSpec{GOLANG, ChaincodeID{"kv"}, ChaincodeInput{args, is_init}}}
  CHECK(to_hex(p.input) == "0a18" "0801" "120412026b76" "1a0e" "0a03707574" "0a016b" "0a020076" "1801");
  CHECK(make_proposal(request, "creator", "nonce", now).proposal_bytes == made.proposal_bytes);
}
