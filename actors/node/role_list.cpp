#include "actors/node/role_list.hpp"

#include <iterator>

#include "actors/orderer/deliver_role.hpp"
#include "actors/orderer/raft_roles.hpp"
#include "actors/peer/private_data.hpp"
#include "actors/peer/roles.hpp"

namespace weft::actors {

namespace {

/// The other peers of a peer's organization, wherever they live.
std::vector<std::string> siblings_of(const config::topology& network, const peer_site& site) {
  std::vector<std::string> out;
  for (const auto& org : network.organizations) {
    if (org.msp_id != site.msp_id || org.kind != config::org_kind::peer) continue;
    for (const auto& host : org.hosts) {
      auto name = host + "." + org.domain;
      if (name != site.name) out.push_back(std::move(name));
    }
  }
  return out;
}

template <class Site>
void add_channels(std::vector<role_spec>& out, role_list& roles, const std::shared_ptr<const Site>& site) {
  const auto all = site->channels->all();
  for (const auto& [id, channel] : *all) {
    auto specs = roles.of_channel(site, id);
    std::move(specs.begin(), specs.end(), std::back_inserter(out));
  }
}

}  // namespace

std::shared_ptr<role_meter> role_list::meter(const std::string& kind) {
  auto& m = meters[kind];
  if (!m) m = std::make_shared<role_meter>(kind);
  return m;
}

void role_list::add_membership(std::vector<role_spec>& out) {
  for (const auto& [name, site] : material_.authorities) out.push_back(ca_role({name + "/ca", meter("ca")}, site));
  for (const auto& [id, config] : material_.msps) {
    auto definition = crypto::msp::create(*config, crypto::msp_level::v1_4_3);
    if (definition) out.push_back(msp_role({id + "/msp", meter("msp")}, *definition));
  }
}

std::vector<role_spec> role_list::of_channel(const std::shared_ptr<const orderer_site>& site, const std::string& id) {
  const auto channel = site->channel(id);
  std::vector<role_spec> out;
  out.push_back(block_writer_role({site->name + "/block_writer/" + id, meter("orderer")}, site, channel, settings.threads_for_disks));
  if (channel->raft_log) {
    out.push_back(log_writer_role({site->name + "/log_writer/" + id, meter("orderer")}, site, channel, settings.threads_for_disks));
    out.push_back(raft_role({site->name + "/consenter/" + id, meter("orderer")}, site, channel));
  } else {
    out.push_back(solo_role({site->name + "/consenter/" + id, meter("orderer")}, site, channel));
  }
  return out;
}

std::vector<role_spec> role_list::of_channel(const std::shared_ptr<const peer_site>& site, const std::string& id) {
  const auto channel = site->channel(id);
  const auto seat_for = [&](const char* role) { return seat{site->name + "/" + role + "/" + id, meter("committer")}; };
  std::vector<role_spec> out;
  out.push_back(ledger_writer_role(seat_for("ledger_writer"), site, channel, settings.threads_for_disks));
  out.push_back(committer_role(seat_for("committer"), site, channel));
  out.push_back(block_source_role(seat_for("block_source"), site, channel));
  out.push_back(leader_watch_role(seat{site->name + "/leader_watch/" + id, meter("gateway")}, site, channel));
  out.push_back(private_puller_role(seat_for("private_puller"), site, channel, siblings_of(network, *site)));
  return out;
}

void role_list::add_orderer(std::vector<role_spec>& out, const std::shared_ptr<const orderer_site>& site) {
  const auto source = [site](const std::string& id) -> std::optional<deliver_source> {
    const auto c = site->channel(id);
    if (!c) return std::nullopt;
    return deliver_source{[c] { return static_cast<const ledger::block_store*>(c->blocks.get()); }, [c] { return c->bundle.get(); },
                          [](const ledger::channel_bundle& now, std::string_view) { return std::string(now.maintenance() ? "/Channel/Orderer/Readers" : "/Channel/Readers"); }};
  };
  const auto trouble = [site](const std::string& id) {  // an election passes by itself; nobody to elect is another matter
    const auto c = site->channel(id);
    const auto view = c ? c->consensus.get() : nullptr;
    return view && view->leader == 0 && view->reachable() < view->needed() ? view->why() : std::string();
  };
  out.push_back(deliver_role({site->name + "/deliver", meter("deliver")}, site, source, trouble));
  add_channels(out, *this, site);
  out.push_back(orderer_role({site->name + "/orderer", meter("orderer")}, site));
}

void role_list::add_peer(std::vector<role_spec>& out, const std::shared_ptr<const peer_site>& site) {
  const auto seat_for = [&](const std::string& role, const char* kind) { return seat{site->name + "/" + role, meter(kind)}; };
  const auto packages = sites.packages.at(site->name);
  out.push_back(contract_runner_role({contract_runner_name(site->name), meter("chaincode_host")}, site, packages, settings.dialler));
  out.push_back(chaincode_host_role(seat_for("chaincode_host", "chaincode_host"), site, packages));
  for (std::size_t i = 0; i < site->options.workers; ++i) {
    out.push_back(validation_worker_role(seat_for("validation_worker/" + std::to_string(i), "committer")));
  }
  const auto source = [site](const std::string& id) -> std::optional<deliver_source> {
    const auto c = site->channel(id);
    if (!c) return std::nullopt;
    return deliver_source{[c] { return &c->ledger->blocks(); }, [c] { return c->now.get()->bundle; },
                          [](const ledger::channel_bundle& now, std::string_view resource) {
                            std::string path = "/Channel/Application/Readers";
                            if (!resource.empty()) static_cast<void>(now.acl(resource, &path));
                            return path;
                          }};
  };
  out.push_back(deliver_role(seat_for("deliver", "deliver"), site, source));
  out.push_back(endorser_role(seat_for("endorser", "endorser"), site));
  out.push_back(gateway_role(seat_for("gateway", "gateway"), site));
  out.push_back(private_server_role({private_server_name(site->name), meter("endorser")}, site));
  add_channels(out, *this, site);
}

std::vector<role_spec> role_list::make() {
  std::vector<role_spec> out;
  add_membership(out);
  for (const auto& s : sites.orderers) add_orderer(out, s);
  for (const auto& s : sites.peers) add_peer(out, s);
  return out;
}

}  // namespace weft::actors
