// The messages of Fabric's shim protocol (protos.ChaincodeMessage), which travel between a peer and a contract outside of it. interop/05 §1, §2.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chaincode/contract/contract.hpp"
#include "config/base/bytes.hpp"

namespace weft::chaincode::shim {

/// Larger messages are neither taken nor sent; also the bound of Fabric's connections.
inline constexpr std::size_t message_bytes_max = 100 * MiB;

/// ChaincodeMessage.Type. A message may carry numbers that are not listed here.
enum class message_type : int {
  undefined = 0,
  register_contract = 1,
  registered = 2,
  init = 3,
  ready = 4,
  transaction = 5,
  completed = 6,
  error = 7,
  get_state = 8,
  put_state = 9,
  del_state = 10,
  invoke_chaincode = 11,
  response = 13,
  get_state_by_range = 14,
  get_query_result = 15,
  query_state_next = 16,
  query_state_close = 17,
  keepalive = 18,
  get_history_for_key = 19,
  get_state_metadata = 20,
  put_state_metadata = 21,
  get_private_data_hash = 22,
  purge_private_data = 23,
  write_batch_state = 24,
  get_state_multiple = 25,
};
/// "GET_STATE"; the number for one that is not known.
[[nodiscard]] std::string to_string(message_type type);
/// Whether a contract may ask this while it runs.
[[nodiscard]] bool is_request(message_type type) noexcept;

/// Transactions are told apart by channel and id: the same id may run on two channels at once, below a call from one to the other.
struct call_key {
  std::string channel, txid;
  friend auto operator<=>(const call_key&, const call_key&) = default;
};

/// What weft reads of a message and writes into one. The timestamp is neither, as in Fabric.
struct message {
  message_type type{};
  call_key call;
  bytes payload;
  bytes proposal, proposal_signature;                  ///< SignedProposal; peer to contract only.
  std::optional<std::pair<std::string, bytes>> event;  ///< Name and payload of a COMPLETED's event.
  friend bool operator==(const message&, const message&) = default;
};
[[nodiscard]] bytes encode(const message& m);
/// Errors: `invalid_argument` for bytes that are no ChaincodeMessage, or too many.
[[nodiscard]] result<message> parse_message(bytes_view raw);

/// Payloads.
[[nodiscard]] bytes encode_input(const std::vector<bytes>& args, bool is_init);        ///< Of TRANSACTION and INIT.
[[nodiscard]] bytes encode_additional_params(std::size_t batch, std::size_t multiple);  ///< Of READY: batches of writes and reads that the peer takes.
[[nodiscard]] result<std::string> parse_registration(bytes_view payload);               ///< Of REGISTER: the package id. Errors: `invalid_argument`.
[[nodiscard]] bytes encode_response(const response& r);                                 ///< Of COMPLETED.
[[nodiscard]] result<response> parse_response(bytes_view payload);                      ///< Errors: `invalid_argument`.

}  // namespace weft::chaincode::shim
