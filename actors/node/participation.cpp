#include "actors/node/participation.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>

#include "actors/node/role_list.hpp"
#include "actors/node/supervisor.hpp"
#include "crypto/policy/policy.hpp"
#include "ledger/channel/bundle.hpp"

namespace weft::actors {

namespace {

constexpr int created = 201, bad_request = 400, not_found = 404, not_allowed = 405, failed_inside = 500, unavailable = 503;
constexpr std::chrono::seconds patience{60};

using reply_promise = caf::typed_response_promise<broadcast_reply>;
using parts_ptr = std::shared_ptr<const node_parts>;

struct participation_state {
  parts_ptr parts;
  route<supervisor_actor> supervisor;
  std::map<std::string, reply_promise> deploying;  ///< By channel.
  static inline const char* name = "participation";
};
using participation_self = role_self<participation_actor, participation_state>;

broadcast_reply refuse(int status, std::string why) { return {status, std::move(why)}; }

/// What a joining member checks of the block: it begins a channel, and its configuration is sound and has members.
tl::expected<std::shared_ptr<const ledger::channel_bundle>, broadcast_reply> channel_begun_by(const ledger::block& b) {
  const auto no = [](std::string why) { return tl::unexpected<broadcast_reply>(refuse(bad_request, "cannot join: " + std::move(why))); };
  if (!b || b.number().value != 0) return no("block 0 of the channel is needed, joining from a later block is not offered");
  if (auto ok = ledger::check_links(b, block_number{0}, {}); !ok) return no(ok.error().context);
  const auto bundle = ledger::channel_bundle::from_block(b);
  if (!bundle) return no("invalid join block: " + bundle.error().context);
  if ((*bundle)->application_orgs().empty()) return no("invalid config: the channel has no application organizations");
  const auto& consensus = (*bundle)->consensus_type();
  if (consensus != "solo" && consensus != "etcdraft") return no("this node orders with solo and etcdraft, the channel wants " + consensus);
  return *bundle;
}

/// A channel that knows the member's organization by other certificates than those of this network was made with other keys: the member could never
/// take part. An organization that the block does not name may have been added later.
std::optional<broadcast_reply> foreign(const ledger::channel_bundle& bundle, const site& member) {
  if (!bundle.msps()->find(member.msp_id)) return std::nullopt;
  const auto known = bundle.msps()->validate(member.identity->serialized());
  if (known) return std::nullopt;
  return refuse(bad_request, "cannot join: the channel " + bundle.channel_id() + " was made with another " + member.msp_id + " than this network's, so " + member.name +
                                 " could not take part: " + known.error().context);
}

template <class Sites>
auto find_site(const Sites& sites, const std::string& name) {
  const auto it = std::find_if(sites.begin(), sites.end(), [&](const auto& s) { return s->name == name; });
  return it == sites.end() ? nullptr : *it;
}

/// Opens the channel at one member. Gives the roles that serve it, or why not.
tl::expected<std::vector<role_spec>, broadcast_reply> open_at(const node_parts& p, const std::string& member, const std::string& id, const ledger::block& genesis) {
  const auto no = [](int status, std::string why) { return tl::unexpected<broadcast_reply>(refuse(status, std::move(why))); };
  const auto orderer = find_site(p.sites.orderers, member);
  const auto peer = find_site(p.sites.peers, member);
  if (!orderer && !peer) return no(not_found, "no orderer or peer " + member + " on this node");
  if (orderer ? orderer->channel(id) != nullptr : peer->channel(id) != nullptr) return no(not_allowed, "cannot join: channel already exists");
  const auto bundle = channel_begun_by(genesis);
  if (!bundle) return tl::unexpected<broadcast_reply>(bundle.error());
  if (auto refusal = foreign(**bundle, orderer ? static_cast<const site&>(*orderer) : static_cast<const site&>(*peer))) return tl::unexpected<broadcast_reply>(std::move(*refusal));
  const channel_opening what{id, true, genesis};
  role_list roles{p.topology, p.sites, p.made, p.settings, p.meters};
  if (auto kept = remember_join(p.settings, member, what); !kept) return no(failed_inside, kept.error().context);
  if (auto opened = orderer ? open_channel(*orderer, what, p.settings) : open_channel(*peer, what, p.settings, p.topology, orderers_of(p.topology, p.sites, id)); !opened) {
    return no(failed_inside, opened.error().context);
  }
  return orderer ? roles.of_channel(orderer, id) : roles.of_channel(peer, id);
}

/// Joins members one after another, orderers first; those that are in already are passed over.
result<std::vector<role_spec>> open_everywhere(const node_parts& p, const std::vector<std::string>& members, const std::string& id, const ledger::block& genesis) {
  std::vector<role_spec> out;
  for (const auto& member : members) {
    auto opened = open_at(p, member, id, genesis);
    if (!opened && opened.error().status == not_allowed) continue;
    if (!opened) return fail(errc::io, member + ": " + opened.error().info);
    std::move(opened->begin(), opened->end(), std::back_inserter(out));
  }
  return out;
}

/// Has the supervisor start the roles; `then` hears whether it did.
void start_roles(participation_self self, std::vector<role_spec> specs, reply_promise promise, std::function<void()> then) {
  auto& s = self->state;
  const auto& supervisor = s.supervisor.get();
  if (!supervisor) return promise.deliver(refuse(unavailable, "the node is stopping")), void();
  self->request(supervisor, patience, atom::adopt::value, std::make_shared<const std::vector<role_spec>>(std::move(specs)))
      .then([promise, then](bool done) mutable { done ? then() : (promise.deliver(refuse(unavailable, "the node is stopping")), void()); },
            [promise](const caf::error&) mutable { promise.deliver(refuse(unavailable, "the node did not start the channel's roles")); });
}

caf::result<broadcast_reply> join(participation_self self, const std::string& member, const ledger::block& genesis) {
  const auto begun = channel_begun_by(genesis);
  if (!begun) return begun.error();
  const auto id = (*begun)->channel_id();
  auto specs = open_at(*self->state.parts, member, id, genesis);
  if (!specs) return specs.error();
  spdlog::info("{}: {} joined channel {}", self->seat(), member, id);
  auto promise = self->make_response_promise<broadcast_reply>();
  start_roles(self, std::move(*specs), promise, [promise]() mutable { promise.deliver(broadcast_reply{created, {}}); });
  return promise;
}

// ---- creating

/// Organizations by name or MSP id; all with peers when nobody says which.
tl::expected<std::vector<const config::organization*>, broadcast_reply> chosen_orgs(const config::topology& t, const std::vector<std::string>& wanted) {
  std::vector<const config::organization*> out;
  std::string known;
  for (const auto& org : t.organizations) {
    if (org.kind != config::org_kind::peer) continue;
    known += (known.empty() ? "" : ", ") + org.name;
    if (wanted.empty()) out.push_back(&org);
  }
  for (const auto& name : wanted) {
    const auto it = std::find_if(t.organizations.begin(), t.organizations.end(),
                                 [&](const auto& org) { return org.kind == config::org_kind::peer && (org.name == name || org.msp_id == name); });
    if (it == t.organizations.end()) {
      return tl::unexpected<broadcast_reply>(refuse(bad_request, "no organization " + name + " with peers; there are: " + known));
    }
    if (std::find(out.begin(), out.end(), &*it) == out.end()) out.push_back(&*it);
  }
  return out;
}

/// The contracts of that name as the topology places them somewhere; an unknown one is deployed as it comes.
std::vector<config::contract_placement> placements(const config::topology& t, const std::vector<std::string>& names) {
  std::vector<config::contract_placement> out;
  for (const auto& name : names) {
    config::contract_placement found;
    found.name = name;
    for (const auto& c : t.channels)
      for (const auto& placed : c.contracts) if (placed.name == name) found = placed;
    out.push_back(std::move(found));
  }
  return out;
}

void deploy(participation_self self, const std::string& id, std::vector<config::contract_placement> contracts, reply_promise promise) {
  auto& s = self->state;
  auto what = make_deployment(*s.parts, id, std::move(contracts));
  if (what.orgs.empty() || s.deploying.count(id)) {
    promise.deliver(s.deploying.count(id) ? refuse(unavailable, "contracts are being deployed on " + id + " already") : broadcast_reply{created, {}});
    return;
  }
  s.deploying.emplace(id, promise);
  // In a cluster others must join before anything commits, and that is theirs to decide.
  if (what.shared) {
    if (what.note) what.note("waiting: the channel's other members are to join");
    promise.deliver(broadcast_reply{created, {}});
  }
  const auto me = caf::actor_cast<participation_actor>(self);
  auto spec = deployer_role({"deployer/" + id, nullptr}, std::move(what), [](const std::string&, const std::string&) {},
                            [me, id](const result<void>& outcome) { caf::anon_send(me, atom::ended::value, id, outcome ? std::string{} : outcome.error().context); });
  start_roles(self, {std::move(spec)}, promise, [] {});
}

/// Block 0 of a channel that some member here has.
std::optional<ledger::block> begun_here(const node_sites& sites, const std::string& id) {
  const auto first = [](const ledger::block_store& blocks) -> std::optional<ledger::block> {
    auto b = blocks.read(block_number{0});
    return b ? std::optional(std::move(*b)) : std::nullopt;
  };
  for (const auto& o : sites.orderers) if (const auto held = o->channel(id)) return first(*held->blocks);
  for (const auto& s : sites.peers) if (const auto held = s->channel(id)) return first(held->ledger->blocks());
  return std::nullopt;
}

/// The organizations of this network that a channel's first block names.
tl::expected<std::vector<const config::organization*>, broadcast_reply> orgs_of(const ledger::block& genesis, const config::topology& t) {
  const auto bundle = ledger::channel_bundle::from_block(genesis);
  if (!bundle) return tl::unexpected<broadcast_reply>(refuse(failed_inside, bundle.error().context));
  std::vector<const config::organization*> out;
  for (const auto& org : t.organizations) {
    const auto& named = (*bundle)->application_orgs();
    if (std::any_of(named.begin(), named.end(), [&](const auto& o) { return o.msp_id == org.msp_id; })) out.push_back(&org);
  }
  return out;
}

caf::result<broadcast_reply> create(participation_self self, const channel_request& request) {
  const auto& p = *self->state.parts;
  auto orgs = chosen_orgs(p.topology, request.organizations);
  if (!orgs) return orgs.error();
  const auto begun = begun_here(p.sites, request.name);
  if (begun) {
    auto named = orgs_of(*begun, p.topology);
    if (!named) return named.error();
    if (!request.organizations.empty() && std::set(named->begin(), named->end()) != std::set(orgs->begin(), orgs->end()))
      return refuse(bad_request, "channel " + request.name + " exists already, with other organizations");
    orgs = std::move(named);
  }
  const auto contracts = placements(p.topology, request.contracts);
  for (const auto& c : contracts) {
    for (const auto& site : p.sites.peers) {
      if (!site->contracts.count(c.name)) return refuse(bad_request, "no contract " + c.name + " is installed on " + site->name);
    }
  }
  auto genesis = begun ? result<ledger::block>(*begun)
                       : stored_or_new_genesis(p.settings.folder, p.made, p.topology, request.name, *orgs, p.seams);
  if (!genesis) return refuse(genesis.error().code == errc::io ? failed_inside : bad_request, genesis.error().context);
  std::vector<std::string> members;
  for (const auto& o : p.sites.orderers) members.push_back(o->name);
  for (const auto& site : p.sites.peers) {
    if (std::any_of(orgs->begin(), orgs->end(), [&](const auto* org) { return org->msp_id == site->msp_id; })) members.push_back(site->name);
  }
  auto specs = open_everywhere(p, members, request.name, *genesis);
  if (!specs) return refuse(failed_inside, specs.error().context);
  auto promise = self->make_response_promise<broadcast_reply>();
  start_roles(self, std::move(*specs), promise, [self, promise, id = request.name, contracts] { deploy(self, id, contracts, promise); });
  return promise;
}

participation_actor::behavior_type participation(participation_self self, parts_ptr parts) {
  auto& s = self->state;
  s.supervisor = {parts->where, supervisor_name};
  s.parts = std::move(parts);
  return {
      [self](atom::join, const std::string& member, const ledger::block& genesis) { return join(self, member, genesis); },
      [self](atom::create, const channel_request& request) { return create(self, request); },
      [self](atom::ended, const std::string& id, const std::string& failure) {
        auto waiting = self->state.deploying.extract(id);
        if (waiting.empty()) return;
        waiting.mapped().deliver(failure.empty() ? broadcast_reply{created, {}} : refuse(failed_inside, failure));
      },
  };
}

}  // namespace

namespace {

/// Whether an organization takes part in a channel, as the newest configuration here has it.
std::function<bool(const config::organization&)> takes_part_in(const node_parts& p, const std::string& channel) {
  std::shared_ptr<const ledger::channel_bundle> bundle;
  for (const auto& o : p.sites.orderers) if (const auto held = o->channel(channel)) bundle = held->bundle.get();
  for (const auto& s : p.sites.peers) {
    const auto held = s->channel(channel);
    if (held && (!bundle || bundle->sequence() < held->now.get()->bundle->sequence())) bundle = held->now.get()->bundle;
  }
  return [bundle](const config::organization& org) {
    if (org.kind != config::org_kind::peer) return false;
    if (!bundle) return true;
    const auto& named = bundle->application_orgs();
    return std::any_of(named.begin(), named.end(), [&](const auto& o) { return o.msp_id == org.msp_id; });
  };
}

/// Organizations whose administrator and first peer are here.
void add_organizations(const node_parts& p, deployment& what) {
  const auto& admins = p.made.members;
  const auto takes_part = takes_part_in(p, what.channel);
  bool first_of_all = true;
  for (const auto& org : p.topology.organizations) {
    if (!takes_part(org)) continue;
    const auto admin = admins.find("Admin@" + org.domain);
    const auto leading = org.hosts.empty() ? std::string{} : org.hosts.front() + "." + org.domain;
    const auto first = std::find_if(what.peers.begin(), what.peers.end(), [&](const auto& peer) {
      return peer->msp_id == org.msp_id && (p.settings.node.empty() || peer->name == leading);
    });
    const bool here = admin != admins.end() && first != what.peers.end();
    if (here) what.orgs.push_back({org.msp_id, admin->second, *first});
    if (std::exchange(first_of_all, false)) what.defines = here || p.settings.node.empty();
  }
}

/// Another node that must be there before contracts can be deployed.
struct needed_node {
  std::string name, address;
  std::vector<std::string> roles;  ///< As the directory lists them while it is linked.
  bool orders = false;
};

/// In words, the nodes that are not linked and that a deployment needs: those where the organizations approve, and orderers up to a quorum.
std::function<std::string()> absent_nodes(const node_parts& p, const std::string& channel, const std::vector<std::string>& orderers) {
  const auto takes_part = takes_part_in(p, channel);
  std::vector<needed_node> all;
  std::size_t orderers_here = 0;
  const auto add = [&](const std::string& member, const char* role, bool orders) {
    const auto at = std::find_if(p.topology.nodes.begin(), p.topology.nodes.end(),
                                 [&](const auto& n) { return std::find(n.members.begin(), n.members.end(), member) != n.members.end(); });
    if (at == p.topology.nodes.end()) return;
    if (at->name == p.settings.node) return static_cast<void>(orderers_here += orders ? 1 : 0);
    auto same = std::find_if(all.begin(), all.end(), [&](const auto& n) { return n.name == at->name && n.orders == orders; });
    if (same == all.end()) same = all.insert(all.end(), {at->name, at->address, {}, orders});
    same->roles.push_back(member + role);
  };
  for (const auto& org : p.topology.organizations)
    if (takes_part(org) && !org.hosts.empty()) add(org.hosts.front() + "." + org.domain, "/endorser", false);
  for (const auto& o : orderers) add(o, "/orderer", true);
  return [where = p.where, all = std::move(all), quorum = orderers.size() / 2 + 1, orderers_here] {
    constexpr std::size_t named_max = 8;
    std::size_t ordering = orderers_here;
    for (const auto& n : all)
      if (n.orders) ordering += static_cast<std::size_t>(std::count_if(n.roles.begin(), n.roles.end(), [&](const auto& r) { return where->find(r) != nullptr; }));
    std::vector<std::string> names;
    for (const auto& n : all) {
      if (n.orders && ordering >= quorum) continue;
      if (std::all_of(n.roles.begin(), n.roles.end(), [&](const auto& r) { return where->find(r) != nullptr; })) continue;
      auto text = "node " + n.name + " at " + n.address;
      if (std::find(names.begin(), names.end(), text) == names.end()) names.push_back(std::move(text));
    }
    std::string out;
    for (std::size_t i = 0; i < names.size() && i < named_max; ++i) out += (i == 0 ? "" : ", ") + names[i];
    if (names.size() > named_max) out += " and " + std::to_string(names.size() - named_max) + " more";
    return out;
  };
}

/// The orderers are on other nodes, and what they have is not known here: peers catch up while they work.
deployment deployment_elsewhere(const node_parts& p, deployment what) {
  what.height = block_number{1};
  what.orders = [where = p.where, orderers = what.orderers] {
    return std::any_of(orderers.begin(), orderers.end(), [&](const std::string& o) { return where->find(o + "/orderer") != nullptr; });
  };
  for (const auto& peer : p.sites.peers) if (peer->channel(what.channel)) what.peers.push_back(peer);
  add_organizations(p, what);
  return what;
}

}  // namespace

deployment make_deployment(const node_parts& p, const std::string& channel, std::vector<config::contract_placement> contracts) {
  deployment what;
  what.channel = channel;
  what.contracts = std::move(contracts);
  const auto peer = std::find_if(p.sites.peers.begin(), p.sites.peers.end(), [&](const auto& held) { return held->channel(channel) != nullptr; });
  what.orderers = peer == p.sites.peers.end() ? orderers_of(p.topology, p.sites, channel) : *(*peer)->channel(channel)->orderers.get();
  what.shared = !p.settings.node.empty();
  if (what.shared) what.absent = absent_nodes(p, channel, what.orderers);
  if (p.note) what.note = [note = p.note, channel](const std::string& text) { note(channel, text); };
  const auto orderer = std::find_if(p.sites.orderers.begin(), p.sites.orderers.end(), [&](const auto& o) { return o->channel(channel) != nullptr; });
  if (orderer == p.sites.orderers.end()) return deployment_elsewhere(p, std::move(what));
  const auto ordered = (*orderer)->channel(channel);
  what.orders = [ordered, orderers = p.sites.orderers, channel, shared = what.shared] {
    if (!ordered->raft_log) return true;
    return std::any_of(orderers.begin(), orderers.end(), [&](const auto& o) {  // not all need be consenters
      const auto held = o->channel(channel);
      const auto group = held ? held->consensus.get() : nullptr;
      return group && (group->leader != 0 || (shared && group->role == "no consenter"));
    });
  };
  what.height = ordered->blocks->height();
  const auto bundle = ordered->bundle.get();
  // Whoever was removed from the channel gets no more blocks, and in maintenance no peer does.
  const auto readers = bundle->policy(bundle->maintenance() ? "/Channel/Orderer/Readers" : "/Channel/Readers");
  for (const auto& peer : p.sites.peers) {
    const auto who = bundle->msps()->validate(peer->identity->serialized());
    if (peer->channel(channel) && who && readers->evaluate({*who})) what.peers.push_back(peer);
  }
  add_organizations(p, what);
  return what;
}

role_spec participation_role(seat s, std::shared_ptr<const node_parts> parts, bool own_thread) {
  return own_thread ? make_spec<caf::detached>(std::move(s), &participation, std::move(parts)) : make_spec(std::move(s), &participation, std::move(parts));
}

}  // namespace weft::actors
