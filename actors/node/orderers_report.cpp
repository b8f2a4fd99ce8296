#include "actors/node/orderers_report.hpp"

#include "proto/encode.hpp"
#include "weft/control.pb.h"

namespace weft::actors {

namespace {

void describe_group(const consensus_view& v, ::weft::control::RaftView& out) {
  out.set_id(v.id);
  out.set_leader(v.leader);
  out.set_leader_name(v.leader_name());
  out.set_term(v.term);
  out.set_role(v.role);
  out.set_committed(v.committed);
  out.set_last_entry(v.last_entry);
  out.set_needed(static_cast<std::uint32_t>(v.needed()));
  out.set_why(v.why());
  for (const auto& m : v.members) {
    auto& row = *out.add_members();
    row.set_id(m.id);
    row.set_orderer(m.name);
    row.set_reachable(m.reachable);
    row.set_match(m.match);
  }
}

}  // namespace

void describe(const orderer_site& orderer, const orderer_channel& held, ::weft::control::OrdererHeight& out) {
  out.set_orderer(orderer.name);
  out.set_height(held.blocks->height().value);
  out.set_block_hash(held.blocks->last_hash());
  if (const auto group = held.consensus.get()) describe_group(*group, *out.mutable_raft());
}

bytes orderers_report(const std::vector<std::shared_ptr<const orderer_site>>& orderers) {
  std::map<std::string, ::weft::control::ChannelStatus> channels;
  for (const auto& orderer : orderers) {
    const auto all = orderer->channels->all();
    for (const auto& [id, held] : *all) {
      auto& c = channels[id];
      c.set_channel_id(id);
      describe(*orderer, *held, *c.add_orderers());
    }
  }
  ::weft::control::OrderersReport out;
  for (auto& [id, c] : channels) *out.add_channels() = std::move(c);
  return proto::encode(out);
}

}  // namespace weft::actors
