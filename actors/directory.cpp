#include "actors/directory.hpp"

#include <mutex>

namespace weft::actors {

void directory::put(const std::string& name, caf::strong_actor_ptr who) {
  {
    std::unique_lock lock(mutex_);
    entries_[name].swap(who);  // whom it replaces may be destroyed: outside the lock
    ++epoch_;
  }
  if (told_) told_();
}

void directory::erase(const std::string& name) { erase_if(name, nullptr); }

void directory::erase_if(const std::string& name, const caf::strong_actor_ptr& who) {
  caf::strong_actor_ptr dropped;
  {
    std::unique_lock lock(mutex_);
    const auto it = entries_.find(name);
    if (it == entries_.end() || (who && it->second != who)) return;
    dropped.swap(it->second);
    entries_.erase(it);
    ++epoch_;
  }
  if (told_) told_();
}

void directory::clear() {
  std::map<std::string, caf::strong_actor_ptr, std::less<>> dropped;
  {
    std::unique_lock lock(mutex_);
    dropped.swap(entries_);
    ++epoch_;
  }
  if (told_) told_();
}

caf::strong_actor_ptr directory::find(const std::string& name) const {
  std::shared_lock lock(mutex_);
  const auto it = entries_.find(name);
  return it == entries_.end() ? nullptr : it->second;
}

std::vector<std::pair<std::string, caf::strong_actor_ptr>> directory::list() const {
  std::shared_lock lock(mutex_);
  return {entries_.begin(), entries_.end()};
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
