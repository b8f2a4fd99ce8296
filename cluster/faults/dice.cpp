#include "cluster/faults/dice.hpp"

#include <cstdlib>

namespace weft::cluster::faults {

void dice::fill(void* out, std::size_t size) {
  auto* at = static_cast<unsigned char*>(out);
  while (size > 0) {
    auto value = next();
    for (std::size_t i = 0; i < 8 && size > 0; ++i, --size, value >>= 8) *at++ = static_cast<unsigned char>(value);
  }
}

std::optional<std::uint64_t> seed_to_replay() {
  const char* text = std::getenv("WEFT_SEED");
  if (text == nullptr || *text < '0' || *text > '9') return std::nullopt;
  char* end = nullptr;
  const auto seed = std::strtoull(text, &end, 0);
  if (*end != '\0') return std::nullopt;
  return seed;
}

}  // namespace weft::cluster::faults
