#include "chaincode/simulation/recorder.hpp"

#include <algorithm>
#include <deque>
#include <iterator>
#include <limits>
#include <tuple>
#include <utility>

#include "crypto/hash/sha256.hpp"

namespace weft::chaincode {

using ledger::versioned_value;

/// What one range query has seen so far; shared by the recorder and the cursor.
struct recorder::range_record {
  std::string start, end, last;
  bool exhausted = false;
  ledger::range_summary summary;
  std::optional<error> failure;
};

namespace {

constexpr std::size_t page_bytes_max = 64 * MiB;  // a page travels as one message, which may have 100 MiB

/// Fetches as Fabric's peer and shim do together: a batch when the one before is used up, and one record more to know whether there are more.
class recording_cursor final : public batch_cursor {
 public:
  recording_cursor(std::shared_ptr<const ledger::state_view> state, std::string ns, std::shared_ptr<recorder::range_record> record,
                   const simulation_limits& limits, std::size_t bytes_max = std::numeric_limits<std::size_t>::max())
      : state_(std::move(state)), ns_(std::move(ns)), record_(std::move(record)), limits_(limits), bytes_max_(bytes_max),
        source_(state_->range(ns_, record_->start, record_->end)) {}

  result<std::optional<key_value>> next() override {
    if (batch_.empty() && more_) WEFT_CHECK(fetch());
    if (batch_.empty()) return std::optional<key_value>{};
    auto out = std::optional(std::move(batch_.front()));
    batch_.pop_front();
    return out;
  }

  result<record_batch> next_batch() override {
    if (batch_.empty() && more_) WEFT_CHECK(fetch());
    record_batch out{{std::make_move_iterator(batch_.begin()), std::make_move_iterator(batch_.end())}, more_};
    batch_.clear();
    return out;
  }

  /// Everything in one batch, and the key behind it, which is looked at but not recorded.
  result<range_page> whole_page() {
    WEFT_CHECK(fetch());
    range_page out;
    out.records.assign(std::make_move_iterator(batch_.begin()), std::make_move_iterator(batch_.end()));
    if (record_->exhausted) return out;
    WEFT_TRY(auto behind, source_->next());
    if (behind) out.bookmark = std::move(behind->first);
    return out;
  }

  result<void> fetch() {
    more_ = false;
    if (look_ahead_) batch_.push_back(*std::exchange(look_ahead_, std::nullopt));
    while (fetched_ < limits_.range_records_max) {
      auto entry = source_->next();
      if (!entry) {
        record_->failure = entry.error();
        return fail(entry.error());
      }
      if (!*entry) {
        record_->exhausted = true;
        return {};
      }
      auto& [key, value] = **entry;
      ++fetched_;
      record_->last = key;
      record_->summary.add({key, value.at});
      fetched_bytes_ += key.size() + value.value.size();
      if (fetched_bytes_ > bytes_max_) {
        return fail(errc::invalid_argument, "a page holds more than " + std::to_string(bytes_max_ / MiB) + " MiB: ask for fewer records");
      }
      key_value kv{ns_, std::move(key), std::move(value.value)};
      if (batch_.size() == limits_.range_batch) {
        look_ahead_ = std::move(kv);
        more_ = true;
        return {};
      }
      batch_.push_back(std::move(kv));
    }
    return {};
  }

 private:
  std::shared_ptr<const ledger::state_view> state_;
  std::string ns_;
  std::shared_ptr<recorder::range_record> record_;
  simulation_limits limits_;
  std::size_t bytes_max_;
  std::unique_ptr<ledger::state_cursor> source_;
  std::deque<key_value> batch_;
  std::optional<key_value> look_ahead_;
  std::size_t fetched_ = 0, fetched_bytes_ = 0;
  bool more_ = true;
};

/// Walks private values; the first error of the state sticks to the recorder.
class private_cursor final : public batch_cursor {
 public:
  private_cursor(std::string ns, std::unique_ptr<ledger::state_cursor> source, const simulation_limits& limits, std::optional<error>& failure)
      : ns_(std::move(ns)), source_(std::move(source)), left_(limits.range_records_max), batch_(limits.range_batch), failure_(failure) {}

  result<std::optional<key_value>> next() override {
    if (ahead_) return std::exchange(ahead_, std::nullopt);
    return fetch();
  }
  result<record_batch> next_batch() override {
    record_batch out;
    while (out.records.size() < batch_) {
      WEFT_TRY(auto record, next());
      if (!record) return out;
      out.records.push_back(std::move(*record));
    }
    WEFT_TRY(ahead_, fetch());
    out.more = ahead_.has_value();
    return out;
  }

 private:
  result<std::optional<key_value>> fetch() {
    if (left_ == 0) return std::optional<key_value>{};
    --left_;
    auto entry = source_->next();
    if (!entry) {
      if (!failure_) failure_ = entry.error();
      return fail(entry.error());
    }
    if (!*entry) return std::optional<key_value>{};
    return std::optional(key_value{ns_, std::move((*entry)->first), std::move((*entry)->second.value)});
  }

