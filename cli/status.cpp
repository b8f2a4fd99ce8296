// weft status: what runs, how far it is, and what died.
#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>
#include <tuple>

#include "cli/console.hpp"
#include "cli/network.hpp"
#include "cli/up.hpp"
#include "cli/verbs.hpp"

namespace weft::cli {

namespace {

using nlohmann::json;

json contract_json(const control::Contract& c) {
  return {{"name", c.name()}, {"version", c.version()}, {"sequence", c.sequence()}, {"policy", c.endorsement_policy()}, {"init_required", c.init_required()}};
}

json stall_json(const control::PeerHeight& p) {
  if (!p.has_stall()) return nullptr;
  const auto& s = p.stall();
  return {{"block", s.block()}, {"orderer", s.orderer()}, {"why", s.why()}, {"advice", s.advice()}, {"failures", s.failures()}, {"for_ms", s.for_ms()},
          {"last_failure_ms", s.last_ms()}};
}

/// The view that says most: a leader's, else that of whoever knows one, else any.
const control::RaftView* best_view(const control::ChannelStatus& c) {
  const control::RaftView* best = nullptr;
  const auto rank = [](const control::RaftView& v) { return std::make_tuple(v.role() == "leader", v.leader() != 0, v.term()); };
  for (const auto& o : c.orderers()) {
    if (o.has_raft() && (!best || rank(*best) < rank(o.raft()))) best = &o.raft();
  }
  return best;
}

json raft_json(const control::OrdererHeight& o) {
  if (!o.has_raft()) return nullptr;
  const auto& v = o.raft();
  json members = json::array();
  for (const auto& m : v.members()) members.push_back({{"id", m.id()}, {"orderer", m.orderer()}, {"reachable", m.reachable()}, {"match", m.match()}});
  return {{"id", v.id()}, {"role", v.role()}, {"leader", v.leader()}, {"leader_name", v.leader_name()}, {"term", v.term()}, {"committed", v.committed()},
          {"last_entry", v.last_entry()}, {"needed", v.needed()}, {"why", v.why()}, {"members", std::move(members)}};
}

json channel_json(const control::ChannelStatus& c) {
  json out{{"channel", c.channel_id()}, {"consensus", c.consensus()}, {"deployment", c.deployment()},
           {"batch", {{"max_message_count", c.block_messages_max()}, {"preferred_max_bytes", c.block_preferred_bytes()},
                      {"timeout_ms", c.block_timeout_ms()}, {"cut_when_idle", c.cut_when_idle()}}},
           {"peers", json::array()}, {"orderers", json::array()}, {"contracts", json::array()}};
  for (const auto& p : c.peers()) {
    out["peers"].push_back({{"peer", p.peer()}, {"msp_id", p.msp_id()}, {"height", p.height()}, {"block_hash", to_hex(p.block_hash())},
                            {"commit_hash", to_hex(p.commit_hash())}, {"stall", stall_json(p)}});
  }
  for (const auto& o : c.orderers()) out["orderers"].push_back({{"orderer", o.orderer()}, {"height", o.height()}, {"block_hash", to_hex(o.block_hash())}, {"raft", raft_json(o)},
                                                            {"node", o.node().empty() ? json(nullptr) : json(o.node())}});
  for (const auto& k : c.contracts()) out["contracts"].push_back(contract_json(k));
  return out;
}

json status_json(const control::StatusResponse& s) {
  json out{{"version", s.version()}, {"pid", s.pid()}, {"uptime_ms", s.uptime_ms()}, {"rss_bytes", s.rss_bytes()}, {"log_level", s.log_level()},
           {"directory", s.directory()}, {"open_calls", s.open_calls()},
           {"conditions", {{"cores", s.conditions().cores()}, {"durability", s.conditions().durability()}, {"trust", s.conditions().trust()}}},
           {"roles", json::array()}, {"channels", json::array()}};
  for (const auto& r : s.roles()) {
    out["roles"].push_back({{"name", r.name()}, {"alive", r.alive()}, {"restarts", r.restarts()}, {"last_death", r.last_death()}});
  }
  for (const auto& c : s.channels()) out["channels"].push_back(channel_json(c));
  if (s.node().empty()) return out;
  out.update({{"node", s.node()}, {"nodes", json::array()}});
  for (const auto& n : s.nodes()) {
    out["nodes"].push_back({{"name", n.name()}, {"address", n.address()}, {"members", std::vector<std::string>(n.members().begin(), n.members().end())},
                            {"here", n.here()}, {"linked", n.linked()}, {"why", n.why()}});
  }
  return out;
}

void print_stalls(const control::ChannelStatus& c) {
  for (const auto& p : c.peers()) {
    if (!p.has_stall()) continue;
    const auto& s = p.stall();
    std::printf("\n  %s does not advance: no block %llu for %s\n", p.peer().c_str(), static_cast<unsigned long long>(s.block()), show_duration(s.for_ms()).c_str());
    rows out;
    out.add("why", s.orderer() + ": " + s.why()).add("tried", count(s.failures(), "time") + ", last " + show_duration(s.last_ms()) + " ago");
    out.add("what to do", s.advice());
    std::printf("%s", out.text(4).c_str());
  }
}

void print_group(const control::ChannelStatus& c) {
  const auto* v = best_view(c);
  if (!v && c.consensus() == "etcdraft" && c.orderers().empty()) std::printf("\n  raft: no node with an orderer of this channel answers, so who leads is not known here\n");
  if (!v) return;
  if (v->leader() != 0) std::printf("\n  raft: %s leads in term %llu (node %llu)\n", v->leader_name().c_str(), static_cast<unsigned long long>(v->term()), static_cast<unsigned long long>(v->leader()));
  else std::printf("\n  raft: no leader in term %llu: %s\n", static_cast<unsigned long long>(v->term()), v->why().c_str());
  table members({"node", "orderer", "", "has entries up to", "quorum " + std::to_string(v->needed()) + " of " + std::to_string(v->members_size())});
  for (const auto& m : v->members()) {
    const auto up_to = v->role() == "leader" ? std::to_string(m.match()) + " of " + std::to_string(v->last_entry()) : "";
    members.add({std::to_string(m.id()), m.orderer(), m.id() == v->leader() ? "leader" : "", up_to, m.reachable() ? "reachable" : "not reachable"});
  }
  std::printf("%s", members.text(2).c_str());
  for (const auto& o : c.orderers())
    if (o.has_raft() && o.raft().role() == "no consenter") std::printf("  %s is a follower of the channel, no consenter\n", o.orderer().c_str());
}

void print_channel(const control::ChannelStatus& c) {
  std::printf("\nchannel %s, %s: blocks of up to %s or %llu KiB, after %s at the latest%s\n", c.channel_id().c_str(), c.consensus().c_str(),
              count(c.block_messages_max(), "transaction").c_str(), static_cast<unsigned long long>(c.block_preferred_bytes() / KiB),
              show_duration(c.block_timeout_ms()).c_str(), c.cut_when_idle() ? ", at once when idle" : "");
  table heights({"member", "msp", "height", "block hash", "commit hash"});
  for (const auto& p : c.peers()) heights.add({p.peer(), p.msp_id(), std::to_string(p.height()), short_hash(p.block_hash()), short_hash(p.commit_hash())});
  for (const auto& o : c.orderers()) heights.add({o.orderer(), o.node().empty() ? "" : "on " + o.node(), std::to_string(o.height()), short_hash(o.block_hash()), ""});
  std::printf("%s", heights.text(2).c_str());
  print_group(c);
  print_stalls(c);
  table contracts({"contract", "version", "sequence", "endorsed by"});
  for (const auto& k : c.contracts()) contracts.add({k.name(), k.version(), std::to_string(k.sequence()), k.endorsement_policy()});
  if (!contracts.empty()) std::printf("\n%s", contracts.text(2).c_str());
  if (!c.deployment().empty()) std::printf("\n  contracts: %s\n", c.deployment().c_str());
}

void print_nodes(const control::StatusResponse& s) {
  constexpr std::size_t brief_max = 40;
  table nodes({"node", "address", "", "members"});
  rows remarks;
  for (const auto& n : s.nodes()) {
    std::string members;
    for (const auto& m : n.members()) members.append(members.empty() ? "" : ", ").append(m);
    const bool brief = n.why().size() <= brief_max;
    nodes.add({n.name(), n.address(), n.here() ? "here" : (n.linked() ? "linked" : "not linked") + (n.why().empty() || !brief ? std::string() : ": " + n.why()), members});
    if (!brief) remarks.add(n.name(), n.why());
  }
  if (!nodes.empty()) std::printf("\n%s%s", nodes.text().c_str(), remarks.text(2).c_str());
}

void print_status(const control::StatusResponse& s, bool all_roles) {
  rows head;
  head.add(s.node().empty() ? "network" : "node", s.node().empty() ? s.directory() : s.node() + ", in " + s.directory()).add("weft", s.version() + ", process " + std::to_string(s.pid()));
  head.add("up for", show_duration(s.uptime_ms())).add("memory", std::to_string(s.rss_bytes() / MiB) + " MiB");
  head.add("conditions", count(s.conditions().cores(), "core") + ", durability " + s.conditions().durability() + ", trust " + s.conditions().trust());
  head.add("log level", s.log_level());
  std::printf("%s", head.text().c_str());
  for (const auto& c : s.channels()) print_channel(c);
  print_nodes(s);
  table roles({"role", "state", "restarts", "last death"});
  std::size_t quiet = 0;
  for (const auto& r : s.roles()) {
    const bool calm = r.restarts() == 0 && (r.alive() || r.last_death() == "none");
    if (calm && !all_roles) {
      ++quiet;
      continue;
    }
    const bool done = !r.alive() && r.restarts() == 0 && r.last_death() == "none";  // it had one thing to do
    roles.add({r.name(), r.alive() ? "alive" : done ? "done" : "down", std::to_string(r.restarts()), r.last_death()});
  }
  std::printf("\n%s", count(static_cast<std::uint64_t>(s.roles_size()), "role").c_str());
  if (!all_roles && quiet == static_cast<std::size_t>(s.roles_size())) return static_cast<void>(std::printf(", all alive, none ever died (--all lists them)\n"));
  if (!all_roles) std::printf(", %zu alive and never died (--all lists them)", quiet);
  std::printf("\n%s", roles.text(2).c_str());
}

/// Until no channel's contracts wait for anybody. Ends the verb when that takes longer, or will not happen.
void wait_for_contracts(const network& n, const std::string& at_most) {
  constexpr std::chrono::milliseconds look_again{50};
  const auto patience = parse_duration(at_most);
  if (!patience) quit(exit_usage, "--wait: " + patience.error().context);
  const auto until = std::chrono::steady_clock::now() + *patience;
  for (;;) {
    const auto s = n.ask<control::StatusResponse>("Status", control::StatusRequest());
    const auto open = std::find_if(s.channels().begin(), s.channels().end(), [](const auto& c) { return !c.deployment().empty(); });
    if (open == s.channels().end()) return;
    const bool over = std::chrono::steady_clock::now() >= until, lost = !open->deployment().starts_with("waiting");
    if (over || lost) quit(exit_failed, "channel " + open->channel_id() + ", contracts: " + open->deployment() + (lost ? "" : "; not within " + at_most));
    std::this_thread::sleep_for(look_again);
  }
}

}  // namespace

void add_status_verb(CLI::App& app) {
  struct options : network_options {
    bool all = false;
    std::string wait;
  };
  auto* verb = app.add_subcommand("status", "Show roles, heights, hashes, contracts and memory of the running network");
  auto o = std::make_shared<options>();
  o->add_dir(*verb);
  o->add_json(*verb);
  verb->add_flag("--all", o->all, "List every role, not only those that died");
  verb->add_option("--wait", o->wait, "First wait until nothing is left to deploy here, at most so long, such as 60s; exit code 1 when there still is");
  verb->callback([o] {
    network n(*o);
    if (!o->wait.empty()) wait_for_contracts(n, o->wait);
    if (o->json) return static_cast<void>(std::printf("%s\n", status_json(n.status()).dump().c_str()));
    print_status(n.status(), o->all);
  });
  example(*verb, "weft status --all\n  weft status --dir net/org1 --wait 60s");
}

}  // namespace weft::cli
