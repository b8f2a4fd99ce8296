#include "cluster/deliver/seek_rules.hpp"

#include <limits>

#include "common/common.pb.h"
#include "orderer/ab.pb.h"
#include "proto/encode.hpp"

namespace weft::cluster {

namespace {

constexpr int bad_request = 400, forbidden = 403, not_found = 404, unavailable = 503;
constexpr std::chrono::minutes time_window{15};

auto refuse(int status, std::string why) { return tl::unexpected<seek_refusal>(seek_refusal{status, std::move(why)}); }

/// The number a position means; nothing for one that is not valid there.
std::optional<std::uint64_t> position(const ::orderer::SeekPosition& p, std::uint64_t height) {
  switch (p.Type_case()) {
    case ::orderer::SeekPosition::kNewest: return height == 0 ? 0 : height - 1;
    case ::orderer::SeekPosition::kOldest: return 0;
    case ::orderer::SeekPosition::kSpecified: return p.specified().number();
    case ::orderer::SeekPosition::kNextCommit: return height;
    default: return std::nullopt;
  }
}

tl::expected<seek_range, seek_refusal> resolve(const ::orderer::SeekInfo& info, std::uint64_t height) {
  const auto start = position(info.start(), height);
  if (!start || info.stop().Type_case() == ::orderer::SeekPosition::TYPE_NOT_SET) {
    return refuse(bad_request, "seek info is missing start or stop");
  }
  if (info.stop().Type_case() == ::orderer::SeekPosition::kNextCommit) return refuse(bad_request, "next commit is no stop position");
  // Oldest as a stop means one block: the start (interop/04 §4).
  const auto stop = info.stop().Type_case() == ::orderer::SeekPosition::kOldest ? *start : *position(info.stop(), height);
  if (stop < *start) return refuse(bad_request, "start number (" + std::to_string(*start) + ") greater than stop number (" + std::to_string(stop) + ")");
  if (*start > height) return refuse(not_found, "block " + std::to_string(*start) + " is beyond the chain's height " + std::to_string(height));
  seek_range range;
  range.start = block_number{*start};
  // Go asks for 2^64-1, Node for 2^63-1 when they mean "for ever".
  if (stop < static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) range.stop = block_number{stop};
  range.wait = info.behavior() == ::orderer::SeekInfo::BLOCK_UNTIL_READY;
  return range;
}

}  // namespace

std::optional<seek_refusal> check_seek_headers(const ledger::envelope& request, timestamp now) {
  const auto& h = request.header();
  if (!h) return seek_refusal{bad_request, h.error().context};
  if (h->has_time && h->time <= now + time_window && h->time >= now - time_window) return std::nullopt;
  return seek_refusal{bad_request, "request timestamp is absent or more than 15 minutes off"};
}

std::optional<seek_refusal> check_seek_info(const ledger::envelope& request, std::string_view trouble) {
  ::orderer::SeekInfo info;
  if (!proto::decode(request.data(), info)) return seek_refusal{bad_request, "malformed seek info"};
  if (trouble.empty() || info.error_response() == ::orderer::SeekInfo::BEST_EFFORT) return std::nullopt;
  return seek_refusal{unavailable, std::string(trouble)};
}

bool wants_headers_only(const ledger::envelope& request) {
  ::orderer::SeekInfo info;
  return request.header() && proto::decode(request.data(), info) && info.content_type() == ::orderer::SeekInfo::HEADER_WITH_SIG;
}

tl::expected<seek_session, seek_refusal> check_seek(const ledger::envelope& request, const ledger::channel_bundle& bundle,
                                                    std::string_view policy_path, block_number height, timestamp now,
                                                    const crypto::verifier& verifier) {
  if (auto wrong = check_seek_headers(request, now)) return tl::unexpected<seek_refusal>(std::move(*wrong));
  const auto& h = request.header();
  ::orderer::SeekInfo info;
  if (!proto::decode(request.data(), info)) return refuse(bad_request, "malformed seek info");
  std::vector<std::string> dropped;
  const auto signers = crypto::valid_signers({{request.payload(), h->creator, request.signature()}}, *bundle.msps(), verifier, &dropped);
  if (signers.empty() || !bundle.policy(policy_path)->evaluate(signers)) {
    return refuse(forbidden, "reading " + h->channel_id + " needs " + std::string(policy_path) + (dropped.empty() ? "" : ": " + dropped.front()));
  }
  if (signers.front()->expired_at(now)) return refuse(forbidden, "client identity expired: " + signers.front()->cert.subject());
  auto range = resolve(info, height.value);
  if (!range) return tl::unexpected<seek_refusal>(range.error());
  return seek_session{h->channel_id, *range, signers.front()};
}

bytes make_seek_payload(std::string_view channel_id, block_number start, std::optional<block_number> stop, bytes_view creator, bytes_view nonce,
                        timestamp now) {
  ::common::ChannelHeader channel;
  channel.set_type(static_cast<std::int32_t>(ledger::header_type::deliver_seek_info));
  channel.set_channel_id(std::string(channel_id));
  channel.mutable_timestamp()->set_seconds(std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count());
  ::common::SignatureHeader signature;
  signature.set_creator(std::string(creator));
  signature.set_nonce(std::string(nonce));
  ::orderer::SeekInfo info;
  info.mutable_start()->mutable_specified()->set_number(start.value);
  info.mutable_stop()->mutable_specified()->set_number(stop ? stop->value : std::numeric_limits<std::uint64_t>::max());
  info.set_behavior(::orderer::SeekInfo::BLOCK_UNTIL_READY);
  info.set_error_response(::orderer::SeekInfo::BEST_EFFORT);
  ::common::Payload payload;
  payload.mutable_header()->set_channel_header(proto::encode(channel));
  payload.mutable_header()->set_signature_header(proto::encode(signature));
  payload.set_data(proto::encode(info));
  return proto::encode(payload);
}

}  // namespace weft::cluster