  std::string ns_;
  std::unique_ptr<ledger::state_cursor> source_;
  std::size_t left_, batch_;
  std::optional<key_value> ahead_;
  std::optional<error>& failure_;
};

std::optional<version> version_of(const std::optional<versioned_value>& v) { return v ? std::optional(v->at) : std::nullopt; }
bytes sha256_bytes(bytes_view data) { return crypto::to_bytes(crypto::sha256(data)); }

}  // namespace

tl::unexpected<error> recorder::stick(error e) {
  if (!failure_) failure_ = e;
  return tl::unexpected<error>(std::move(e));
}

std::optional<error> recorder::failure() const {
  if (failure_) return failure_;
  for (const auto& [name, part] : namespaces_) {
    for (const auto& record : part.ranges) {
      if (record->failure) return record->failure;
    }
  }
  return std::nullopt;
}

result<void> recorder::count_key() {
  if (++keys_ > limits_.keys_max) {
    return stick({errc::invalid_argument, "the transaction reads and writes more than " + std::to_string(limits_.keys_max) + " keys"});
  }
  return {};
}

result<void> recorder::count_range() {
  if (++ranges_ > limits_.range_queries_max) {
    return stick({errc::invalid_argument, "the transaction opens more than " + std::to_string(limits_.range_queries_max) + " range queries"});
  }
  return {};
}

error recorder::refused(std::string_view why) const {
  return {errc::failed_precondition, "txid [" + tx_id_ + "]: unsuppored transaction. " + std::string(why)};  // Fabric's spelling
}

result<void> recorder::begin_write() {
  if (walked_privates_) return fail(refused("Transaction has already performed queries on pvt data. Writes are not allowed"));
  if (paged_) return fail(refused("Transaction has already performed a paginated query. Writes are not allowed"));
  wrote_ = true;
  return {};
}

result<void> recorder::charge(std::size_t bytes_written) {
  written_ += bytes_written;
  if (written_ > limits_.written_bytes_max) {
    return stick({errc::invalid_argument, "the transaction writes more than " + std::to_string(limits_.written_bytes_max) + " bytes"});
  }
  return {};
}

result<void> recorder::check_key(std::string_view key) const {
  if (key.empty()) return fail(errc::invalid_argument, "key must not be an empty string");
  if (!valid_key_text(key)) return fail(errc::invalid_argument, "key is not a valid utf8 string: [" + to_hex(key) + "]");
  return {};
}

result<std::optional<versioned_value>> recorder::read(const std::string& ns, const std::string& key) {
  WEFT_CHECK(check_key(key));
  auto value = state_->get(ns, key);
  if (!value) return stick(value.error());
  if (namespaces_[ns].reads.try_emplace(key, version_of(*value)).second) WEFT_CHECK(count_key());
  return value;
}

result<void> recorder::write(const std::string& ns, const std::string& key, bytes_view value, bool erase) {
  WEFT_CHECK(begin_write());
  WEFT_CHECK(check_key(key));
  WEFT_CHECK(charge(key.size() + value.size()));
  const auto [it, fresh] = namespaces_[ns].writes.try_emplace(key);
  if (fresh) WEFT_CHECK(count_key());
  erase = erase || value.empty();
  it->second = {key, erase, erase ? bytes{} : bytes(value)};
  return {};
}

result<void> recorder::write_metadata(const std::string& ns, const std::string& key, metadata_entries entries) {
  WEFT_CHECK(begin_write());
  WEFT_CHECK(check_key(key));
  std::size_t size = key.size();
  for (const auto& [name, value] : entries) size += name.size() + value.size();
  WEFT_CHECK(charge(size));
  const auto [it, fresh] = namespaces_[ns].metadata_writes.try_emplace(key);
  if (fresh) WEFT_CHECK(count_key());
  it->second = std::move(entries);
  return {};
}

result<std::unique_ptr<batch_cursor>> recorder::range(const std::string& ns, std::string start, std::string end) {
  if (!valid_key_text(start) || !valid_key_text(end)) return fail(errc::invalid_argument, "the bounds of a range must be valid utf8 strings");
  WEFT_CHECK(count_range());
  auto record = std::make_shared<range_record>();
  record->start = std::move(start);
  record->end = std::move(end);
  namespaces_[ns].ranges.push_back(record);
  auto cursor = std::make_unique<recording_cursor>(state_, ns, record, limits_);
  if (auto r = cursor->fetch(); !r) return stick(r.error());
  return std::unique_ptr<batch_cursor>(std::move(cursor));
}

result<range_page> recorder::page(const std::string& ns, std::string start, std::string end, std::int32_t size) {
  if (wrote_) return fail(refused("Paginated queries are supported only in a read-only transaction"));
  paged_ = true;
  WEFT_CHECK(count_range());
  auto limits = limits_;
  if (size > 0) limits.range_records_max = std::min(limits.range_records_max, static_cast<std::size_t>(size));
  limits.range_batch = limits.range_records_max;
  auto record = std::make_shared<range_record>();
  record->start = std::move(start);
  record->end = std::move(end);
  namespaces_[ns].ranges.push_back(record);
  recording_cursor cursor(state_, ns, record, limits, page_bytes_max);
  auto page = cursor.whole_page();
  if (!page) return stick(page.error());
  return page;
}

result<std::unique_ptr<batch_cursor>> recorder::private_range(const std::string& ns, const std::string& collection, std::string start, std::string end) {
  if (wrote_) return fail(refused("Queries on pvt data is supported only in a read-only transaction"));
  walked_privates_ = true;
  WEFT_CHECK(count_range());
  return std::unique_ptr<batch_cursor>(
      std::make_unique<private_cursor>(ns, state_->private_range(ns, collection, start, end), limits_, failure_));
}

result<std::optional<versioned_value>> recorder::read_hash(const std::string& ns, const std::string& collection, const std::string& key) {
  WEFT_CHECK(check_key(key));
  auto value = state_->get_hashed(ns, collection, sha256_bytes(key));
  if (!value) return stick(value.error());
  if (namespaces_[ns].collections[collection].reads.try_emplace(key, version_of(*value)).second) WEFT_CHECK(count_key());
  return value;
}

result<std::optional<versioned_value>> recorder::read_private(const std::string& ns, const std::string& collection, const std::string& key) {
  auto value = state_->get_private(ns, collection, key);
  if (!value) return stick(value.error());
  return value;
}

result<void> recorder::write_private(const std::string& ns, const std::string& collection, const std::string& key, bytes_view value, bool erase) {
  WEFT_CHECK(begin_write());
  WEFT_CHECK(check_key(key));
  WEFT_CHECK(charge(key.size() + value.size()));
  const auto [it, fresh] = namespaces_[ns].collections[collection].writes.try_emplace(key);
  if (fresh) WEFT_CHECK(count_key());
  erase = erase || value.empty();
  it->second = {key, erase, erase ? bytes{} : bytes(value)};
  return {};
}

ledger::collection_rwset recorder::set_of(const std::string& name, const collection_part& part, const std::string& ns) {
  ledger::collection_rwset out;
  out.name = name;
  for (const auto& [key, at] : part.reads) out.reads.push_back({sha256_bytes(key), at});
  ledger::private_writes plain{ns, name, {}, {}};
  for (const auto& [key, write] : part.writes) {
    out.writes.push_back({sha256_bytes(key), write.is_delete ? bytes{} : sha256_bytes(write.value), write.is_delete, false});
    plain.writes.push_back(write);
  }
  if (!plain.writes.empty()) out.private_hash = sha256_bytes(plain.encode());
  return out;
}

ledger::rwset recorder::sets() const {
  ledger::rwset out;
  for (const auto& [name, part] : namespaces_) {
    ledger::namespace_rwset ns;
    ns.name = name;
    for (const auto& [key, at] : part.reads) ns.reads.push_back({key, at});
    std::set<std::tuple<std::string, std::string, bool>> seen;
    for (const auto& record : part.ranges) {
      ledger::range_query q;
      q.start_key = record->start;
      q.end_key = record->exhausted ? record->end : record->last;
      q.exhausted = record->exhausted;
      if (!seen.emplace(q.start_key, q.end_key, q.exhausted).second) continue;
      auto summary = record->summary;
      summary.finish(q);
      ns.ranges.push_back(std::move(q));
    }
    for (const auto& [key, write] : part.writes) ns.writes.push_back(write);
    for (const auto& [key, entries] : part.metadata_writes) ns.metadata_writes.push_back({key, entries});
    for (const auto& [collection, content] : part.collections) ns.collections.push_back(set_of(collection, content, name));
    out.namespaces.push_back(std::move(ns));
  }
  return out;
}

std::vector<ledger::private_writes> recorder::privates() const {
  std::vector<ledger::private_writes> out;
  for (const auto& [ns, part] : namespaces_) {
    for (const auto& [collection, content] : part.collections) {
      if (content.writes.empty()) continue;
      ledger::private_writes plain{ns, collection, {}, {}};
      for (const auto& [key, write] : content.writes) plain.writes.push_back(write);
      out.push_back(std::move(plain));
    }
  }
  return out;
}

std::map<std::string, std::set<std::string>> recorder::written_keys() const {
  std::map<std::string, std::set<std::string>> out;
  for (const auto& [ns, part] : namespaces_) {
    const bool private_writes = std::any_of(part.collections.begin(), part.collections.end(), [](const auto& c) { return !c.second.writes.empty(); });
    if (part.writes.empty() && part.metadata_writes.empty() && !private_writes) continue;
    auto& keys = out[ns];
    for (const auto& [key, write] : part.writes) keys.insert(key);
    for (const auto& [key, entries] : part.metadata_writes) keys.insert(key);
  }
  return out;
}

}  // namespace weft::chaincode
