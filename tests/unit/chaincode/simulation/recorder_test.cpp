// The recorder on states that fail: what the state says must reach the endorser, whatever the contract makes of it.
#include "chaincode/simulation/recorder.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace weft;
using namespace weft::chaincode;

namespace {

/// A range of `records` records, behind which the disk fails; reading keys fails at once.
class failing_state final : public ledger::state_view {
 public:
  explicit failing_state(std::size_t records) : records_(records) {}
  block_number height() const override { return block_number{1}; }
  result<std::optional<ledger::versioned_value>> get(std::string_view, std::string_view) const override { return fail(errc::io, "disk on fire"); }
  std::unique_ptr<ledger::state_cursor> range(std::string_view, std::string_view, std::string_view) const override {
    struct cursor final : ledger::state_cursor {
      explicit cursor(std::size_t left) : left(left) {}
      result<std::optional<std::pair<std::string, ledger::versioned_value>>> next() override {
        if (left == 0) return fail(errc::io, "disk on fire");
        --left;
        return std::optional(std::pair(std::string("k") + std::to_string(1000 - left), ledger::versioned_value{}));
      }
      std::size_t left;
    };
    return std::make_unique<cursor>(records_);
  }
  result<std::optional<ledger::versioned_value>> get_hashed(std::string_view, std::string_view, bytes_view) const override { return fail(errc::io, "disk on fire"); }
  result<std::optional<ledger::versioned_value>> get_private(std::string_view, std::string_view, std::string_view) const override {
    return fail(errc::corruption, "not what was written");
  }
  std::unique_ptr<ledger::state_cursor> private_range(std::string_view ns, std::string_view, std::string_view start, std::string_view end) const override {
    return range(ns, start, end);
  }

 private:
  std::size_t records_;
};

}  // namespace

TEST_CASE("errors of the state stick") {
  struct row {
    std::string name;
    void (*act)(recorder&);
    errc code;
  };
  const row rows[] = {
      {"reading a key", [](recorder& r) { CHECK_FALSE(r.read("ns", "k")); }, errc::io},
      {"reading a hash", [](recorder& r) { CHECK_FALSE(r.read_hash("ns", "c", "k")); }, errc::io},
      {"reading a private value", [](recorder& r) { CHECK_FALSE(r.read_private("ns", "c", "k")); }, errc::corruption},
      {"the first batch of a range", [](recorder& r) { CHECK_FALSE(r.range("ns", "a", "z")); }, errc::io},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    recorder r(std::make_shared<failing_state>(10), {});
    CHECK_FALSE(r.failure());
    row.act(r);
    REQUIRE(r.failure());
    CHECK(r.failure()->code == row.code);
    CHECK(r.write("ns", "k", "v"));
    CHECK(r.failure());
  }
}

TEST_CASE("an error in a later batch of a range sticks too") {
  recorder r(std::make_shared<failing_state>(150), {});
  auto cursor = r.range("ns", "a", "z");
  REQUIRE(cursor);
  for (int i = 0; i < 100; ++i) CHECK((*cursor)->next());
  CHECK_FALSE(r.failure());
  CHECK_FALSE((*cursor)->next());
  REQUIRE(r.failure());
  CHECK(r.failure()->code == errc::io);
}

TEST_CASE("a cursor may outlive its recorder") {
  std::unique_ptr<result_cursor> cursor;
  {
    recorder r(std::make_shared<failing_state>(150), {});
    cursor = std::move(r.range("ns", "a", "z").value());
  }
  CHECK(cursor->next());
}
