// What the clients of a simulation send, and the one channel's configuration in short.
#pragma once

#include <optional>
#include <string>

#include "cluster/raft/conf_change.hpp"
#include "ledger/block/block.hpp"

namespace weft::sim {

/// The `number`th transaction: the same bytes in every run, so they are made once. Sizes differ from 60 to 400 bytes.
[[nodiscard]] const ledger::envelope& transaction(std::uint32_t number);
/// Which transaction an envelope is; nothing for a CONFIG.
[[nodiscard]] std::optional<std::uint32_t> number_of(const ledger::envelope& e);

/// A change of the consenters as a CONFIG envelope. It applies to configuration `base` only, as a real one does: ordered twice it is refused.
struct config_change {
  std::string changes;     ///< As raft::parse_changes reads it: "v4", "r2"; empty for a change that leaves the consenters alone.
  std::uint64_t base = 0;  ///< The sequence that it was made for.
};
[[nodiscard]] ledger::envelope make_config(const config_change& c);
/// Errors: `invalid_argument`.
[[nodiscard]] result<config_change> read_config(const ledger::envelope& e);

[[nodiscard]] const ledger::block& genesis();

}  // namespace weft::sim
