// A peer's committer over memory stores: what it does with one block after the other, and nothing that it was not told by
// genesis.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ledger/channel/bundle.hpp"
#include "ledger/state/state.hpp"
#include "ledger/validation/validator.hpp"

namespace weft::test {

/// Everything of a golden chain: genesis, then the blocks as its peer stored them.
struct golden_chain {
  std::string channel;
  std::vector<ledger::block> blocks;
};
[[nodiscard]] golden_chain load_chain(const std::string& channel);

class peer {
 public:
  explicit peer(const ledger::block& genesis);

  /// Takes the bytes that an orderer sent. Nothing changes unless the whole way succeeds.
  result<ledger::block> accept(const bytes& from_orderer);
  /// The first half: is this the next block of the chain, with signatures that the channel's configuration asks for?
  [[nodiscard]] result<ledger::block> verify(const bytes& from_orderer) const;
  /// The second half, for blocks that were not verified too: what a test bends behind the orderer's back.
  [[nodiscard]] result<ledger::judged_block> judge(const ledger::block& b) const;

  [[nodiscard]] block_number height() const { return state->height(); }
  [[nodiscard]] const bytes& last_hash() const { return last_hash_; }

  std::shared_ptr<const ledger::channel_bundle> bundle;
  std::shared_ptr<ledger::state_store> state;
  std::shared_ptr<const crypto::verifier> verifier;
  bytes commit_hash;
  std::vector<ledger::reason> reasons;  ///< Of the block accepted last.

 private:
  bytes last_hash_;
  std::map<std::string, version, std::less<>> seen_;  ///< transaction id → first place
  std::map<version, std::string> ids_;
};

/// A new block with these metadata, header and data of the other one.
[[nodiscard]] bytes as_delivered(const ledger::block& stored);

}  // namespace weft::test
