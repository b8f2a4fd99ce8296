// Files behind an interface: the real disk, a memory twin, and a faulty twin that tears, loses and fills up. architecture §4.14.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "config/base/bytes.hpp"
#include "config/base/random.hpp"

namespace weft::ledger {

/// An open file that is only appended to, and read at offsets. One writer; reads are thread-safe.
class file {
 public:
  virtual ~file() = default;
  /// The pieces, one behind the other. All or nothing: what a full disk took of them is cut off again. Errors: `io` with path and the system's text.
  [[nodiscard]] virtual result<void> append_pieces(std::span<const bytes_view> pieces) = 0;
  [[nodiscard]] result<void> append(bytes_view data) { return append_pieces({&data, 1}); }
  /// fdatasync: what was appended survives a crash when this returns. After an error nobody knows what the disk has: do not
  /// repeat it, open the file anew.
  [[nodiscard]] virtual result<void> sync() = 0;
  [[nodiscard]] virtual result<bytes> read(std::uint64_t offset, std::size_t count) const = 0;  ///< Short at the end of the file.
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  [[nodiscard]] virtual result<void> truncate(std::uint64_t size) = 0;
};

/// A folder of files. Thread-safe. Names have no slash and do not end in ".new", which replace() uses.
/// One open object per name at a time: each remembers the size by itself.
class env {
 public:
  virtual ~env() = default;
  [[nodiscard]] virtual result<std::unique_ptr<file>> open(const std::string& name) = 0;  ///< Created when absent; its folder entry is synced.
  [[nodiscard]] virtual result<std::vector<std::string>> list() const = 0;                 ///< Sorted by name.
  [[nodiscard]] virtual result<void> remove(const std::string& name) = 0;
  /// Writes a whole small file atomically: temporary name, sync, rename, sync of the folder.
  [[nodiscard]] virtual result<void> replace(const std::string& name, bytes_view contents) = 0;
};

enum class durability : std::uint8_t { full, off };  ///< off: sync() does nothing; for benches, never silently.

[[nodiscard]] result<std::shared_ptr<env>> open_disk_env(const std::filesystem::path& folder, durability d = durability::full);

/// A memory folder that remembers what was synced: `crash()` returns the folder as a disk might show it after power loss.
class memory_env : public env {
 public:
  /// Un-synced bytes survive in part, as `random` decides: cut at any byte, or zeroed from there. An un-synced truncate may be
  /// undone. Everything in the result counts as synced.
  [[nodiscard]] virtual std::shared_ptr<memory_env> crash(random_source& random) const = 0;
  virtual void fail_after(std::uint64_t bytes_left) = 0;  ///< Appends beyond this many bytes answer `io` "disk full".
  /// On disk and in what is read from now on. Nothing happens beyond the end of the file.
  virtual void flip_bit(const std::string& name, std::uint64_t bit) = 0;
};
[[nodiscard]] std::shared_ptr<memory_env> make_memory_env();

}  // namespace weft::ledger
