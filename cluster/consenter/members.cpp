#include "cluster/consenter/members.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "crypto/keys/pem.hpp"
#include "ledger/channel/consensus_metadata.hpp"
#include "orderer/etcdraft/metadata.pb.h"
#include "proto/encode.hpp"

namespace weft::cluster {
namespace {

tl::unexpected<error> corrupt(const std::string& why) { return fail(errc::corruption, "raft metadata of a block: " + why); }

/// True if the first certificate of a PEM text has the key of `mine`.
bool same_key(bytes_view pem, const crypto::certificate& mine) {
  const auto block = crypto::pem::next(pem);
  if (!block || !*block) return false;
  if ((*block)->der == mine.der()) return true;
  const auto cert = crypto::certificate::from_der((*block)->der);
  return cert && cert->key() == mine.key();
}

raft::conf_change one_change(raft::change_kind kind, raft::node_id node) { return {raft::transition::automatic, {{kind, node}}, {}}; }

}  // namespace

bytes group_metadata::encode() const {
  ::etcdraft::BlockMetadata m;
  for (const auto id : ids) m.add_consenter_ids(id);
  m.set_next_consenter_id(next_id);
  m.set_raft_index(index);
  return proto::encode(m);
}

result<group_metadata> group_metadata::decode(bytes_view raw) {
  ::etcdraft::BlockMetadata m;
  if (!proto::decode(raw, m)) return corrupt("malformed");
  if (m.consenter_ids_size() > ledger::raft_consenters_max) return corrupt(std::to_string(m.consenter_ids_size()) + " consenters");
  std::set<raft::node_id> seen;
  for (const auto id : m.consenter_ids()) {
    if (id == raft::nobody || !seen.insert(id).second) return corrupt("the consenter id " + std::to_string(id) + (id == raft::nobody ? "" : ", twice"));
    if (id >= m.next_consenter_id()) return corrupt("consenter id " + std::to_string(id) + ", but the next one is " + std::to_string(m.next_consenter_id()));
  }
  return group_metadata{{m.consenter_ids().begin(), m.consenter_ids().end()}, m.next_consenter_id(), m.raft_index()};
}

group_metadata first_group(std::size_t consenters) {
  group_metadata out;
  for (std::size_t i = 0; i < consenters; ++i) out.ids.push_back(out.next_id++);
  return out;
}

result<group_change> change_group(const group_metadata& now, const consenter_list& from, const consenter_list& to) {
  if (now.ids.size() != from.size())
    return corrupt(std::to_string(now.ids.size()) + " consenter ids, but the channel has " + std::to_string(from.size()) + " consenters");
  std::map<bytes_view, raft::node_id> gone;  // by client certificate: what `to` does not name stays here
  for (std::size_t i = 0; i < from.size(); ++i) gone.emplace(from[i].client_tls_cert, now.ids[i]);
  group_change step{{{}, now.next_id, now.index}, {}};
  std::vector<std::size_t> fresh;
  for (std::size_t i = 0; i < to.size(); ++i) {
    const auto known = gone.find(to[i].client_tls_cert);
    if (known == gone.end()) fresh.push_back(i);
    step.after.ids.push_back(known == gone.end() ? raft::nobody : known->second);
    if (known != gone.end()) gone.erase(known);
  }
  if (fresh.size() > 1 || gone.size() > 1)
    return fail(errc::invalid_argument, "update of more than one consenter at a time is not supported, requested changes: add " +
                                            std::to_string(fresh.size()) + " node(s), remove " + std::to_string(gone.size()) + " node(s)");
  if (!fresh.empty() && !gone.empty()) {
    step.rotated = step.after.ids[fresh.front()] = gone.begin()->second;
  } else if (!fresh.empty()) {
    step.added = step.after.ids[fresh.front()] = step.after.next_id++;
    step.members = one_change(raft::change_kind::add_voter, step.added);
  } else if (!gone.empty()) {
    step.removed = gone.begin()->second;
    step.members = one_change(raft::change_kind::remove, step.removed);
  }
  return step;
}

bool loses_quorum(const group_change& step, const std::vector<raft::node_id>& active) {
  if (!step.changes_group()) return false;
  const std::size_t size = step.after.ids.size(), quorum = size / 2 + 1;
  std::set<raft::node_id> alive(active.begin(), active.end());
  alive.erase(step.removed);
  alive.erase(step.rotated);  // it restarts with its new certificate
  const bool tolerant = size > 2;
  return alive.size() < quorum && (tolerant || step.removed != raft::nobody);
}

std::optional<std::size_t> find_consenter(const consenter_list& consenters, const crypto::certificate& mine) {
  const auto is_mine = [&](const auto& c) { return same_key(c.client_tls_cert, mine) || same_key(c.server_tls_cert, mine); };
  const auto found = std::find_if(consenters.begin(), consenters.end(), is_mine);
  if (found == consenters.end()) return std::nullopt;
  return static_cast<std::size_t>(found - consenters.begin());
}

raft::node_id id_of(const group_metadata& group, const consenter_list& consenters, const crypto::certificate& mine) {
  const auto place = find_consenter(consenters, mine);
  return place && *place < group.ids.size() ? group.ids[*place] : raft::nobody;
}

}  // namespace weft::cluster
