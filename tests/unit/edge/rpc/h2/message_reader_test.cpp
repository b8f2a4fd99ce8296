#include "edge/rpc/h2/message_reader.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "tests/unit/edge/rpc/h2/wire_client.hpp"

using namespace weft;
using namespace weft::edge::h2;
using testing::framed;
using testing::prefix;
using outcome = message_reader::outcome;

TEST_CASE("messages come out whole, however the body is cut") {
  const std::vector<bytes> sent{"", "a", bytes(3, '\0'), bytes(10'000, 'x'), "", bytes(5, 'y')};
  bytes body;
  for (const auto& m : sent) body += framed(m);
  for (const std::size_t cut : {std::size_t{1}, std::size_t{2}, std::size_t{4}, std::size_t{7}, std::size_t{5'000}, body.size()}) {
    CAPTURE(cut);
    message_reader r(10'000);
    std::vector<bytes> got;
    for (std::size_t at = 0; at < body.size(); at += cut) {
      r.take(bytes_view(body).substr(at, cut));
      for (bytes m; r.next(m) == outcome::message;) got.push_back(std::move(m));
    }
    CHECK(got == sent);
    CHECK(r.between_messages());
    CHECK(r.held() == 0);
  }
}

TEST_CASE("messages that nobody asks for are held, and counted") {
  message_reader r(100);
  r.take(framed("one") + framed("two"));
  CHECK(r.held() == 16);
  bytes m;
  CHECK(r.next(m) == outcome::message);
  CHECK(r.held() == 8);
  r.take(framed("three"));
  CHECK(r.next(m) == outcome::message);
  CHECK(m == "two");
  CHECK(r.next(m) == outcome::message);
  CHECK(m == "three");
  CHECK(r.held() == 0);
}

TEST_CASE("a body that ends in the middle is told from one that ends") {
  for (const bytes& begun : {bytes(1, '\0'), prefix(3), prefix(3) + "ab"}) {
    message_reader r(100);
    bytes m;
    CHECK(r.between_messages());
    r.take(begun);
    CHECK(r.next(m) == outcome::more);
    CHECK_FALSE(r.between_messages());
  }
}

TEST_CASE("what cannot be taken") {
  struct row {
    const char* name;
    bytes body;
    outcome found;
  };
  const row rows[] = {
      {"as large as may be", framed(bytes(100, 'x')), outcome::message}, {"larger", prefix(101), outcome::too_large},
      {"the largest that can be said", prefix(0xffff'ffff), outcome::too_large}, {"compressed", prefix(1, 1) + "x", outcome::compressed},
      {"another flag", prefix(1, 2) + "x", outcome::nonsense}, {"all flags", prefix(1, static_cast<char>(0xff)), outcome::nonsense},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    message_reader reader(100);
    reader.take(r.body);
    bytes m;
    CHECK(reader.next(m) == r.found);
  }
}
