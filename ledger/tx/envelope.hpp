// Envelopes: the unit that is ordered. The bytes that arrived are kept; the parsed view is made once and shared. interop/01 §2–8.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/base/bytes.hpp"
#include "config/base/clock.hpp"
#include "config/base/ids.hpp"
#include "crypto/keys/signer.hpp"
#include "ledger/tx/rwset.hpp"

namespace weft::ledger {

/// Fabric's common.HeaderType.
enum class header_type : std::int32_t {
  message = 0,
  config = 1,
  config_update = 2,
  endorser_transaction = 3,
  orderer_transaction = 4,
  deliver_seek_info = 5,
  chaincode_package = 6,
};

/// The two headers of a payload or proposal. Views point into the envelope's (or proposal's) own bytes.
struct headers {
  bytes_view channel_header;    ///< Stored bytes.
  bytes_view signature_header;  ///< Stored bytes.
  std::int32_t type = 0;
  std::int64_t epoch = 0;
  timestamp time{};
  bool has_time = false;
  std::string channel_id, tx_id;
  bytes_view extension, tls_cert_hash;
  bytes_view creator, nonce;
};

/// `lowercase_hex(SHA-256(nonce ‖ creator))`: interop/01 §3.
[[nodiscard]] std::string compute_txid(bytes_view nonce, bytes_view creator);

/// Parses a serialized common.Header. Errors: `invalid_argument`.
[[nodiscard]] result<headers> parse_headers(bytes_view header);

/// An ordered or orderable envelope. Copies share the bytes and the parsed view. Thread-safe to read and copy.
class envelope {
 public:
  envelope() = default;
  /// Splits payload and signature; nothing deeper. Errors: `invalid_argument` when the bytes are no Envelope.
  [[nodiscard]] static result<envelope> parse(shared_bytes raw);
  /// The same for an entry of a block: bytes that are no Envelope are kept, with empty payload and `well_formed()` false.
  [[nodiscard]] static envelope keep(shared_bytes raw);
  /// Encodes a new envelope around a payload and its signature.
  [[nodiscard]] static envelope make(bytes payload, bytes signature);

  [[nodiscard]] const shared_bytes& raw() const;  ///< pb(Envelope) as it arrived.
  [[nodiscard]] bytes_view payload() const;
  [[nodiscard]] bytes_view signature() const;
  /// The payload and its digest, which is computed once for all copies: what the creator signed.
  [[nodiscard]] crypto::hashed_message signed_payload() const;
  /// False only for an entry of a block that is no Envelope at all.
  [[nodiscard]] bool well_formed() const;
  /// What batch limits count: payload plus signature (interop/02 §10).
  [[nodiscard]] std::size_t size() const { return payload().size() + signature().size(); }
  /// True if parsing and encoding again gives the same bytes: what real peers demand of every entry of a block (trap 7).
  [[nodiscard]] bool canonical() const;
  /// The headers, parsed on first use and shared by all copies; never null after an ok. Errors: `invalid_argument`.
  [[nodiscard]] const result<headers>& header() const;
  /// TxValidationCode of a failed `header()`: 2 when the payload is no Payload, 3 when its header is none; 0 when all is well.
  [[nodiscard]] std::uint8_t header_code() const;
  /// Payload.data's stored bytes (empty when the payload does not parse).
  [[nodiscard]] bytes_view data() const;

 private:
  struct state;
  std::shared_ptr<state> state_;
};

/// One endorsement of a transaction.
struct endorsement {
  bytes_view endorser, signature;
};

/// An endorser transaction, taken apart down to what validation needs. Views point into `source`, which every copy keeps alive.
struct endorser_tx {
  envelope source;
  std::size_t action_count = 0;
  bytes_view action_header;                ///< TransactionAction.header
  bytes_view chaincode_proposal_payload;   ///< stored bytes
  bytes_view proposal_response_payload;    ///< stored bytes: what endorsers signed, with their identity behind it
  bytes_view proposal_hash;
  bytes_view results;                      ///< pb(TxReadWriteSet)
  bytes_view events;                       ///< pb(ChaincodeEvent) or empty
  std::string chaincode_name, chaincode_version;  ///< of the ChaincodeAction
  std::string header_chaincode_name;       ///< of the ChaincodeHeaderExtension
  bool has_action = true;
  std::vector<endorsement> endorsements;
  rwset sets;                              ///< `results`, parsed; whoever keeps it may move it out.
};
/// What is wrong with a transaction's structure.
struct tx_defect {
  std::uint8_t code = 0;  ///< TxValidationCode, interop/01 §13.
  std::string why;
};
/// Takes Payload.data of an ENDORSER_TRANSACTION apart, and checks all that needs neither identities nor state, in Fabric's order:
/// headers (2, 3), one whole action whose header names creator and nonce (5; 16 without ChaincodeEndorsedAction), the proposal hash
/// over stored bytes (5), the header extension (19), the ChaincodeAction (21), its read/write set (22), both chaincode ids (255 when
/// absent). Names, versions and events are compared by the validator.
[[nodiscard]] tl::expected<endorser_tx, tx_defect> parse_endorser_tx(const envelope& e);

/// A signed proposal, taken apart. `raw` owns every view.
struct proposal {
  shared_bytes raw;           ///< SignedProposal.proposal_bytes
  bytes signature;
  bytes_view header_bytes;    ///< Proposal.header
  headers header;
  bytes_view payload;         ///< Proposal.payload = pb(ChaincodeProposalPayload)
  bytes_view input;           ///< stored `input` bytes of the payload
  std::string chaincode_name;
  std::vector<bytes> args;
  bool is_init = false;
  std::vector<std::pair<std::string, bytes>> transient_map;  ///< sorted by key
};
/// Errors: `invalid_argument` with Fabric's text (interop/04 §1).
[[nodiscard]] result<proposal> parse_signed_proposal(bytes_view signed_proposal);
/// `H(channel_header ‖ signature_header ‖ pb(ChaincodeProposalPayload{input only}))`: interop/01 §6.
[[nodiscard]] bytes proposal_hash(const headers& h, bytes_view stored_input);
/// pb(ChaincodeProposalPayload{input only}) around stored input bytes.
[[nodiscard]] bytes payload_without_transient(bytes_view stored_input);

/// What a client says to build a proposal.
struct proposal_request {
  std::string channel_id, chaincode_name;
  std::vector<bytes> args;
  std::vector<std::pair<std::string, bytes>> transient_map;
  bool is_init = false;
};
/// An unsigned proposal with its transaction id; the client signs `proposal_bytes`.
struct unsigned_proposal {
  bytes proposal_bytes;
  std::string tx_id;
};
[[nodiscard]] unsigned_proposal make_proposal(const proposal_request& request, bytes_view creator, bytes_view nonce, timestamp now);
/// pb(SignedProposal)
[[nodiscard]] bytes make_signed_proposal(bytes_view proposal_bytes, bytes_view signature);
/// Builds the payload of the transaction envelope from a proposal and its (byte-equal) endorsements; the client signs it. interop/01 §8.
/// `responses` are pb(ProposalResponse). Duplicate endorsers are dropped. Errors: `conflict` when payloads differ, `invalid_argument`.
[[nodiscard]] result<bytes> make_transaction_payload(const proposal& p, const std::vector<bytes>& responses);
/// pb(ProposalResponsePayload) of a simulation.
[[nodiscard]] bytes make_response_payload(bytes_view proposal_hash, bytes_view results, bytes_view events, bytes_view response,
                                          std::string_view chaincode_name, std::string_view chaincode_version);

}  // namespace weft::ledger
