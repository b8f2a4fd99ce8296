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

result<peer_ptr> peer_choice::choose_of(const std::vector<std::string>& msp_ids, const std::string& own_msp_id) const {
  const auto named = [&](const std::string& msp) { return std::find(msp_ids.begin(), msp_ids.end(), msp) != msp_ids.end(); };
  if (peers_.empty()) return fail(errc::unavailable, none());
  peer_ptr found;
  for (const auto& p : peers_) {
    if (!named(p->msp_id)) continue;
    if (p->msp_id == own_msp_id) return p;
    if (!found) found = p;
  }
  if (found) return found;
  std::string text;
  for (const auto& id : msp_ids) text.append(text.empty() ? "" : ", ").append(id);
  return fail(errc::unavailable, "failed to find any endorsing peers for org(s): " + text);
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
  const auto who = now->bundle->msps()->validate(identity);
  if (!who) return fail(errc::permission_denied, who.error().context);
  if (!peer.verifier->verify((*who)->cert.key(), message, signature)) return fail(errc::permission_denied, "the request's signature is not that of its identity");
  return check_right(*now->bundle, resource, identity);
}

}  // namespace weft::edge
