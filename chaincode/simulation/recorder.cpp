#include "chaincode/simulation/recorder.hpp"

#include <algorithm>
#include <deque>
#include <tuple>

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

/// Fetches as Fabric's peer and shim do together: a batch when the one before is used up, and one record more to know whether there are more.
class recording_cursor final : public result_cursor {
 public:
  recording_cursor(std::shared_ptr<const ledger::state_view> state, std::string ns, std::shared_ptr<recorder::range_record> record,
                   const simulation_limits& limits)
      : state_(std::move(state)), ns_(std::move(ns)), record_(std::move(record)), limits_(limits), source_(state_->range(ns_, record_->start, record_->end)) {}

  result<std::optional<key_value>> next() override {
    if (batch_.empty() && more_) WEFT_CHECK(fetch());
    if (batch_.empty()) return std::optional<key_value>{};
    auto out = std::optional(std::move(batch_.front()));
    batch_.pop_front();
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
  std::unique_ptr<ledger::state_cursor> source_;
  std::deque<key_value> batch_;
  std::optional<key_value> look_ahead_;
  std::size_t fetched_ = 0;
  bool more_ = true;
};

std::optional<version> version_of(const std::optional<versioned_value>& v) { return v ? std::optional(v->at) : std::nullopt; }
bytes hash(bytes_view data) { return crypto::to_bytes(crypto::sha256(data)); }

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
  WEFT_CHECK(check_key(key));
  WEFT_CHECK(charge(key.size() + value.size()));
  const auto [it, fresh] = namespaces_[ns].writes.try_emplace(key);
  if (fresh) WEFT_CHECK(count_key());
  erase = erase || value.empty();
  it->second = {key, erase, erase ? bytes{} : bytes(value)};
  return {};
}

result<void> recorder::write_metadata(const std::string& ns, const std::string& key, metadata_entries entries) {
  WEFT_CHECK(check_key(key));
  std::size_t size = key.size();
  for (const auto& [name, value] : entries) size += name.size() + value.size();
  WEFT_CHECK(charge(size));
  const auto [it, fresh] = namespaces_[ns].metadata_writes.try_emplace(key);
  if (fresh) WEFT_CHECK(count_key());
  it->second = std::move(entries);
  return {};
}

result<std::unique_ptr<result_cursor>> recorder::range(const std::string& ns, std::string start, std::string end) {
  if (!valid_key_text(start) || !valid_key_text(end)) return fail(errc::invalid_argument, "the bounds of a range must be valid utf8 strings");
  if (++ranges_ > limits_.range_queries_max) {
    return stick({errc::invalid_argument, "the transaction opens more than " + std::to_string(limits_.range_queries_max) + " range queries"});
  }
  auto record = std::make_shared<range_record>();
  record->start = std::move(start);
  record->end = std::move(end);
  namespaces_[ns].ranges.push_back(record);
  auto cursor = std::make_unique<recording_cursor>(state_, ns, record, limits_);
  if (auto r = cursor->fetch(); !r) return stick(r.error());
  return std::unique_ptr<result_cursor>(std::move(cursor));
}

result<std::optional<versioned_value>> recorder::read_hash(const std::string& ns, const std::string& collection, const std::string& key) {
  WEFT_CHECK(check_key(key));
  auto value = state_->get_hashed(ns, collection, hash(key));
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
  for (const auto& [key, at] : part.reads) out.reads.push_back({hash(key), at});
  ledger::private_writes plain{ns, name, {}, {}};
  for (const auto& [key, write] : part.writes) {
    out.writes.push_back({hash(key), write.is_delete ? bytes{} : hash(write.value), write.is_delete, false});
    plain.writes.push_back(write);
  }
  if (!plain.writes.empty()) out.private_hash = hash(plain.encode());
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
