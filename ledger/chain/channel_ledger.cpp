#include "ledger/chain/channel_ledger.hpp"

#include <algorithm>
#include <iterator>
#include <mutex>

#include "ledger/chain/history.hpp"
#include "ledger/chain/ledger_core.hpp"
#include "ledger/state/state_batch_ops.hpp"
#include "ledger/store/numbers.hpp"

namespace weft::ledger {

bytes reason_key(block_number b, tx_number tx) {
  bytes key = "r/";
  put_big(key, b.value);
  put_big(key, tx.value);
  return key;
}

void put_reasons(kv_batch& batch, block_number number, const judged_block& judged) {
  for (std::size_t i = 0; i < judged.verdicts.size() && i < judged.reasons.size(); ++i)
    if (judged.verdicts[i] != verdict::valid && !judged.reasons[i].text.empty())
      batch.put(reason_key(number, tx_number(i)), judged.reasons[i].encode());
}

namespace {

class ledger_impl final : public channel_ledger, public private_gaps {
 public:
  explicit ledger_impl(ledger_core core) : core_(std::move(core)) {}

  block_number height() const override { return view()->height(); }
  bytes last_hash() const override {
    const std::lock_guard lock(mutex_);
    return last_hash_;
  }
  bytes last_commit_hash() const override {
    const std::lock_guard lock(mutex_);
    return core_.commit_hash;
  }
  std::shared_ptr<const state_view> view() const override {
    const std::lock_guard lock(mutex_);
    return core_.view;
  }
  const block_store& blocks() const override { return *core_.blocks; }
  result<void> commit(const block& sealed, const judged_block& judged, const std::vector<block_private_data>& privates) override;
  std::shared_ptr<const channel_bundle> bundle() const override {
    const std::lock_guard lock(mutex_);
    return core_.bundle;
  }
  result<std::optional<bytes>> reason_of(std::string_view tx_id) const override {
    WEFT_TRY(const auto at, core_.blocks->find_tx(tx_id));
    if (!at) return std::optional<bytes>();
    return core_.kv->get(reason_key(at->block, at->index));
  }
  result<std::vector<history_entry>> history(std::string_view ns, std::string_view key, std::size_t limit) const override {
    return read_history(*core_.kv, *core_.blocks, height(), ns, key, limit);
  }
  result<std::optional<private_writes>> private_data(block_number block, tx_number tx, std::string_view ns,
                                                     std::string_view collection) const override {
    WEFT_TRY(auto all, core_.privates->read(block));
    for (auto& d : all)
      if (d.tx == tx && d.writes.ns == ns && d.writes.collection == collection) return std::optional(std::move(d.writes));
    return core_.late->read({block, tx}, ns, collection);
  }
  result<std::vector<missing_private_data>> missing(const std::optional<missing_private_data>& after, std::size_t limit) const override {
    return core_.late->missing(after, limit);
  }
  result<std::vector<late_outcome>> reconcile(const std::vector<late_private_data>& found) override;
  void begin(bytes last_hash) { last_hash_ = std::move(last_hash); }

 private:
  [[nodiscard]] result<void> check(const block& sealed, const judged_block& judged, const std::vector<block_private_data>& privates) const;
  [[nodiscard]] result<void> store(const block& sealed, const judged_block& judged, const std::vector<block_private_data>& privates);
  [[nodiscard]] result<std::vector<late_outcome>> store_late(const std::vector<late_private_data>& found);

