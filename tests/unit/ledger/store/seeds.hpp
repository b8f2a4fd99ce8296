// Seeds of randomised tests: `count` fixed ones, or the one in WEFT_SEED to replay a single run.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <vector>

namespace weft::testing {

inline std::vector<std::uint64_t> seeds(std::uint64_t count) {
  if (const char* one = std::getenv("WEFT_SEED")) return {std::strtoull(one, nullptr, 0)};
  std::vector<std::uint64_t> all;
  for (std::uint64_t i = 1; i <= count; ++i) all.push_back(i);
  return all;
}

}  // namespace weft::testing
