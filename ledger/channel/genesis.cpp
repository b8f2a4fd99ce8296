#include "ledger/channel/genesis.hpp"

#include "common/common.pb.h"
#include "common/configtx.pb.h"
#include "ledger/channel/genesis_tree.hpp"
#include "proto/encode.hpp"

namespace weft::ledger {
namespace {

constexpr std::size_t nonce_bytes = 24;

/// Header and data of the one transaction: no creator, no signature, whole seconds.
bytes make_payload(const std::string& channel_id, const ::common::ConfigEnvelope& config, const bytes& nonce, timestamp now) {
  ::common::ChannelHeader channel;
  channel.set_type(::common::CONFIG);
  channel.set_version(1);
  channel.mutable_timestamp()->set_seconds(std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count());
  channel.set_channel_id(channel_id);
  channel.set_tx_id(compute_txid(nonce, {}));
  ::common::SignatureHeader signature;
  signature.set_nonce(nonce);
  ::common::Payload payload;
  payload.mutable_header()->set_channel_header(proto::encode(channel));
  payload.mutable_header()->set_signature_header(proto::encode(signature));
  payload.set_data(proto::encode(config));
  return proto::encode(payload);
}

}  // namespace

block make_genesis_block(const std::string& channel_id, const ::common::ConfigGroup& tree, random_source& random, timestamp now) {
  ::common::ConfigEnvelope config;
  *config.mutable_config()->mutable_channel_group() = tree;
  const bytes payload = make_payload(channel_id, config, random.make_bytes(nonce_bytes), now);
  block genesis = block::make(block_number{0}, {}, {envelope::make(payload, {})});
  ::common::Metadata signatures;  // nobody's yet, but the slot already tells where the last configuration is
  signatures.set_value(orderer_block_metadata(block_number{0}, {}));
  genesis.set_metadata(metadata_slot::signatures, proto::encode(signatures));
  return genesis;
}

result<block> make_genesis(const genesis_request& request, random_source& random, timestamp now) {
  if (!request.has_orderer) return fail(errc::invalid_argument, "a genesis block needs orderers");
  ::common::Config config;
  WEFT_TRY(*config.mutable_channel_group(), make_channel_group(request));
  if (auto checked = channel_bundle::create(request.channel_id, config); !checked) return fail(std::move(checked).error());
  return make_genesis_block(request.channel_id, config.channel_group(), random, now);
}

}  // namespace weft::ledger
