#include "ledger/store/block_store.hpp"

#include <atomic>
#include <deque>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>
#include <unordered_set>

#include "config/base/assert.hpp"
#include "ledger/store/block_index.hpp"
#include "ledger/store/block_log.hpp"
#include "ledger/store/id_filter.hpp"

namespace weft::ledger {
namespace {

// A block whose index entries are not in the key-value store yet.
struct pending_block {
  index_entry entry;
  std::unordered_map<std::string_view, tx_location> by_id;  // views into entry.txs
};

class block_store_impl final : public deferred_block_store {
 public:
  block_store_impl(std::unique_ptr<block_log> log, std::shared_ptr<kv_store> kv, bool deferred, tx_index txs)
      : log_(std::move(log)), index_(std::move(kv)), deferred_(deferred), txs_(txs) {}

  result<void> recover(open_report& report);

  block_number height() const override {
    const std::shared_lock lock(mutex_);
    return height_;
  }
  bytes last_hash() const override {
    const std::shared_lock lock(mutex_);
    return last_hash_;
  }
  result<void> append(const block& b) override;
  result<void> sync() override;
  result<block> read(block_number number) const override;
  result<block_number> find_hash(bytes_view block_hash) const override;
  result<std::optional<tx_location>> find_tx(std::string_view tx_id) const override;
  kv_batch index_ops() const override;
  void index_written() override;

 private:
  [[nodiscard]] result<void> check_next(const block& b) const;
  [[nodiscard]] result<index_entry> entry_of(const block& b, const record_location& at) const;
  void take(index_entry e);
  [[nodiscard]] result<void> filter_more(std::size_t ids_max);
  [[nodiscard]] result<std::optional<index_checkpoint>> trusted_checkpoint() const;
  [[nodiscard]] result<void> write_index();
  [[nodiscard]] result<record_location> locate(block_number number) const;
  [[nodiscard]] std::optional<tx_location> find_pending(std::string_view tx_id) const;
  [[nodiscard]] result<block> parse(block_number number, shared_bytes payload) const;

  // The writer alone touches these; the log is safe for readers beside it.
  std::unique_ptr<block_log> log_;
  block_index index_;
  bool deferred_;
  tx_index txs_;
  std::size_t synced_ = 0;  // how many of pending_ are on disk
  std::unique_ptr<kv_cursor> unfiltered_;  // ids of the index that ids_ does not know yet; none left: null

  id_filter ids_;                        // written by the writer, read by all
  std::atomic<bool> all_filtered_{false};

