// DELIVER: streams blocks to whoever may read the channel, one per credit, so that a slow reader costs nothing but its place.
#include <spdlog/spdlog.h>

#include <deque>
#include <map>

#include "actors/orderer/deliver_role.hpp"
#include "cluster/deliver/seek_rules.hpp"

namespace weft::actors {

/// One subscription.
struct deliver_session {
  block_sink_actor sink;
  cluster::seek_session seek;
  std::uint64_t next = 0;
  std::uint32_t credits = 0;
  std::uint64_t config_sequence = 0;  ///< Of the bundle that allowed it.
  std::string resource;               ///< That it was allowed as.
};

struct deliver_state {
  std::shared_ptr<const site> where;
  find_source_fn find;
  find_trouble_fn trouble;
  std::map<std::string, deliver_source> sources;  ///< That somebody has asked for.
  std::map<std::pair<std::string, caf::actor_addr>, deliver_session> sessions;  ///< By channel and sink.
  std::map<std::string, std::deque<ledger::block>> recent;                      ///< Newest blocks of a channel, so that followers cost no read.
  std::map<std::string, std::uint64_t> durable;  ///< Height of a channel that is on disk: nothing above it is shown to anybody.
  static inline const char* name = "deliver";
};

namespace {

using deliver_self = role_self<deliver_actor, deliver_state>;

constexpr std::size_t recent_blocks = 16;
constexpr std::size_t reads_per_turn = 8;      ///< Blocks read from disk for one session before others get their turn.
constexpr std::size_t sessions_max = 10'000;
constexpr std::uint32_t credits_max = 1024;

result<ledger::block> fetch(const deliver_state& s, const std::string& channel, std::uint64_t number, const ledger::block_store& blocks) {
  const auto it = s.recent.find(channel);
  if (it != s.recent.end() && !it->second.empty()) {
    const auto first = it->second.front().number().value;
    if (number >= first && number - first < it->second.size()) return it->second[number - first];
  }
  return blocks.read(block_number{number});
}

void end(deliver_self self, const deliver_session& session, std::int32_t status, const std::string& why) {
  self->send(session.sink, atom::ended::value, session.seek.channel_id, status, why);
}

/// A new configuration or the passing of time may have taken the right to read away. Gives the reason.
std::string lost_right(const deliver_state& s, deliver_session& session, const deliver_source& source) {
  if (session.seek.who->expired_at(s.where->clock->now())) return "client identity expired: " + session.seek.who->cert.subject();
  const auto bundle = source.bundle();
  if (bundle->sequence().value == session.config_sequence) return {};
  session.config_sequence = bundle->sequence().value;
  const auto who = bundle->msps()->validate(session.seek.who->serialized);
  if (who && bundle->policy(source.reading(*bundle, session.resource))->evaluate({*who})) return {};
  return "the channel's configuration no longer lets " + session.seek.who->cert.subject() + " read";
}

/// Sends what a session may have. True when it is over.
bool pump(deliver_self self, deliver_session& session, const deliver_source& source, bool& more) {
  auto& s = self->state;
  const auto* blocks = source.blocks();
  const auto height = s.durable[session.seek.channel_id];
  // First, and even if there is nothing to send: a bundle is in force before its config block is announced here, so no block from there on goes
  // to a reader whom it shuts out.
  if (auto why = lost_right(s, session, source); !why.empty()) return end(self, session, 403, why), true;
  for (std::size_t turn = 0; session.credits > 0 && session.next < height; ++turn) {
    if (session.seek.range.stop && session.next > session.seek.range.stop->value) break;
    if (turn >= reads_per_turn) {
      more = true;
      return false;
    }
    auto b = fetch(s, session.seek.channel_id, session.next, *blocks);
    if (!b) return end(self, session, 500, b.error().context), true;
    self->send(session.sink, atom::block::value, session.seek.channel_id, std::move(*b));
    ++session.next;
    --session.credits;
  }
  const auto& range = session.seek.range;
  if (range.stop && session.next > range.stop->value) return end(self, session, 200, {}), true;
  if (!range.wait && session.next >= height) return end(self, session, 404, "block not found"), true;
  return false;
}

/// Null for a channel that is not served here. Its height counts from the first time that somebody asks.
const deliver_source* find_source(deliver_state& s, const std::string& channel) {
  if (const auto known = s.sources.find(channel); known != s.sources.end()) return &known->second;
  auto found = s.find(channel);
  if (!found) return nullptr;
  auto& durable = s.durable[channel];
  durable = std::max(durable, found->blocks()->height().value);
  return &s.sources.emplace(channel, std::move(*found)).first->second;
}

void pump_channel(deliver_self self, const std::string& channel) {
  auto& s = self->state;
  const auto* source = find_source(s, channel);
  if (!source) return;
  bool more = false;
  for (auto it = s.sessions.lower_bound({channel, caf::actor_addr{}}); it != s.sessions.end() && it->first.first == channel;) {
    it = pump(self, it->second, *source, more) ? s.sessions.erase(it) : std::next(it);
  }
  if (more) self->send(self, atom::tick::value, channel);
}

void seek(deliver_self self, const block_sink_actor& sink, const ledger::envelope& request, std::uint32_t credits, const std::string& resource) {
  if (!sink) return;  // an empty handle can arrive from another node: there is nobody to answer, and nobody to watch
  auto& s = self->state;
  const auto& h = request.header();
  const auto refuse = [&](std::int32_t status, const std::string& why) {
    self->send(sink, atom::ended::value, h ? h->channel_id : std::string{}, status, why);
  };
  if (const auto wrong = cluster::check_seek_headers(request, s.where->clock->now())) return refuse(wrong->status, wrong->why);
  const auto* source = find_source(s, h->channel_id);
  if (!source) return refuse(404, "channel " + h->channel_id + " is not served by " + s.where->name);
  if (const auto wrong = cluster::check_seek_info(request, s.trouble ? s.trouble(h->channel_id) : std::string())) return refuse(wrong->status, wrong->why);
  if (s.sessions.size() >= sessions_max) return refuse(503, "too many subscriptions");
  const auto bundle = source->bundle();
  auto session = cluster::check_seek(request, *bundle, source->reading(*bundle, resource), block_number{s.durable[h->channel_id]}, s.where->clock->now(),
                                     *s.where->verifier);
  if (!session) return refuse(session.error().status, session.error().why);
  self->monitor(sink);
  deliver_session added{sink, std::move(*session), 0, std::min(credits, credits_max), bundle->sequence().value, resource};
  added.next = added.seek.range.start.value;
  s.sessions.insert_or_assign({h->channel_id, sink.address()}, std::move(added));
  pump_channel(self, h->channel_id);
}

void remember(deliver_state& s, const std::string& channel, const ledger::block& b) {
  auto& recent = s.recent[channel];
  if (!recent.empty() && recent.back().number().next() != b.number()) recent.clear();
  recent.push_back(b);
  if (recent.size() > recent_blocks) recent.pop_front();
  auto& durable = s.durable[channel];
  durable = std::max(durable, b.number().value + 1);
}

deliver_actor::behavior_type deliver(deliver_self self, std::shared_ptr<const site> where, find_source_fn find, find_trouble_fn trouble) {
  auto& s = self->state;
  s.trouble = std::move(trouble);
  s.where = std::move(where);
  s.find = std::move(find);
  self->set_down_handler([self](caf::down_msg& down) {
    auto& sessions = self->state.sessions;
    for (auto it = sessions.begin(); it != sessions.end();) it = it->first.second == down.source ? sessions.erase(it) : std::next(it);
  });
  return {
      [self](atom::seek, const block_sink_actor& sink, const ledger::envelope& request, std::uint32_t credits, const std::string& resource) {
        seek(self, sink, request, credits, resource);
      },
      [self](atom::credit, const block_sink_actor& sink, const std::string& channel, std::uint32_t credits) {
        const auto it = self->state.sessions.find({channel, sink.address()});
        if (it == self->state.sessions.end()) return;
        it->second.credits = std::min(it->second.credits + std::min(credits, credits_max), credits_max);
        pump_channel(self, channel);
      },
      [self](atom::cancel, const block_sink_actor& sink, const std::string& channel) { self->state.sessions.erase({channel, sink.address()}); },
      [self](atom::written, const std::string& channel, const ledger::block& b) {
        remember(self->state, channel, b);
        pump_channel(self, channel);
      },
      [self](atom::tick, const std::string& channel) { pump_channel(self, channel); },
  };
}

}  // namespace

role_spec deliver_role(seat s, std::shared_ptr<const site> where, find_source_fn find, find_trouble_fn trouble) {
  return make_spec(std::move(s), &deliver, std::move(where), std::move(find), std::move(trouble));
}
role_spec deliver_role(seat s, std::shared_ptr<const site> where, find_source_fn find) {
  return deliver_role(std::move(s), std::move(where), std::move(find), find_trouble_fn{});
}

}  // namespace weft::actors
