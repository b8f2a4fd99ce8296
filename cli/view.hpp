// Transactions and blocks taken apart for people and for JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "cli/console.hpp"
#include "ledger/block/block.hpp"

namespace weft::cli {

/// Who signed something, as far as the bytes tell.
struct member_view {
  std::string msp_id, common_name, subject;
  [[nodiscard]] std::string text() const;  ///< "User1@org1.example.com (Org1MSP)"
};
[[nodiscard]] member_view member_of(bytes_view serialized_identity);

/// One transaction of a block.
struct tx_view {
  std::size_t index = 0, size = 0;
  std::string tx_id, type, time, channel, contract, version, code_name;
  std::uint8_t code = 0;
  member_view creator;
  std::vector<bytes> args;
  std::vector<member_view> endorsers;
  ledger::rwset sets;
  std::int32_t answer_status = 0;
  bytes answer;
  std::string event_name;
  bytes event_payload;
  std::string defect;   ///< Why it could not be taken apart; empty when it could.
  bytes reason;         ///< JSON of the verdict's reason, when known.

  [[nodiscard]] std::string call() const;        ///< "mycc invoke a b 10"
  [[nodiscard]] std::string sets_text() const;   ///< "mycc: 2 reads, 2 writes"
};
[[nodiscard]] tx_view view_of(const ledger::envelope& e, std::uint8_t code);

[[nodiscard]] nlohmann::json to_json(const member_view& m);
[[nodiscard]] nlohmann::json to_json(const tx_view& tx);
/// Bytes as text where they are printable UTF-8, else {"hex": "…"}.
[[nodiscard]] nlohmann::json json_bytes(bytes_view data);

/// Rows that explain a verdict: text, key, versions, winner. Nothing for an empty or malformed reason.
void add_reason(rows& out, bytes_view reason_json);
/// The reason as JSON, null when there is none.
[[nodiscard]] nlohmann::json reason_to_json(bytes_view reason_json);

/// "ENDORSER_TRANSACTION", "CONFIG", …
[[nodiscard]] std::string header_type_name(std::int32_t type);
[[nodiscard]] std::string code_name(std::uint8_t code);

}  // namespace weft::cli
