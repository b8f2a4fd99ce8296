// Blocks: header and data are shared and never rebuilt; metadata belongs to the node that stores them. interop/01 §9.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <vector>

#include "config/base/bytes.hpp"
#include "config/base/ids.hpp"
#include "crypto/hash/sha256.hpp"
#include "ledger/tx/envelope.hpp"

namespace weft::ledger {

struct block_header {
  block_number number;
  bytes previous_hash;  ///< Empty for genesis.
  bytes data_hash;
  friend bool operator==(const block_header&, const block_header&) = default;
};
/// DER SEQUENCE{INTEGER number, OCTET STRING previous_hash, OCTET STRING data_hash}.
[[nodiscard]] bytes header_bytes(const block_header& h);
/// SHA-256 of header_bytes: names the block; the next block's previous_hash.
[[nodiscard]] bytes block_hash(const block_header& h);

enum class metadata_slot : std::size_t { signatures = 0, last_config = 1, transactions_filter = 2, orderer = 3, commit_hash = 4 };
inline constexpr std::size_t metadata_slots = 5;

/// A check that was passed once and need not be repeated. A copy starts unchecked, because its bytes may be changed.
class passed_once {
 public:
  passed_once() = default;
  passed_once(const passed_once&) noexcept {}
  passed_once& operator=(const passed_once&) noexcept { return *this; }
  void pass() const noexcept { passed_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] bool passed() const noexcept { return passed_.load(std::memory_order_relaxed); }

 private:
  mutable std::atomic<bool> passed_{false};
};

/// Header and data: what was ordered, equal on every node. Immutable, shared.
struct block_content {
  block_header header;
  std::vector<envelope> envelopes;  ///< Slices of one buffer where the block arrived as bytes.
  bytes hash;                       ///< block_hash(header)
  passed_once data_hash;            ///< The data were found to have header.data_hash: nobody in this process hashes them again.
};

/// pb(common.Block) as pieces in order: the envelopes where they lie, and what stands around them.
class block_pieces {
 public:
  block_pieces(block_pieces&&) noexcept = default;
  block_pieces& operator=(block_pieces&&) noexcept = default;
  [[nodiscard]] const std::vector<bytes_view>& views() const noexcept { return views_; }  ///< Valid as long as this object.
  [[nodiscard]] bytes joined() const;

 private:
  friend class block;
  block_pieces() = default;
  std::shared_ptr<const block_content> envelopes_;
  bytes frame_;  ///< Longer than what a string keeps within itself, so that it may be moved.
  std::vector<bytes_view> views_;
};

/// A block as one node knows it. Copies share the content; metadata are this copy's own.
class block {
 public:
  block() = default;
  block(std::shared_ptr<const block_content> content, std::array<bytes, metadata_slots> metadata)
      : content_(std::move(content)), metadata_(std::move(metadata)) {}
  /// From pb(common.Block). Fewer than five slots are filled up with empty ones (`slots_seen` tells). An entry of the data that is no
  /// envelope stays in `envelopes` as an unparsable one. Errors: `invalid_argument`.
  [[nodiscard]] static result<block> parse(shared_bytes raw);
  /// A new block around envelopes that were just ordered; computes data hash and hash. Metadata are empty.
  [[nodiscard]] static block make(block_number number, bytes previous_hash, std::vector<envelope> envelopes);

  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(content_); }
  [[nodiscard]] const block_header& header() const { return content_->header; }
  [[nodiscard]] block_number number() const { return content_->header.number; }
  [[nodiscard]] const bytes& hash() const { return content_->hash; }
  [[nodiscard]] const std::vector<envelope>& envelopes() const { return content_->envelopes; }
  [[nodiscard]] const std::shared_ptr<const block_content>& content() const { return content_; }
  [[nodiscard]] const bytes& metadata(metadata_slot s) const { return metadata_[static_cast<std::size_t>(s)]; }
  [[nodiscard]] const std::array<bytes, metadata_slots>& metadata() const { return metadata_; }
  void set_metadata(metadata_slot s, bytes value) { metadata_[static_cast<std::size_t>(s)] = std::move(value); }
  [[nodiscard]] std::size_t slots_seen() const noexcept { return slots_seen_; }
  /// pb(common.Block): header and data verbatim, five slots.
  [[nodiscard]] bytes encode() const { return pieces().joined(); }
  /// The same without copying the envelopes: for whoever writes it somewhere at once.
  [[nodiscard]] block_pieces pieces() const;
  /// Slots 2 and 4 emptied: as an orderer delivers it.
  [[nodiscard]] block without_peer_metadata() const;

 private:
  std::shared_ptr<const block_content> content_;
  std::array<bytes, metadata_slots> metadata_;
  std::size_t slots_seen_ = metadata_slots;
};

/// SHA-256 over the concatenated entries.
[[nodiscard]] bytes compute_data_hash(const std::vector<envelope>& envelopes);
/// Index of the last config block: from slot 0, or slot 1 for blocks before 1.4.1.
[[nodiscard]] result<block_number> last_config_index(const block& b);
/// What the consenter left in slot 0 (the value of its pb(Metadata)); empty for one that leaves nothing. Errors: `invalid_argument`.
[[nodiscard]] result<bytes> consenter_metadata(const block& b);
/// pb(OrdererBlockMetadata{last_config{index}, consenter_metadata}), the latter being pb(Metadata) or nothing.
[[nodiscard]] bytes orderer_block_metadata(block_number last_config, bytes_view consenter_metadata);

/// One signature of slot 0 with the exact bytes that it covers.
struct block_signature {
  bytes identity;                ///< pb(SerializedIdentity); empty for BFT, where `consenter_id` names the signer.
  bool by_consenter_id = false;  ///< BFT form.
  std::uint32_t consenter_id = 0;
  bytes signed_bytes, signature;
};
/// Takes slot 0 apart. Errors: `invalid_argument`. interop/01 §9, CFT and BFT forms.
[[nodiscard]] result<std::vector<block_signature>> block_signatures(const block& b);

/// The checks that need no policy: number, previous hash, five slots when `strict` (v3 peers demand them of an orderer; old chains
/// have fewer), data hash, and that there are transactions, each a canonical envelope with payload and signature (a block of one
/// CONFIG transaction is excused from the latter: genesis is not signed). `previous_hash` is the hash of the block before.
/// Errors: `corruption` when a hash differs, else `invalid_argument`; the text names what differs.
[[nodiscard]] result<void> check_links(const block& b, block_number expected, bytes_view previous_hash, bool strict = true);

/// The running commit hash of interop/01 §11.
[[nodiscard]] bytes next_commit_hash(bytes_view filter, bytes_view updates, bytes_view previous_commit_hash);

}  // namespace weft::ledger
