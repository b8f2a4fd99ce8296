// What a Deliver request is asked besides check_seek, in Fabric's order: headers; the channel; SeekInfo and the consenter; then check_seek.
#pragma once

#include "cluster/deliver/seek.hpp"

namespace weft::cluster {

/// Headers, and a timestamp within 15 minutes: before the channel is looked for. Pure; thread-safe.
[[nodiscard]] std::optional<seek_refusal> check_seek_headers(const ledger::envelope& request, timestamp now);

/// A SeekInfo that parses. `trouble`: why the consenter cannot order; readers who do not ask for best effort are to go to another orderer then, which
/// may know more.
[[nodiscard]] std::optional<seek_refusal> check_seek_info(const ledger::envelope& request, std::string_view trouble);

/// True when blocks are asked for without their data (HEADER_WITH_SIG).
[[nodiscard]] bool wants_headers_only(const ledger::envelope& request);

}  // namespace weft::cluster
