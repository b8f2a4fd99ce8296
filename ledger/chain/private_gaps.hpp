// Private data that a channel's ledger lacks: what is missing of them, and how they come in later than their block.
#pragma once

#include "ledger/chain/channel_ledger.hpp"

namespace weft::ledger {

/// A plain write set that a stored block names and this peer should hold, being a member of the collection, but does not.
struct missing_private_data {
  version at;  ///< Block and transaction.
  std::string ns, collection;
  bytes hash;  ///< pvt_rwset_hash: SHA-256 of the set that would do.
  friend bool operator==(const missing_private_data&, const missing_private_data&) = default;
};
/// Such a set, as somebody gave it: pb(KVRWSet), not believed yet.
struct late_private_data {
  version at;
  std::string ns, collection;
  bytes set;
};
/// What became of it.
enum class late_outcome : std::uint8_t {
  taken,        ///< Stored with its block, and the state has what of it still counts.
  not_missing,  ///< Nobody waits for it: it is here, or no block of this ledger names it.
  wrong,        ///< It is not what the block's hash says.
};

/// The other side of a ledger. missing() is thread-safe; reconcile() is for the ledger's writer alone, as commit() is.
class private_gaps {
 public:
  virtual ~private_gaps() = default;
  /// What is missing, oldest block first, at most `limit`; behind `after`, if that is given. Noted in the batch of the block's commit.
  [[nodiscard]] virtual result<std::vector<missing_private_data>> missing(const std::optional<missing_private_data>& after, std::size_t limit) const = 0;
  /// Stores sets that were missing and puts their values into the state; all of them are on disk when it returns. One answer for each. The height stays,
  /// the view is another one. A value counts while its hash is in the state: a newer write wins, what was deleted stays deleted.
  /// Errors: `corruption`, `io`; the ledger then takes nothing more until it is opened anew, as after a failed commit. A wrong set is no error.
  [[nodiscard]] virtual result<std::vector<late_outcome>> reconcile(const std::vector<late_private_data>& found) = 0;
};

/// Whether this peer's organization is a member of a collection: what is missing of others is nobody's loss.
using collection_membership = std::function<bool(std::string_view ns, std::string_view collection)>;

/// open_channel_ledger() for a peer whose organization is a member of collections.
[[nodiscard]] result<std::shared_ptr<channel_ledger>> open_member_ledger(std::shared_ptr<env> files, std::shared_ptr<kv_store> state, const block& genesis,
                                                                         collection_membership member_of,
                                                                         const std::function<void(block_number, block_number)>& progress = {},
                                                                         ledger_open_report* report = nullptr, std::uint64_t segment_bytes = 64 * MiB,
                                                                         const bundle_source& bundles = channel_bundle::from_block);
/// Of a ledger that was opened here. Null for another kind.
[[nodiscard]] std::shared_ptr<private_gaps> gaps_of(const std::shared_ptr<channel_ledger>& ledger);

}  // namespace weft::ledger
