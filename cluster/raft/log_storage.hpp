// The part of the log that is on disk, as the core reads it. The core never writes: `ready` says what must be written, its shell writes it.
#pragma once

#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

#include "cluster/raft/types.hpp"
#include "config/base/result.hpp"

namespace weft::cluster::raft {

inline constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();
/// In place of the index up to which a member was told by others what is committed: there is no end yet.
inline constexpr log_index still_following = ~log_index{0};

/// Holds entries first_index() to last_index() without a gap, and the term of the entry before the first (the last one of the snapshot that
/// replaced them; 0 for an empty log). Reads see everything that the last `ready` asked to be written once `advance` is called.
class log_storage {
 public:
  struct initial { hard_state hard; conf_state members; };

  virtual ~log_storage() = default;
  /// What a restarted node knows. `members` must be those as of `options.applied`, with which the core is opened: it goes through the committed
  /// entries behind that index again and applies the conf changes among them, on top of `members`. Storages here give the members of their
  /// newest snapshot, so `options.applied` is that snapshot's index; with another, changes would be applied twice or never.
  /// Errors: `corruption`, `io`, `failed_precondition` where nothing was begun yet.
  [[nodiscard]] virtual result<initial> initial_state() const = 0;
  [[nodiscard]] virtual log_index first_index() const = 0;
  [[nodiscard]] virtual log_index last_index() const = 0;
  /// Term of the entry at `index`, from first_index() - 1 to last_index(); nothing outside.
  [[nodiscard]] virtual std::optional<term_number> term(log_index index) const = 0;
  /// Appends entries [from, until) to `out` until they would weigh more than `bytes_max` together; the first one always.
  /// Errors: `not_found` if `from` was compacted away, `io`.
  virtual result<void> entries(log_index from, log_index until, std::size_t bytes_max, std::vector<entry>& out) const = 0;
  /// The newest snapshot; null if it is being made: the core asks again later.
  [[nodiscard]] virtual snapshot_ptr latest_snapshot() const = 0;
};

/// How much of a list of entries fits: at least one, then while all of them together weigh at most `bytes_max`.
class byte_budget {
 public:
  explicit byte_budget(std::size_t bytes_max) : left_(bytes_max) {}
  /// False once an entry did not fit.
  [[nodiscard]] bool take(const entry& e) noexcept { return take(weight(e)); }
  [[nodiscard]] bool take(std::size_t size) noexcept {
    if (!first_ && size > left_) return false;
    left_ -= std::min(size, left_);
    first_ = false;
    return true;
  }

 private:
  std::size_t left_;
  bool first_ = true;
};

}  // namespace weft::cluster::raft
