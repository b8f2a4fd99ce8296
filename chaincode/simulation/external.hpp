// Contracts that run outside of the peer's process, as a simulation knows them.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chaincode/simulation/simulation.hpp"
#include "chaincode/simulation/system_contract.hpp"

namespace weft::chaincode {

/// What `simulation_context::find_contract` gives for a contract that only its package names: it runs elsewhere, and whoever drives the simulation
/// asks it (suspended.hpp). Calling it in place fails.
class external_contract final : public contract {
 public:
  explicit external_contract(std::string package_id) : package_id_(std::move(package_id)) {}
  [[nodiscard]] const std::string& package_id() const noexcept { return package_id_; }
  [[nodiscard]] response invoke(stub& s) override;

 private:
  std::string package_id_;
};
/// Null for a contract that is compiled in.
[[nodiscard]] const external_contract* as_external(const contract_ptr& c);

/// Some results of a range query, and whether there are more: as many as travel in one message.
struct record_batch {
  std::vector<key_value> records;
  bool more = false;
};
/// A range query that is read by batches. What is looked at to know whether there are more is part of the read set, so a batch is not to be
/// gathered by next().
class batch_cursor : public result_cursor {
 public:
  virtual result<record_batch> next_batch() = 0;
};

/// One page of a range, and where the next begins ("" behind the last).
struct range_page {
  std::vector<key_value> records;
  std::string bookmark;
};
using key_metadata = std::vector<std::pair<std::string, bytes>>;  ///< Sorted by name.

/// The stub behind an external contract's requests: what Fabric's shim protocol can ask, without the comforts that its shims add on their side
/// (a start key in place of an empty one, composite keys).
class frame_stub : public system_stub {
 public:
  /// [start, end) as given; an empty end means the end of the namespace.
  virtual result<std::unique_ptr<batch_cursor>> raw_range(std::string_view start, std::string_view end) = 0;
  /// The first `size` records of it (0: as many as a range may have). Not to be combined with writes, before or after, as in Fabric.
  virtual result<range_page> page(std::string_view start, std::string_view end, std::int32_t size) = 0;
  /// Private values that this peer holds. Not recorded, so not to be combined with writes either.
  virtual result<std::unique_ptr<batch_cursor>> private_range(std::string_view collection, std::string_view start, std::string_view end) = 0;
  /// Everything that a key has beside its value; recorded as a read.
  virtual result<key_metadata> metadata(std::string_view key) = 0;
  /// Replaces all of it.
  virtual result<void> set_metadata(std::string_view key, std::string_view name, bytes_view value) = 0;
};

/// Another channel of this peer, for calls of the form "contract/channel".
struct channel_view {
  simulation_context context;              ///< `proposal` is filled in by the caller.
  std::shared_ptr<const void> keep_alive;  ///< What the context borrows.
};
/// Nothing for a channel that this peer has not joined.
using channel_finder = std::function<std::optional<channel_view>(const std::string& channel)>;

/// What a peer knows beyond the context of a simulation: other channels, and packages that are installed. Each function may be missing.
struct simulation_sources {
  channel_finder channels;
  /// The installed package whose approval has this digest, or "". Asked when the organization approved another package than
  /// `simulation_context::installed_package` has for the name. Packages are never uninstalled.
  std::function<std::string(bytes_view approval)> package_of;
  /// What runs such a package: an external_contract, or one that is compiled in and was approved under another name.
  std::function<contract_ptr(const std::string& package_id)> contract_of;
};
/// The digest by which an approval names a package.
[[nodiscard]] bytes approval_digest(const std::string& package_id);

}  // namespace weft::chaincode
