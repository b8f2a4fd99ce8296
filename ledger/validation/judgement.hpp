// A verdict with its reason, as the parts of the stateful step hand it on.
#pragma once

#include "ledger/validation/validator.hpp"

namespace weft::ledger {

struct judgement {
  verdict code = verdict::valid;
  reason why;
  [[nodiscard]] bool ok() const noexcept { return code == verdict::valid; }
};

}  // namespace weft::ledger
