#include "crypto/x509/time.hpp"

#include <doctest/doctest.h>

#include "crypto/keys/der.hpp"

using namespace weft;
namespace der = weft::crypto::der;

namespace {

timestamp at(std::int64_t seconds) { return timestamp(std::chrono::seconds(seconds)); }

}  // namespace

TEST_CASE("times are read") {
  struct row {
    const char* name;
    const char* text;
    unsigned char tag;
    std::optional<timestamp> time;
  };
  const row rows[] = {
      {"UTC time of this century", "261120110100Z", der::utc_time_tag, at(1795172460)},
      {"UTC time of the last century", "700101000001Z", der::utc_time_tag, at(1)},
      {"1950 is the first short year", "500101000000Z", der::utc_time_tag, at(-631152000)},
      {"generalized time after 2050", "20500101000000Z", der::generalized_time_tag, at(2524608000)},
      {"no well-defined expiry", "99991231235959Z", der::generalized_time_tag, timestamp::max()},
      {"before all timestamps", "00010101000000Z", der::generalized_time_tag, timestamp::min()},
      {"no such month", "261320110100Z", der::utc_time_tag, std::nullopt},
      {"no such day", "260230110100Z", der::utc_time_tag, std::nullopt},
      {"words", "tomorrow", der::utc_time_tag, std::nullopt},
      {"another type", "261120110100Z", der::utf8_tag, std::nullopt},
      {"nothing", "", der::utc_time_tag, std::nullopt},
  };
  for (const auto& r : rows) SUBCASE(r.name) { CHECK(crypto::from_asn1_time(der::tlv(r.tag, {r.text})) == r.time); }
}

TEST_CASE("times are written short until 2049, long from 2050, in whole seconds") {
  CHECK(crypto::to_asn1_time(at(1795172460) + std::chrono::milliseconds(999)) == "\x17\x0d" "261120110100Z");
  CHECK(crypto::to_asn1_time(at(2524607999)) == "\x17\x0d" "491231235959Z");
  CHECK(crypto::to_asn1_time(at(2524608000)) == "\x18\x0f" "20500101000000Z");
  CHECK(crypto::to_asn1_time(at(-631152001)) == "\x18\x0f" "19491231235959Z");
}
