// CHECK(answers(f(), x)): the result is x. doctest cannot look into a tl::expected by itself.
#pragma once

#include "config/base/result.hpp"

namespace weft::testing {

template <class T, class U>
[[nodiscard]] bool answers(const result<T>& r, const U& expected) {
  return r.has_value() && *r == expected;
}

}  // namespace weft::testing
