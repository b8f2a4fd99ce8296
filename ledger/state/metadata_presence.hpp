// Whether the keys of a namespace can have metadata at all. Every write asks for the metadata that its key has, nearly always in vain, and asking a
// LevelDB for what it does not hold costs more than the look-up: it counts them, and merges the tables that were asked in vain.
#pragma once

#include <string_view>

#include "ledger/state/state.hpp"

namespace weft::ledger {

/// A view that knows. Thread-safe like its view.
class metadata_presence {
 public:
  virtual ~metadata_presence() = default;
  /// False: no public key and no hash of the namespace has metadata in this view. True: some may have.
  [[nodiscard]] virtual bool may_have_metadata(std::string_view ns) const = 0;
};

/// True as well for a view that does not know.
[[nodiscard]] bool may_have_metadata(const state_view& view, std::string_view ns);

}  // namespace weft::ledger
