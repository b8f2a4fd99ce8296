// The stateful step, in Fabric's order: interop/05 §7.
#include <unordered_map>

#include "common/configtx.pb.h"
#include "ledger/state/apply.hpp"
#include "ledger/tx/fields.hpp"
#include "ledger/validation/cached_view.hpp"
#include "ledger/validation/endorsement.hpp"
#include "ledger/validation/mvcc.hpp"
#include "ledger/validation/text.hpp"
#include "ledger/validation/validator.hpp"
#include "proto/encode.hpp"

namespace weft::ledger {
namespace {

/// Codes that a peer finds only after it looked for the transaction id in its ledger: a duplicate with such a fault is a
/// duplicate.
bool found_after_duplicate_check(verdict v) {
  switch (v) {
    case verdict::valid:
    case verdict::bad_header_extension:
    case verdict::bad_response_payload:
    case verdict::bad_rwset:
    case verdict::illegal_writeset:
    case verdict::invalid_chaincode:
    case verdict::invalid_other_reason:
      return true;
    default:
      return false;
  }
}

class judging {
 public:
  judging(const prepared_block& block, const state_view& state, const tx_lookup& seen, const crypto::verifier& verifier,
          const std::function<std::string(version)>& winner_of)
      : block_(block),
        state_(state),
        seen_(seen),
        verifier_(verifier),
        endorsements_(block, state_),
        mvcc_(block, state_, out_.updates, winner_of) {}

  result<judged_block> run() {
    start();
    WEFT_CHECK(judge_each());
    mark_duplicates();
    check_write_sets();
    WEFT_CHECK(judge_in_order());
    collect_claims();
    return std::move(out_);
  }

 private:
  std::size_t count() const { return block_.txs.size(); }
  bool ok(std::size_t i) const { return out_.verdicts[i] == verdict::valid; }
  void set(std::size_t i, judgement found) {
    out_.verdicts[i] = found.code;
    out_.reasons[i] = std::move(found.why);
  }

  void start() {
    out_.next_bundle = block_.bundle;
    out_.verdicts.reserve(count());
    out_.reasons.resize(count());
    for (std::size_t i = 0; i < count(); ++i) {
      out_.verdicts.push_back(block_.txs[i].code);
      out_.reasons[i].text = block_.txs[i].why;
    }
  }

  /// Duplicates of the ledger, configurations, endorsement policies.
  result<void> judge_each() {
    for (std::size_t i = 0; i < count(); ++i) {
      const auto& tx = block_.txs[i];
      if (tx.type == header_type::endorser_transaction) {
        WEFT_CHECK(judge_endorser_tx(i));
      } else if (tx.type == header_type::config && ok(i)) {
        if (auto applied = apply_config(i); !applied)
          return fail(within("configuration transaction " + std::to_string(i), applied.error()));
      }
    }
    return {};
  }

  result<void> judge_endorser_tx(std::size_t i) {
    const auto& tx = block_.txs[i];
    if (tx.tx_id.empty() || !found_after_duplicate_check(tx.code)) return {};
    WEFT_TRY(const bool duplicate, seen_(tx.tx_id));
    if (duplicate) {
      set(i, {verdict::duplicate_txid, {.text = "transaction " + printable(tx.tx_id) + " is already in an earlier block"}});
    } else if (ok(i)) {
      WEFT_TRY(auto found, endorsements_.check(tx_number(i)));
      if (!found.ok()) set(i, std::move(found));
    }
    return {};
  }

  result<void> apply_config(std::size_t i) {
    ::common::ConfigEnvelope envelope;
    if (!proto::decode(block_.source.envelopes()[i].data(), envelope))
      return fail(errc::invalid_argument, "not a ConfigEnvelope");
    WEFT_TRY(out_.next_bundle, out_.next_bundle->apply(envelope, verifier_));
    return {};
  }

  /// Of two that are still valid the first one wins; configurations have no place here.
  void mark_duplicates() {
    std::unordered_map<std::string_view, std::size_t> first;
    for (std::size_t i = 0; i < count(); ++i) {
      const auto& tx = block_.txs[i];
      if (!ok(i) || tx.type != header_type::endorser_transaction) continue;
      const auto [earlier, is_first] = first.emplace(tx.tx_id, i);
      if (is_first) continue;
      set(i, {verdict::duplicate_txid,
              {.text = "transaction " + printable(tx.tx_id) + " is transaction " + std::to_string(earlier->second) +
                       " of this block already"}});
    }
  }

  /// What the state could not hold. Like Fabric's LevelDB state it takes every key that is text; other databases refuse more.
  void check_write_sets() {
    for (std::size_t i = 0; i < count(); ++i) {
      if (!ok(i)) continue;
      for (const auto& ns : block_.txs[i].sets.namespaces) {
        for (const auto& write : ns.writes) {
          if (fields::valid_utf8(write.key)) continue;
          set(i, {verdict::invalid_writeset,
                  {.text = "key '" + printable(write.key) + "' is no UTF-8", .ns = ns.name, .key = printable(write.key)}});
        }
      }
    }
  }

  result<void> judge_in_order() {
    for (std::size_t i = 0; i < count(); ++i) {
      const auto& tx = block_.txs[i];
      if (!ok(i) || tx.type != header_type::endorser_transaction) continue;
      WEFT_TRY(auto found, mvcc_.check(tx.sets));
      if (!found.ok()) {
        set(i, std::move(found));
        continue;
      }
      WEFT_CHECK(apply_writes(out_.updates, tx.sets, version{block_.source.number(), tx_number(i)}, state_));
    }
    return {};
  }

  void collect_claims() {
    for (std::size_t i = 0; i < count(); ++i) {
      const auto& tx = block_.txs[i];
      if (!ok(i) || tx.type != header_type::endorser_transaction) continue;
      for (const auto& ns : tx.sets.namespaces) {
        for (const auto& c : ns.collections) {
          if (!c.private_hash.empty()) out_.claims.push_back({tx_number(i), tx.tx_id, ns.name, c.name, c.private_hash});
        }
      }
    }
  }

  const prepared_block& block_;
  cached_view state_;
  const tx_lookup& seen_;
  const crypto::verifier& verifier_;
  judged_block out_;
  endorsement_check endorsements_;
  mvcc_check mvcc_;
};

}  // namespace

result<judged_block> judge(const prepared_block& block, const state_view& state, const tx_lookup& seen,
                           const crypto::verifier& verifier, const std::function<std::string(version)>& winner_of) {
  const auto number = block.source.number();
  if (state.height() != number) {
    return fail(errc::failed_precondition, "block " + std::to_string(number.value) + " cannot be judged by the state at height " +
                                               std::to_string(state.height().value));
  }
  if (!block.bundle) return fail(errc::failed_precondition, "the block was prepared without a channel configuration");
  if (block.txs.size() != block.source.envelopes().size())
    return fail(errc::failed_precondition, "not every transaction of the block was prepared");
  auto judged = judging(block, state, seen, verifier, winner_of).run();
  if (!judged) return fail(within("block " + std::to_string(number.value), judged.error()));
  return judged;
}

}  // namespace weft::ledger
