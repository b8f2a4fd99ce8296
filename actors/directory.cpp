#include "actors/directory.hpp"

#include <mutex>

namespace weft::actors {

void directory::put(const std::string& name, caf::strong_actor_ptr who) {
  std::unique_lock lock(mutex_);
  entries_[name] = std::move(who);
  ++epoch_;
}

void directory::erase(const std::string& name) {
  std::unique_lock lock(mutex_);
  entries_.erase(name);
  ++epoch_;
}

void directory::clear() {
  std::map<std::string, caf::strong_actor_ptr, std::less<>> dropped;  // actors may be destroyed: outside the lock
  std::unique_lock lock(mutex_);
  dropped.swap(entries_);
  ++epoch_;
}

caf::strong_actor_ptr directory::find(const std::string& name) const {
  std::shared_lock lock(mutex_);
  const auto it = entries_.find(name);
  return it == entries_.end() ? nullptr : it->second;
}

std::vector<std::string> directory::names_ending(std::string_view suffix) const {
  std::shared_lock lock(mutex_);
  std::vector<std::string> out;
  for (const auto& [name, who] : entries_) {
    if (name.size() >= suffix.size() && std::string_view(name).substr(name.size() - suffix.size()) == suffix) out.push_back(name);
  }
  return out;
}

}  // namespace weft::actors
