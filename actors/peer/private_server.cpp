// PRIVATE_SERVER: answers peers of the own organization, and nobody else.
#include <spdlog/spdlog.h>

#include "actors/peer/private_data.hpp"
#include "cluster/private_data/fetch.hpp"
#include "crypto/hash/sha256.hpp"
#include "ledger/validation/definition.hpp"

namespace weft::actors {

struct private_server_state {
  peer_ptr site;
  std::string own_collection;
  static inline const char* name = "private_server";
};

namespace {

using private_server_self = role_self<private_server_actor, private_server_state>;

/// What this peer holds of it: of the organization's own collection, and with that hash.
std::optional<bytes> held(const private_server_state& s, const ledger::channel_ledger& chain, const ledger::missing_private_data& wanted) {
  if (wanted.collection != s.own_collection || wanted.at.block >= chain.height()) return std::nullopt;
  const auto found = chain.private_data(wanted.at.block, wanted.at.tx, wanted.ns, wanted.collection);
  if (!found) spdlog::error("{}: private data of block {}: {}", s.site->name, wanted.at.block.value, found.error().context);
  if (!found || !*found) return std::nullopt;
  auto set = (*found)->encode();
  if (crypto::view(crypto::sha256(set)) != bytes_view(wanted.hash)) return std::nullopt;
  return set;
}

fetch_reply answer(private_server_self self, const bytes& request) {
  const auto& s = self->state;
  const auto refuse = [&](const error& e) {
    spdlog::debug("{}: a request for private data is refused: {}", self->seat(), e.context);  // whoever asks is told; strangers fill no log
    return fetch_reply{to_status(e), {}};
  };
  const auto id = cluster::channel_of_fetch(request);
  if (!id) return refuse(id.error());
  const auto channel = s.site->channel(*id);
  const auto now = channel ? channel->now.get() : nullptr;
  if (!now) return refuse(error{errc::permission_denied, "this peer is not in the channel that the request names"});
  const auto judged = cluster::check_fetch(request, {*now->bundle->msps(), *s.site->verifier, s.site->msp_id, s.site->name, s.site->clock->now()});
  if (!judged) return refuse(judged.error());
  return {{}, cluster::make_fetched(judged->wanted, [&](const auto& wanted) { return held(s, *channel->ledger, wanted); })};
}

private_server_actor::behavior_type private_server(private_server_self self, peer_ptr site) {
  self->state.own_collection = std::string(ledger::implicit_collection_prefix) + site->msp_id;
  self->state.site = std::move(site);
  return {[self](atom::fetch, const bytes& request) { return answer(self, request); }};
}

}  // namespace

role_spec private_server_role(seat s, peer_ptr site) { return make_spec(std::move(s), &private_server, std::move(site)); }

}  // namespace weft::actors
