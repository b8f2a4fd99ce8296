// A peer asks another one of its organization for private write sets: the request, its judgement, the answer. Pure; thread-safe.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/base/clock.hpp"
#include "crypto/keys/signer.hpp"
#include "crypto/msp/msp.hpp"
#include "ledger/chain/private_gaps.hpp"

namespace weft::cluster {

/// Bounds of one request and its answer.
inline constexpr std::size_t wanted_max = 64;                    ///< Sets in one request.
inline constexpr std::size_t fetch_bytes_max = 256 * 1024;       ///< Of a request.
inline constexpr std::size_t fetched_bytes_max = 90 * MiB;       ///< Of the sets in one answer; a message has at most 100 MiB.

/// What somebody asks for. `asked`: the peer that is to answer.
struct fetch {
  std::string channel, asked;
  std::vector<ledger::missing_private_data> wanted;
};

/// pb(SignedFetch). Errors: those of the signer; `invalid_argument` for more than `wanted_max` sets.
[[nodiscard]] result<bytes> make_fetch(const fetch& what, const crypto::signing_identity& who, bytes_view nonce, timestamp now);

/// Which channel a request is about, so that its rules can be found; says nothing about who asks. Errors: `invalid_argument`.
[[nodiscard]] result<std::string> channel_of_fetch(bytes_view signed_fetch);

/// By what a request is judged.
struct fetch_rules {
  const crypto::msp_manager& msps;  ///< Of the channel, as it is now.
  const crypto::verifier& verifier;
  std::string msp_id, name;         ///< Of the peer that is asked.
  timestamp now;
};
/// The request, if it comes from a peer of the same organization, to this one, and not more than 15 minutes ago or ahead. Only then is anything looked up.
/// Errors: `invalid_argument` for what is no request, `permission_denied` with the check that failed and the certificate's subject.
[[nodiscard]] result<fetch> check_fetch(bytes_view signed_fetch, const fetch_rules& rules);

/// pb(Fetched) of what `held` gives for each wanted set (pb(KVRWSet), or nothing), as far as it fits.
[[nodiscard]] bytes make_fetched(std::span<const ledger::missing_private_data> wanted,
                                 const std::function<std::optional<bytes>(const ledger::missing_private_data&)>& held);

/// What an answer brings of what was wanted.
struct fetched {
  std::vector<ledger::late_private_data> found;  ///< Of the right hash, each once.
  std::size_t wrong = 0;                         ///< Sets that were not what their hash says, or that nobody had asked for.
};
/// Errors: `invalid_argument` for what is no answer.
[[nodiscard]] result<fetched> read_fetched(bytes_view answer, std::span<const ledger::missing_private_data> wanted);

}  // namespace weft::cluster
