#include "cli/view.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

using namespace weft;
using namespace weft::cli;

namespace {
std::vector<tx_view> golden_views(int number) {
  std::ifstream in(std::string(WEFT_GOLDEN_DIR) + "/blocks/mychannel." + std::to_string(number) + ".block", std::ios::binary);
  std::ostringstream raw;
  raw << in.rdbuf();
  const auto b = ledger::block::parse(shared_bytes{raw.str()});
  REQUIRE(b.has_value());
  std::vector<tx_view> out;
  const auto& filter = b->metadata(ledger::metadata_slot::transactions_filter);
  for (std::size_t i = 0; i < b->envelopes().size(); ++i) out.push_back(view_of(b->envelopes()[i], static_cast<std::uint8_t>(filter[i])));
  return out;
}
}  // namespace

TEST_CASE("transactions of a real chain are taken apart") {
  std::size_t endorsed = 0;
  for (int n = 1; n <= 25; ++n) {
    for (const auto& tx : golden_views(n)) {
      CAPTURE(n);
      CHECK_FALSE(tx.creator.msp_id.empty());
      CHECK_FALSE(tx.creator.common_name.empty());
      CHECK_FALSE(tx.code_name.empty());
      CHECK_NOTHROW(to_json(tx).dump());
      if (tx.type != "ENDORSER_TRANSACTION") continue;
      CHECK(tx.defect.empty());
      CHECK_FALSE(tx.call().empty());
      CHECK_FALSE(tx.endorsers.empty());
      ++endorsed;
    }
  }
  CHECK(endorsed > 10);
}

TEST_CASE("what is no transaction is shown as such") {
  for (const auto& e : {ledger::envelope::keep(shared_bytes{bytes("\xff\xff")}), ledger::envelope::make("rubbish", "x"), ledger::envelope::make("", "")}) {
    const auto tx = view_of(e, 2);
    CHECK(tx.code_name == "BAD_PAYLOAD");
    CHECK_NOTHROW(to_json(tx).dump());
  }
}

TEST_CASE("the reason of a read conflict names key, versions and winner") {
  const bytes reason = R"({"text":"the key changed","namespace":"mycc","key":"a","read":{"block":4,"tx":1},"committed":{"block":7,"tx":0},"winner":"f00"})";
  rows out;
  add_reason(out, reason);
  CHECK(out.text() ==
        "why        the key changed\nkey        mycc / a\nread       block 4, transaction 1\ncommitted  block 7, transaction 0\nwon by     f00\n");
  rows absent;
  add_reason(absent, R"({"text":"t","namespace":"n","key":"k","read":null,"committed":{"block":1,"tx":0}})");
  CHECK(absent.text().find("read       no such key") != std::string::npos);
  rows of_a_policy;
  add_reason(of_a_policy, R"({"text":"t","namespace":"n","key":"k","read":null,"committed":null})");
  CHECK(of_a_policy.text() == "why  t\nkey  n / k\n");
}

TEST_CASE("a reason that is no reason adds nothing") {
  for (const auto* rubbish : {"", "{", "[]", "7", "\xff", "null", R"({"text":7})"}) {
    rows out;
    add_reason(out, rubbish);
    CHECK(out.text().empty());
  }
}
