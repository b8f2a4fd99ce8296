#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>
#include <unordered_set>

#include "crypto/keys/signer.hpp"

namespace weft::crypto {

namespace {

/// A remembered verdict's name is a SHA-256 already: any eight of its bytes are a good hash.
struct first_bytes {
  std::size_t operator()(const digest& d) const noexcept {
    std::size_t h;
    std::memcpy(&h, d.data(), sizeof h);
    return h;
  }
};
using generation = std::unordered_set<digest, first_bytes>;

/// A set with a bound: new entries go to the young half; when it is full it becomes the old half, and the old one is dropped.
/// An old entry that is asked for again moves to the young half.
class bounded_set {
 public:
  void resize(std::size_t half_max) { half_max_ = half_max; }

  bool contains(const digest& d) {
    const std::lock_guard lock(mutex_);
    if (young_.contains(d)) return true;
    if (old_.erase(d) == 0) return false;
    insert_young(d);
    return true;
  }

  void insert(const digest& d) {
    const std::lock_guard lock(mutex_);
    insert_young(d);
  }

 private:
  void insert_young(const digest& d) {
    if (young_.size() >= half_max_ && !young_.contains(d)) {
      old_ = std::move(young_);
      young_ = {};
    }
    young_.insert(d);
  }

  std::mutex mutex_;
  std::size_t half_max_ = 1;
  generation young_, old_;
};

/// The one name of (key, message, signature). All parts but the last have a length that the kind determines.
digest name_of(const public_key& key, const hashed_message& message, bytes_view signature) {
  const char kind = static_cast<char>(key.kind());
  return sha256_stream{}.add({&kind, 1}).add(key.raw()).add(view(message.sha256())).add(signature).finish();
}

class sharing_verifier final : public verifier {
 public:
  sharing_verifier(std::shared_ptr<const verifier> inner, std::size_t entries_max) : inner_(std::move(inner)) {
    used_ = entries_max >= 64 * shards_.size() ? shards_.size() : 1;
    for (auto& shard : shards_) shard.resize(std::max<std::size_t>(1, entries_max / (2 * used_)));
  }

  bool verify(const public_key& key, const hashed_message& message, bytes_view signature) const override {
    if (!key) return false;
    const digest name = name_of(key, message, signature);
    if (shard_of(name).contains(name)) return true;
    if (!inner_->verify(key, message, signature)) return false;
    shard_of(name).insert(name);
    return true;
  }

  std::vector<bool> verify_all(std::span<const verify_job> jobs) const override {
    std::vector<bool> good(jobs.size());
    std::vector<digest> names;
    std::vector<std::size_t> places;
    std::vector<verify_job> unknown;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      const auto& j = jobs[i];
      if (j.key == nullptr || !*j.key) continue;
      const digest name = name_of(*j.key, j.message, j.signature);
      if ((good[i] = shard_of(name).contains(name))) continue;
      names.push_back(name);
      places.push_back(i);
      unknown.push_back(j);
    }
    if (unknown.empty()) return good;
    const auto found = inner_->verify_all(unknown);
    for (std::size_t i = 0; i < unknown.size(); ++i) {
      if (!found[i]) continue;
      good[places[i]] = true;
      shard_of(names[i]).insert(names[i]);
    }
    return good;
  }

  void made_here(const public_key& key, const hashed_message& message, bytes_view signature) const override {
    if (!key) return;
    const digest name = name_of(key, message, signature);
    shard_of(name).insert(name);
  }

 private:
  bounded_set& shard_of(const digest& name) const { return shards_[name.back() % used_]; }

  std::shared_ptr<const verifier> inner_;
  mutable std::array<bounded_set, 16> shards_;  ///< Each with its own mutex, so that cores rarely meet.
  std::size_t used_ = 1;
};

}  // namespace

std::shared_ptr<const verifier> make_sharing_verifier(std::shared_ptr<const verifier> inner, std::size_t entries_max) {
  return std::make_shared<sharing_verifier>(std::move(inner), entries_max);
}

}  // namespace weft::crypto
