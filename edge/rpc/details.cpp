#include "edge/rpc/server.hpp"
#include "gateway/gateway.pb.h"
#include "google/rpc/status.pb.h"
#include "proto/encode.hpp"

namespace weft::edge {

namespace {
constexpr const char* detail_type = "type.googleapis.com/gateway.ErrorDetail";
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
