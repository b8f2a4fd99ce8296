#include "edge/rpc/buffers.hpp"

#include <grpc/slice.h>

#include <vector>

#include "edge/rpc/trailer.hpp"

namespace weft::edge {

bytes to_bytes(const grpc::ByteBuffer& buffer) {
  bytes out;
  std::vector<grpc::Slice> slices;
  if (!buffer.Valid() || !buffer.Dump(&slices).ok()) return out;
  out.reserve(buffer.Length());
  for (const auto& s : slices) out.append(reinterpret_cast<const char*>(s.begin()), s.size());
  return out;
}

grpc::ByteBuffer to_buffer(bytes data) {
  auto* owner = new bytes(std::move(data));  // freed by gRPC when the last slice of it goes
  grpc::Slice slice(owner->data(), owner->size(), [](void* p) { delete static_cast<bytes*>(p); }, owner);
  return {&slice, 1};
}

grpc::Status to_grpc(const actors::rpc_status& status) {
  if (status.ok()) return grpc::Status::OK;
  const auto fit = fit_for_trailer(status);
  return {static_cast<grpc::StatusCode>(fit.code), fit.message, encode_details(fit)};
}

actors::rpc_status from_grpc(const grpc::Status& status) {
  return {static_cast<std::int32_t>(status.error_code()), status.error_message(), decode_details(status.error_details())};
}

}  // namespace weft::edge
