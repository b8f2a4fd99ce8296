#include "config/base/random.hpp"

#include <sys/random.h>

#include <bit>
#include <cerrno>
#include <cstring>

#include "config/base/assert.hpp"

namespace weft {

bytes random_source::make_bytes(std::size_t count) {
  bytes out(count, '\0');
  fill(out.data(), out.size());
  return out;
}

std::uint64_t random_source::next() {
  unsigned char raw[8];
  fill(raw, sizeof raw);
  std::uint64_t value = 0;
  for (unsigned char c : raw) value = value << 8 | c;
  return value;
}

std::uint64_t random_source::below(std::uint64_t bound) {
  WEFT_ASSERT(bound > 0, "a range needs a positive bound");
  const std::uint64_t rejected = (0 - bound) % bound;  // values below this would make small results likelier
  for (;;) {
    const auto value = next();
    if (value >= rejected) return value % bound;
  }
}

void system_random::fill(void* out, std::size_t size) {
  auto* at = static_cast<unsigned char*>(out);
  while (size > 0) {
    const auto got = ::getrandom(at, size, 0);
    if (got < 0 && errno == EINTR) continue;
    WEFT_ASSERT(got > 0, "the kernel gives random bytes");
    at += got;
    size -= static_cast<std::size_t>(got);
  }
}

seeded_random::seeded_random(std::uint64_t seed) {
  for (auto& word : state_) {
    seed += 0x9e3779b97f4a7c15ULL;
    auto z = seed;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    word = z ^ (z >> 31);
  }
}

std::uint64_t seeded_random::step() {
  const auto value = std::rotl(state_[1] * 5, 7) * 9;
  const auto shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return value;
}

void seeded_random::fill(void* out, std::size_t size) {
  std::lock_guard lock(mutex_);
  auto* at = static_cast<unsigned char*>(out);
  while (size > 0) {
    auto value = step();
    for (std::size_t i = 0; i < 8 && size > 0; ++i, --size, value >>= 8) *at++ = static_cast<unsigned char>(value);
  }
}

}  // namespace weft
