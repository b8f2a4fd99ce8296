#include "edge/access.hpp"

#include <algorithm>

#include "edge/quoted.hpp"
#include "msp/identities.pb.h"
#include "proto/encode.hpp"

namespace weft::edge {

result<peer_ptr> peer_choice::choose(const std::string& name, const std::string& msp_id) const {
  if (peers_.empty()) return fail(errc::unavailable, none());
  std::string known;
  for (const auto& p : peers_) {
    if (p->name == name) return p;
    known.append(known.empty() ? "" : ", ").append(p->name);
  }
  if (!name.empty()) return fail(errc::not_found, "no peer " + in_quotes(name) + " here; there are: " + known);
  const auto own = std::find_if(peers_.begin(), peers_.end(), [&](const auto& p) { return p->msp_id == msp_id; });
  return own == peers_.end() ? peers_.front() : *own;
}

std::string msp_of(bytes_view serialized_identity) {
  ::msp::SerializedIdentity wire;
  return proto::decode(serialized_identity, wire) ? wire.mspid() : std::string{};
}

result<void> check_right(const ledger::channel_bundle& bundle, std::string_view resource, bytes_view identity) {
  WEFT_TRY(const auto who, bundle.msps()->validate(identity));
  if (auto allowed = bundle.check_acl(resource, who); !allowed)
    return fail(errc::permission_denied, allowed.error().context + " by " + who->cert.subject() + " of " + who->msp_id);
  return {};
}

result<void> check_reader(const actors::peer_site& peer, const std::string& channel_id, std::string_view resource, bytes_view identity,
                          bytes_view message, bytes_view signature) {
  const auto channel = peer.channel(channel_id);
  const auto now = channel ? channel->now.get() : nullptr;
  if (!now) return fail(errc::permission_denied, "Failed to get policy manager for channel [" + channel_id + "]");
  // Nobody of that name, or somebody else: the policy is asked about no one, and says what it lacks.
  const auto as_nobody = [&](const std::string& why) {
    const auto lacks = now->bundle->check_acl(resource, nullptr);
    return fail(errc::permission_denied, lacks ? why : lacks.error().context + ": " + why);
  };
  const auto who = now->bundle->msps()->validate(identity);
  if (!who) return as_nobody(who.error().context);
  if (!peer.verifier->verify((*who)->cert.key(), message, signature)) {
    return as_nobody("the request is not signed by " + (*who)->cert.subject() + " of " + (*who)->msp_id);
  }
  return check_right(*now->bundle, resource, identity);
}

}  // namespace weft::edge
