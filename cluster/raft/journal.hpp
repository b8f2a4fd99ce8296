// What a core has to tell an operator: lines of text, in the words that people who run Fabric's orderers know. An effect like the others, so the
// core writes to an interface and formats nothing that nobody wants.
#pragma once

#include <cstdint>
#include <sstream>
#include <string_view>

namespace weft::cluster::raft {

enum class severity : std::uint8_t { debug, info, warning };

/// Called from within step, tick, take_ready and advance; must not call back into the core.
class journal {
 public:
  virtual ~journal() = default;
  [[nodiscard]] virtual bool wants(severity level) const noexcept = 0;
  virtual void write(severity level, std::string_view line) = 0;

  /// Joins `parts` as a stream would, if anybody wants to read it.
  template <class... Parts>
  void say(severity level, const Parts&... parts) {
    if (!wants(level)) return;
    std::ostringstream out;
    (out << ... << parts);
    write(level, out.str());
  }

  /// Nobody reads.
  static journal& none() noexcept;
};

}  // namespace weft::cluster::raft
