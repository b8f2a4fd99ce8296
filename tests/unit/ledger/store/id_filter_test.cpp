#include "ledger/store/id_filter.hpp"

#include <doctest/doctest.h>

#include <string>
#include <thread>

#include "crypto/hash/sha256.hpp"

namespace weft::ledger {
namespace {

std::string id(std::size_t n) { return to_hex(crypto::to_bytes(crypto::sha256(std::to_string(n)))); }

}  // namespace

TEST_CASE("an id that was added is never denied, and few others are not") {
  id_filter f;
  CHECK_FALSE(f.may_hold(id(0)));
  CHECK(f.memory_bytes() == 0);
  constexpr std::size_t ids = 100'000;  // stages of 16,384, 32,768 and 65,536
  for (std::size_t i = 0; i < ids; ++i) f.add(id(i));
  std::size_t denied = 0, mistaken = 0;
  for (std::size_t i = 0; i < ids; ++i) denied += f.may_hold(id(i)) ? 0 : 1;
  for (std::size_t i = ids; i < 2 * ids; ++i) mistaken += f.may_hold(id(i)) ? 1 : 0;
  CHECK(denied == 0);
  CHECK(mistaken < ids / 25);
  CHECK(f.memory_bytes() < ids * 3);
}

TEST_CASE("ids of any form are told apart") {
  id_filter f;
  f.add("");
  CHECK(f.may_hold(""));
  CHECK_FALSE(f.may_hold(std::string(1, '\0')));
  f.add(std::string(1'000'000, 'x'));
  CHECK(f.may_hold(std::string(1'000'000, 'x')));
  CHECK_FALSE(f.may_hold(std::string(999'999, 'x')));
}

TEST_CASE("it is read while it grows") {
  id_filter f;
  constexpr std::size_t ids = 40'000;
  f.add(id(0));
  std::thread reader([&] {
    for (std::size_t i = 0; i < ids; ++i) CHECK(f.may_hold(id(0)));
  });
  for (std::size_t i = 1; i < ids; ++i) f.add(id(i));
  reader.join();
  CHECK(f.may_hold(id(ids - 1)));
}

}  // namespace weft::ledger
