// Transactions of the time of system channels: the one that creates a channel, and the first one that names anchor peers. interop/02 §8.
#pragma once

#include "ledger/channel/genesis.hpp"

namespace weft::ledger {

/// Envelope (CONFIG_UPDATE, unsigned) that asks a system channel's orderer to create `channel`, which names its consortium. Without `system`
/// nothing is assumed about the orderer and only the Application section counts; with it, every difference between the two is asked for.
/// Errors: `invalid_argument` in configtxgen's words.
[[nodiscard]] result<bytes> make_channel_creation(const genesis_request& channel, const genesis_request* system, timestamp now);

/// Envelope (CONFIG_UPDATE, unsigned) that gives `org` the anchor peers of `channel`, provided that the channel is as it was created
/// (/Channel/Application at version 1). Errors: `invalid_argument` in configtxgen's words.
[[nodiscard]] result<bytes> make_anchor_update(const genesis_request& channel, const std::string& org, timestamp now);

}  // namespace weft::ledger
