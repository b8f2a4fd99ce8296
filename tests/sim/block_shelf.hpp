// A block store for simulations: one file, appended to, not synced unless asked; recovered up to the first block that is not whole.
#pragma once

#include <memory>
#include <vector>

#include "cluster/consenter/raft_chain.hpp"
#include "ledger/store/env.hpp"

namespace weft::sim {

/// A simulated disk has no sectors that go bad, so a record has a checksum only to tell a torn end.
class block_shelf {
 public:
  struct stored {
    ledger::block block;
    std::uint64_t entry = 0;  ///< Index in the raft log: in production, in the block's consenter metadata.
  };

  /// With the genesis block if there is nothing yet. Errors: `io`, `corruption` if what is whole is no chain.
  [[nodiscard]] static result<std::unique_ptr<block_shelf>> open(std::shared_ptr<ledger::env> files);
  [[nodiscard]] result<void> append(const ledger::block& b, std::uint64_t entry);
  [[nodiscard]] result<void> sync() { return file_->sync(); }

  [[nodiscard]] std::uint64_t height() const noexcept { return blocks_.size(); }
  [[nodiscard]] const stored& at(std::uint64_t number) const { return blocks_[static_cast<std::size_t>(number)]; }
  [[nodiscard]] cluster::chain_start start() const;
  /// Configurations after the genesis.
  [[nodiscard]] std::uint64_t config_sequence() const noexcept { return configs_.size() - 1; }
  [[nodiscard]] const std::vector<std::uint64_t>& configs() const noexcept { return configs_; }  ///< Numbers of their blocks.

 private:
  void take(ledger::block b, std::uint64_t entry);
  std::unique_ptr<ledger::file> file_;
  std::vector<stored> blocks_;
  std::vector<std::uint64_t> configs_;
};

}  // namespace weft::sim
