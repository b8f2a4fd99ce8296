// cryptogen: keys and certificates for a test network.
#pragma once

namespace weft::cli {

/// Exit codes as Fabric's: 0 done, 1 refused, failed or a wrong command line, 255 a configuration that cannot be read.
[[nodiscard]] int run_cryptogen(int argc, char** argv);

}  // namespace weft::cli
