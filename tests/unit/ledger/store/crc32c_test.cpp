#include "ledger/store/crc32c.hpp"

#include <doctest/doctest.h>

#include "config/base/random.hpp"

using namespace weft;
using namespace weft::ledger;

TEST_CASE("CRC-32C of the vectors in RFC 3720, B.4") {
  std::string ascending, descending;
  for (int i = 0; i < 32; ++i) ascending.push_back(static_cast<char>(i));
  for (int i = 31; i >= 0; --i) descending.push_back(static_cast<char>(i));
  struct row { const char* name; std::string data; std::uint32_t crc; };
  const row rows[] = {
      {"nothing", "", 0},
      {"the check string", "123456789", 0xE3069283},
      {"32 zeros", std::string(32, '\0'), 0x8A9136AA},
      {"32 times 0xff", std::string(32, '\xff'), 0x62A8AB43},
      {"ascending", ascending, 0x46DD794E},
      {"descending", descending, 0x113FDB5C},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    CHECK(crc32c(r.data) == r.crc);
    CHECK(crc32c_portable(r.data) == r.crc);
  }
}

TEST_CASE("the instruction and the tables agree, whole or in parts") {
  seeded_random random(7);
  for (int i = 0; i < 300; ++i) {
    const bytes data = random.make_bytes(random.below(i % 2 ? 300 : 8000));
    const std::size_t cut = random.below(data.size() + 1);
    const std::uint32_t whole = crc32c(data);
    CHECK(crc32c_portable(data) == whole);
    CHECK(crc32c(bytes_view(data).substr(cut), crc32c(bytes_view(data).substr(0, cut))) == whole);
    CHECK(crc32c_portable(bytes_view(data).substr(cut), crc32c_portable(bytes_view(data).substr(0, cut))) == whole);
  }
}
