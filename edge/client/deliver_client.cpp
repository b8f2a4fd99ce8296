#include "edge/client/deliver_client.hpp"

#include "common/common.pb.h"
#include "ledger/tx/envelope.hpp"
#include "orderer/ab.pb.h"
#include "peer/events.pb.h"
#include "proto/encode.hpp"

namespace weft::edge {

namespace {

constexpr std::chrono::seconds patience{30};

tl::unexpected<error> ended(std::int32_t status, const std::string& channel) {
  switch (status) {
    case 400: return fail(errc::invalid_argument, "BAD_REQUEST: the request for a block of " + channel + " was not understood");
    case 403: return fail(errc::permission_denied, "FORBIDDEN: this identity may not read " + channel);
    case 404: return fail(errc::not_found, "NOT_FOUND: no such block of " + channel + ", or no such channel");
    default: return fail(errc::unavailable, "the stream of " + channel + " ended with status " + std::to_string(status));
  }
}

}  // namespace

deliver_client::deliver_client(std::shared_ptr<rpc_client> connection, crypto::signing_identity who, std::shared_ptr<const weft::clock> clock,
                               std::shared_ptr<random_source> random, std::map<std::string, std::string> metadata)
    : connection_(std::move(connection)), who_(std::move(who)), clock_(std::move(clock)), random_(std::move(random)), metadata_(std::move(metadata)) {}

/// One block, which must be there already.
result<ledger::block> deliver_client::fetch(const std::string& channel, const ::orderer::SeekPosition& at) const {
  ::orderer::SeekInfo info;
  *info.mutable_start() = at;
  *info.mutable_stop() = at;
  info.set_behavior(::orderer::SeekInfo::FAIL_IF_NOT_READY);
  info.set_error_response(::orderer::SeekInfo::BEST_EFFORT);  // what is there can be read, whether or not anything can be ordered
  ::common::ChannelHeader header;
  header.set_type(::common::DELIVER_SEEK_INFO);
  header.set_channel_id(channel);
  header.mutable_timestamp()->set_seconds(std::chrono::floor<std::chrono::seconds>(clock_->now()).time_since_epoch().count());
  ::common::SignatureHeader signer;
  signer.set_creator(who_.serialized());
  signer.set_nonce(random_->make_bytes(24));
  ::common::Payload seek;
  seek.mutable_header()->set_channel_header(proto::encode(header));
  seek.mutable_header()->set_signature_header(proto::encode(signer));
  seek.set_data(proto::encode(info));
  auto payload = proto::encode(seek);
  WEFT_TRY(auto signature, who_.sign(payload));
  const auto stream = connection_->open("/protos.Deliver/Deliver", {patience, metadata_});
  if (!stream->write(ledger::envelope::make(std::move(payload), std::move(signature)).raw().to_bytes())) {
    return fail(errc::unavailable, "the peer does not answer");
  }
  const auto raw = stream->read();
  if (!raw) return fail(errc::unavailable, "no block came: " + stream->status().message);  // why the stream ended; cancelling it first would hide that
  stream->cancel();
  ::protos::DeliverResponse response;
  if (!proto::decode(*raw, response)) return fail(errc::invalid_argument, "the peer's answer is malformed");
  if (response.has_block()) return ledger::block::parse(shared_bytes{proto::encode(response.block())});
  return ended(response.status(), channel);
}

result<ledger::block> deliver_client::newest(const std::string& channel) const {
  ::orderer::SeekPosition at;
  at.mutable_newest();
  return fetch(channel, at);
}

result<ledger::block> deliver_client::number(const std::string& channel, block_number n) const {
  ::orderer::SeekPosition at;
  at.mutable_specified()->set_number(n.value);
  return fetch(channel, at);
}

result<ledger::block> deliver_client::config(const std::string& channel) const {
  WEFT_TRY(const auto last, newest(channel));
  WEFT_TRY(const auto index, ledger::last_config_index(last));
  return number(channel, index);
}

}  // namespace weft::edge
