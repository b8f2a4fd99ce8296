// What distinguishes two configurations, for people: element by element, values and policies as text.
#pragma once

#include <string>
#include <vector>

namespace common {
class ConfigGroup;
}

namespace weft::ledger {

/// One element that was added, removed or changed. An added or removed group stands for everything in it.
struct config_difference {
  enum class kind : unsigned char { added, removed, changed };
  kind what = kind::changed;
  std::string element;               ///< As error texts name it: "[Value]  /Channel/Orderer/BatchSize".
  std::vector<std::string> details;  ///< "max_message_count: 500 -> 20"; none for what is only there or gone.
};

/// Of configurations that a bundle was made of. In order of elements.
[[nodiscard]] std::vector<config_difference> differences(const ::common::ConfigGroup& from, const ::common::ConfigGroup& to);

}  // namespace weft::ledger
