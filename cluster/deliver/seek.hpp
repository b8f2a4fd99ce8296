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

/// Checks a signed DELIVER_SEEK_INFO against the channel's policy at `policy_path` and resolves it at `height`.
/// Checks in Fabric's order: timestamp ±15 min, SeekInfo, policy, positions. Pure; thread-safe.
[[nodiscard]] tl::expected<seek_session, seek_refusal> check_seek(const ledger::envelope& request, const ledger::channel_bundle& bundle,
                                                                  std::string_view policy_path, block_number height, timestamp now,
                                                                  const crypto::verifier& verifier);

/// The payload of a seek from `start` on: to `stop` inclusive, or for ever. The caller signs it.
[[nodiscard]] bytes make_seek_payload(std::string_view channel_id, block_number start, std::optional<block_number> stop, bytes_view creator,
                                      bytes_view nonce, timestamp now);

}  // namespace weft::cluster
