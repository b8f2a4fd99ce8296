// What is wrong with something that a person wrote: where, what was expected, and what was probably meant.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/base/result.hpp"

namespace weft::config {

struct problem {
  enum class severity : std::uint8_t {
    error,    ///< The document cannot be used.
    warning,  ///< Another tool would pass over it in silence; it is read, and the writer is told.
  } how = severity::error;
  std::size_t line = 0;    ///< From 1; 0: the thing was never a line of a file.
  std::size_t column = 0;  ///< From 1; 0 as line.
  std::string path;        ///< "PeerOrgs[0].Specs[1].Hostname"; empty: the document.
  std::string what;        ///< "must be a whole number, but is 'lots'"
  std::string suggestion;  ///< "did you mean 'Hostname'?"; empty when nothing can be said.
  std::string excerpt;     ///< Lines to show below: a text and a caret that points into it; mostly empty.

  [[nodiscard]] bool is_error() const noexcept { return how == severity::error; }
  friend bool operator==(const problem&, const problem&) = default;
};

/// One line, and those of the excerpt below it: "crypto-config.yaml:12:9: PeerOrgs[0].Specs[1].Hostnme: unknown key; did you mean 'Hostname'?".
[[nodiscard]] std::string to_text(const problem& p, std::string_view file);
/// All of them, a line each without a final newline.
[[nodiscard]] std::string to_text(const std::vector<problem>& problems, std::string_view file);
[[nodiscard]] bool any_error(const std::vector<problem>& problems);
/// By line and column, and only once; what has no line comes last.
void put_in_order(std::vector<problem>& problems);
/// `invalid_argument` with every problem on a line of its own.
[[nodiscard]] tl::unexpected<error> refuse(const std::vector<problem>& problems, std::string_view file);

/// The word of `known` that `word` was probably meant to be, whatever its case; empty when none is near.
[[nodiscard]] std::string nearest(std::string_view word, const std::vector<std::string>& known);
/// "did you mean 'x'?" or "allowed: x, y, z".
[[nodiscard]] std::string suggest(std::string_view word, const std::vector<std::string>& known);

}  // namespace weft::config
