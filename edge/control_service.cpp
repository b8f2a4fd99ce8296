// weft.control.Control: what the command shows and asks beyond Fabric's services. Only the owner of the network's folder reaches the socket.
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <thread>

#include "actors/node/orderers_report.hpp"
#include "actors/remoting/node_entry.hpp"
#include "edge/bridge.hpp"
#include "edge/quoted.hpp"
#include "edge/services.hpp"
#include "edge/version.hpp"
#include "ledger/validation/definition.hpp"
#include "proto/encode.hpp"
#include "weft/control.pb.h"

namespace weft::edge {

namespace {

namespace control = ::weft::control;
using context_ptr = std::shared_ptr<const door_context>;
using node_reports = std::map<std::string, bytes>;

constexpr std::size_t control_calls_max = 64;
constexpr std::size_t reasons_max = 10'000;  ///< In one answer.

/// Decodes the request, runs `handle`, encodes the response.
template <class Request, class Response>
unary_handler method(context_ptr context, result<void> (*handle)(const door_context&, const Request&, Response&)) {
  return [context = std::move(context), handle](const unary_ptr& call) {
    Request request;
    Response response;
    if (!proto::decode(call->request(), request)) {
      return call->refuse(malformed_request());
    }
    if (const auto done = handle(*context, request, response); !done) return call->refuse(actors::to_status(done.error()));
    call->answer(proto::encode(response));
  };
}

std::uint64_t resident_bytes() {
  std::ifstream in("/proc/self/status");
  for (std::string word; in >> word;) {
    std::uint64_t kib = 0;
    if (word == "VmRSS:" && in >> kib) return kib * KiB;
  }
  return 0;
}

std::string level_name() {
  const auto name = spdlog::level::to_string_view(spdlog::get_level());
  return {name.data(), name.size()};
}

/// Every channel of the node: those of the topology first, then those that were joined later.
std::vector<std::string> channel_names(const door_context& c) {
  std::vector<std::string> out;
  for (const auto& channel : c.node->topology().channels) out.push_back(channel.name);
  std::set<std::string> later;
  const auto add = [&](const auto& sites) {
    for (const auto& site : sites) {
      const auto all = site->channels->all();
      for (const auto& [id, channel] : *all) if (std::find(out.begin(), out.end(), id) == out.end()) later.insert(id);
    }
  };
  add(c.node->orderers());
  add(c.node->peers());
  out.insert(out.end(), later.begin(), later.end());
  return out;
}

/// A channel as one peer knows it.
struct channel_of_peer {
  peer_ptr peer;
  std::shared_ptr<actors::peer_channel> channel;
};
result<channel_of_peer> find_channel(const door_context& c, const std::string& peer_name, const std::string& channel_id) {
  WEFT_TRY(auto peer, c.peers->choose(peer_name, {}));
  if (channel_id.empty()) {
    for (const auto& id : channel_names(c)) {
      if (auto first = peer->channel(id)) return channel_of_peer{std::move(peer), std::move(first)};
    }
  }
  if (auto found = peer->channel(channel_id)) return channel_of_peer{std::move(peer), std::move(found)};
  std::string known;
  const auto all = peer->channels->all();
  for (const auto& [id, channel] : *all) known.append(known.empty() ? "" : ", ").append(id);
  return fail(errc::not_found, "no channel " + in_quotes(channel_id) + " on " + peer->name + "; there are: " + known);
}

/// The definitions in a channel's state.
template <class Repeated>
void list_contracts(const actors::channel_snapshot& now, Repeated& out) {
  constexpr std::string_view prefix = "namespaces/metadata/", behind = "namespaces/metadata0";
  const auto cursor = now.state->range("_lifecycle", prefix, behind);
  for (;;) {
    const auto entry = cursor->next();
    if (!entry || !*entry) return;
    const auto name = (*entry)->first.substr(prefix.size());
    const auto definition = ledger::read_definition(*now.state, name);
    if (!definition || !*definition) continue;
    auto& contract = *out.Add();
    contract.set_name(name);
    contract.set_version((*definition)->version);
    contract.set_sequence((*definition)->sequence);
    contract.set_init_required((*definition)->init_required);
    std::string text;
    if (ledger::endorsement_policy(**definition, *now.bundle, &text)) contract.set_endorsement_policy(text);
  }
}

void describe_stall(const actors::stall& s, timestamp now, control::Stall& out) {
  const auto ms = [&](timestamp then) { return static_cast<std::uint64_t>(std::max(std::chrono::duration_cast<std::chrono::milliseconds>(now - then).count(), std::int64_t{0})); };
  out.set_orderer(s.orderer);
  out.set_block(s.wanted.value);
  out.set_why(s.why);
  out.set_advice(s.advice());
  out.set_failures(s.failures);
  out.set_for_ms(ms(s.since));
  out.set_last_ms(ms(s.last));
}

/// Orderers that live elsewhere, as their nodes tell of them: none speaks for another's members.
void add_orderers_elsewhere(const door_context& c, const node_reports& reports, control::ChannelStatus& status) {
  for (const auto& n : c.node->topology().nodes) {
    const auto told = reports.find(n.name);
    control::OrderersReport report;
    if (told == reports.end() || !proto::decode(told->second, report)) continue;
    for (const auto& channel : report.channels()) {
      if (channel.channel_id() != status.channel_id()) continue;
      for (const auto& orderer : channel.orderers()) {
        if (std::find(n.members.begin(), n.members.end(), orderer.orderer()) == n.members.end()) continue;
        auto& row = *status.add_orderers();
        row = orderer;
        row.set_node(n.name);
      }
    }
  }
}

void add_channel(const door_context& c, const std::string& id, const node_reports& reports, control::StatusResponse& out) {
  auto& status = *out.add_channels();
  status.set_channel_id(id);
  status.set_deployment(c.node->deployment_of(id));
  std::shared_ptr<const actors::channel_snapshot> newest;
  std::shared_ptr<const ledger::channel_bundle> bundle;  // of the newest peer; on a node without peers, of an orderer
  for (const auto& peer : c.peers->all()) {
    const auto held = peer->channel(id);
    if (!held) continue;
    auto& row = *status.add_peers();
    row.set_peer(peer->name);
    row.set_msp_id(peer->msp_id);
    row.set_height(held->ledger->height().value);
    row.set_block_hash(held->ledger->last_hash());
    row.set_commit_hash(held->ledger->last_commit_hash());
    if (const auto stalled = held->stalled.get()) describe_stall(*stalled, c.node->settings().clock->now(), *row.mutable_stall());
    if (auto now = held->now.get(); now && (!newest || newest->height < now->height)) newest = std::move(now);
  }
  for (const auto& orderer : c.node->orderers()) {
    const auto held = orderer->channel(id);
    if (!held) continue;
    status.set_cut_when_idle(held->cut_when_idle);
    bundle = held->bundle.get();
    actors::describe(*orderer, *held, *status.add_orderers());
  }
  if (status.orderers().empty()) add_orderers_elsewhere(c, reports, status);
  if (newest) {
    list_contracts(*newest, *status.mutable_contracts());
    bundle = newest->bundle;
  }
  if (!bundle) return;
  const auto& limits = bundle->batching();
  status.set_consensus(bundle->consensus_type());
  status.set_block_messages_max(limits.max_message_count);
  status.set_block_preferred_bytes(limits.preferred_max_bytes);
  status.set_block_timeout_ms(static_cast<std::uint64_t>(limits.timeout.count()));
}

/// All nodes of the cluster, and whether there is a link to each.
void add_nodes(const door_context& c, control::StatusResponse& out) {
  const auto& t = c.node->topology();
  const auto links = c.node->links();
  for (const auto& n : t.nodes) {
    auto& row = *out.add_nodes();
    row.set_name(n.name);
    row.set_address(n.address);
    for (const auto& m : n.members) row.add_members(m);
    row.set_here(n.name == c.node->settings().node);
    const auto link = links.find(n.name);
    if (link == links.end()) continue;
    row.set_linked(link->second.up);
    row.set_why(link->second.up ? link->second.twin : link->second.last_failure);
    if (!link->second.up && row.why().empty() && !actors::remoting::dials(c.node->settings().node, n.name)) row.set_why("it has not called yet");
  }
}

void describe_node(const door_context& c, const node_reports& reports, control::StatusResponse& out) {
  const auto& settings = c.node->settings();
  out.set_version(std::string(version()));
  out.set_pid(static_cast<std::uint64_t>(::getpid()));
  out.set_uptime_ms(static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(settings.clock->now() - c.opened).count()));
  out.set_rss_bytes(resident_bytes());
  out.set_log_level(level_name());
  out.set_directory(settings.folder.string());
  out.set_open_calls(c.open_calls());
  out.set_node(settings.node);
  out.set_no_peers(c.peers->none());
  if (!settings.node.empty()) add_nodes(c, out);
  auto& conditions = *out.mutable_conditions();
  conditions.set_cores(std::thread::hardware_concurrency());
  conditions.set_durability(settings.durability == ledger::durability::full ? "full" : "off");
  conditions.set_trust(settings.trust == actors::trust::shared ? "shared" : "each");
  for (const auto& org : c.node->topology().organizations) {
    auto& row = *out.add_organizations();
    row.set_name(org.name);
    row.set_msp_id(org.msp_id);
    row.set_domain(org.domain);
    row.set_orders(org.kind == config::org_kind::orderer);
  }
  for (const auto& role : c.node->roles()) {
    auto& row = *out.add_roles();
    row.set_name(role.name);
    row.set_alive(role.alive);
    row.set_restarts(role.restarts);
    row.set_last_death(role.last_death);
  }
  for (const auto& id : channel_names(c)) add_channel(c, id, reports, out);
}

// ---- status: a node without orderers asks the others what theirs know

using status_bridge = caf::typed_actor<caf::reacts_to<actors::atom::status, unary_ptr>>;
using status_state = bridge_state<actors::remoting::node_entry_actor>;

constexpr std::chrono::seconds reports_timeout{1};

void answer_status(const door_context& c, unary_call& call, const node_reports& reports) {
  control::StatusResponse out;
  describe_node(c, reports, out);
  call.answer(proto::encode(out));
}

status_bridge::behavior_type report_status(actors::role_self<status_bridge, status_state> self, const context_ptr& c) {
  return {[self, c](actors::atom::status, const unary_ptr& call) {
    const auto& settings = c->node->settings();
    const auto entry = settings.node.empty() || !c->node->orderers().empty() ? actors::remoting::node_entry_actor() : self->state.find(settings.node);
    if (!entry) return answer_status(*c, *call, {});
    self->request(entry, reports_timeout, actors::remoting::atom::collect::value)
        .then([c, call](const actors::remoting::node_reports_ptr& reports) { answer_status(*c, *call, *reports); },
              [c, call](const caf::error&) { answer_status(*c, *call, {}); });
  }};
}

result<void> on_log_level(const door_context&, const control::SetLogLevelRequest& in, control::SetLogLevelResponse& out) {
  const auto level = spdlog::level::from_str(in.level());  // unknown names become "off"
  if (level == spdlog::level::off && in.level() != "off") {
    return fail(errc::invalid_argument, "no log level " + in_quotes(in.level()) + "; there are: off, error, warn, info, debug, trace");
  }
  out.set_previous(level_name());
  spdlog::set_level(level);
  spdlog::flush_on(std::min(level, spdlog::level::warn));
  return {};
}

result<void> on_stop(const door_context& c, const control::StopRequest&, control::StopResponse& out) {
  out.set_pid(static_cast<std::uint64_t>(::getpid()));
  c.stop();
  return {};
}

result<void> on_channel_info(const door_context& c, const control::ChannelInfoRequest& in, control::ChannelInfoResponse& out) {
  WEFT_TRY(const auto found, find_channel(c, in.peer(), in.channel_id()));
  const auto now = found.channel->now.get();
  if (!now) return fail(errc::unavailable, "the channel is still being opened");
  const auto height = now->height;
  out.set_channel_id(found.channel->id);
  out.set_peer(found.peer->name);
  out.set_height(height.value);
  WEFT_TRY(const auto newest, found.channel->ledger->blocks().read(block_number{height.value - 1}));
  out.set_current_block_hash(newest.hash());
  out.set_previous_block_hash(newest.header().previous_hash);
  out.set_commit_hash(found.channel->ledger->last_commit_hash());
  out.set_config_sequence(now->bundle->sequence().value);
  if (const auto last = ledger::last_config_index(newest)) out.set_last_config_block(last->value);
  for (const auto& org : now->bundle->application_orgs()) out.add_application_msp_ids(org.msp_id);
  for (const auto& org : now->bundle->orderer_orgs()) out.add_orderer_msp_ids(org.msp_id);
  out.set_consensus(now->bundle->consensus_type());
  list_contracts(*now, *out.mutable_contracts());
  return {};
}

bytes reason_of(const actors::peer_channel& channel, const std::string& tx_id) {
  const auto reason = channel.ledger->reason_of(tx_id);
  return reason && *reason ? **reason : bytes{};
}

result<void> on_get_block(const door_context& c, const control::GetBlockRequest& in, control::GetBlockResponse& out) {
  WEFT_TRY(const auto found, find_channel(c, in.peer(), in.channel_id()));
  const auto height = found.channel->ledger->height().value;
  const auto number = in.which_case() == control::GetBlockRequest::kNumber ? in.number() : height - 1;
  if (number >= height) {
    return fail(errc::not_found, "no block " + std::to_string(number) + "; the newest is " + std::to_string(height - 1));
  }
  WEFT_TRY(const auto b, found.channel->ledger->blocks().read(block_number{number}));
  out.set_block(b.encode());
  out.set_header_hash(b.hash());
  out.set_channel_id(found.channel->id);
  out.set_peer(found.peer->name);
  const auto& filter = b.metadata(ledger::metadata_slot::transactions_filter);
  for (std::size_t i = 0; i < b.envelopes().size() && i < filter.size(); ++i) {
    const auto& header = b.envelopes()[i].header();
    if (filter[i] == 0 || !header || out.reasons_size() >= static_cast<int>(reasons_max)) continue;
    if (auto why = reason_of(*found.channel, header->tx_id); !why.empty()) {
      auto& row = *out.add_reasons();
      row.set_tx_index(static_cast<std::uint32_t>(i));
      row.set_json(std::move(why));
    }
  }
  return {};
}

result<void> on_get_transaction(const door_context& c, const control::GetTransactionRequest& in, control::GetTransactionResponse& out) {
  WEFT_TRY(const auto found, find_channel(c, in.peer(), in.channel_id()));
  const auto& blocks = found.channel->ledger->blocks();
  WEFT_TRY(const auto at, blocks.find_tx(in.tx_id()));
  if (!at) return fail(errc::not_found, "no transaction " + in_quotes(in.tx_id()) + " in " + found.channel->id);
  WEFT_TRY(const auto b, blocks.read(at->block));
  if (at->index.value >= b.envelopes().size()) return fail(errc::corruption, "the index names a transaction that the block does not have");
  out.set_envelope(b.envelopes()[at->index.value].raw().to_bytes());
  out.set_validation_code(at->code);
  out.set_code_name(std::string(ledger::to_string(static_cast<ledger::verdict>(at->code))));
  out.set_block_number(at->block.value);
  out.set_tx_index(static_cast<std::uint32_t>(at->index.value));
  if (at->code != 0) out.set_reason(reason_of(*found.channel, in.tx_id()));
  out.set_channel_id(found.channel->id);
  out.set_peer(found.peer->name);
  return {};
}

result<void> on_kill(const door_context& c, const control::KillRoleRequest& in, control::KillRoleResponse&) {
  for (const auto& role : c.node->roles()) {
    if (role.name != in.role() || !role.alive) continue;
    c.node->kill(in.role());
    return {};
  }
  return fail(errc::not_found, "no role " + in_quotes(in.role()) + " is running; `weft status --all` lists them");
}

// ---- participation: answered by a role, not here

using participation_bridge = caf::typed_actor<
    caf::reacts_to<actors::atom::create, actors::channel_request, unary_ptr>,
    caf::reacts_to<actors::atom::join, std::string, ledger::block, unary_ptr>>;
using participation_state = bridge_state<actors::participation_actor>;

void answer_participation(unary_call& call, const actors::broadcast_reply& r) {
  control::ParticipationResponse out;
  out.set_status(r.status);
  out.set_info(r.info);
  call.answer(proto::encode(out));
}

constexpr std::chrono::seconds participation_timeout{120};

participation_bridge::behavior_type bridge(actors::role_self<participation_bridge, participation_state> self) {
  return {
      [self](actors::atom::create a, const actors::channel_request& request, const unary_ptr& call) {
        forward<actors::broadcast_reply>(self, "node", call, patience{participation_timeout}, answer_participation, a, request);
      },
      [self](actors::atom::join a, const std::string& member, const ledger::block& b, const unary_ptr& call) {
        forward<actors::broadcast_reply>(self, "node", call, patience{participation_timeout}, answer_participation, a, member, b);
      },
  };
}

void on_create_channel(const participation_bridge& to, const unary_ptr& call) {
  control::CreateChannelRequest in;
  if (!proto::decode(call->request(), in)) return call->refuse(malformed_request());
  actors::channel_request request{in.channel_id(), {in.organizations().begin(), in.organizations().end()}, {in.contracts().begin(), in.contracts().end()}};
  caf::anon_send(to, actors::atom::create::value, std::move(request), call);
}

void on_join_channel(const participation_bridge& to, const unary_ptr& call) {
  control::JoinChannelRequest in;
  if (!proto::decode(call->request(), in)) return call->refuse(malformed_request());
  auto b = ledger::block::parse(shared_bytes{std::move(*in.mutable_block())});
  if (!b) return answer_participation(*call, {400, "cannot join: " + b.error().context});
  caf::anon_send(to, actors::atom::join::value, in.member(), std::move(*b), call);
}

}  // namespace

