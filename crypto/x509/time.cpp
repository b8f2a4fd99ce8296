#include "crypto/x509/time.hpp"

#include <openssl/asn1.h>

#include <cstdio>
#include <ctime>
#include <memory>

#include "config/base/freed.hpp"
#include "crypto/keys/der.hpp"

namespace weft::crypto {

using std::chrono::floor;
using std::chrono::seconds;

namespace {
}  // namespace

std::optional<timestamp> from_asn1_time(bytes_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const auto* end = at + der.size();
  const std::unique_ptr<ASN1_TIME, freed<&ASN1_TIME_free>> time(d2i_ASN1_TIME(nullptr, &at, static_cast<long>(der.size())));
  std::tm tm{};
  if (!time || at != end || ASN1_TIME_to_tm(time.get(), &tm) != 1) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(tm.tm_year + 1900), std::chrono::month(static_cast<unsigned>(tm.tm_mon + 1)),
                                         std::chrono::day(static_cast<unsigned>(tm.tm_mday))};
  if (!date.ok()) return std::nullopt;
  const auto whole = std::chrono::sys_days(date) + std::chrono::hours(tm.tm_hour) + std::chrono::minutes(tm.tm_min) + seconds(tm.tm_sec);
  if (whole > floor<seconds>(timestamp::max())) return timestamp::max();
  if (whole <= floor<seconds>(timestamp::min())) return timestamp::min();
  return timestamp(whole);
}

bytes to_asn1_time(timestamp t) {
  const auto day = floor<std::chrono::days>(t);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(floor<seconds>(t - day));
  const int year = static_cast<int>(date.year());
  const bool short_form = year >= 1950 && year < 2050;
  char text[32];
  const int size = std::snprintf(text, sizeof text, "%0*d%02u%02u%02d%02d%02dZ", short_form ? 2 : 4, short_form ? year % 100 : year,
                                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                                 static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
  return der::tlv(short_form ? der::utc_time_tag : der::generalized_time_tag, {bytes_view(text, static_cast<std::size_t>(size))});
}

}  // namespace weft::crypto
