// One round of the comparison: triples of one seed, judged by OpenSSL and by our verifiers, singly and in batches.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "tests/differential/triples.hpp"

namespace weft::crypto::test {

struct round_result {
  std::uint64_t triples = 0, accepted = 0;
  std::array<std::uint64_t, triple_kinds> of_kind{}, accepted_of_kind{};
  std::vector<std::string> differences;  ///< A line each, with everything that is needed to see it again; at most ten.
};

/// Draws `count` triples from the source of `seed` and compares, for each, OpenSSL's verdict with: the table verifier asked singly; the
/// same in batches of 1 to 200 (mostly up to 64), good and bad mixed; and, for every fourth batch, a verifier that never builds a table in
/// one batch and OpenSSL behind our own parser (make_verifier()).
[[nodiscard]] round_result compare_round(std::uint64_t seed, std::uint64_t count);

}  // namespace weft::crypto::test
