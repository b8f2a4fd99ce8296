#include "cluster/ordering/config_admission.hpp"
#include "common/common.pb.h"
#include "edge/block_stream.hpp"
#include "peer/chaincode_event.pb.h"
#include "peer/events.pb.h"
#include "proto/encode.hpp"

namespace weft::edge {

namespace {

/// The event of a transaction without its payload, if it set one.
void add_actions(const ledger::envelope& e, ::protos::FilteredTransaction& out) {
  auto& actions = *out.mutable_transaction_actions();
  const auto tx = ledger::parse_endorser_tx(e);
  if (!tx || tx->events.empty()) return;
  ::protos::ChaincodeEvent event;
  if (!proto::decode(tx->events, event)) return;
  event.clear_payload();
  *actions.add_chaincode_actions()->mutable_chaincode_event() = std::move(event);
}

}  // namespace

bytes filtered_block(const std::string& channel_id, const ledger::block& b) {
  ::protos::FilteredBlock out;
  out.set_channel_id(channel_id);
  out.set_number(b.number().value);
  const auto& filter = b.metadata(ledger::metadata_slot::transactions_filter);
  for (std::size_t i = 0; i < b.envelopes().size(); ++i) {
    const auto& e = b.envelopes()[i];
    auto& tx = *out.add_filtered_transactions();
    tx.set_tx_validation_code(static_cast<::protos::TxValidationCode>(i < filter.size() ? static_cast<std::uint8_t>(filter[i]) : 254));
    const auto& header = e.header();
    if (!header) continue;
    tx.set_txid(header->tx_id);
    tx.set_type(static_cast<::common::HeaderType>(header->type));
    if (header->type == static_cast<std::int32_t>(ledger::header_type::endorser_transaction)) add_actions(e, tx);
  }
  return proto::encode(out);
}

bytes header_with_signatures(const ledger::block& b) {
  if (cluster::is_config_block(b)) return b.encode();
  ::common::Block out;
  out.mutable_header()->set_number(b.number().value);
  out.mutable_header()->set_previous_hash(b.header().previous_hash);
  out.mutable_header()->set_data_hash(b.header().data_hash);
  for (const auto& slot : b.metadata()) out.mutable_metadata()->add_metadata(slot);
  return proto::encode(out);
}

}  // namespace weft::edge
