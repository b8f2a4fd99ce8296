// What the doors cost: for benches.
#pragma once

#include <cstdint>
#include <memory>

#include "actors/role.hpp"

namespace weft::edge {

/// On which bridges book their handlers, while `actors::metering` is on. Shared by all doors of the process. Thread-safe.
[[nodiscard]] const std::shared_ptr<actors::role_meter>& bridge_meter();

/// CPU nanoseconds that gRPC's threads of this process and the bridges have used so far. gRPC's threads are told by the names that it gives them, and
/// serve its clients in this process as well.
[[nodiscard]] std::uint64_t edge_cpu_nanos();

}  // namespace weft::edge
