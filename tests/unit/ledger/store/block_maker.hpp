// Blocks with as much in them as a store looks at: transaction ids, a filter, some bulk.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "ledger/block/block.hpp"
#include "proto/wire_write.hpp"

namespace weft::testing {

/// An envelope whose header carries the id (or none when empty) and `bulk` as data.
inline ledger::envelope make_tx(std::string_view tx_id, std::string_view bulk, std::string_view nonce = "nonce") {
  bytes channel_header, signature_header, header, payload;
  proto::put_varint(channel_header, 1, 3);
  proto::put_bytes(channel_header, 4, "ch");
  proto::put_bytes(channel_header, 5, tx_id);
  proto::put_bytes(signature_header, 1, "creator");
  proto::put_bytes(signature_header, 2, nonce);
  proto::put_present(header, 1, channel_header);
  proto::put_present(header, 2, signature_header);
  proto::put_present(payload, 1, header);
  proto::put_bytes(payload, 2, bulk);
  return ledger::envelope::make(std::move(payload), "signature");
}

/// The block after `previous` (or genesis) with these ids; `bulk` bytes in each transaction.
inline ledger::block next_block(const ledger::block& previous, const std::vector<std::string>& tx_ids, std::size_t bulk = 40) {
  std::vector<ledger::envelope> txs;
  for (const auto& id : tx_ids) txs.push_back(make_tx(id, bytes(bulk, static_cast<char>('a' + txs.size() % 26))));
  return previous ? ledger::block::make(previous.number().next(), previous.hash(), std::move(txs))
                  : ledger::block::make(block_number(0), "", std::move(txs));
}

/// Blocks 0 to count-1, with ids "<block>.<index>".
inline std::vector<ledger::block> make_chain(std::size_t count, std::size_t bulk = 40) {
  std::vector<ledger::block> chain;
  for (std::size_t n = 0; n < count; ++n) {
    std::vector<std::string> ids;
    for (std::size_t i = 0; i <= n % 3; ++i) ids.push_back(std::to_string(n) + "." + std::to_string(i));
    chain.push_back(next_block(chain.empty() ? ledger::block() : chain.back(), ids, bulk + n % 7));
    chain.back().set_metadata(ledger::metadata_slot::transactions_filter, bytes(ids.size(), static_cast<char>(n % 5)));
  }
  return chain;
}

}  // namespace weft::testing
