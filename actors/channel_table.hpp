// The channels of one member, by name: read with every message, added to when the member joins one.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace weft::actors {

/// A value that one role replaces and many read: the current snapshot of a channel. Thread-safe.
template <class T>
class published {
 public:
  [[nodiscard]] std::shared_ptr<const T> get() const {
    std::lock_guard lock(mutex_);
    return value_;
  }
  void set(std::shared_ptr<const T> next) {
    std::lock_guard lock(mutex_);
    value_.swap(next);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const T> value_;
};

/// Channels are never removed, so what was found stays. Thread-safe; readers look into an immutable map.
template <class Channel>
class channel_table {
 public:
  using map = std::map<std::string, std::shared_ptr<Channel>>;
  channel_table() { now_.set(std::make_shared<const map>()); }
  /// Null for a channel that the member has not joined.
  [[nodiscard]] std::shared_ptr<Channel> find(const std::string& id) const {
    const auto now = now_.get();
    const auto it = now->find(id);
    return it == now->end() ? nullptr : it->second;
  }
  /// All of them, as they are now. Name the result before walking it.
  [[nodiscard]] std::shared_ptr<const map> all() const { return now_.get(); }
  /// False, and nothing happens, when there is one of that name.
  bool add(const std::string& id, std::shared_ptr<Channel> channel) {
    std::lock_guard lock(writers_);
    auto next = std::make_shared<map>(*now_.get());
    if (!next->emplace(id, std::move(channel)).second) return false;
    now_.set(std::move(next));
    return true;
  }

 private:
  published<map> now_;
  std::mutex writers_;
};

}  // namespace weft::actors
