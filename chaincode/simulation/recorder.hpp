// Reads a snapshot and remembers what was read and written, as Fabric's transaction simulator does: sorted, one read per key, the last write
// of a key. Writes never show in reads. interop/01 §10, interop/05 §3.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "chaincode/contract/contract.hpp"
#include "chaincode/simulation/limits.hpp"
#include "ledger/state/state.hpp"
#include "ledger/tx/rwset.hpp"

namespace weft::chaincode {

/// Used by one thread. Errors of the state and exceeded bounds stick: see `failure()`.
class recorder {
 public:
  using metadata_entries = std::vector<std::pair<std::string, bytes>>;

  recorder(std::shared_ptr<const ledger::state_view> state, const simulation_limits& limits) : state_(std::move(state)), limits_(limits) {}

  result<std::optional<ledger::versioned_value>> read(const std::string& ns, const std::string& key);
  result<void> write(const std::string& ns, const std::string& key, bytes_view value, bool erase = false);  ///< An empty value erases.
  result<void> write_metadata(const std::string& ns, const std::string& key, metadata_entries entries);
  /// [start, end); the first batch is fetched at once. The cursor may outlive the recorder.
  result<std::unique_ptr<result_cursor>> range(const std::string& ns, std::string start, std::string end);

  /// The hash of a private value, recorded as a read.
  result<std::optional<ledger::versioned_value>> read_hash(const std::string& ns, const std::string& collection, const std::string& key);
  /// The plain value, which a caller is to compare with the hash's version. Not recorded: the hash is.
  result<std::optional<ledger::versioned_value>> read_private(const std::string& ns, const std::string& collection, const std::string& key);
  result<void> write_private(const std::string& ns, const std::string& collection, const std::string& key, bytes_view value, bool erase = false);

  /// Counts bytes that become part of the transaction outside of the write sets.
  result<void> charge(std::size_t bytes_written);

  /// The first error of the state, or bound exceeded. A contract may have swallowed it; the simulation must not.
  [[nodiscard]] std::optional<error> failure() const;

  /// Namespaces and collections sorted; those without content left out.
  [[nodiscard]] ledger::rwset sets() const;
  [[nodiscard]] std::vector<ledger::private_writes> privates() const;
  /// Keys whose value or metadata is written, by namespace: what key-level policies apply to.
  [[nodiscard]] std::map<std::string, std::set<std::string>> written_keys() const;
  [[nodiscard]] const ledger::state_view& state() const { return *state_; }

  struct range_record;

 private:
  struct collection_part {
    std::map<std::string, std::optional<version>> reads;  ///< By plain key: their order is that of the read set.
    std::map<std::string, ledger::kv_write> writes;
  };
  struct namespace_part {
    std::map<std::string, std::optional<version>> reads;
    std::map<std::string, ledger::kv_write> writes;
    std::map<std::string, metadata_entries> metadata_writes;
    std::vector<std::shared_ptr<range_record>> ranges;
    std::map<std::string, collection_part> collections;
  };

  tl::unexpected<error> stick(error e);
  result<void> count_key();
  result<void> check_key(std::string_view key) const;
  [[nodiscard]] static ledger::collection_rwset set_of(const std::string& name, const collection_part& part, const std::string& ns);

  std::shared_ptr<const ledger::state_view> state_;
  simulation_limits limits_;
  std::map<std::string, namespace_part> namespaces_;
  std::size_t keys_ = 0, written_ = 0, ranges_ = 0;
  std::optional<error> failure_;
};

}  // namespace weft::chaincode
