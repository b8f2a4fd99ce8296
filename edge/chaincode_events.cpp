// gateway.Gateway/ChaincodeEvents: the events of one contract's valid transactions, block by block. interop/04 §2.
#include <algorithm>

#include "cluster/deliver/seek.hpp"
#include "edge/block_stream.hpp"
#include "edge/services.hpp"
#include "gateway/gateway.pb.h"
#include "orderer/ab.pb.h"
#include "peer/chaincode_event.pb.h"
#include "proto/encode.hpp"

namespace weft::edge {

namespace {

constexpr std::string_view events_resource = "gateway/ChaincodeEvents";
constexpr std::uint8_t valid = 0;

class event_form final : public block_form {
 public:
  /// Blocks before `first` are none that were asked for: a seek begins with the next block at the latest.
  event_form(peer_ptr peer, const ::gateway::ChaincodeEventsRequest& request, std::uint64_t first, std::uint64_t config_sequence)
      : peer_(std::move(peer)), identity_(request.identity()), contract_(request.chaincode_id()), skip_until_(request.after_transaction_id()),
        first_(first), config_sequence_(config_sequence) {}

  result<std::optional<bytes>> on_block(const std::string& channel, const ledger::block& b) override {
    WEFT_CHECK(check_still_allowed(channel));
    if (b.number().value < first_) return std::nullopt;
    ::gateway::ChaincodeEventsResponse out;
    out.set_block_number(b.number().value);
    const auto& filter = b.metadata(ledger::metadata_slot::transactions_filter);
    // The transaction to start behind is in the first block, or nowhere.
    const auto first = std::exchange(skip_until_, {});
    bool skipping = !first.empty() && contains(b, first);
    for (std::size_t i = 0; i < b.envelopes().size(); ++i) {
      const auto& e = b.envelopes()[i];
      if (skipping) {
        skipping = !(e.header() && e.header()->tx_id == first);
      } else if (i < filter.size() && static_cast<std::uint8_t>(filter[i]) == valid) {
        add_event(e, out);
      }
    }
    if (out.events().empty()) return std::nullopt;
    return proto::encode(out);
  }
  std::optional<bytes> on_ended(std::int32_t) override { return std::nullopt; }
  std::optional<actors::rpc_status> end_of_stream(std::int32_t status, const std::string& why) override {
    using actors::rpc_code;
    switch (status) {
      case 200: return actors::rpc_status{};
      case 400: return actors::status_of(rpc_code::invalid_argument, why);
      case 403: return actors::status_of(rpc_code::permission_denied, why);
      case 404: return actors::status_of(rpc_code::not_found, why);
      default: return actors::status_of(rpc_code::unavailable, why);
    }
  }

 private:
  [[nodiscard]] result<void> check_still_allowed(const std::string& channel_id) {
    const auto channel = peer_->channel(channel_id);
    const auto now = channel ? channel->now.get() : nullptr;
    if (!now) return fail(errc::unavailable, "the channel is gone");
    if (now->bundle->sequence().value == config_sequence_) return {};
    WEFT_CHECK(check_right(*now->bundle, events_resource, identity_));
    config_sequence_ = now->bundle->sequence().value;
    return {};
  }
  static bool contains(const ledger::block& b, const std::string& tx_id) {
    for (const auto& e : b.envelopes()) {
      if (e.header() && e.header()->tx_id == tx_id) return true;
    }
    return false;
  }
  void add_event(const ledger::envelope& e, ::gateway::ChaincodeEventsResponse& out) const {
    if (!e.header() || e.header()->type != static_cast<std::int32_t>(ledger::header_type::endorser_transaction)) return;
    const auto tx = ledger::parse_endorser_tx(e);
    if (!tx || tx->events.empty()) return;
    ::protos::ChaincodeEvent event;
    if (proto::decode(tx->events, event) && event.chaincode_id() == contract_ && !event.event_name().empty()) *out.add_events() = std::move(event);
  }

