// Inside rpc/: whether certificate and key are what a server can listen with.
#pragma once

#include "edge/rpc/server.hpp"

namespace weft::edge {

/// Errors: `invalid_argument`.
[[nodiscard]] result<void> check(const server_tls& tls);

}  // namespace weft::edge
