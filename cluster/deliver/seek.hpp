// Deliver requests: which blocks somebody asks for, and whether they may have them. interop/04 §4.
#pragma once

#include <optional>
#include <string>

#include "config/base/clock.hpp"
#include "ledger/channel/bundle.hpp"
#include "ledger/tx/envelope.hpp"

namespace weft::cluster {

/// A parsed pb(SeekInfo) with its positions resolved against a height.
struct seek_range {
  block_number start;
  std::optional<block_number> stop;  ///< Inclusive; absent: for ever.
  bool wait = true;                  ///< BLOCK_UNTIL_READY; otherwise a missing block ends the stream with NOT_FOUND.
};

/// How a Deliver request is refused: a common.Status number and why.
struct seek_refusal {
  int status = 0;
  std::string why;
};

/// Who asked and for what; the identity decides when the session must end.
struct seek_session {
  std::string channel_id;
  seek_range range;
  crypto::identity_ptr who;
};

/// What is asked before the channel is looked for: headers, and a timestamp within 15 minutes.
[[nodiscard]] std::optional<seek_refusal> check_seek_headers(const ledger::envelope& request, timestamp now);

/// Checks a signed DELIVER_SEEK_INFO against the channel's policy at `policy_path` and resolves it at `height`.
/// Checks in Fabric's order: headers, SeekInfo, consenter, policy, positions. `trouble`: why the consenter cannot order; readers who do not ask for best
/// effort go to another orderer then. Pure; thread-safe.
[[nodiscard]] tl::expected<seek_session, seek_refusal> check_seek(const ledger::envelope& request, const ledger::channel_bundle& bundle,
                                                                  std::string_view policy_path, block_number height, timestamp now,
                                                                  const crypto::verifier& verifier, std::string_view trouble = {});

/// True when blocks are asked for without their data (HEADER_WITH_SIG).
[[nodiscard]] bool wants_headers_only(const ledger::envelope& request);

/// The payload of a seek from `start` on: to `stop` inclusive, or for ever, also from an orderer that cannot order now. The caller signs it.
[[nodiscard]] bytes make_seek_payload(std::string_view channel_id, block_number start, std::optional<block_number> stop, bytes_view creator,
                                      bytes_view nonce, timestamp now);

}  // namespace weft::cluster
