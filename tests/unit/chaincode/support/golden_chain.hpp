// The golden channel as a peer sees it: blocks, configuration, and the state after any block.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chaincode/simulation/simulation.hpp"
#include "ledger/block/block.hpp"
#include "ledger/channel/bundle.hpp"
#include "ledger/state/state.hpp"

namespace weft::chaincode::testing {

[[nodiscard]] bytes read_golden(const std::string& path);

/// mychannel's block, genesis included.
[[nodiscard]] const ledger::block& golden_block(std::uint64_t number);
[[nodiscard]] std::shared_ptr<const ledger::channel_bundle> golden_bundle();

/// A state that replays golden blocks, trusting their codes.
class golden_state {
 public:
  golden_state();
  /// Applies blocks until the height is `height`. Private writes are those given to keep().
  void advance_to(std::uint64_t height);
  /// Plain private writes of the next block's first transaction.
  void keep(std::vector<ledger::private_writes> privates) { privates_ = std::move(privates); }
  [[nodiscard]] std::shared_ptr<const ledger::state_view> view() const { return store_->view(); }

 private:
  std::shared_ptr<ledger::state_store> store_;
  std::vector<ledger::private_writes> privates_;
};

/// A transaction of the golden chain: what was proposed, and what the endorsers made of it.
struct golden_tx {
  ledger::envelope envelope;
  ledger::endorser_tx parsed;
  ledger::proposal proposal;
  response answer;
};
[[nodiscard]] golden_tx golden_transaction(std::uint64_t block, std::size_t index = 0);

/// An unsigned proposal by User1 of Org1 to run a contract.
[[nodiscard]] ledger::proposal make_test_proposal(const std::string& contract, std::vector<bytes> args, bool is_init = false,
                                                  std::vector<std::pair<std::string, bytes>> transient_map = {});

/// The package id that both organizations approved on the golden channel.
inline constexpr const char* golden_package_id = "golden_1.0:e49cca116931f71a36efe6826fa7e25bd428990047db0be7491412d0e7108692";

}  // namespace weft::chaincode::testing
