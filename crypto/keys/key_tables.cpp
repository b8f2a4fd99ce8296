#include "crypto/keys/key_tables.hpp"

#include <algorithm>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "config/base/assert.hpp"
#include "crypto/keys/fixed_base.hpp"

namespace weft::crypto {

namespace {

struct hash_bytes {
  using is_transparent = void;
  std::size_t operator()(std::string_view b) const noexcept { return std::hash<std::string_view>{}(b); }
};
template <class T>
using by_key = std::unordered_map<bytes, T, hash_bytes, std::equal_to<>>;

class bounded_tables final : public key_tables, public std::enable_shared_from_this<bounded_tables> {
 public:
  bounded_tables(std::shared_ptr<executor> builder, table_options options) : builder_(std::move(builder)), options_(options) {
    WEFT_ASSERT(builder_ && options_.after > 0 && options_.tables_max > 0, "a builder, and bounds that are not zero");
  }

  void use(std::span<const public_key* const> keys, std::span<std::shared_ptr<const fixed_base>> out) override {
    WEFT_ASSERT(keys.size() == out.size(), "a place for each table");
    std::vector<const public_key*> due;
    {
      const std::lock_guard lock(mutex_);
      for (std::size_t i = 0; i < keys.size(); ++i) {
        ++now_;
        if (const auto it = tables_.find(keys[i]->raw()); it != tables_.end()) {
          it->second.last_used = now_;
          out[i] = it->second.table;
        } else {
          out[i] = nullptr;
          if (keys[i]->kind() == key_kind::p256 && count(keys[i]->raw())) due.push_back(keys[i]);
        }
      }
    }
    for (const auto* key : due) order(*key);
  }

  table_counts counts() const override {
    const std::lock_guard lock(mutex_);
    return {tables_.size(), building_.size(), built_, dropped_};
  }

 private:
  struct held {
    std::shared_ptr<const fixed_base> table;
    std::uint64_t last_used = 0;
  };
  struct counted {
    std::uint32_t times = 0;
    std::uint64_t since = 0;
  };

  /// True when a table is to be built; the key is then in `building_`.
  bool count(bytes_view raw) {
    if (building_.contains(raw)) return false;
    counted& c = counter_of(raw);
    if (c.times == 0) c.since = now_;
    if (++c.times < options_.after) return false;
    const auto interval = (now_ - c.since) / c.times + 1;
    young_.erase(young_.find(raw));
    if (!has_room_for(interval)) return false;
    building_.emplace(raw);
    return true;
  }

  /// Counters live in two halves, as in the sharing verifier: who is met again moves to the young one, the old one is dropped.
  counted& counter_of(bytes_view raw) {
    if (const auto it = young_.find(raw); it != young_.end()) return it->second;
    counted moved;
    if (const auto it = old_.find(raw); it != old_.end()) {
      moved = it->second;
      old_.erase(it);
    }
    if (young_.size() >= std::max<std::size_t>(1, options_.keys_counted_max / 2)) {
      old_ = std::move(young_);
      young_ = {};
    }
    return young_.emplace(bytes(raw), moved).first->second;
  }

  /// A full house makes room for one newcomer at a time, at the cost of a table that was idle for many of the newcomer's intervals.
  [[nodiscard]] bool has_room_for(std::uint64_t interval) const {
    if (tables_.size() + building_.size() < options_.tables_max) return true;
    constexpr std::uint64_t idle_intervals = 8;
    return building_.empty() && now_ - least_recent()->second.last_used > idle_intervals * interval;
  }
  [[nodiscard]] by_key<held>::const_iterator least_recent() const {
    return std::min_element(tables_.begin(), tables_.end(), [](const auto& a, const auto& b) { return a.second.last_used < b.second.last_used; });
  }

  void order(const public_key& key) {
    const bool taken = builder_->try_run([mine = weak_from_this(), key] {
      if (const auto self = mine.lock()) self->keep(key.raw(), fixed_base::build(*key.native()));
    });
    if (taken) return;
    const std::lock_guard lock(mutex_);
    building_.erase(building_.find(key.raw()));
  }

  void keep(bytes_view raw, std::shared_ptr<const fixed_base> table) {
    held gone;  // freed after the lock is
    const std::lock_guard lock(mutex_);
    building_.erase(building_.find(raw));
    if (!table) return;
    if (tables_.size() >= options_.tables_max) {
      const auto it = least_recent();
      gone.table = it->second.table;
      tables_.erase(it);
      ++dropped_;
    }
    tables_.emplace(bytes(raw), held{std::move(table), now_});
    ++built_;
  }

  const std::shared_ptr<executor> builder_;
  const table_options options_;
  mutable std::mutex mutex_;
  std::uint64_t now_ = 0;  ///< Verifications so far.
  by_key<held> tables_;
  by_key<counted> young_, old_;
  std::unordered_set<bytes, hash_bytes, std::equal_to<>> building_;
  std::uint64_t built_ = 0, dropped_ = 0;
};

class table_verifier final : public verifier {
 public:
  explicit table_verifier(std::shared_ptr<key_tables> tables) : tables_(std::move(tables)) {}

  bool verify(const public_key& key, const hashed_message& message, bytes_view signature) const override {
    const verify_job job{&key, message, signature};
    return verify_all({&job, 1}).front();
  }

  std::vector<bool> verify_all(std::span<const verify_job> jobs) const override {
    std::vector<bool> good(jobs.size());
    std::vector<std::size_t> places;
    std::vector<const public_key*> keys;
    std::vector<p256_job> ours;
    places.reserve(jobs.size());
    keys.reserve(jobs.size());
    ours.reserve(jobs.size());
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      const auto& j = jobs[i];
      if (!j.key || !*j.key) continue;
      if (j.key->kind() != key_kind::p256) {
        good[i] = plain_->verify(*j.key, j.message, j.signature);
        continue;
      }
      const auto parsed = ecdsa::parse(j.signature);
      if (!parsed || !ecdsa::in_range(*parsed, key_kind::p256) || !ecdsa::is_low(*parsed, key_kind::p256)) continue;
      places.push_back(i);
      keys.push_back(j.key);
      ours.push_back({j.key->native(), nullptr, &j.message.sha256(), *parsed});
    }
    judge(keys, ours);
    for (std::size_t i = 0; i < ours.size(); ++i) {
      const auto& j = jobs[places[i]];
      good[places[i]] = ours[i].found == p256_job::outcome::unknown ? plain_->verify(*j.key, j.message, j.signature)
                                                                    : ours[i].found == p256_job::outcome::good;
    }
    return good;
  }

 private:
  /// A single signature of a key without a table stays unknown: OpenSSL's own verification is as good.
  void judge(std::span<const public_key* const> keys, std::span<p256_job> jobs) const {
    if (jobs.empty()) return;
    std::vector<std::shared_ptr<const fixed_base>> tables(jobs.size());
    tables_->use(keys, tables);
    if (jobs.size() == 1 && !tables.front()) return;
    for (std::size_t i = 0; i < jobs.size(); ++i) jobs[i].table = tables[i].get();
    verify_p256(jobs);
  }

  std::shared_ptr<key_tables> tables_;
  std::shared_ptr<const verifier> plain_ = make_verifier();
};

}  // namespace

std::shared_ptr<key_tables> make_key_tables(std::shared_ptr<executor> builder, table_options options) {
  return std::make_shared<bounded_tables>(std::move(builder), options);
}

std::shared_ptr<const verifier> make_table_verifier(std::shared_ptr<key_tables> tables) { return std::make_shared<table_verifier>(std::move(tables)); }

}  // namespace weft::crypto