  mutable std::shared_mutex mutex_;  // guards what follows; never held during file or key-value access
  block_number height_;
  bytes last_hash_;
  std::deque<pending_block> pending_;
};

result<void> block_store_impl::check_next(const block& b) const {
  if (b.number() != height_)
    return fail(errc::failed_precondition,
                "block " + std::to_string(b.number().value) + " does not fit: the next one is " + std::to_string(height_.value));
  if (b.header().previous_hash != last_hash_)
    return fail(errc::failed_precondition, "block " + std::to_string(b.number().value) + " follows " + to_hex(b.header().previous_hash) +
                                               ", but the last block here is " + to_hex(last_hash_));
  return {};
}

// A peer that found an endorser transaction valid has looked its id up already: saves the second look, 4 µs each.
bool judged_first(const block& b, std::size_t i) {
  const bytes& filter = b.metadata(metadata_slot::transactions_filter);
  if (i >= filter.size() || filter[i] != '\0') return false;
  return b.envelopes()[i].header()->type == static_cast<std::int32_t>(header_type::endorser_transaction);
}

result<index_entry> block_store_impl::entry_of(const block& b, const record_location& at) const {
  index_entry e{b.number(), at, b.hash(), {}};
  if (txs_ == tx_index::none) return e;
  const bytes& filter = b.metadata(metadata_slot::transactions_filter);
  std::unordered_set<std::string> met;
  for (std::size_t i = 0; i < b.envelopes().size(); ++i) {
    std::string id = indexed_tx_id(b.envelopes()[i]);
    if (id.empty() || !met.insert(id).second) continue;
    if (!judged_first(b, i)) {
      WEFT_TRY(const auto before, find_tx(id));
      if (before) continue;
    }
    const auto code = i < filter.size() ? static_cast<std::uint8_t>(filter[i]) : std::uint8_t{0};
    e.txs.emplace_back(std::move(id), tx_location{b.number(), tx_number(i), code});
  }
  return e;
}

// The ids that the index had when it was opened, some with each block: reading millions of them at once would delay the start.
result<void> block_store_impl::filter_more(std::size_t ids_max) {
  if (!unfiltered_) return {};
  for (; ids_max > 0; --ids_max, unfiltered_->next()) {
    const auto id = block_index::id_at(*unfiltered_);
    if (!id) {
      WEFT_CHECK(unfiltered_->status());
      unfiltered_.reset();
      all_filtered_.store(true, std::memory_order_release);
      return {};
    }
    ids_.add(*id);
  }
  return {};
}

void block_store_impl::take(index_entry e) {
  for (const auto& [id, at] : e.txs) ids_.add(id);
  const std::unique_lock lock(mutex_);
  height_ = e.number.next();
  last_hash_ = e.hash;
  pending_.push_back({std::move(e), {}});
  pending_block& added = pending_.back();
  for (const auto& [id, at] : added.entry.txs) added.by_id.emplace(id, at);
}

result<void> block_store_impl::append(const block& b) {
  WEFT_ASSERT(b, "an empty block handle cannot be stored");
  WEFT_CHECK(check_next(b));
  WEFT_TRY(auto entry, entry_of(b, {}));  // first: a failing index must not leave a stored block that nobody finds
  WEFT_TRY(entry.at, log_->append(b.number(), b.pieces().views()));
  take(std::move(entry));
  constexpr std::size_t filtered_per_block = 1'000;  // a third of a millisecond
  if (auto more = filter_more(filtered_per_block); !more) unfiltered_.reset();  // the filter stays unused; whoever looks an id up gets the error
  return {};
}

result<void> block_store_impl::sync() {
  WEFT_CHECK(log_->sync());
  synced_ = pending_.size();
  return deferred_ ? result<void>() : write_index();
}

kv_batch block_store_impl::index_ops() const {
  kv_batch batch;
  for (std::size_t i = 0; i < synced_; ++i) block_index::put(batch, pending_[i].entry);
  if (synced_ > 0) {
    const index_entry& last = pending_[synced_ - 1].entry;
    const log_position end = block_log::behind(last.at);
    block_index::put(batch, index_checkpoint{last.number.next(), end.segment, end.offset, last.hash});
  }
  return batch;
}

void block_store_impl::index_written() {
  const std::unique_lock lock(mutex_);
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(synced_));
  synced_ = 0;
}

result<void> block_store_impl::write_index() {
  if (synced_ == 0) return {};
  WEFT_CHECK(index_.write(index_ops()));
  index_written();
  return {};
}

result<record_location> block_store_impl::locate(block_number number) const {
  {
    const std::shared_lock lock(mutex_);
    if (number >= height_)
      return fail(errc::not_found, "block " + std::to_string(number.value) + " is not stored; the height is " + std::to_string(height_.value));
    if (!pending_.empty() && number >= pending_.front().entry.number)
      return pending_[number.value - pending_.front().entry.number.value].entry.at;
  }
  WEFT_TRY(const auto at, index_.location(number));
  if (!at) return fail(errc::corruption, "block " + std::to_string(number.value) + " is not in the index: remove the index, it is made again from the block files");
  return *at;
}

result<block> block_store_impl::parse(block_number number, shared_bytes payload) const {
  auto b = block::parse(std::move(payload));
  if (b && b->number() == number) return b;
  return fail(errc::corruption, "the stored block " + std::to_string(number.value) + " is whole, but " +
                                    (b ? "its header says " + std::to_string(b->number().value) : b.error().context));
}

result<block> block_store_impl::read(block_number number) const {
  WEFT_TRY(const auto at, locate(number));
  WEFT_TRY(auto payload, log_->read(number, at));
  return parse(number, std::move(payload));
}

result<block_number> block_store_impl::find_hash(bytes_view block_hash) const {
  {
    const std::shared_lock lock(mutex_);
    for (const auto& p : pending_)
      if (p.entry.hash == block_hash) return p.entry.number;
  }
  WEFT_TRY(const auto number, index_.number_of(block_hash));
  if (!number) return fail(errc::not_found, "no block has the hash " + to_hex(block_hash));
  return *number;
}

std::optional<tx_location> block_store_impl::find_pending(std::string_view tx_id) const {
  const std::shared_lock lock(mutex_);
  for (const auto& p : pending_)
    if (const auto it = p.by_id.find(tx_id); it != p.by_id.end()) return it->second;
  return std::nullopt;
}

result<std::optional<tx_location>> block_store_impl::find_tx(std::string_view tx_id) const {
  if (txs_ == tx_index::none) return fail(errc::failed_precondition, "transactions are not indexed here");
  if (const auto at = find_pending(tx_id)) return at;
  const bool filtered = tx_id.size() <= block_index::tx_id_max && all_filtered_.load(std::memory_order_acquire);
  if (filtered && !ids_.may_hold(tx_id)) return std::optional<tx_location>();
  return index_.tx(tx_id);
}

// The checkpoint, if index and files fit together. Nothing: index everything anew.
result<std::optional<index_checkpoint>> block_store_impl::trusted_checkpoint() const {
  WEFT_TRY(const auto c, index_.checkpoint());
  if (!c || c->height == block_number(0)) return std::optional<index_checkpoint>();
  const block_number last(c->height.value - 1);
  WEFT_TRY(const auto at, index_.location(last));
  if (!at) return std::optional<index_checkpoint>();
  WEFT_TRY(const bool there, log_->reaches({c->segment, c->offset}));
  if (!there)
    return fail(errc::corruption, log_->name(c->segment) + " ends before offset " + std::to_string(c->offset) + ", where acknowledged block " +
                                      std::to_string(last.value) +
                                      " ended: block files were shortened or removed. Put them back; or remove the index and state as well to go on "
                                      "from what is left, and fetch the missing blocks anew");
  WEFT_TRY(auto payload, log_->read(last, *at));
  WEFT_TRY(const block b, parse(last, std::move(payload)));
  if (b.hash() != c->last_hash)
    return fail(errc::corruption, "the index and the block files belong to different channels or copies: block " + std::to_string(last.value) +
                                      " differs. Remove the index, it is made again from the block files");
  return c;
}

result<void> block_store_impl::recover(open_report& report) {
  constexpr std::size_t ops_max = 20'000, filtered_at_once = 20'000;
  if (txs_ == tx_index::kept) {
    unfiltered_ = index_.tx_ids();
    WEFT_CHECK(filter_more(filtered_at_once));
  }
  WEFT_TRY(const auto c, trusted_checkpoint());
  if (c) {
    height_ = c->height;
    last_hash_ = c->last_hash;
  }
  // A killed process leaves whole records that only the page cache has; none may enter the index before the disk has it.
  WEFT_CHECK(log_->sync());
  std::size_t ops = 0;
  const auto visit = [&](block_number number, const record_location& at, shared_bytes payload) -> result<void> {
    WEFT_TRY(const block b, parse(number, std::move(payload)));
    if (auto fits = check_next(b); !fits)
      return fail(errc::corruption, log_->name(at.segment) + " at offset " + std::to_string(at.offset) + ": " + fits.error().context);
    WEFT_TRY(auto entry, entry_of(b, at));
    ops += 2 + entry.txs.size();
    take(std::move(entry));
    synced_ = pending_.size();
    ++report.indexed_blocks;
    if (ops < ops_max) return {};
    ops = 0;
    return write_index();
  };
  WEFT_CHECK(log_->scan(c ? log_position{c->segment, c->offset} : log_position{}, visit, report));
  return write_index();
}

result<std::shared_ptr<deferred_block_store>> open_any(std::shared_ptr<env> files, std::shared_ptr<kv_store> index, std::uint64_t segment_bytes,
                                                       open_report* report, bool deferred, tx_index txs) {
  WEFT_TRY(auto log, block_log::open(std::move(files), segment_bytes));
  auto store = std::make_shared<block_store_impl>(std::move(log), std::move(index), deferred, txs);
  open_report unread;
  WEFT_CHECK(store->recover(report != nullptr ? *report : unread));
  return store;
}

}  // namespace

result<std::shared_ptr<block_store>> open_block_store(std::shared_ptr<env> files, std::shared_ptr<kv_store> index, std::uint64_t segment_bytes,
                                                      open_report* report, tx_index txs) {
  WEFT_TRY(auto store, open_any(std::move(files), std::move(index), segment_bytes, report, false, txs));
  return std::shared_ptr<block_store>(std::move(store));
}

result<std::shared_ptr<deferred_block_store>> open_deferred_block_store(std::shared_ptr<env> files, std::shared_ptr<kv_store> index,
                                                                        std::uint64_t segment_bytes, open_report* report) {
  return open_any(std::move(files), std::move(index), segment_bytes, report, true, tx_index::kept);
}

}  // namespace weft::ledger