equipped_service make_control_service(const door_context& given) {
  const auto context = std::make_shared<const door_context>(given);
  equipped_service out{{"weft.control.Control", control_calls_max, {}, {}}, {}};
  auto& table = out.service.unary;
  const auto teller = spawn_bridge<status_bridge>(*given.system, "door/status", [context](auto self) { return report_status(self, context); },
                                                  status_state{given.node->where(), "entry", {}, {}});
  out.bridges.push_back(caf::actor_cast<caf::strong_actor_ptr>(teller));
  table["Status"] = [teller](const unary_ptr& call) {
    control::StatusRequest in;
    if (!proto::decode(call->request(), in)) return call->refuse(malformed_request());
    caf::anon_send(teller, actors::atom::status::value, call);
  };
  table["SetLogLevel"] = method(context, on_log_level);
  table["Stop"] = method(context, on_stop);
  table["ChannelInfo"] = method(context, on_channel_info);
  table["GetBlock"] = method(context, on_get_block);
  table["GetTransaction"] = method(context, on_get_transaction);
  table["KillRole"] = method(context, on_kill);
  const auto actor = spawn_bridge<participation_bridge>(*given.system, "door/participation", [](auto self) { return bridge(self); },
                                                        participation_state{given.node->where(), "participation", {}, {}});
  out.bridges.push_back(caf::actor_cast<caf::strong_actor_ptr>(actor));
  table["CreateChannel"] = [actor](const unary_ptr& call) { on_create_channel(actor, call); };
  table["JoinChannel"] = [actor](const unary_ptr& call) { on_join_channel(actor, call); };
  return out;
}

}  // namespace weft::edge
