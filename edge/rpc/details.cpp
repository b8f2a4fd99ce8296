#include "edge/rpc/trailer.hpp"

#include <algorithm>

#include "edge/rpc/server.hpp"
#include "gateway/gateway.pb.h"
#include "google/rpc/status.pb.h"
#include "proto/encode.hpp"

namespace weft::edge {

namespace {
constexpr const char* detail_type = "type.googleapis.com/gateway.ErrorDetail";

// Clients read at most 8 KiB of a trailer (gRPC's own and Java's; others more), names and 32 bytes for each field included, and get nothing of one that
// is longer.
constexpr std::size_t trailer_bytes = 7'800, message_bytes = 2'400, detail_overhead = 80;

/// As it goes over the wire: what is not plain is percent-encoded.
std::size_t encoded_size(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return c < ' ' || c > '~' || c == '%'; })) * 2 + text.size();
}

bool inside_a_letter(std::string_view text, std::size_t at) { return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80; }

/// Its beginning and its end: what failed stands there, and what was said last.
std::string shortened(const std::string& text, std::size_t most) {
  constexpr std::size_t note = 40;
  if (text.size() <= most) return text;
  auto head = (most > note ? most - note : 0) / 2, tail = text.size() - head;
  while (head > 0 && inside_a_letter(text, head)) --head;
  while (inside_a_letter(text, tail)) ++tail;
  return text.substr(0, head) + " [" + std::to_string(tail - head) + " bytes left out] " + text.substr(tail);
}
}  // namespace

actors::rpc_status fit_for_trailer(actors::rpc_status status) {
  for (auto most = message_bytes; encoded_size(status.message) > message_bytes; most = most * 3 / 4) status.message = shortened(status.message, most);
  const auto own = encoded_size(status.message) + status.message.size() * 4 / 3;
  auto left = (trailer_bytes - std::min(own, trailer_bytes)) * 3 / 4;  // base64
  const auto fixed = [](const actors::error_detail& d) { return d.address.size() + d.msp_id.size() + detail_overhead; };
  std::size_t names = 0, kept = 0;
  while (kept < status.details.size() && names + fixed(status.details[kept]) <= left / 2) names += fixed(status.details[kept++]);
  status.details.resize(kept);
  left -= names;
  std::vector<actors::error_detail*> by_size;
  for (auto& d : status.details) by_size.push_back(&d);
  std::stable_sort(by_size.begin(), by_size.end(), [](const auto* a, const auto* b) { return a->message.size() < b->message.size(); });
  for (std::size_t i = 0; i < by_size.size(); ++i) {  // the short ones leave more to the long ones
    auto& text = by_size[i]->message;
    text = shortened(text, left / (by_size.size() - i));
    left -= std::min(left, text.size());
  }
  return status;
}

bytes encode_details(const actors::rpc_status& status) {
  if (status.details.empty()) return {};
  ::google::rpc::Status wire;
  wire.set_code(status.code);
  wire.set_message(status.message);
  for (const auto& d : status.details) {
    ::gateway::ErrorDetail detail;
    detail.set_address(d.address);
    detail.set_msp_id(d.msp_id);
    detail.set_message(d.message);
    auto& any = *wire.add_details();
    any.set_type_url(detail_type);
    any.set_value(proto::encode(detail));
  }
  return proto::encode(wire);
}

std::vector<actors::error_detail> decode_details(bytes_view trailer) {
  std::vector<actors::error_detail> out;
  ::google::rpc::Status wire;
  if (trailer.empty() || !proto::decode(trailer, wire)) return out;
  for (const auto& any : wire.details()) {
    ::gateway::ErrorDetail detail;
    if (any.type_url() == detail_type && proto::decode(any.value(), detail)) out.push_back({detail.address(), detail.msp_id(), detail.message()});
  }
  return out;
}

}  // namespace weft::edge
