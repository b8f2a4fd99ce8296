#include "config/base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace weft::detail {

void assertion_failed(const char* expression, const char* file, int line, const char* why) {
  std::fprintf(stderr, "weft stopped: broken invariant `%s` (%s:%d): %s\n", expression, file, line, why);
  std::abort();
}

}  // namespace weft::detail
