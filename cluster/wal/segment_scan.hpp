// Reads one file of the log after a restart, and tells a torn tail from damage.
#pragma once

#include "cluster/wal/statement.hpp"
#include "ledger/store/env.hpp"

namespace weft::cluster::raft::wal {

/// What stands at a place in a file.
struct found {
  enum class kind : std::uint8_t { end, torn, whole } what = kind::end;
  header head;
  statement says;
  std::uint64_t payload_at = 0;
  std::uint64_t next = 0;  ///< Where the record ends.
};

/// Reads the record at `offset` and checks all of it; payload goes through memory a piece at a time. Torn: README.md, "What stands at the end".
/// Errors: `corruption`, naming file and offset and what to do; `io`.
[[nodiscard]] result<found> look_at(const ledger::file& f, const std::string& name, std::uint64_t offset);

/// "wal-000003 at offset 17: ..." with what an operator can do.
[[nodiscard]] tl::unexpected<error> damaged(const std::string& name, std::uint64_t offset, const std::string& what);

}  // namespace weft::cluster::raft::wal
