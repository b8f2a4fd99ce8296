// What is logged, in Fabric's words: "peer,gossip=debug:info". interop/06 §8.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "config/base/result.hpp"

namespace weft::edge::operations {

/// Levels are debug, info, warn, error, dpanic, panic and fatal.
struct log_spec {
  std::string level = "info";                  ///< Of every logger that is not named.
  std::map<std::string, std::string> loggers;  ///< By name.

  /// In Fabric's order: named loggers sorted, the general level last.
  [[nodiscard]] std::string to_text() const;
};

/// `[<logger>[,<logger>...]=]<level>[:…]`; empty is "info". Errors: `invalid_argument` with Fabric's text.
[[nodiscard]] result<log_spec> parse_log_spec(std::string_view text);

}  // namespace weft::edge::operations
