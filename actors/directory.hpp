// The one way to find an actor: a role's name → its handle (architecture §4.4). Passed in at spawn; nothing is found through a global.
#pragma once

#include <atomic>
#include <caf/actor_cast.hpp>
#include <caf/actor_control_block.hpp>
#include <functional>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <utility>
#include <vector>

namespace weft::actors {

/// Names are `<member>/<role>[/<channel>]`: "peer0.org1.example.com/endorser". Thread-safe. Each node has its own.
class directory {
 public:
  void put(const std::string& name, caf::strong_actor_ptr who);
  void erase(const std::string& name);
  /// Nothing happens when somebody else plays the role by now.
  void erase_if(const std::string& name, const caf::strong_actor_ptr& who);
  void clear();
  /// Null when nobody of that name lives.
  [[nodiscard]] caf::strong_actor_ptr find(const std::string& name) const;
  /// Names that end with `suffix`, sorted: "/endorser" lists every endorser.
  [[nodiscard]] std::vector<std::string> names_ending(std::string_view suffix) const;
  /// Everybody, by name.
  [[nodiscard]] std::vector<std::pair<std::string, caf::strong_actor_ptr>> list() const;
  /// Calls `told` after every put, erase and clear, from whichever thread made it, outside the directory's lock. Once, before others use it.
  void on_change(std::function<void()> told) { told_ = std::move(told); }
  /// Changes with every put and erase; routes compare it.
  [[nodiscard]] std::uint64_t epoch() const noexcept { return epoch_.load(std::memory_order_acquire); }

 private:
  mutable std::shared_mutex mutex_;
  std::map<std::string, caf::strong_actor_ptr, std::less<>> entries_;
  std::atomic<std::uint64_t> epoch_{1};
  std::function<void()> told_;
};
using directory_ptr = std::shared_ptr<directory>;

/// A name with a cached handle: asks the directory again after anything moved or restarted. Owned by one actor.
template <class Handle>
class route {
 public:
  route() = default;
  route(directory_ptr where, std::string name) : where_(std::move(where)), name_(std::move(name)) {}
  /// A null handle when nobody of that name lives now.
  [[nodiscard]] const Handle& get() {
    if (const auto now = where_->epoch(); now != seen_) {
      auto found = where_->find(name_);
      handle_ = found ? caf::actor_cast<Handle>(found) : Handle{};
      seen_ = now;
    }
    return handle_;
  }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 private:
  directory_ptr where_;
  std::string name_;
  Handle handle_;
  std::uint64_t seen_ = 0;
};

}  // namespace weft::actors
