#include "tests/unit/ledger/validation/map_state.hpp"

namespace weft::test {
namespace {

class map_cursor final : public ledger::state_cursor {
 public:
  explicit map_cursor(std::vector<std::pair<std::string, map_state::value>> entries) : entries_(std::move(entries)) {}
  result<std::optional<std::pair<std::string, map_state::value>>> next() override {
    if (at_ == entries_.size()) return std::optional<std::pair<std::string, map_state::value>>{};
    return std::optional(entries_[at_++]);
  }

 private:
  std::vector<std::pair<std::string, map_state::value>> entries_;
  std::size_t at_ = 0;
};

template <class Map, class Key>
void update(Map& map, Key key, const ledger::state_update& u) {
  if (u.is_delete) {
    map.erase(key);
  } else {
    map[key] = {u.value, u.metadata, u.at};
  }
}

template <class Map, class Key>
std::optional<map_state::value> find(const Map& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

void map_state::put(const std::string& ns, const std::string& key, bytes v, version at, bytes metadata) {
  keys[{ns, key}] = {std::move(v), std::move(metadata), at};
}

void map_state::apply(const ledger::state_batch& batch) {
  for (const auto& [ns, updates] : batch.namespaces) {
    for (const auto& [key, u] : updates.keys) update(keys, std::pair(ns, key), u);
    for (const auto& [collection, by_hash] : updates.hashed) {
      for (const auto& [hash, u] : by_hash) update(hashed, std::tuple(ns, collection, hash), u);
    }
  }
  next = next.next();
}

result<std::optional<map_state::value>> map_state::get(std::string_view ns, std::string_view key) const {
  if (failure != errc{}) return fail(failure, "the state cannot be read");
  return find(keys, std::pair(std::string(ns), std::string(key)));
}

std::unique_ptr<ledger::state_cursor> map_state::range(std::string_view ns, std::string_view start, std::string_view end) const {
  std::vector<std::pair<std::string, value>> entries;
  for (const auto& [at, v] : keys) {
    if (at.first == ns && at.second >= start && (end.empty() || at.second < end)) entries.emplace_back(at.second, v);
  }
  return std::make_unique<map_cursor>(std::move(entries));
}

result<std::optional<map_state::value>> map_state::get_hashed(std::string_view ns, std::string_view collection,
                                                              bytes_view key_hash) const {
  if (failure != errc{}) return fail(failure, "the state cannot be read");
  return find(hashed, std::tuple(std::string(ns), std::string(collection), bytes(key_hash)));
}

result<std::optional<map_state::value>> map_state::get_private(std::string_view, std::string_view, std::string_view) const {
  return std::optional<value>{};
}

}  // namespace weft::test
