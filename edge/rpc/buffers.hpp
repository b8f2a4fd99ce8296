// Inside rpc/: gRPC's buffers and statuses as ours.
#pragma once

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

#include "edge/rpc/server.hpp"

namespace weft::edge {

[[nodiscard]] bytes to_bytes(const grpc::ByteBuffer& buffer);
[[nodiscard]] grpc::ByteBuffer to_buffer(bytes data);
[[nodiscard]] grpc::Status to_grpc(const actors::rpc_status& status);
[[nodiscard]] actors::rpc_status from_grpc(const grpc::Status& status);

}  // namespace weft::edge
