// weft channel create, join, list: which channels there are, and who takes part.
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/channel_verbs.hpp"
#include "cli/console.hpp"
#include "cli/network.hpp"
#include "cli/verbs.hpp"
#include "config/yaml/document.hpp"
#include "ledger/channel/bundle.hpp"

namespace weft::cli {

namespace {

using nlohmann::json;

constexpr int created = 201, joined_before = 405;

/// Members that serve a channel here, by the network's own word.
std::vector<std::string> members_of(const control::ChannelStatus& c) {
  std::vector<std::string> out;
  for (const auto& o : c.orderers()) if (o.node().empty()) out.push_back(o.orderer());
  for (const auto& p : c.peers()) out.push_back(p.peer());
  return out;
}
/// Of the member here, or where this node asks, that has most of it.
std::uint64_t height_of(const control::ChannelStatus& c) {
  std::uint64_t out = 0;
  for (const auto& row : c.orderers()) out = std::max<std::uint64_t>(out, row.height());
  for (const auto& row : c.peers()) out = std::max<std::uint64_t>(out, row.height());
  return out;
}
const control::ChannelStatus* find(const control::StatusResponse& s, const std::string& channel) {
  for (const auto& c : s.channels()) if (c.channel_id() == channel) return &c;
  return nullptr;
}
std::string text(const std::vector<std::string>& parts) {
  std::string out;
  for (const auto& p : parts) out.append(out.empty() ? "" : ", ").append(p);
  return out;
}

// ---- create

struct create_options : network_options {
  std::string name;
  std::vector<std::string> orgs, contracts{"mycc", "simple", "basic", "kv"};
};

/// On one node of a cluster: its own members are in, and the others' administrators have their say.
void tell_of_others(const create_options& o, const control::StatusResponse& s, const control::ChannelStatus& c) {
  const auto block = (std::filesystem::path(s.directory()) / "channels" / (o.name + ".block")).string();
  std::vector<std::string> others;
  for (const auto& n : s.nodes()) if (!n.here()) others.push_back(n.name());
  if (o.json) {
    std::printf("%s\n", json{{"ok", true}, {"channel", o.name}, {"members", members_of(c)}, {"block", block}, {"nodes", others}, {"deployment", c.deployment()}}.dump().c_str());
    return;
  }
  std::string contracts;
  for (const auto& k : o.contracts) if (k != "none") contracts.append(contracts.empty() ? " --contracts " : ",").append(k);
  rows out;
  out.add("channel", o.name + " is made, and the members on this node have joined").add("members", text(members_of(c))).add("its block", block);
  out.add("to do", "take the block to the other nodes that have part in it (" + text(others) + "), and there:\nweft channel join " + o.name + ".block --dir FOLDER" + contracts);
  out.add_some("contracts", c.deployment());
  std::printf("%s", out.text().c_str());
}

void run_create(const create_options& o) {
  network n(o);
  control::CreateChannelRequest request;
  request.set_channel_id(o.name);
  for (const auto& org : o.orgs) request.add_organizations(org);
  for (const auto& c : o.contracts) if (c != "none") request.add_contracts(c);
  const auto r = n.ask<control::ParticipationResponse>("CreateChannel", request);
  if (r.status() != created) quit(r.status() == 400 ? exit_usage : exit_failed, "channel " + o.name + " is not made: " + r.info());
  const auto status = n.ask<control::StatusResponse>("Status", control::StatusRequest());
  const auto* c = find(status, o.name);
  if (!c) quit(exit_failed, "channel " + o.name + " was made, but the network does not list it");
  const auto members = members_of(*c);
  if (!status.node().empty()) return tell_of_others(o, status, *c);
  std::vector<std::string> contracts;
  for (const auto& k : c->contracts()) contracts.push_back(k.name() + " " + k.version());
  if (o.json) {
    std::printf("%s\n", json{{"ok", true}, {"channel", o.name}, {"members", members}, {"contracts", contracts}}.dump().c_str());
    return;
  }
  rows out;
  out.add("channel", o.name + ", transactions commit now").add("members", text(members)).add_some("contracts", text(contracts));
  std::printf("%s", out.text().c_str());
}

// ---- join

struct join_options : network_options {
  std::string file;
  std::vector<std::string> members, contracts;
};

/// Members of this network whom the channel's configuration names: orderers first.
std::vector<std::string> invited(const control::StatusResponse& s, const ledger::channel_bundle& bundle) {
  std::set<std::string> msps;
  for (const auto& org : bundle.application_orgs()) msps.insert(org.msp_id);
  for (const auto& org : bundle.orderer_orgs()) msps.insert(org.msp_id);
  std::set<std::string> orderers, peers;
  for (const auto& c : s.channels()) {
    for (const auto& row : c.orderers()) if (row.node().empty()) orderers.insert(row.orderer());
    for (const auto& row : c.peers()) if (msps.count(row.msp_id())) peers.insert(row.peer());
  }
  std::vector<std::string> out{orderers.begin(), orderers.end()};
  out.insert(out.end(), peers.begin(), peers.end());
  return out;
}

/// What is there already is passed over when a channel is made, so that is how contracts come to one that was joined.
void deploy(const network& n, const std::string& channel, const std::vector<std::string>& contracts, rows& out, json& joined) {
  control::CreateChannelRequest request;
  request.set_channel_id(channel);
  for (const auto& c : contracts) request.add_contracts(c);
  const auto r = n.ask<control::ParticipationResponse>("CreateChannel", request);
  if (r.status() != created) quit(exit_failed, "the members joined channel " + channel + ", but its contracts are not deployed: " + r.info());
  joined.push_back({{"contracts", contracts}, {"status", r.status()}, {"info", r.info()}});
  out.add("contracts", text(contracts) + ": this node does its part of the deployment; `weft status` tells how it goes");
}

void run_join(const join_options& o) {
  const auto raw = config::yaml::read_file(o.file, 100 * MiB);
  if (!raw) quit(exit_usage, raw.error().context);
  const auto b = ledger::block::parse(shared_bytes{*raw});
  if (!b) quit(exit_usage, o.file + " is no block: " + b.error().context);
  const auto bundle = ledger::channel_bundle::from_block(*b);
  if (!bundle) quit(exit_usage, o.file + " begins no channel: " + bundle.error().context);
  network n(o);
  json joined = json::array();
  rows out;
  bool all = true, anew = false;
  for (const auto& member : o.members.empty() ? invited(n.status(), **bundle) : o.members) {
    control::JoinChannelRequest request;
    request.set_member(member);
    request.set_block(*raw);
    const auto r = n.ask<control::ParticipationResponse>("JoinChannel", request);
    const bool done = r.status() == created || (r.status() == joined_before && o.members.empty());
    all &= done;
    anew |= r.status() == created;
    joined.push_back({{"member", member}, {"status", r.status()}, {"info", r.info()}});
    out.add(member, r.status() == created ? "joined" : r.info());
  }
  if (anew && !o.contracts.empty()) deploy(n, (*bundle)->channel_id(), o.contracts, out, joined);
  all &= anew;  // who is in already cannot join; beside others who were not it does no harm
  if (o.json) std::printf("%s\n", json{{"ok", all}, {"channel", (*bundle)->channel_id()}, {"members", joined}}.dump().c_str());
  else std::printf("channel %s\n%s", (*bundle)->channel_id().c_str(), out.text(2).c_str());
  if (!all) quit(exit_failed);
}

// ---- list

void run_list(const network_options& o) {
  network n(o);
  const auto& s = n.status();
  if (o.json) {
    json out = json::array();
    for (const auto& c : s.channels()) {
      out.push_back({{"channel", c.channel_id()}, {"consensus", c.consensus()}, {"height", height_of(c)}, {"members", members_of(c)}});
    }
    std::printf("%s\n", json{{"channels", out}}.dump().c_str());
    return;
  }
  table out({"channel", "ordered by", "height", "members"});
  for (const auto& c : s.channels()) {
    out.add({c.channel_id(), c.consensus(), std::to_string(height_of(c)), text(members_of(c))});
  }
  std::printf("%s", out.text().c_str());
}

}  // namespace

void add_channel_member_verbs(CLI::App& channel) {
  {
    auto* verb = channel.add_subcommand("create", "Make a channel: a genesis block, its members join, contracts are deployed");
    auto o = std::make_shared<create_options>();
    verb->add_option("name", o->name, "The channel: a lower-case letter, then letters, digits, dots and dashes")->required();
    verb->add_option("--orgs", o->orgs, "Organizations that take part, by name or MSP id (default: all that have peers)")->delimiter(',');
    verb->add_option("--contracts", o->contracts, "Contracts to deploy; none: only _lifecycle is there")->delimiter(',')->allow_extra_args(false)->capture_default_str();
    o->add_dir(*verb);
    o->add_json(*verb);
    verb->callback([o] { run_create(*o); });
    example(*verb, "weft channel create trade --dir net/org1      # on a cluster: says which nodes have to join\n  weft channel create trade\n  weft channel create private --orgs Org1 --contracts kv\n  weft invoke --channel trade kv put k v");
  }
  {
    auto* verb = channel.add_subcommand("join", "Let members join the channel that a genesis block begins");
    auto o = std::make_shared<join_options>();
    verb->add_option("file", o->file, "The channel's block 0, as configtxgen makes it or `weft channel fetch oldest` reads it")->required();
    verb->add_option("--member", o->members, "Who joins, such as peer0.org3.example.com (default: everybody whose organization the block names)");
    verb->add_option("--contracts", o->contracts, "Contracts that the organizations of this node approve and, the channel's first one, define")->delimiter(',')->allow_extra_args(false);
    o->add_dir(*verb);
    o->add_json(*verb);
    verb->callback([o] { run_join(*o); });
    example(*verb, "weft channel join genesis.block\n  weft channel fetch oldest first.block --channel trade\n  weft channel join first.block --member peer0.org3.example.com");
  }
  {
    auto* verb = channel.add_subcommand("list", "Show all channels and who takes part");
    auto o = std::make_shared<network_options>();
    o->add_dir(*verb);
    o->add_json(*verb);
    verb->callback([o] { run_list(*o); });
    example(*verb, "weft channel list");
  }
}

}  // namespace weft::cli
