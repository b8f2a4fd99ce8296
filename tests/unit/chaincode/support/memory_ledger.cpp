#include "tests/unit/chaincode/support/memory_ledger.hpp"

#include <doctest/doctest.h>

#include "tests/unit/chaincode/support/golden_chain.hpp"

namespace weft::chaincode::testing {
namespace {

using namespace weft::ledger;

class golden_ledger final : public channel_ledger {
 public:
  explicit golden_ledger(std::uint64_t height) : blocks_(open_block_store(make_memory_env(), make_memory_kv()).value()) {
    for (std::uint64_t n = 0; n < height; ++n) {
      REQUIRE(blocks_->append(golden_block(n)));
      remember(golden_block(n));
    }
    state_.advance_to(height);
  }

  block_number height() const override { return blocks_->height(); }
  bytes last_hash() const override { return blocks_->last_hash(); }
  bytes last_commit_hash() const override { return {}; }
  std::shared_ptr<const state_view> view() const override { return state_.view(); }
  const block_store& blocks() const override { return *blocks_; }
  result<void> commit(const block&, const judged_block&, const std::vector<block_private_data>&) override { return fail(errc::unsupported, "a fixture"); }
  std::shared_ptr<const channel_bundle> bundle() const override { return golden_bundle(); }
  result<std::optional<bytes>> reason_of(std::string_view) const override { return std::optional<bytes>{}; }
  result<std::vector<history_entry>> history(std::string_view ns, std::string_view key, std::size_t limit) const override {
    std::vector<history_entry> out;
    for (auto it = changes_.rbegin(); it != changes_.rend() && out.size() < limit; ++it) {
      if (it->ns == ns && it->key == key) out.push_back(it->entry);
    }
    return out;
  }
  result<std::optional<private_writes>> private_data(block_number, tx_number, std::string_view, std::string_view) const override {
    return std::optional<private_writes>{};
  }

 private:
  struct change {
    std::string ns, key;
    history_entry entry;
  };

  void remember(const block& b) {
    const auto& codes = b.metadata(metadata_slot::transactions_filter);
    for (std::size_t i = 0; i < b.envelopes().size(); ++i) {
      const auto& e = b.envelopes()[i];
      if (!e.header() || e.header()->type != static_cast<std::int32_t>(header_type::endorser_transaction) || codes.at(i) != '\0') continue;
      const auto tx = parse_endorser_tx(e);
      REQUIRE(tx);
      for (const auto& ns : tx->sets.namespaces) {
        for (const auto& w : ns.writes) {
          changes_.push_back({ns.name, w.key, {e.header()->tx_id, e.header()->time, w.is_delete, w.value, {b.number(), tx_number{i}}}});
        }
      }
    }
  }

  std::shared_ptr<block_store> blocks_;
  golden_state state_;
  std::vector<change> changes_;
};

}  // namespace

std::shared_ptr<const channel_ledger> make_golden_ledger(std::uint64_t height) { return std::make_shared<golden_ledger>(height); }

}  // namespace weft::chaincode::testing
