// Seeded mutations of good inputs: what the replay driver uses where libFuzzer is not at hand.
#pragma once

#include <vector>

#include "config/base/bytes.hpp"
#include "config/base/random.hpp"

namespace weft::fuzz {

/// Inputs do not grow beyond this.
inline constexpr std::size_t input_bytes_max = 256 * KiB;

/// One to four changes of `input`: flipped bits, replaced bytes, cut ends, removed, repeated and inserted pieces, pieces of `donors`, and
/// bytes that could be lengths moved by a little or to an extreme. The same random source, the same result.
[[nodiscard]] bytes mutate(bytes input, const std::vector<bytes>& donors, random_source& random);

}  // namespace weft::fuzz
