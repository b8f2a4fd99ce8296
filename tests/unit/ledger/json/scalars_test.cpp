#include "ledger/json/scalars.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace weft;
using namespace weft::ledger::json;

TEST_CASE("base64 both ways") {
  struct row {
    const char* text;
    std::string data;
  };
  const row rows[] = {{"", ""}, {"Zg==", "f"}, {"Zm8=", "fo"}, {"Zm9v", "foo"}, {"Zm9vYg==", "foob"}, {"+/+/", "\xfb\xff\xbf"}, {"AAA=", std::string(2, '\0')}};
  for (const auto& r : rows) {
    CAPTURE(r.text);
    std::string out;
    append_base64(out, r.data);
    CHECK(out == r.text);
    CHECK(from_base64(r.text) == r.data);
  }
  CHECK(from_base64("Zm9v\r\nYg=\n=\n") == "foob");
  for (const char* bad : {"Z", "Zg", "Zg=", "Zg===", "Z===", "=", "Zg==Zg==", "Zm9v=", "Zm-v", "Zm 9v", "Zm9vY"}) {
    CAPTURE(bad);
    CHECK(!from_base64(bad));
  }
  CHECK(from_base64("Zm*v").error().context == "illegal base64 data at input byte 2");
}

TEST_CASE("strings are escaped as Go escapes them") {
  const auto text = [](std::string_view s) {
    std::string out;
    append_string(out, s);
    return out;
  };
  CHECK(text("a\"b\\c") == R"("a\"b\\c")");
  CHECK(text("\b\f\n\r\t\x01\x1f\x7f") == "\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\"");
  CHECK(text("<&>") == R"("\u003c\u0026\u003e")");
  CHECK(text(std::string_view("\0", 1)) == R"("\u0000")");
  CHECK(text("\u00fc\u2028\u2029\U0010ffff") == "\"\u00fc\\u2028\\u2029\U0010ffff\"");
  for (const char* bad : {"\x80", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x80", "\xff"}) {
    CAPTURE(bad);
    CHECK(text(bad).find("\\ufffd") == 1);
  }
}

TEST_CASE("times both ways") {
  struct row {
    std::int64_t seconds;
    std::int32_t nanoseconds;
    const char* text;
  };
  const row rows[] = {
      {0, 0, "1970-01-01T00:00:00Z"},
      {-1, 0, "1969-12-31T23:59:59Z"},
      {1'795'172'869, 16'461'618, "2026-11-20T11:07:49.016461618Z"},
      {1'795'172'869, 100'000'000, "2026-11-20T11:07:49.100Z"},
      {1'795'172'869, 120'000, "2026-11-20T11:07:49.000120Z"},
      {951'782'400, 1, "2000-02-29T00:00:00.000000001Z"},
      {253'402'300'799, 999'999'999, "9999-12-31T23:59:59.999999999Z"},
      {-62'135'596'800, 0, "0001-01-01T00:00:00Z"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.text);
    CHECK(time_text(r.seconds, r.nanoseconds) == r.text);
    const auto back = parse_time(r.text);
    REQUIRE(back);
    CHECK(back->seconds == r.seconds);
    CHECK(back->nanoseconds == r.nanoseconds);
  }
  CHECK(parse_time("2026-11-20T12:07:49.5+01:00")->seconds == 1'795'172'869);
  CHECK(parse_time("2026-11-20T05:37:49-05:30")->seconds == 1'795'172'869);
  CHECK(parse_time("2026-11-20T11:07:49.1234567899Z")->nanoseconds == 123'456'789);
  for (const char* bad : {"", "2026-11-20", "2026-02-30T00:00:00Z", "2026-11-20T24:00:00Z", "2026-11-20T11:07:60Z", "2026-11-20T11:07:49", "2026-11-20T11:07:49.Z",
                          "2026-11-20T11:07:49Zx", "2026-11-20T11:07:49+24:00", "26-11-20T11:07:49Z", "-026-11-20T11:07:49Z", "2026-11-20 11:07:49Z"}) {
    CAPTURE(bad);
    CHECK(!parse_time(bad));
  }
  CHECK(!time_text(0, -1));
  CHECK(!time_text(0, 1'000'000'000));
  for (const auto far : {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) CHECK(time_text(far, 0)->ends_with("Z"));
}