  peer_ptr peer_;
  bytes identity_;
  std::string contract_, skip_until_;
  std::uint64_t first_, config_sequence_;
};

/// A seek of the peer in its own ledger, on behalf of a client whose right was checked: the client signed another message.
result<ledger::envelope> own_seek(const actors::peer_site& peer, const std::string& channel_id, block_number start) {
  auto payload = cluster::make_seek_payload(channel_id, start, std::nullopt, peer.identity->serialized(), peer.random->make_bytes(24), peer.clock->now());
  WEFT_TRY(auto signature, peer.identity->sign(payload));
  return ledger::envelope::make(std::move(payload), std::move(signature));
}

/// Where to seek for a block that may not exist yet. DELIVER hears of new blocks a moment after the ledger has them, and refuses what lies beyond those.
block_number seek_start(std::uint64_t first, std::uint64_t height) {
  constexpr std::uint64_t moment = 8;  // twice as many as a committer works on at once
  return block_number{std::min(first, height > moment ? height - moment : 0)};
}

/// The first block whose events are wanted; it may be one that does not exist yet.
result<std::uint64_t> start_of(const actors::peer_channel& channel, const ::gateway::ChaincodeEventsRequest& request) {
  if (!request.after_transaction_id().empty()) {
    WEFT_TRY(const auto found, channel.ledger->blocks().find_tx(request.after_transaction_id()));
    if (found) return found->block.value;
  }
  switch (request.start_position().Type_case()) {
    case ::orderer::SeekPosition::TYPE_NOT_SET:
    case ::orderer::SeekPosition::kNextCommit: return channel.ledger->height().value;
    case ::orderer::SeekPosition::kSpecified: return request.start_position().specified().number();
    case ::orderer::SeekPosition::kNewest: return fail(errc::invalid_argument, "invalid start position type: *orderer.SeekPosition_Newest");
    default: return fail(errc::invalid_argument, "invalid start position type: *orderer.SeekPosition_Oldest");
  }
}

class chaincode_events final : public sink_events {
 public:
  chaincode_events(caf::actor_system& system, std::shared_ptr<const peer_choice> peers, stream_ptr out)
      : sink_events(std::move(out)), system_(system), peers_(std::move(peers)) {
    out_->read();
  }
  void message(bytes raw) override {
    if (auto begun = begin(raw); !begun) out_->finish(actors::to_status(begun.error()));
  }
  /// One request, then the client only listens.
  void no_more_messages() override {
    if (!sink()) out_->finish(actors::status_of(actors::rpc_code::invalid_argument, "the call carried no message"));
  }

 private:
  result<void> begin(bytes_view raw) {
    ::gateway::SignedChaincodeEventsRequest signed_request;
    ::gateway::ChaincodeEventsRequest request;
    const bool whole = proto::decode(raw, signed_request);
    if (whole && signed_request.request().empty()) return fail(errc::invalid_argument, "a chaincode events request is required");
    if (!whole || !proto::decode(signed_request.request(), request)) {
      return fail(errc::invalid_argument, "invalid chaincode events request: proto: cannot parse invalid wire-format data");
    }
    WEFT_TRY(const auto peer, peers_->choose(out_->metadata(peer_metadata), msp_of(request.identity())));
    WEFT_CHECK(check_reader(*peer, request.channel_id(), events_resource, request.identity(), signed_request.request(), signed_request.signature()));
    const auto channel = peer->channel(request.channel_id());
    WEFT_TRY(const auto first, start_of(*channel, request));
    WEFT_TRY(const auto seek, own_seek(*peer, request.channel_id(), seek_start(first, channel->ledger->height().value)));
    const auto sequence = channel->now.get()->bundle->sequence().value;
    set_sink(spawn_sink(system_, peer, out_, std::make_unique<event_form>(peer, request, first, sequence)));
    subscribe(seek);
    return {};
  }
  caf::actor_system& system_;
  std::shared_ptr<const peer_choice> peers_;
};

}  // namespace

stream_handler chaincode_event_streams(caf::actor_system& system, std::shared_ptr<const peer_choice> peers) {
  return [&system, peers = std::move(peers)](const stream_ptr& s) -> std::unique_ptr<stream_events> {
    return std::make_unique<chaincode_events>(system, peers, s);
  };
}

}  // namespace weft::edge
