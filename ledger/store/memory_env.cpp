// A folder in memory that knows what a power cut may take away.
#include <algorithm>
#include <limits>
#include <map>
#include <mutex>

#include "ledger/store/env.hpp"

namespace weft::ledger {
namespace {

// `data` is what the process sees; `synced` what the disk surely has. They agree up to `agreed`.
struct content {
  bytes data, synced;
  std::size_t agreed = 0;

  void truncate(std::size_t size) {
    data.resize(size, '\0');
    agreed = std::min(agreed, size);
  }
  void sync() {
    synced.resize(agreed);
    synced.append(data, agreed);
    agreed = data.size();
  }
};

struct folder {
  mutable std::mutex mutex;
  std::map<std::string, std::shared_ptr<content>> files;  // an open file keeps its content when the name is removed
  std::uint64_t bytes_left = std::numeric_limits<std::uint64_t>::max();

  // Takes up to `wanted` bytes of the space that is left; answers how many there were.
  std::uint64_t take(std::uint64_t wanted) {
    const std::uint64_t got = std::min(wanted, bytes_left);
    if (bytes_left != std::numeric_limits<std::uint64_t>::max()) bytes_left -= got;
    return got;
  }
};

tl::unexpected<error> disk_full(const std::string& name) { return fail(errc::io, "cannot append to " + name + ": disk full"); }

class memory_file final : public file {
 public:
  memory_file(std::shared_ptr<folder> in, std::string name, std::shared_ptr<content> c)
      : folder_(std::move(in)), name_(std::move(name)), content_(std::move(c)) {}

  result<void> append_pieces(std::span<const bytes_view> pieces) override {
    const std::lock_guard lock(folder_->mutex);
    std::uint64_t size = 0;
    for (const auto& p : pieces) size += p.size();
    if (folder_->take(size) < size) return disk_full(name_);  // what fitted was cut off again
    for (const auto& p : pieces) content_->data.append(p);
    return {};
  }
  result<void> sync() override {
    const std::lock_guard lock(folder_->mutex);
    content_->sync();
    return {};
  }
  result<bytes> read(std::uint64_t offset, std::size_t count) const override {
    const std::lock_guard lock(folder_->mutex);
    if (offset >= content_->data.size()) return bytes{};
    return content_->data.substr(static_cast<std::size_t>(offset), count);
  }
  std::uint64_t size() const override {
    const std::lock_guard lock(folder_->mutex);
    return content_->data.size();
  }
  result<void> truncate(std::uint64_t size) override {
    const std::lock_guard lock(folder_->mutex);
    content_->truncate(static_cast<std::size_t>(size));
    return {};
  }

 private:
  std::shared_ptr<folder> folder_;
  std::string name_;
  std::shared_ptr<content> content_;
};

// What a disk may show of a file after power loss: all that was synced; of the rest a part, possibly with zeros behind it where
// the length reached the disk before the data did. A cut that was not synced may be undone.
bytes after_crash(const content& c, random_source& random) {
  if (c.synced.size() > c.agreed && random.below(2) == 0) return c.synced;
  const std::size_t loose = c.data.size() - c.agreed;
  const std::size_t kept = c.agreed + static_cast<std::size_t>(random.below(loose + 1));
  bytes out = c.data.substr(0, kept);
  if (random.below(2) == 0) out.resize(kept + static_cast<std::size_t>(random.below(c.data.size() - kept + 1)), '\0');
  return out;
}

class memory_folder final : public memory_env {
 public:
  memory_folder() : folder_(std::make_shared<folder>()) {}

  result<std::unique_ptr<file>> open(const std::string& name) override {
    const std::lock_guard lock(folder_->mutex);
    auto& c = folder_->files[name];
    if (!c) c = std::make_shared<content>();
    return std::make_unique<memory_file>(folder_, name, c);
  }
  result<std::vector<std::string>> list() const override {
    const std::lock_guard lock(folder_->mutex);
    std::vector<std::string> names;
    for (const auto& [name, c] : folder_->files) names.push_back(name);
    return names;
  }
  result<void> remove(const std::string& name) override {
    const std::lock_guard lock(folder_->mutex);
    if (folder_->files.erase(name) == 0) return fail(errc::not_found, name + " does not exist");
    return {};
  }
  result<void> replace(const std::string& name, bytes_view contents) override {
    const std::lock_guard lock(folder_->mutex);
    if (folder_->take(contents.size()) < contents.size()) return disk_full(name);
    auto c = std::make_shared<content>();
    c->data = contents;
    c->sync();
    folder_->files[name] = std::move(c);
    return {};
  }

  std::shared_ptr<memory_env> crash(random_source& random) const override {
    auto survivor = std::make_shared<memory_folder>();
    const std::lock_guard lock(folder_->mutex);
    for (const auto& [name, before] : folder_->files) {
      auto c = std::make_shared<content>();
      c->data = after_crash(*before, random);
      c->sync();
      survivor->folder_->files[name] = std::move(c);
    }
    return survivor;
  }
  void fail_after(std::uint64_t bytes_left) override {
    const std::lock_guard lock(folder_->mutex);
    folder_->bytes_left = bytes_left;
  }
  void flip_bit(const std::string& name, std::uint64_t bit) override {
    const std::lock_guard lock(folder_->mutex);
    const auto it = folder_->files.find(name);
    if (it == folder_->files.end() || bit / 8 >= it->second->data.size()) return;
    const auto at = static_cast<std::size_t>(bit / 8);
    const auto mask = static_cast<char>(1u << (bit % 8));
    it->second->data[at] = static_cast<char>(it->second->data[at] ^ mask);
    if (at < it->second->agreed) it->second->synced[at] = static_cast<char>(it->second->synced[at] ^ mask);
  }

 private:
  std::shared_ptr<folder> folder_;
};

}  // namespace

std::shared_ptr<memory_env> make_memory_env() { return std::make_shared<memory_folder>(); }

}  // namespace weft::ledger
