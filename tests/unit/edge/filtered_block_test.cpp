#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "edge/block_stream.hpp"
#include "ledger/block/block.hpp"
#include "peer/events.pb.h"
#include "proto/encode.hpp"

using namespace weft;

namespace {

ledger::block golden(const std::string& name) {
  std::ifstream in(std::string(WEFT_GOLDEN_DIR) + "/blocks/" + name, std::ios::binary);
  std::ostringstream raw;
  raw << in.rdbuf();
  auto b = ledger::block::parse(shared_bytes{raw.str()});
  REQUIRE(b.has_value());
  return std::move(*b);
}
::protos::FilteredBlock filtered(const ledger::block& b) {
  ::protos::FilteredBlock out;
  REQUIRE(proto::decode(edge::filtered_block("mychannel", b), out));
  return out;
}

}  // namespace

TEST_CASE("a filtered block has every transaction of a real one with its verdict, and no payload of an event") {
  std::size_t invalid = 0;
  for (int n = 1; n <= 25; ++n) {
    CAPTURE(n);
    const auto b = golden("mychannel." + std::to_string(n) + ".block");
    const auto f = filtered(b);
    CHECK(f.number() == b.number().value);
    REQUIRE(static_cast<std::size_t>(f.filtered_transactions_size()) == b.envelopes().size());
    const auto& filter = b.metadata(ledger::metadata_slot::transactions_filter);
    for (int i = 0; i < f.filtered_transactions_size(); ++i) {
      const auto& tx = f.filtered_transactions(i);
      CHECK(static_cast<int>(tx.tx_validation_code()) == static_cast<unsigned char>(filter[static_cast<std::size_t>(i)]));
      CHECK(tx.txid() == b.envelopes()[static_cast<std::size_t>(i)].header()->tx_id);
      invalid += tx.tx_validation_code() != 0;
      CHECK(tx.has_transaction_actions() == (tx.type() == ::common::ENDORSER_TRANSACTION));
      for (const auto& action : tx.transaction_actions().chaincode_actions()) {
        CHECK(action.chaincode_event().payload().empty());
        CHECK_FALSE(action.chaincode_event().event_name().empty());
      }
    }
  }
  CHECK(invalid > 0);
}

TEST_CASE("a block of rubbish is filtered without harm") {
  const auto b = ledger::block::make(block_number{7}, "previous", {ledger::envelope::keep(shared_bytes{bytes("\xff\xff")}), ledger::envelope::make("no payload", "")});
  const auto f = filtered(b);
  REQUIRE(f.filtered_transactions_size() == 2);
  CHECK(f.filtered_transactions(0).txid().empty());
  CHECK(static_cast<int>(f.filtered_transactions(0).tx_validation_code()) == 254);
}

TEST_CASE("a header with signatures has all of a real block but its data, and a configuration block has those too") {
  std::size_t configurations = 0;
  for (int n = 1; n <= 25; ++n) {
    CAPTURE(n);
    const auto b = golden("mychannel." + std::to_string(n) + ".block");
    const auto h = ledger::block::parse(shared_bytes{edge::header_with_signatures(b)});
    REQUIRE(h.has_value());
    CHECK(h->hash() == b.hash());
    CHECK(h->metadata() == b.metadata());
    const bool config = b.envelopes().front().header()->type == static_cast<std::int32_t>(ledger::header_type::config);
    configurations += config ? 1 : 0;
    CHECK(h->envelopes().size() == (config ? 1 : 0));
  }
  CHECK(configurations > 0);
}
