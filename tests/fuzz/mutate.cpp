#include "tests/fuzz/mutate.hpp"

#include <algorithm>
#include <array>

namespace weft::fuzz {

namespace {

std::size_t place(const bytes& in, random_source& random) { return random.below(in.size()); }

/// A piece's length: short ones more often.
std::size_t piece(std::size_t most, random_source& random) {
  return most == 0 ? 0 : 1 + random.below(std::min<std::size_t>(most, std::size_t{1} << random.below(11)));
}

void flip_bit(bytes& in, random_source& random) {
  auto& byte = in[place(in, random)];
  byte = static_cast<char>(byte ^ (1 << random.below(8)));
}

void edit_length(bytes& in, random_source& random) {
  constexpr std::array<unsigned char, 7> extremes{0x00, 0x01, 0x7f, 0x80, 0x81, 0xfe, 0xff};
  auto& byte = in[place(in, random)];
  const auto pick = random.below(extremes.size() + 4);
  if (pick < extremes.size()) byte = static_cast<char>(extremes[pick]);
  else byte = static_cast<char>(byte + (pick % 2 == 0 ? 1 : -1) * static_cast<int>(1 + random.below(2)));
}

void truncate(bytes& in, random_source& random) { in.resize(place(in, random)); }

void remove(bytes& in, random_source& random) {
  const auto at = place(in, random);
  in.erase(at, piece(in.size() - at, random));
}

void repeat(bytes& in, random_source& random) {
  const auto at = place(in, random);
  const auto copy = in.substr(at, piece(in.size() - at, random));
  in.insert(at, copy);
}

void insert(bytes& in, random_source& random) { in.insert(place(in, random), random.make_bytes(1 + random.below(8))); }

/// A run of one byte, long enough to matter for nesting and sizes.
void run(bytes& in, random_source& random) {
  const auto at = place(in, random);
  in.insert(at, std::size_t{1} << random.below(11), in[at]);
}

void splice(bytes& in, const std::vector<bytes>& donors, random_source& random) {
  const auto& donor = donors[random.below(donors.size())];
  if (donor.empty()) return;
  const auto from = random.below(donor.size());
  const auto at = place(in, random);
  const auto gone = random.below(2) == 0 ? in.size() - at : piece(in.size() - at, random);
  in.replace(at, gone, donor.substr(from, random.below(2) == 0 ? bytes::npos : piece(donor.size() - from, random)));
}

void change(bytes& in, const std::vector<bytes>& donors, random_source& random) {
  if (in.empty()) in = random.make_bytes(1 + random.below(16));
  switch (random.below(12)) {
    case 0: case 1: case 2: return flip_bit(in, random);
    case 3: case 4: case 5: return edit_length(in, random);
    case 6: return truncate(in, random);
    case 7: return remove(in, random);
    case 8: return repeat(in, random);
    case 9: return insert(in, random);
    case 10: return run(in, random);
    default: return splice(in, donors, random);
  }
}

}  // namespace

bytes mutate(bytes input, const std::vector<bytes>& donors, random_source& random) {
  for (auto changes = 1 + random.below(4); changes > 0; --changes) change(input, donors, random);
  if (input.size() > input_bytes_max) input.resize(input_bytes_max);
  return input;
}

}  // namespace weft::fuzz
