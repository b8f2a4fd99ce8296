// An endorser transaction, level by level: Transaction → TransactionAction → ChaincodeActionPayload → ProposalResponsePayload →
// ChaincodeAction → TxReadWriteSet. Codes: interop/01 §13, order of checks: interop/05 §7.
#include "crypto/hash/sha256.hpp"
#include "ledger/tx/envelope.hpp"
#include "ledger/tx/fields.hpp"
#include "ledger/tx/headers.hpp"

namespace weft::ledger {

using namespace fields;

namespace {

enum code : std::uint8_t {
  invalid_endorser_transaction = 5,
  nil_txaction = 16,
  bad_header_extension = 19,
  bad_response_payload = 21,
  bad_rwset = 22,
  invalid_other_reason = 255,
};

tl::unexpected<tx_defect> defect(std::uint8_t code, std::string why) { return tl::unexpected<tx_defect>(tx_defect{code, std::move(why)}); }

/// What the walk down collects beside the result.
struct descent {
  bytes_view action_payload, extension;
  bool has_action = false, has_extension = false;
};

bool take_actions(bytes_view transaction, endorser_tx& tx, descent& d) {
  return walk(transaction, [&](const wire_field& f) {
    if (!is_block(f, 1)) return true;
    ++tx.action_count;
    return walk(f.payload, [&](const wire_field& g) {
      if (is_block(g, 1)) tx.action_header = g.payload;
      if (is_block(g, 2)) d.action_payload = g.payload;
      return true;
    });
  });
}

bool take_endorsement(bytes_view message, endorser_tx& tx) {
  auto& e = tx.endorsements.emplace_back();
  return walk(message, [&](const wire_field& f) {
    if (is_block(f, 1)) e.endorser = f.payload;
    if (is_block(f, 2)) e.signature = f.payload;
    return true;
  });
}

bool take_action_payload(endorser_tx& tx, descent& d) {
  return walk(d.action_payload, [&](const wire_field& f) {
    if (is_block(f, 1)) tx.chaincode_proposal_payload = f.payload;
    if (!is_block(f, 2)) return true;
    d.has_action = true;
    return walk(f.payload, [&](const wire_field& g) {
      if (is_block(g, 1)) tx.proposal_response_payload = g.payload;
      return !is_block(g, 2) || take_endorsement(g.payload, tx);
    });
  });
}

bool take_response_payload(endorser_tx& tx, descent& d) {
  return walk(tx.proposal_response_payload, [&](const wire_field& f) {
    if (is_block(f, 1)) tx.proposal_hash = f.payload;
    if (is_block(f, 2)) {
      d.has_extension = true;
      d.extension = f.payload;
    }
    return true;
  });
}

bool valid_response(bytes_view response) {
  return walk(response, [](const wire_field& f) { return !is_block(f, 2) || valid_utf8(f.payload); });
}

bool take_chaincode_action(const descent& d, endorser_tx& tx, chaincode_id& id) {
  return walk(d.extension, [&](const wire_field& f) {
    if (is_block(f, 1)) tx.results = f.payload;
    if (is_block(f, 2)) tx.events = f.payload;
    if (is_block(f, 3)) return valid_response(f.payload);
    return !is_block(f, 4) || take_chaincode_id(f.payload, id);
  });
}

bool names_signer(bytes_view signature_header) {
  bytes_view creator, nonce;
  const bool ok = walk(signature_header, [&](const wire_field& f) {
    if (is_block(f, 1)) creator = f.payload;
    if (is_block(f, 2)) nonce = f.payload;
    return true;
  });
  return ok && !creator.empty() && !nonce.empty();
}

/// What the peer's first, structural step looks at. Everything wrong here but a missing action is code 5.
tl::expected<void, tx_defect> take_structure(const headers& h, bytes_view data, endorser_tx& tx, descent& d) {
  constexpr auto bad = invalid_endorser_transaction;
  if (!take_actions(data, tx, d)) return defect(bad, "error unmarshaling Transaction");
  if (tx.action_count != 1) return defect(bad, "only one action per transaction is supported, tx contains " + std::to_string(tx.action_count));
  if (!names_signer(tx.action_header)) return defect(bad, "the action's header is malformed, or lacks creator or nonce");
  if (!take_action_payload(tx, d)) return defect(bad, "error unmarshaling ChaincodeActionPayload");
  if (!d.has_action) return defect(nil_txaction, "the action carries no endorsed action");
  if (!take_response_payload(tx, d)) return defect(bad, "error unmarshaling ProposalResponsePayload");
  const auto expected = crypto::sha256_stream{}.add(h.channel_header).add(tx.action_header).add(tx.chaincode_proposal_payload).finish();
  if (crypto::view(expected) != tx.proposal_hash) return defect(bad, "proposal hash does not match");
  return {};
}

/// What the second step, before policies, looks at.
tl::expected<void, tx_defect> take_chaincode_parts(const headers& h, const descent& d, endorser_tx& tx) {
  chaincode_id invoked, acted;
  if (!take_extension(h.extension, invoked)) return defect(bad_header_extension, "error unmarshaling ChaincodeHeaderExtension");
  if (!d.has_extension) return defect(bad_response_payload, "response payload is missing extension");
  if (!take_chaincode_action(d, tx, acted)) return defect(bad_response_payload, "error unmarshaling ChaincodeAction");
  auto sets = rwset::parse(tx.results);
  if (!sets) return defect(bad_rwset, std::move(sets.error().context));
  if (!invoked.present) return defect(invalid_other_reason, "nil ChaincodeId in header extension");
  if (!acted.present) return defect(invalid_other_reason, "nil ChaincodeId in ChaincodeAction");
  tx.sets = std::move(*sets);
  tx.header_chaincode_name = std::move(invoked.name);
  tx.chaincode_name = std::move(acted.name);
  tx.chaincode_version = std::move(acted.version);
  return {};
}

}  // namespace

tl::expected<endorser_tx, tx_defect> parse_endorser_tx(const envelope& e) {
  const auto& header = e.header();
  if (!header) return defect(e.header_code(), header.error().context);
  endorser_tx tx{.source = e};
  descent d;
  if (auto ok = take_structure(*header, e.data(), tx, d); !ok) return tl::unexpected<tx_defect>(std::move(ok.error()));
  if (auto ok = take_chaincode_parts(*header, d, tx); !ok) return tl::unexpected<tx_defect>(std::move(ok.error()));
  return tx;
}

}  // namespace weft::ledger
