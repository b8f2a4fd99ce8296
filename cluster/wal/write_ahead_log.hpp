// The log of a consenter on its disk: what raft promises others, it has written here first. Format: statement.hpp; decisions: README.md.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <span>
#include <string>

#include "cluster/raft/log_storage.hpp"
#include "cluster/raft/ready.hpp"
#include "cluster/wal/entry_cache.hpp"
#include "cluster/wal/log_table.hpp"
#include "ledger/store/env.hpp"

namespace weft::cluster::raft {

namespace wal {
struct found;
}

struct wal_options {
  std::uint64_t segment_bytes = 16 * MiB;  ///< A file is closed and the next begun when it would exceed this; a larger batch gets a file of its own.
  std::size_t cache_bytes = 8 * MiB;       ///< Newest entries kept in memory by reference count; older ones are read from their file.
};

/// What opening found and did: for the log.
struct wal_report {
  std::size_t files = 0;
  std::uint64_t records = 0;     ///< Read and checked.
  std::string cut_file;          ///< The file whose torn tail was cut off, or empty.
  std::uint64_t cut_at = 0;      ///< Its size now.
  std::uint64_t cut_bytes = 0;   ///< How many bytes were cut off: of a write that never returned, or was not asked to be synced.
};

/// One write, as `ready` asks for it.
struct wal_batch {
  std::optional<hard_state> hard;
  snapshot_ptr restore;             ///< If not null, replaces the log; the write is then synced in any case.
  std::span<const entry> entries;   ///< In place of what stands at their indices and behind; those that a snapshot covers are passed over.
  bool sync = true;
};

/// Files "wal-000000", "wal-000001", … in a folder of their own; entries, votes and snapshots of one member of one group.
/// A batch survives a crash as a whole or not at all; what is found after a crash is the state after some batch, not before the last synced one.
/// Threads: one writer, which blocks on the disk, calls begin, write and compact. Everything that is const may be called by others beside it; they
/// see a batch once its write has returned. Reads of entries that are not in memory block on the disk, without keeping others waiting.
class write_ahead_log final : public log_storage {
 public:
  /// Recovers what is in the folder, cutting a torn tail off and refusing damage. What is found is durable when this returns.
  /// Errors: `corruption` naming file, offset and what to do, nothing is changed then; `io`.
  [[nodiscard]] static result<std::unique_ptr<write_ahead_log>> open(std::shared_ptr<ledger::env> files, const wal_options& options = {},
                                                                     wal_report* report = nullptr);

  /// False for a new folder, also if a crash came before `begin` returned. It takes and tells nothing then.
  [[nodiscard]] bool begun() const;
  /// The first members of the group, as every member of it begins, at index 0; a member that joins later too. Durable when it returns.
  /// Errors: `already_exists`, `io`.
  [[nodiscard]] result<void> begin(const conf_state& members);

  /// One append and at most one fdatasync (two when a file is full and its last write was not synced). Data of entries is not copied.
  /// Errors: `io`: the log is as before; after a failed sync nobody knows what the disk has, and all further writes fail until it is opened anew.
  /// `invalid_argument` for a gap, for what the snapshot covers and for sizes that are not stored; `failed_precondition` before `begin`.
  [[nodiscard]] result<void> write(const wal_batch& batch);
  [[nodiscard]] result<void> write(const ready& todo) { return write(wal_batch{todo.hard, todo.restore, todo.entries, todo.must_sync}); }

  /// Keeps `made` (null: the present snapshot) and forgets the entries up to `forget`, at most the snapshot's index; fewer, so that slow followers may
  /// still be served from the log. Durable when it returns. Files that hold no entry of the log any more are removed.
  /// Before: what the snapshot stands for must be durable itself.
  /// Errors: `already_exists` for a snapshot that is not newer, `not_found` outside the log, `invalid_argument`, `io`. If files could not be
  /// removed, the snapshot is kept nevertheless, and the next call tries again.
  [[nodiscard]] result<void> compact(snapshot_ptr made, log_index forget);

  /// Notes that what was committed up to an entry this member may have from others, because it took no part meanwhile and promised nothing: what is
  /// behind the log then was not lost. `still_following`: there is no end yet. Durable when it returns. Errors: those of `write`.
  [[nodiscard]] result<void> note_followed(log_index until);
  /// The newest note; 0 when the log has caught up with it, or there is none.
  [[nodiscard]] log_index followed() const;

  // ---- log_storage

  [[nodiscard]] result<initial> initial_state() const override;
  [[nodiscard]] log_index first_index() const override;
  [[nodiscard]] log_index last_index() const override;
  [[nodiscard]] std::optional<term_number> term(log_index index) const override;
  /// Errors: as declared, and `corruption` for an entry that differs from its checksum.
  result<void> entries(log_index from, log_index until, std::size_t bytes_max, std::vector<entry>& out) const override;
  [[nodiscard]] snapshot_ptr latest_snapshot() const override;

  /// True after a failed sync.
  [[nodiscard]] bool broken() const noexcept { return broken_; }
  /// For status and for tests of bounds.
  struct usage { std::size_t files; std::uint64_t disk_bytes; std::size_t entries, cached_bytes; };
  [[nodiscard]] usage used() const;

 private:
  struct place { std::uint32_t segment = 0; std::uint64_t offset = 0; };

  write_ahead_log(std::shared_ptr<ledger::env> files, const wal_options& options);
  result<void> recover(wal_report& report);
  result<void> recover_file(std::uint32_t segment, bool is_last, wal_report& report);
  result<void> replay(const wal::found& record, const std::string& name, std::uint64_t offset, std::uint32_t segment);
  result<void> begin_file(std::uint32_t segment);
  result<void> writable() const;
  result<void> make_room(std::uint64_t bytes);
  result<void> append_whole(ledger::file& f, std::span<const bytes_view> pieces);
  result<place> append(bytes_view statement, std::span<const bytes_view> payload);
  result<void> sync();
  result<void> remove_dead_files();

  const std::shared_ptr<ledger::env> env_;
  const wal_options options_;

  // Changed by the writer only, which reads it without the lock; published to readers under it.
  mutable std::mutex mutex_;
  std::map<std::uint32_t, std::shared_ptr<ledger::file>> files_;  ///< All that there are, open: `env::open` would create one that was removed.
  wal::log_table table_;
  wal::entry_cache cache_;
  bool begun_ = false;

  // The writer's own.
  std::uint32_t segment_ = 0;       ///< The file that grows.
  std::uint64_t head_bytes_ = 0;    ///< Of its first record; 0 while it has none.
  std::uint64_t sequence_ = 0;      ///< Of the next record.
  bool dirty_ = false;              ///< Something was written that is not synced.
  std::atomic<bool> broken_ = false;
};

}  // namespace weft::cluster::raft
