// All MSPs of a channel, and the identities that they found valid before.
#include <array>
#include <map>
#include <mutex>
#include <unordered_map>

#include "crypto/msp/msp.hpp"
#include "crypto/msp/principal.hpp"
#include "msp/identities.pb.h"
#include "msp/msp_principal.pb.h"
#include "proto/encode.hpp"

namespace weft::crypto {
namespace {

/// Valid identities by their bytes. A shard holds two generations: when the young one is full, it becomes old and the old one is dropped;
/// what is used meanwhile moves to the young one. Only positive verdicts, so strangers cannot push out members.
class identity_cache {
 public:
  [[nodiscard]] identity_ptr find(bytes_view serialized) {
    auto& s = shard_of(serialized);
    std::lock_guard lock(s.mutex);
    if (const auto at = s.young.find(serialized); at != s.young.end()) return at->second;
    const auto at = s.old.find(serialized);
    if (at == s.old.end()) return nullptr;
    auto found = at->second;
    s.add(found);
    return found;
  }

  void add(const identity_ptr& valid) {
    auto& s = shard_of(valid->serialized);
    std::lock_guard lock(s.mutex);
    s.add(valid);
  }

 private:
  static constexpr std::size_t entries_max = 4096, shards = 16, generation_max = entries_max / shards / 2;
  using generation = std::unordered_map<bytes_view, identity_ptr>;  // keys lie in the values' `serialized`
  struct shard {
    std::mutex mutex;
    generation young, old;
    void add(const identity_ptr& valid) {
      if (young.size() >= generation_max) {
        old = std::move(young);
        young = {};
      }
      young.try_emplace(valid->serialized, valid);
    }
  };
  shard& shard_of(bytes_view serialized) { return shards_[std::hash<bytes_view>{}(serialized) / 251 % shards]; }
  std::array<shard, shards> shards_;
};

class manager final : public msp_manager {
 public:
  explicit manager(std::map<std::string, std::shared_ptr<const msp>, std::less<>> msps) : msps_(std::move(msps)) {}

  result<identity_ptr> validate(bytes_view serialized_identity) const override {
    if (auto known = cache_.find(serialized_identity)) return known;
    ::msp::SerializedIdentity wire;
    if (!weft::proto::decode(serialized_identity, wire)) return fail(errc::invalid_argument, "not a serialized identity");
    const auto at = msps_.find(wire.mspid());
    if (at == msps_.end()) return fail(errc::permission_denied, "MSP " + wire.mspid() + " is not of this channel");
    WEFT_TRY(auto valid, at->second->validate(serialized_identity));
    cache_.add(valid);
    return valid;
  }

  bool satisfies(const identity& who, const principal& whom) const override {
    const auto at = msps_.find(who.msp_id);
    return at != msps_.end() && at->second->satisfies(who, whom);
  }

  std::shared_ptr<const msp> find(std::string_view msp_id) const override {
    const auto at = msps_.find(msp_id);
    return at == msps_.end() ? nullptr : at->second;
  }

  std::vector<std::string> ids() const override {
    std::vector<std::string> out;
    for (const auto& entry : msps_) out.push_back(entry.first);
    return out;
  }

 private:
  std::map<std::string, std::shared_ptr<const msp>, std::less<>> msps_;
  mutable identity_cache cache_;
};

}  // namespace

result<std::shared_ptr<const msp_manager>> msp_manager::create(std::vector<std::shared_ptr<const msp>> msps) {
  std::map<std::string, std::shared_ptr<const msp>, std::less<>> by_name;
  for (auto& m : msps) {
    auto& place = by_name[m->name()];
    if (place && place->fingerprint() != m->fingerprint())
      return fail(errc::invalid_argument, "two different definitions of MSP " + m->name());
    place = std::move(m);
  }
  return std::shared_ptr<const msp_manager>(std::make_shared<const manager>(std::move(by_name)));
}

bool msp_manager::satisfies(const identity& who, const ::common::MSPPrincipal& whom) const {
  const auto parsed = parse_principal(whom);
  return parsed && satisfies(who, *parsed);
}

}  // namespace weft::crypto
