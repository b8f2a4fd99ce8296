// The stateless step: structure, creator, signatures. The order of the checks is Fabric's: interop/05 §7. Signatures are verified in two
// sweeps over all transactions at hand, creators' and then endorsers': whoever cannot sign causes one verification, not many.
#include <unordered_set>

#include "config/base/assert.hpp"
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
finding find_creator(const headers& h, const channel_bundle& bundle, crypto::identity_ptr& creator) {
  constexpr auto bad = verdict::bad_creator_signature;
  if (h.channel_id != bundle.channel_id()) {
    return {bad, "the transaction is for channel '" + printable(h.channel_id) + "', this is '" + bundle.channel_id() + "'"};
  }
  auto found = bundle.msps()->validate(h.creator);
  if (!found) return {bad, "creator: " + found.error().context};
  creator = std::move(*found);
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

/// One transaction between the steps. The sweeps over signatures stand between them, so that all transactions share each.
class preparation {
 public:
  preparation(const envelope& e, const channel_bundle& bundle, prepared_tx& out) : e_(e), bundle_(bundle), out_(out) { settle(begin()); }

  /// First step passed: the creator's signature is to be verified.
  [[nodiscard]] bool open() const { return open_; }
  [[nodiscard]] crypto::verify_job creator_job() const { return {&creator_->cert.key(), e_.signed_payload(), e_.signature()}; }

  /// Second step: everything behind the creator's signature, except who endorsed.
  void creator_verified(bool good) {
    if (!good) {
      return settle({verdict::bad_creator_signature,
                     "the signature is not " + creator_->cert.subject() + "'s (" + creator_->msp_id + ") over this payload"});
    }
    settle(look_inside());
  }
  /// Signatures over payload ‖ identity; their messages live in here.
  [[nodiscard]] std::vector<crypto::signed_data> endorsements();

  /// Last step.
  void endorsed_by(crypto::signer_set found) {
    out_.signers = std::move(found.signers);
    out_.dropped = std::move(found.dropped);
  }

 private:
  /// Final, unless it is `valid`.
  void settle(finding found) {
    open_ = found.code == verdict::valid;
    out_.code = found.code;
    out_.why = std::move(found.why);
  }
  finding begin();
  finding look_inside();
  finding look_into_endorser_tx();

  const envelope& e_;
  const channel_bundle& bundle_;
  prepared_tx& out_;
  crypto::identity_ptr creator_;
  std::vector<bytes> signed_bytes_;
  bool open_ = false;
};

finding preparation::begin() {
  if (e_.raw().empty()) return {verdict::nil_envelope, "the entry is empty"};
  if (!e_.well_formed()) return {verdict::invalid_other_reason, "the entry is no envelope"};
  const auto& header = e_.header();
  if (!header) return {static_cast<verdict>(e_.header_code()), header.error().context};
  const headers& h = *header;
  out_.type = static_cast<header_type>(h.type);
  out_.tx_id = h.tx_id.empty() ? compute_txid(h.nonce, h.creator) : h.tx_id;
  if (auto found = check_header(h); found.code != verdict::valid) return found;
  return find_creator(h, bundle_, creator_);
}

finding preparation::look_inside() {
  switch (out_.type) {
    case header_type::endorser_transaction:
      return look_into_endorser_tx();
    case header_type::config:
      return {};  // judged by the bundle, in order
    default:
      return {verdict::unsupported_tx_payload, "a configuration update must be ordered inside a CONFIG envelope"};
  }
}

finding preparation::look_into_endorser_tx() {
  const headers& h = *e_.header();
  if (h.tx_id != compute_txid(h.nonce, h.creator)) {
    return {verdict::bad_proposal_txid, "transaction id " + printable(h.tx_id) + " is not the digest of nonce and creator"};
  }
  auto parsed = parse_endorser_tx(e_);
  if (!parsed) return {static_cast<verdict>(parsed.error().code), std::move(parsed.error().why)};
  out_.tx = std::move(*parsed);
  out_.sets = std::move(out_.tx.sets);
  if (auto found = check_chaincode(out_.tx); found.code != verdict::valid) return found;
  return check_namespaces(out_.sets, bundle_);
}

std::vector<crypto::signed_data> preparation::endorsements() {
  std::vector<crypto::signed_data> set;
  const auto& endorsements = out_.tx.endorsements;
  signed_bytes_.reserve(endorsements.size());
  set.reserve(endorsements.size());
  for (const auto& e : endorsements) {
    bytes& message = signed_bytes_.emplace_back();
    message.reserve(out_.tx.proposal_response_payload.size() + e.endorser.size());
    message.append(out_.tx.proposal_response_payload).append(e.endorser);
    set.push_back({message, e.endorser, e.signature});
  }
  return set;
}

void verify_creators(std::vector<preparation>& txs, const crypto::verifier& verifier) {
  std::vector<crypto::verify_job> jobs;
  std::vector<preparation*> asked;
  for (auto& tx : txs) {
    if (!tx.open()) continue;
    jobs.push_back(tx.creator_job());
    asked.push_back(&tx);
  }
  const auto good = verifier.verify_all(jobs);
  for (std::size_t i = 0; i < asked.size(); ++i) asked[i]->creator_verified(good[i]);
}

void verify_endorsements(std::vector<preparation>& txs, const channel_bundle& bundle, const crypto::verifier& verifier) {
  std::vector<std::vector<crypto::signed_data>> sets;
  std::vector<preparation*> asked;
  for (auto& tx : txs) {
    if (!tx.open()) continue;
    sets.push_back(tx.endorsements());
    asked.push_back(&tx);
  }
  auto found = crypto::valid_signers_of_each(sets, *bundle.msps(), verifier);
  for (std::size_t i = 0; i < asked.size(); ++i) asked[i]->endorsed_by(std::move(found[i]));
}

}  // namespace

void prepare(std::span<const envelope> envelopes, const channel_bundle& bundle, const crypto::verifier& verifier, std::span<prepared_tx> out) {
  WEFT_ASSERT(envelopes.size() == out.size(), "a place for each transaction");
  std::vector<preparation> txs;
  txs.reserve(envelopes.size());
  for (std::size_t i = 0; i < envelopes.size(); ++i) {
    out[i] = {};
    txs.emplace_back(envelopes[i], bundle, out[i]);
  }
  verify_creators(txs, verifier);
  verify_endorsements(txs, bundle, verifier);
}

prepared_tx prepare(const envelope& e, const channel_bundle& bundle, const crypto::verifier& verifier) {
  prepared_tx out;
  prepare({&e, 1}, bundle, verifier, {&out, 1});
  return out;
}

prepared_block prepare_all(const block& b, std::shared_ptr<const channel_bundle> bundle, const crypto::verifier& verifier) {
  prepared_block out{b, std::move(bundle), std::vector<prepared_tx>(b.envelopes().size())};
  prepare(b.envelopes(), *out.bundle, verifier, out.txs);
  return out;
}

}  // namespace weft::ledger
