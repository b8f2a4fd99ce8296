#include "edge/bridge.hpp"
#include "edge/services.hpp"

namespace weft::edge {

namespace {

using endorser_bridge = caf::typed_actor<
    // Site, proposal, and the call that waits for the endorser's answer.
    caf::reacts_to<actors::atom::endorse, std::string, actors::signed_proposal, unary_ptr>>;
using endorser_bridge_state = bridge_state<actors::endorser_actor>;

endorser_bridge::behavior_type bridge(actors::role_self<endorser_bridge, endorser_bridge_state> self, std::chrono::milliseconds longest) {
  return {[self, longest](actors::atom::endorse e, const std::string& site, const actors::signed_proposal& p, const unary_ptr& call) {
    forward<actors::endorse_reply>(
        self, site, call, patience{longest},
        [](unary_call& c, const actors::endorse_reply& r) { r.status.ok() ? c.answer(r.response) : c.refuse(r.status); }, e, p);
  }};
}

}  // namespace

equipped_service make_endorser_service(const door_context& context) {
  const auto longest = context.node->settings().roles.endorse_timeout + std::chrono::seconds(1);
  auto actor = spawn_bridge<endorser_bridge>(*context.system, "door/endorser", [longest](auto self) { return bridge(self, longest); },
                                          endorser_bridge_state{context.node->where(), "endorser", {}, {}});
  equipped_service out{{"protos.Endorser", context.node->settings().roles.endorsements_max, {}, {}}, {caf::actor_cast<caf::strong_actor_ptr>(actor)}};
  out.service.unary["ProcessProposal"] = [actor, peers = context.peers](const unary_ptr& call) {
    actors::signed_proposal p{call->request()};
    const auto& parsed = p.parsed();
    const auto peer = peers->choose(call->metadata(peer_metadata), parsed ? msp_of(parsed->header.creator) : std::string{});
    if (!peer) return call->refuse(actors::to_status(peer.error()));
    caf::anon_send(actor, actors::atom::endorse::value, (*peer)->name, std::move(p), call);
  };
  return out;
}

}  // namespace weft::edge
