// Reads a snapshot and remembers what was read and written, as Fabric's transaction simulator does: sorted, one read per key, the last write
// of a key. Writes never show in reads. interop/01 §10, interop/05 §3.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "chaincode/simulation/external.hpp"
#include "chaincode/simulation/limits.hpp"
#include "ledger/state/state.hpp"
#include "ledger/tx/rwset.hpp"

namespace weft::chaincode {

/// Used by one thread. Errors of the state and exceeded bounds stick: see `failure()`.
class recorder {
 public:
  using metadata_entries = std::vector<std::pair<std::string, bytes>>;

  /// `tx_id` is for texts only.
  recorder(std::shared_ptr<const ledger::state_view> state, const simulation_limits& limits, std::string tx_id = {})
      : state_(std::move(state)), limits_(limits), tx_id_(std::move(tx_id)) {}

  result<std::optional<ledger::versioned_value>> read(const std::string& ns, const std::string& key);
  result<void> write(const std::string& ns, const std::string& key, bytes_view value, bool erase = false);  ///< An empty value erases.
  result<void> write_metadata(const std::string& ns, const std::string& key, metadata_entries entries);
  /// [start, end); the first batch is fetched at once. The cursor may outlive the recorder.
  result<std::unique_ptr<batch_cursor>> range(const std::string& ns, std::string start, std::string end);

  /// The first `size` records of [start, end), or as many as a range may have, and where the rest begins. Recorded as a range; then nothing may be
  /// written, nor have been written: pages of one transaction would not be of one state. Errors beside those of `range`: `failed_precondition`.
  result<range_page> page(const std::string& ns, std::string start, std::string end, std::int32_t size);
  /// Plain values of a collection. Not recorded, so that nothing may be written either. The cursor must not outlive the recorder.
  result<std::unique_ptr<batch_cursor>> private_range(const std::string& ns, const std::string& collection, std::string start, std::string end);

  /// The hash of a private value, recorded as a read.
  result<std::optional<ledger::versioned_value>> read_hash(const std::string& ns, const std::string& collection, const std::string& key);
  /// The plain value, which a caller is to compare with the hash's version. Not recorded: the hash is.
  result<std::optional<ledger::versioned_value>> read_private(const std::string& ns, const std::string& collection, const std::string& key);
  result<void> write_private(const std::string& ns, const std::string& collection, const std::string& key, bytes_view value, bool erase = false);

  /// Counts bytes that become part of the transaction outside of the write sets.
  result<void> charge(std::size_t bytes_written);

  /// The first error of the state, or bound exceeded. A contract may have swallowed it; the simulation must not.
  [[nodiscard]] std::optional<error> failure() const;

  /// Takes over a failure of a transaction that this one led to.
  void adopt(std::optional<error> failure) {
    if (failure && !failure_) failure_ = std::move(failure);
  }

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
  result<void> count_range();
  result<void> check_key(std::string_view key) const;
  /// Writes are allowed until something was asked that only transactions without writes may ask.
  result<void> begin_write();
  [[nodiscard]] error refused(std::string_view why) const;
  [[nodiscard]] static ledger::collection_rwset set_of(const std::string& name, const collection_part& part, const std::string& ns);

  std::shared_ptr<const ledger::state_view> state_;
  simulation_limits limits_;
  std::map<std::string, namespace_part> namespaces_;
  std::size_t keys_ = 0, written_ = 0, ranges_ = 0;
  std::optional<error> failure_;
  std::string tx_id_;
  bool wrote_ = false, paged_ = false, walked_privates_ = false;
};

}  // namespace weft::chaincode
