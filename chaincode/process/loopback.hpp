// Ports of this machine's loopback, 127.0.0.1.
#pragma once

#include <string>
#include <vector>

#include "config/base/bytes.hpp"

namespace weft::chaincode {

/// "127.0.0.1:PORT"
[[nodiscard]] bool is_loopback(const std::string& address);
/// Somebody listens there.
[[nodiscard]] bool accepts_connections(const std::string& address);
/// Nobody does, so that a process may.
[[nodiscard]] bool can_listen(const std::string& address);
/// A port from 28000 to 31999 that nobody listens on and that is not among `taken`; the same for the same `wish` as long as it is free.
/// Errors: `busy`.
[[nodiscard]] result<std::string> free_address(std::string_view wish, const std::vector<std::string>& taken);

}  // namespace weft::chaincode