  ledger_core core_;  // view, bundle and commit_hash under the mutex; the rest is safe by itself, or the writer's alone
  mutable std::mutex mutex_;
  bytes last_hash_;
  std::optional<error> failed_;  // the writer's: why no further block is taken
};

result<void> ledger_impl::check(const block& sealed, const judged_block& judged, const std::vector<block_private_data>& privates) const {
  if (!sealed) return fail(errc::invalid_argument, "there is no block");
  const std::string name = "block " + std::to_string(sealed.number().value);
  if (sealed.number() != height())
    return fail(errc::failed_precondition, name + " does not fit: the next one is " + std::to_string(height().value));
  if (sealed.header().previous_hash != last_hash_)
    return fail(errc::failed_precondition, name + " follows " + to_hex(sealed.header().previous_hash) + ", but the last block here is " + to_hex(last_hash_));
  if (judged.verdicts.size() != sealed.envelopes().size() || sealed.metadata(metadata_slot::transactions_filter) != judged.filter())
    return fail(errc::invalid_argument, name + " is not sealed with its verdicts");
  if (!judged.next_bundle) return fail(errc::invalid_argument, name + " comes without the configuration after it");
  if (judged.next_bundle->sequence() != core_.bundle->sequence() && !is_config_block(sealed))
    return fail(errc::invalid_argument, name + " changes the configuration, but is no config block");
  for (const auto& d : privates)
    if (d.tx.value >= judged.verdicts.size() || judged.verdicts[d.tx.value] != verdict::valid)
      return fail(errc::invalid_argument, name + ": private data for transaction " + std::to_string(d.tx.value) + ", which is not valid");
  return {};
}

// Private data, then the block, are on disk before anything speaks of them; the batch can be made again.
result<void> ledger_impl::store(const block& sealed, const judged_block& judged, const std::vector<block_private_data>& privates) {
  kv_batch batch;
  WEFT_TRY(auto commit_hash, stored_commit_hash(sealed));
  WEFT_CHECK(put_block_effects(batch, sealed, judged.updates, privates, *core_.view));
  put_missing(batch, sealed.number(), judged.claims, privates, core_.member_of);
  put_reasons(batch, sealed.number(), judged);
  if (!privates.empty()) WEFT_CHECK(core_.privates->append(sealed.number(), privates, batch));
  WEFT_CHECK(core_.blocks->append(sealed));
  WEFT_CHECK(core_.blocks->sync());
  kv_batch index = core_.blocks->index_ops();
  std::move(index.ops.begin(), index.ops.end(), std::back_inserter(batch.ops));
  WEFT_CHECK(core_.kv->write(batch, false));
  core_.blocks->index_written();
  WEFT_TRY(auto view, next_state_view(*core_.kv, *core_.view, judged.updates));
  const std::lock_guard lock(mutex_);
  core_.view = std::move(view);
  core_.bundle = judged.next_bundle;
  core_.commit_hash = std::move(commit_hash);
  last_hash_ = sealed.hash();
  return {};
}

result<void> ledger_impl::commit(const block& sealed, const judged_block& judged, const std::vector<block_private_data>& privates) {
  if (failed_) return fail(within("no block is taken until the channel is opened anew, because", *failed_));
  WEFT_CHECK(check(sealed, judged, privates));
  auto stored = store(sealed, judged, privates);
  if (!stored) failed_ = stored.error();
  return stored;
}

// The sets are on disk before the batch; opening finds what it does not name.
result<std::vector<late_outcome>> ledger_impl::store_late(const std::vector<late_private_data>& found) {
  kv_batch batch;
  WEFT_TRY(auto out, core_.late->take(found, *core_.view, batch));
  if (batch.ops.empty()) return out;
  WEFT_CHECK(core_.kv->write(batch, false));
  WEFT_TRY(auto view, next_state_view(*core_.kv, *core_.view, {}));
  const std::lock_guard lock(mutex_);
  core_.view = std::move(view);
  return out;
}

result<std::vector<late_outcome>> ledger_impl::reconcile(const std::vector<late_private_data>& found) {
  if (failed_) return fail(within("no private data are taken until the channel is opened anew, because", *failed_));
  auto stored = store_late(found);
  if (!stored) failed_ = stored.error();
  return stored;
}

}  // namespace

result<std::shared_ptr<channel_ledger>> open_member_ledger(std::shared_ptr<env> files, std::shared_ptr<kv_store> state, const block& genesis,
                                                           collection_membership member_of,
                                                           const std::function<void(block_number, block_number)>& progress, ledger_open_report* report,
                                                           std::uint64_t segment_bytes, const bundle_source& bundles) {
  ledger_open_report unread;
  WEFT_TRY(auto core, recover_ledger(std::move(files), std::move(state), genesis, progress, segment_bytes, report != nullptr ? *report : unread, bundles,
                                     std::move(member_of)));
  bytes last_hash = core.blocks->last_hash();
  auto ledger = std::make_shared<ledger_impl>(std::move(core));
  ledger->begin(std::move(last_hash));
  return ledger;
}

result<std::shared_ptr<channel_ledger>> open_channel_ledger(std::shared_ptr<env> files, std::shared_ptr<kv_store> state, const block& genesis,
                                                            const std::function<void(block_number, block_number)>& progress,
                                                            ledger_open_report* report, std::uint64_t segment_bytes,
                                                            const bundle_source& bundles) {
  return open_member_ledger(std::move(files), std::move(state), genesis, {}, progress, report, segment_bytes, bundles);
}

std::shared_ptr<private_gaps> gaps_of(const std::shared_ptr<channel_ledger>& ledger) { return std::dynamic_pointer_cast<private_gaps>(ledger); }

}  // namespace weft::ledger
