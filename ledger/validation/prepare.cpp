// The stateless step: structure, creator, signatures. The order of the checks is Fabric's: interop/05 §7.
#include <unordered_set>

#include "ledger/tx/fields.hpp"
#include "ledger/validation/text.hpp"
#include "ledger/validation/validator.hpp"

namespace weft::ledger {
namespace {

/// A verdict with its reason; `valid` goes on.
struct finding {
  verdict code = verdict::valid;
  std::string why;
};

finding check_header(const headers& h) {
  const auto type = static_cast<header_type>(h.type);
  if (type != header_type::endorser_transaction && type != header_type::config && type != header_type::config_update) {
    return {verdict::bad_common_header, "header type " + std::to_string(h.type) + " does not belong into a block"};
  }
  if (h.epoch != 0) return {verdict::bad_common_header, "epoch must be 0"};
  if (h.nonce.empty()) return {verdict::bad_common_header, "the signature header has no nonce"};
  if (h.creator.empty()) return {verdict::bad_common_header, "the signature header has no creator"};
  return {};
}

/// A transaction of another channel has no creator here: its members are defined by that channel's configuration.
finding check_creator(const envelope& e, const headers& h, const channel_bundle& bundle, const crypto::verifier& verifier) {
  constexpr auto bad = verdict::bad_creator_signature;
  if (h.channel_id != bundle.channel_id()) {
    return {bad, "the transaction is for channel '" + printable(h.channel_id) + "', this is '" + bundle.channel_id() + "'"};
  }
  const auto creator = bundle.msps()->validate(h.creator);
  if (!creator) return {bad, "creator: " + creator.error().context};
  if (!verifier.verify((*creator)->cert.key(), e.signed_payload(), e.signature())) {
    return {bad, "the signature is not " + (*creator)->cert.subject() + "'s (" + (*creator)->msp_id + ") over this payload"};
  }
  return {};
}

finding check_event(bytes_view event, std::string_view chaincode) {
  if (event.empty()) return {};
  std::string owner, other;
  const bool ok = fields::walk(event, [&](const fields::wire_field& f) {
    if (!fields::is_block(f, 1)) return (!fields::is_block(f, 2) && !fields::is_block(f, 3)) || fields::take_text(f, other);
    return fields::take_text(f, owner);
  });
  if (!ok) return {verdict::invalid_other_reason, "the chaincode event does not parse"};
  if (owner != chaincode) {
    return {verdict::invalid_other_reason,
            "the chaincode event is of '" + printable(owner) + "', not of the invoked '" + printable(chaincode) + "'"};
  }
  return {};
}

finding check_chaincode(const endorser_tx& tx) {
  constexpr auto bad = verdict::invalid_chaincode;
  const std::string& name = tx.header_chaincode_name;
  if (name.empty()) return {bad, "the header names no chaincode"};
  if (name != tx.chaincode_name)
    return {bad, "the header invokes '" + printable(name) + "', the endorsers ran '" + printable(tx.chaincode_name) + "'"};
  if (tx.chaincode_version.empty()) return {bad, "the chaincode has no version"};
  return check_event(tx.events, name);
}

finding check_namespaces(const rwset& sets, const channel_bundle& bundle) {
  std::unordered_set<std::string_view> seen;
  for (const auto& ns : sets.namespaces) {
    if (!seen.insert(ns.name).second)
      return {verdict::illegal_writeset, "namespace '" + printable(ns.name) + "' comes twice in the read/write set"};
  }
  if (bundle.caps().lifecycle_v2) return {};
  // Below V2_0 a contract may not write what only lscc may; from V2_0 on lscc is simply not defined.
  for (const auto& ns : sets.namespaces) {
    if (ns.name == "lscc" && ns.writes_anything())
      return {verdict::illegal_writeset, "an application transaction writes to lscc"};
  }
  return {};
}

/// Endorsers whose signature over payload ‖ identity is good, each once.
void find_signers(prepared_tx& out, const channel_bundle& bundle, const crypto::verifier& verifier) {
  const auto& endorsements = out.tx.endorsements;
  std::vector<bytes> signed_bytes;
  std::vector<crypto::signed_data> set;
  signed_bytes.reserve(endorsements.size());
  set.reserve(endorsements.size());
  for (const auto& e : endorsements) {
    bytes& message = signed_bytes.emplace_back();
    message.reserve(out.tx.proposal_response_payload.size() + e.endorser.size());
    message.append(out.tx.proposal_response_payload).append(e.endorser);
    set.push_back({message, e.endorser, e.signature});
  }
  out.signers = crypto::valid_signers(set, *bundle.msps(), verifier, &out.dropped);
}

finding prepare_endorser_tx(prepared_tx& out, const envelope& e, const headers& h, const channel_bundle& bundle,
                            const crypto::verifier& verifier) {
  if (h.tx_id != compute_txid(h.nonce, h.creator)) {
    return {verdict::bad_proposal_txid, "transaction id " + printable(h.tx_id) + " is not the digest of nonce and creator"};
  }
  auto parsed = parse_endorser_tx(e);
  if (!parsed) return {static_cast<verdict>(parsed.error().code), std::move(parsed.error().why)};
  out.tx = std::move(*parsed);
  out.sets = std::move(out.tx.sets);
  if (auto found = check_chaincode(out.tx); found.code != verdict::valid) return found;
  if (auto found = check_namespaces(out.sets, bundle); found.code != verdict::valid) return found;
  find_signers(out, bundle, verifier);
  return {};
}

finding prepare_envelope(prepared_tx& out, const envelope& e, const channel_bundle& bundle, const crypto::verifier& verifier) {
  if (e.raw().empty()) return {verdict::nil_envelope, "the entry is empty"};
  if (!e.well_formed()) return {verdict::invalid_other_reason, "the entry is no envelope"};
  const auto& header = e.header();
  if (!header) return {static_cast<verdict>(e.header_code()), header.error().context};
  const headers& h = *header;
  out.type = static_cast<header_type>(h.type);
  out.tx_id = h.tx_id.empty() ? compute_txid(h.nonce, h.creator) : h.tx_id;
  if (auto found = check_header(h); found.code != verdict::valid) return found;
  if (auto found = check_creator(e, h, bundle, verifier); found.code != verdict::valid) return found;
  switch (out.type) {
    case header_type::endorser_transaction:
      return prepare_endorser_tx(out, e, h, bundle, verifier);
    case header_type::config:
      return {};  // judged by the bundle, in order
    default:
      return {verdict::unsupported_tx_payload, "a configuration update must be ordered inside a CONFIG envelope"};
  }
}

}  // namespace

prepared_tx prepare(const envelope& e, const channel_bundle& bundle, const crypto::verifier& verifier) {
  prepared_tx out;
  auto found = prepare_envelope(out, e, bundle, verifier);
  out.code = found.code;
  out.why = std::move(found.why);
  return out;
}

prepared_block prepare_all(const block& b, std::shared_ptr<const channel_bundle> bundle, const crypto::verifier& verifier) {
  prepared_block out{b, std::move(bundle), {}};
  out.txs.reserve(b.envelopes().size());
  for (const auto& e : b.envelopes()) out.txs.push_back(prepare(e, *out.bundle, verifier));
  return out;
}

}  // namespace weft::ledger
