// Submit calls of a gateway: a signed transaction on its way to whichever orderer takes it. No client hears of a leader that dies or stands still.
#pragma once

#include <optional>

#include "actors/peer/endorse_call.hpp"

namespace weft::actors {

struct submit_call {
  ledger::envelope tx;
  std::string channel;
  std::shared_ptr<const std::vector<std::string>> orderers;  ///< Of the channel, as they were when this round began; not empty.
  std::uint64_t number = 0;                ///< In gateway_state::submits, until it is answered.
  std::size_t next = 0, tried = 0;         ///< Which one is asked; how many were in this round.
  std::uint64_t attempt = 0;               ///< Answers to earlier ones count only when they are final.
  std::uint64_t sent_term = 0;             ///< The newest that was known when it was sent: of a later one it is sent to the leader anew.
  std::uint64_t told_term = 0;             ///< Of the leader to whom it was sent on, away from an orderer that was silent.
  caf::actor_clock::time_point begun, deadline, asked_at;
  bool waits = false;                      ///< For an orderer's answer.
  bool pauses = false;                     ///< Until the next round.
  std::optional<caf::actor_clock::time_point> lacking_since;  ///< In each round since then somebody said that the group has no quorum.
  caf::timespan pause{0};                  ///< Before the next round.
  gateway_reply last;                      ///< What the client hears if nobody takes it …
  std::map<std::string, error_detail> heard;  ///< … with what each orderer said last in this round, by its name.
  caf::typed_response_promise<gateway_reply> promise;
  std::shared_ptr<void> counted;
  [[nodiscard]] const std::string& orderer() const { return (*orderers)[next % orderers->size()]; }
};

[[nodiscard]] caf::result<gateway_reply> start_submit_call(gateway_self self, const ledger::envelope& tx);
/// Asks the orderer whose turn it is.
void try_orderer(gateway_self self, const submit_ptr& call);
/// The pause before a call's next round is over.
void begin_round(gateway_self self, const submit_ptr& call);
/// Another orderer leads the channel: what waits for the old one, or for there being one at all, goes there at once.
void follow_leader(gateway_self self, const std::string& channel);
/// Every few milliseconds while calls are on their way: an orderer that says nothing may stand still, with everything that it was given. What waits for
/// one that does not lead goes to the leader.
void look_after_submits(gateway_self self);

}  // namespace weft::actors
