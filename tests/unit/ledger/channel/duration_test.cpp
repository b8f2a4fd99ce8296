#include <doctest/doctest.h>

#include <string>

#include "ledger/channel/duration.hpp"

using namespace weft;
using namespace weft::ledger;
using std::chrono::milliseconds;

TEST_CASE("durations are read as Go reads them") {
  struct row { const char* text; std::int64_t nanoseconds; };
  const row rows[] = {
      {"2s", 2'000'000'000},        {"500ms", 500'000'000},  {"1m30s", 90'000'000'000}, {"1.5h", 5'400'000'000'000}, {"0", 0},
      {"0s", 0},                    {"1h0m0.5s", 3'600'500'000'000}, {".5s", 500'000'000},     {"1.s", 1'000'000'000},      {"-2s", -2'000'000'000},
      {"+3ms", 3'000'000},          {"7us", 7'000},          {"7µs", 7'000},            {"7μs", 7'000},              {"12ns", 12},
      {"0.100000000000000000000h", 360'000'000'000}, {"2562047h47m16.854775807s", INT64_MAX},
  };
  for (const auto& r : rows) {
    CAPTURE(r.text);
    const auto parsed = parse_duration(r.text);
    REQUIRE(parsed.has_value());
    CHECK(parsed->count() == r.nanoseconds);
  }
}

TEST_CASE("what is no duration is refused with its text") {
  for (const char* text : {"", "2", "s", ".s", "2x", "2 s", " 2s", "2s ", "--2s", "-", "+", "1.2.3s", "2s3", "1e3s", "9223372036854775808ns", "2562048h",
                           "99999999999999999999s", "2562047h47m16.854775808s"}) {
    CAPTURE(text);
    const auto parsed = parse_duration(text);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().code == errc::invalid_argument);
    CHECK(parsed.error().context == "invalid duration \"" + std::string(text) + "\"");
  }
}

TEST_CASE("durations are written as Go prints them, and read back") {
  struct row { std::int64_t ms; const char* text; };
  const row rows[] = {{0, "0s"}, {1, "1ms"}, {999, "999ms"}, {2000, "2s"}, {1500, "1.5s"}, {1050, "1.05s"}, {60'000, "1m0s"}, {90'001, "1m30.001s"},
                      {3'600'000, "1h0m0s"}, {5'400'000, "1h30m0s"}, {-1500, "-1.5s"}};
  for (const auto& r : rows) {
    CHECK(format_duration(milliseconds{r.ms}) == r.text);
    CHECK(parse_duration(r.text) == std::chrono::nanoseconds(milliseconds{r.ms}));
  }
}
