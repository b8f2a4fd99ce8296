// The machine a bench ran on, for its conditions.
#pragma once

#include <chrono>
#include <string>

namespace weft::bench {

/// "AMD EPYC", …; "unknown CPU" where the kernel does not say.
[[nodiscard]] std::string cpu_model();
/// "release" or "debug".
[[nodiscard]] std::string build_kind();
/// Memory of this process that is resident.
[[nodiscard]] double resident_mib();
/// CPU that the calling thread has used.
[[nodiscard]] std::chrono::nanoseconds thread_cpu();

}  // namespace weft::bench
