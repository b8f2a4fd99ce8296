// Inside rpc/: a gRPC server of our own over nghttp2 and OpenSSL, behind the interface of server.hpp.
#pragma once

#include "edge/rpc/h2/limits.hpp"

namespace weft::edge::h2 {

/// Listens on "127.0.0.1:7051", "[::]:7051", with port 0 for any; as server::start.
[[nodiscard]] result<std::unique_ptr<server>> start(const std::string& address, std::vector<service> services, const std::optional<server_tls>& tls,
                                                    const limits& bounds = {});

}  // namespace weft::edge::h2
