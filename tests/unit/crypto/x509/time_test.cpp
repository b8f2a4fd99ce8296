#include "crypto/x509/time.hpp"

#include <doctest/doctest.h>
#include <openssl/asn1.h>

using namespace weft;

namespace {

timestamp at(std::int64_t seconds) { return timestamp(std::chrono::seconds(seconds)); }

std::optional<timestamp> parse(const char* text, int type) {
  ASN1_STRING* s = ASN1_STRING_type_new(type);
  ASN1_STRING_set(s, text, -1);
  const auto t = crypto::from_asn1_time(s);
  ASN1_STRING_free(s);
  return t;
}

}  // namespace

TEST_CASE("times are read") {
  struct row {
    const char* name;
    const char* text;
    int type;
    std::optional<timestamp> time;
  };
  const row rows[] = {
      {"UTC time of this century", "261120110100Z", V_ASN1_UTCTIME, at(1795172460)},
      {"UTC time of the last century", "700101000001Z", V_ASN1_UTCTIME, at(1)},
      {"1950 is the first short year", "500101000000Z", V_ASN1_UTCTIME, at(-631152000)},
      {"generalized time after 2050", "20500101000000Z", V_ASN1_GENERALIZEDTIME, at(2524608000)},
      {"no well-defined expiry", "99991231235959Z", V_ASN1_GENERALIZEDTIME, timestamp::max()},
      {"before all timestamps", "00010101000000Z", V_ASN1_GENERALIZEDTIME, timestamp::min()},
      {"no such month", "261320110100Z", V_ASN1_UTCTIME, std::nullopt},
      {"no such day", "260230110100Z", V_ASN1_UTCTIME, std::nullopt},
      {"words", "tomorrow", V_ASN1_UTCTIME, std::nullopt},
      {"nothing", "", V_ASN1_UTCTIME, std::nullopt},
  };
  for (const auto& r : rows) SUBCASE(r.name) { CHECK(parse(r.text, r.type) == r.time); }
}

TEST_CASE("times are written short until 2049, long from 2050, in whole seconds") {
  CHECK(crypto::to_asn1_time(at(1795172460) + std::chrono::milliseconds(999)) == "\x17\x0d" "261120110100Z");
  CHECK(crypto::to_asn1_time(at(2524607999)) == "\x17\x0d" "491231235959Z");
  CHECK(crypto::to_asn1_time(at(2524608000)) == "\x18\x0f" "20500101000000Z");
  CHECK(crypto::to_asn1_time(at(-631152001)) == "\x18\x0f" "19491231235959Z");
}
