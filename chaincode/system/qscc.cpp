#include <charconv>
#include <limits>

#include "chaincode/system/channels.hpp"
#include "common/ledger.pb.h"
#include "ledger/chain/channel_ledger.hpp"
#include "proto/encode.hpp"
#include "proto/wire_write.hpp"

namespace weft::chaincode {
namespace {

using ledger::channel_ledger;

/// What is appended but not yet committed is not there yet.
result<ledger::block> read_block(const channel_ledger& channel, block_number number) {
  if (number >= channel.height()) return fail(errc::not_found, "no such block number [" + std::to_string(number.value) + "] in index");
  return channel.blocks().read(number);
}

result<ledger::tx_location> find_tx(const channel_ledger& channel, const bytes& tx_id) {
  WEFT_TRY(const auto at, channel.blocks().find_tx(tx_id));
  if (!at || at->block >= channel.height()) return fail(errc::not_found, "no such transaction ID [" + tx_id + "] in index");
  return *at;
}

response answer(const result<ledger::block>& block, const std::string& failed) {
  return block ? success(block->encode()) : failure(failed + ", error " + block.error().context);
}

response chain_info(const channel_ledger& channel) {
  ::common::BlockchainInfo info;
  const auto height = channel.height();
  info.set_height(height.value);
  if (height.value > 0) {
    const auto newest = channel.blocks().read(block_number{height.value - 1});
    if (!newest) return failure("Failed to get block info with error " + newest.error().context);
    info.set_currentblockhash(newest->hash());
    info.set_previousblockhash(newest->header().previous_hash);
  }
  return success(proto::encode(info));
}

response block_by_number(const channel_ledger& channel, const bytes& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) {
    const bool large = error == std::errc::result_out_of_range;
    return failure("Failed to parse block number with error strconv.ParseUint: parsing \"" + text + "\": " + (large ? "value out of range" : "invalid syntax"));
  }
  const bool newest = number == std::numeric_limits<std::uint64_t>::max() && channel.height().value > 0;
  return answer(read_block(channel, block_number{newest ? channel.height().value - 1 : number}), "Failed to get block number " + std::to_string(number));
}

response block_by_hash(const channel_ledger& channel, const bytes& hash) {
  const auto failed = "Failed to get block hash " + to_hex(hash);
  const auto number = channel.blocks().find_hash(hash);
  if (!number) return failure(failed + ", error no such block hash [" + to_hex(hash) + "] in index");
  return answer(read_block(channel, *number), failed);
}

response transaction_by_id(const channel_ledger& channel, const bytes& tx_id) {
  const auto failed = "Failed to get transaction with id " + tx_id + ", error ";
  const auto at = find_tx(channel, tx_id);
  if (!at) return failure(failed + at.error().context);
  const auto block = channel.blocks().read(at->block);
  if (!block) return failure(failed + block.error().context);
  if (at->index.value >= block->envelopes().size()) return failure(failed + "the index names a transaction that the block does not have");
  bytes out;  // pb(ProcessedTransaction) around the stored envelope
  proto::put_present(out, 1, block->envelopes()[at->index.value].raw());
  proto::put_varint(out, 2, at->code);
  return success(std::move(out));
}

response block_by_tx(const channel_ledger& channel, const bytes& tx_id) {
  const auto failed = "Failed to get block for txID " + tx_id;
  const auto at = find_tx(channel, tx_id);
  if (!at) return failure(failed + ", error " + at.error().context);
  return answer(read_block(channel, at->block), failed);
}

class qscc final : public system_contract {
 public:
  explicit qscc(peer_channels channels) : channels_(std::move(channels)) {}

  response run(system_stub& s) override {
    const auto& args = s.args();
    if (args.size() < 2) return failure("Incorrect number of arguments, " + std::to_string(args.size()));
    const auto& function = args[0];
    if (function != "GetChainInfo" && args.size() < 3) return failure("missing 3rd argument for " + function);
    const auto channel = find_channel(channels_, s, args[1]);
    if (!channel) return failure("Invalid chain ID, " + args[1]);
    if (auto r = check_acl(*channel, "qscc", function, s.creator()); !r) return failure(r.error().context);
    if (function == "GetChainInfo") return chain_info(*channel);
    if (function == "GetBlockByNumber") return block_by_number(*channel, args[2]);
    if (function == "GetBlockByHash") return block_by_hash(*channel, args[2]);
    if (function == "GetTransactionByID") return transaction_by_id(*channel, args[2]);
    if (function == "GetBlockByTxID") return block_by_tx(*channel, args[2]);
    return failure("Requested function " + function + " not found.");
  }

 private:
  peer_channels channels_;
};

}  // namespace

contract_ptr make_qscc(peer_channels channels) { return std::make_shared<qscc>(std::move(channels)); }

}  // namespace weft::chaincode
