// Decides, for each transaction of one block, whether its writes take effect. interop/05 §7, interop/01 §13.
//
// Two steps, so that blocks can overlap: `prepare` needs no state (structure, creator, signatures) and runs on all cores, a slice
// of a block at a time; `judge` needs the state before the block and runs in order.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ledger/block/block.hpp"
#include "ledger/channel/bundle.hpp"
#include "ledger/state/state.hpp"
#include "ledger/tx/rwset.hpp"

namespace weft::ledger {

/// Fabric's TxValidationCode: a verdict is an answer, written into the block.
enum class verdict : std::uint8_t {
  valid = 0, nil_envelope = 1, bad_payload = 2, bad_common_header = 3, bad_creator_signature = 4, invalid_endorser_transaction = 5,
  invalid_config_transaction = 6, unsupported_tx_payload = 7, bad_proposal_txid = 8, duplicate_txid = 9, endorsement_policy_failure = 10,
  mvcc_read_conflict = 11, phantom_read_conflict = 12, unknown_tx_type = 13, target_chain_not_found = 14, marshal_tx_error = 15,
  nil_txaction = 16, expired_chaincode = 17, chaincode_version_conflict = 18, bad_header_extension = 19, bad_channel_header = 20,
  bad_response_payload = 21, bad_rwset = 22, illegal_writeset = 23, invalid_writeset = 24, invalid_chaincode = 25,
  not_validated = 254, invalid_other_reason = 255,
};
/// "MVCC_READ_CONFLICT", …
[[nodiscard]] std::string_view to_string(verdict v) noexcept;

/// Why a transaction is not valid, for people and tools. Text always; the rest where it applies.
struct reason {
  std::string text;                       ///< One line, or a policy tree.
  std::string ns, key;                    ///< MVCC and phantom conflicts.
  std::optional<version> read, committed; ///< What the transaction read, and what it met. Absent: the key did not exist.
  std::string winner;                     ///< Transaction id of the transaction that wrote `committed`, when known.
  [[nodiscard]] bytes encode() const;     ///< JSON; kept in the index beside the transaction.
};

/// One transaction after the stateless step.
struct prepared_tx {
  verdict code = verdict::not_validated;   ///< valid so far, or final.
  std::string why;
  header_type type = header_type::endorser_transaction;
  std::string tx_id;                       ///< As indexed (computed when the header has none).
  endorser_tx tx;
  rwset sets;
  std::vector<crypto::identity_ptr> signers;   ///< Valid endorsers, de-duplicated, in order.
  std::vector<std::string> dropped;            ///< Why endorsements did not count.
};
struct prepared_block {
  block source;
  std::shared_ptr<const channel_bundle> bundle;  ///< The bundle that identities were judged by.
  std::vector<prepared_tx> txs;
};

/// Structure, creator, signatures of transactions, each judged for itself, their signatures verified together. Pure; thread-safe.
/// Requires spans of equal size.
void prepare(std::span<const envelope> envelopes, const channel_bundle& bundle, const crypto::verifier& verifier, std::span<prepared_tx> out);
[[nodiscard]] prepared_tx prepare(const envelope& e, const channel_bundle& bundle, const crypto::verifier& verifier);
/// All of a block in one sweep; shells cut it into slices for several cores instead.
[[nodiscard]] prepared_block prepare_all(const block& b, std::shared_ptr<const channel_bundle> bundle, const crypto::verifier& verifier);

/// Private writes that a valid transaction of the block claims; the committer looks for the plain values.
struct private_claim {
  tx_number tx;
  std::string tx_id, ns, collection;
  bytes hash;  ///< pvt_rwset_hash
};

struct judged_block {
  std::vector<verdict> verdicts;
  std::vector<reason> reasons;              ///< Parallel to verdicts; empty text for valid ones.
  state_batch updates;                      ///< Public and hashed; privates are added by the committer.
  std::vector<private_claim> claims;
  std::shared_ptr<const channel_bundle> next_bundle;  ///< The same, or the one after this config block.
  [[nodiscard]] bytes filter() const;       ///< Slot 2.
};

/// Looks transaction ids up among earlier blocks.
using tx_lookup = std::function<result<bool>(std::string_view tx_id)>;

/// The stateful step: duplicates, policies by the definitions in `state`, key-level policies, MVCC, phantoms. Pure and deterministic:
/// the same block and state give the same verdicts on every peer, forever. Requires state.height() == block number.
/// `winner_of` (optional) names the transaction behind a version, for reasons only.
/// A bundle older than the channel's current one (a config block was judged in between) gives verdicts by old rules: prepare again.
/// Errors: `corruption`/`io` from the state, `invalid_argument` for a config transaction that must not have been ordered, `unsupported` for
/// a definition whose validation plugin is not here: halt the channel. `failed_precondition` when block and state do not fit.
[[nodiscard]] result<judged_block> judge(const prepared_block& block, const state_view& state, const tx_lookup& seen,
                                         const crypto::verifier& verifier,
                                         const std::function<std::string(version)>& winner_of = {});

/// Puts slots 2 and 4 into the block. Returns the new commit hash.
[[nodiscard]] bytes seal(block& b, const judged_block& judged, bytes_view previous_commit_hash);

}  // namespace weft::ledger
