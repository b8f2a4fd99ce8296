// Verdicts and reasons as names, bytes and JSON.
#include <nlohmann/json.hpp>

#include "ledger/validation/validator.hpp"

namespace weft::ledger {
namespace {

nlohmann::json to_json(const std::optional<version>& at) {
  if (!at) return nullptr;
  return {{"block", at->block.value}, {"tx", at->tx.value}};
}

}  // namespace

std::string_view to_string(verdict v) noexcept {
  switch (v) {
    case verdict::valid:
      return "VALID";
    case verdict::nil_envelope:
      return "NIL_ENVELOPE";
    case verdict::bad_payload:
      return "BAD_PAYLOAD";
    case verdict::bad_common_header:
      return "BAD_COMMON_HEADER";
    case verdict::bad_creator_signature:
      return "BAD_CREATOR_SIGNATURE";
    case verdict::invalid_endorser_transaction:
      return "INVALID_ENDORSER_TRANSACTION";
    case verdict::invalid_config_transaction:
      return "INVALID_CONFIG_TRANSACTION";
    case verdict::unsupported_tx_payload:
      return "UNSUPPORTED_TX_PAYLOAD";
    case verdict::bad_proposal_txid:
      return "BAD_PROPOSAL_TXID";
    case verdict::duplicate_txid:
      return "DUPLICATE_TXID";
    case verdict::endorsement_policy_failure:
      return "ENDORSEMENT_POLICY_FAILURE";
    case verdict::mvcc_read_conflict:
      return "MVCC_READ_CONFLICT";
    case verdict::phantom_read_conflict:
      return "PHANTOM_READ_CONFLICT";
    case verdict::unknown_tx_type:
      return "UNKNOWN_TX_TYPE";
    case verdict::target_chain_not_found:
      return "TARGET_CHAIN_NOT_FOUND";
    case verdict::marshal_tx_error:
      return "MARSHAL_TX_ERROR";
    case verdict::nil_txaction:
      return "NIL_TXACTION";
    case verdict::expired_chaincode:
      return "EXPIRED_CHAINCODE";
    case verdict::chaincode_version_conflict:
      return "CHAINCODE_VERSION_CONFLICT";
    case verdict::bad_header_extension:
      return "BAD_HEADER_EXTENSION";
    case verdict::bad_channel_header:
      return "BAD_CHANNEL_HEADER";
    case verdict::bad_response_payload:
      return "BAD_RESPONSE_PAYLOAD";
    case verdict::bad_rwset:
      return "BAD_RWSET";
    case verdict::illegal_writeset:
      return "ILLEGAL_WRITESET";
    case verdict::invalid_writeset:
      return "INVALID_WRITESET";
    case verdict::invalid_chaincode:
      return "INVALID_CHAINCODE";
    case verdict::not_validated:
      return "NOT_VALIDATED";
    case verdict::invalid_other_reason:
      return "INVALID_OTHER_REASON";
  }
  return "UNKNOWN";
}

bytes reason::encode() const {
  nlohmann::json out{{"text", text}};
  if (!ns.empty()) {
    out["namespace"] = ns;
    out["key"] = key;
    out["read"] = to_json(read);
    out["committed"] = to_json(committed);
  }
  if (!winner.empty()) out["winner"] = winner;
  // Keys are whatever a contract chose: bytes that are no UTF-8 must not throw here.
  return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

bytes judged_block::filter() const {
  bytes out;
  out.reserve(verdicts.size());
  for (const verdict v : verdicts) out.push_back(static_cast<char>(v));
  return out;
}

}  // namespace weft::ledger
