// ORDERER: the front of an ordering node. A pool judges envelopes; what passes goes to the channel's consenter.
#include <algorithm>
#include <deque>
#include <functional>
#include <span>

#include "actors/orderer/rules.hpp"
#include "cluster/ordering/config_admission.hpp"

namespace weft::actors {

/// Somebody who wants to know of a leader of a later term than `known`.
struct leader_question {
  std::string channel;
  std::uint64_t known = 0;
  caf::actor_addr asker;
  caf::typed_response_promise<std::string, std::uint64_t> promise;
};

struct orderer_state {
  orderer_ptr site;
  std::vector<orderer_actor> pool;
  std::size_t next = 0;
  std::shared_ptr<std::atomic<std::size_t>> busy = std::make_shared<std::atomic<std::size_t>>(0);
  std::deque<leader_question> questions;  ///< The oldest first.
  static inline const char* name = "orderer";
};

namespace {

struct filter_state {
  orderer_ptr site;
  std::map<std::string, route<consenter_actor>> consenters;
  std::shared_ptr<std::atomic<std::size_t>> busy;
  static inline const char* name = "orderer_pool";
};
using filter_self = role_self<orderer_actor, filter_state>;

using held = std::shared_ptr<void>;

/// An envelope that passed the filters.
struct admitted_envelope {
  std::string channel;
  std::uint64_t sequence = 0;   ///< Of the configuration that it was judged by.
  ledger::envelope to_order;    ///< What was sent; for an update the CONFIG that it leads to.
};
using judgement = tl::expected<admitted_envelope, broadcast_reply>;

judgement refuse(int status, std::string why) { return tl::unexpected<broadcast_reply>(broadcast_reply{status, std::move(why)}); }

/// An update of the configuration: what is ordered is the CONFIG that it leads to.
judgement admit_update(const orderer_site& site, const orderer_channel& channel, const ledger::envelope& e) {
  const auto now = channel.bundle.get();
  const auto& bundle = *now;
  auto made = cluster::admit_update(e, bundle, author_of(site, channel));
  if (made.verdict.status != cluster::status_success) return refuse(made.verdict.status, std::move(made.verdict.info));
  return admitted_envelope{channel.id, bundle.sequence().value, std::move(made.config)};
}

/// Finds the channels and judges envelopes for them, those of one channel together.
std::vector<judgement> admit(const filter_state& s, std::span<const ledger::envelope> all) {
  std::vector<judgement> out;
  std::map<std::string, std::vector<std::size_t>> places;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto id = cluster::channel_of(all[i]);
    const auto channel = id ? s.site->channel(*id) : nullptr;
    if (!id) {
      out.push_back(refuse(cluster::status_bad_request, id.error().context));
    } else if (!channel) {
      out.push_back(refuse(cluster::status_bad_request, "channel does not exist"));
    } else if (cluster::is_config_update(all[i])) {
      out.push_back(admit_update(*s.site, *channel, all[i]));
    } else {
      out.emplace_back(admitted_envelope{*id, 0, all[i]});
      places[*id].push_back(i);
    }
  }
  for (const auto& [id, of_channel] : places) {
    std::vector<ledger::envelope> envelopes;
    for (const auto i : of_channel) envelopes.push_back(all[i]);
    const auto bundle = s.site->channel(id)->bundle.get();
    const auto judged = cluster::admit(envelopes, *bundle, *s.site->verifier, s.site->clock->now());
    for (std::size_t i = 0; i < of_channel.size(); ++i) {
      auto& place = out[of_channel[i]];
      if (judged[i].status == cluster::status_success) place->sequence = bundle->sequence().value;
      else place = refuse(judged[i].status, judged[i].info);
    }
  }
  return out;
}

/// What became of an envelope, for the operations service.
void book(const orderer_site& site, const ledger::envelope& e, int status, std::chrono::nanoseconds took) {
  const auto id = cluster::channel_of(e);
  const auto channel = id && site.channel(*id) ? *id : std::string();
  const tallies::labels about{{"channel", channel}, {"type", cluster::is_config_update(e) ? "CONFIG_UPDATE" : "ENDORSER_TRANSACTION"}, {"status", cluster::status_name(status)}};
  site.counted->count("broadcast_processed_count", "Messages that came to be ordered", about);
  site.counted->took("broadcast_enqueue_duration", "Seconds until they were ordered, or refused", about, took);
}

broadcast_reply lost(const caf::error& e) {
  return {cluster::status_unavailable, e == caf::sec::request_timeout ? "the consenter did not order the message in time"
                                                                      : "the consenter stopped; the message may or may not be ordered"};
}

const consenter_actor& consenter_of(filter_state& s, const std::string& channel) {
  return s.consenters.try_emplace(channel, s.site->to<consenter_actor>("consenter/" + channel)).first->second.get();
}

caf::result<broadcast_reply> broadcast(filter_self self, const ledger::envelope& e) {
  auto& s = self->state;
  const held counted{nullptr, [busy = s.busy](void*) { --*busy; }};
  const auto admitted = std::move(admit(s, {&e, 1}).front());
  const auto booked = [self, site = s.site, e, begun = self->clock().now()](broadcast_reply r) {
    book(*site, e, r.status, self->clock().now() - begun);
    return r;
  };
  if (!admitted) return booked(admitted.error());
  const auto& consenter = consenter_of(s, admitted->channel);
  if (!consenter) return booked({cluster::status_unavailable, "the consenter of " + admitted->channel + " is restarting"});
  auto promise = self->make_response_promise<broadcast_reply>();
  self->ask(consenter, s.site->options.broadcast_timeout, atom::order::value, admitted->to_order, admitted->sequence)
      .then([booked, promise, counted](const broadcast_reply& r) mutable { promise.deliver(booked(r)); },
            [booked, promise, counted](const caf::error& err) mutable { promise.deliver(booked(lost(err))); });
  return promise;
}

/// Many at once: refusals keep their place, the others travel together.
caf::result<std::vector<broadcast_reply>> broadcast_all(filter_self self, const std::vector<ledger::envelope>& all) {
  auto& s = self->state;
  const held counted{nullptr, [busy = s.busy](void*) { --*busy; }};
  std::vector<broadcast_reply> replies(all.size());
  std::vector<std::size_t> places;
  std::vector<ledger::envelope> passed;
  std::string channel;
  std::uint64_t sequence = 0;
  auto judged = admit(s, all);
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto& admitted = judged[i];
    if (admitted && !channel.empty() && admitted->channel != channel) {
      admitted = tl::unexpected<broadcast_reply>(broadcast_reply{cluster::status_bad_request, "messages of one batch belong to one channel"});
    }
    if (!admitted) {
      replies[i] = admitted.error();
      continue;
    }
    sequence = passed.empty() ? admitted->sequence : std::min(sequence, admitted->sequence);  // a younger one is only judged once more
    channel = std::move(admitted->channel);
    places.push_back(i);
    passed.push_back(std::move(admitted->to_order));
  }
  const auto booked = [self, site = s.site, all, begun = self->clock().now()](std::vector<broadcast_reply> done) {
    for (std::size_t i = 0; i < all.size(); ++i) book(*site, all[i], done[i].status, self->clock().now() - begun);
    return done;
  };
  if (passed.empty()) return booked(std::move(replies));
  const auto& consenter = consenter_of(s, channel);
  auto promise = self->make_response_promise<std::vector<broadcast_reply>>();
  auto fill = [booked, promise, replies, places](const std::function<broadcast_reply(std::size_t)>& of) mutable {
    for (std::size_t i = 0; i < places.size(); ++i) replies[places[i]] = of(i);
    promise.deliver(booked(std::move(replies)));
  };
  if (!consenter) {

    fill([&](std::size_t) { return broadcast_reply{cluster::status_unavailable, "the consenter of " + channel + " is restarting"}; });
    return promise;
  }
  self->ask(consenter, s.site->options.broadcast_timeout, atom::order::value, std::move(passed), sequence)
      .then([fill, counted](const std::vector<broadcast_reply>& r) mutable {
              fill([&](std::size_t i) { return i < r.size() ? r[i] : broadcast_reply{cluster::status_internal, "no answer"}; });
            },
            [fill, counted](const caf::error& err) mutable { fill([&](std::size_t) { return lost(err); }); });
  return promise;
}

// ---- who leads

using front_self = role_self<orderer_actor, orderer_state>;

constexpr std::size_t questions_max = 1024;

struct led {
  std::string orderer;      ///< Empty: nobody leads.
  std::uint64_t term = 0;
  bool for_ever = false;    ///< There is nothing to wait for.
};

/// A channel with one orderer is always led by it, in no term.
led leader_of(const orderer_site& site, const std::string& id) {
  const auto channel = site.channel(id);
  if (!channel) return {{}, 0, true};
  const auto view = channel->consensus.get();
  if (!view) return {site.name, 0, !channel->raft_log};
  return {view->leader_name(), view->term, false};
}

/// Answers as things stand those that `which` names.
template <class Which>
void answer_questions(front_self self, Which which) {
  auto& all = self->state.questions;
  for (auto it = all.begin(); it != all.end();) {
    if (!which(*it)) {
      ++it;
      continue;
    }
    auto now = leader_of(*self->state.site, it->channel);
    it->promise.deliver(std::move(now.orderer), now.term);
    it = all.erase(it);
  }
}

caf::result<std::string, std::uint64_t> take_question(front_self self, const std::string& channel, std::uint64_t known) {
  auto& s = self->state;
  auto now = leader_of(*s.site, channel);
  if (now.for_ever || (!now.orderer.empty() && now.term > known)) return {std::move(now.orderer), now.term};
  const auto asker = caf::actor_cast<caf::actor_addr>(self->current_sender());
  // Whoever asks again does not wait for the first answer any more.
  answer_questions(self, [&](const leader_question& q) { return q.asker == asker && q.channel == channel; });
  if (s.questions.size() >= questions_max) answer_questions(self, [oldest = &s.questions.front()](const leader_question& q) { return &q == oldest; });
  auto promise = self->template make_response_promise<std::string, std::uint64_t>();
  s.questions.push_back({channel, known, asker, promise});
  return promise;
}

void tell_leader(front_self self, const std::string& channel) {
  const auto now = leader_of(*self->state.site, channel);
  if (now.orderer.empty()) return;
  answer_questions(self, [&](const leader_question& q) { return q.channel == channel && now.term > q.known; });
}

orderer_actor::behavior_type filter(filter_self self, orderer_ptr site, std::shared_ptr<std::atomic<std::size_t>> busy,
                                    std::shared_ptr<role_meter> meter) {
  self->sit(site->name + "/orderer", std::move(meter));
  self->state.site = std::move(site);
  self->state.busy = std::move(busy);
  return {
      [self](atom::broadcast, const ledger::envelope& e) { return broadcast(self, e); },
      [self](atom::broadcast, const std::vector<ledger::envelope>& all) { return broadcast_all(self, all); },
      // The front itself answers these.
      [](atom::leader, const std::string&, std::uint64_t) -> caf::result<std::string, std::uint64_t> { return {std::string(), std::uint64_t{0}}; },
      [](atom::changed, const std::string&) {},
  };
}

orderer_actor::behavior_type orderer(front_self self, orderer_ptr site, std::shared_ptr<role_meter> meter) {
  auto& s = self->state;
  for (std::size_t i = 0; i < site->options.workers; ++i) s.pool.push_back(self->template spawn<caf::linked>(filter, site, s.busy, meter));
  s.site = std::move(site);
  const auto full = [self] { return self->state.busy->load() >= self->state.site->options.orderer_pending_max; };
  const auto next = [self]() -> const orderer_actor& {
    auto& st = self->state;
    ++*st.busy;
    return st.pool[st.next++ % st.pool.size()];
  };
  static const broadcast_reply too_many{cluster::status_unavailable, "too many messages in flight; back off and retry"};
  return {
      [self, full, next](atom::broadcast, const ledger::envelope& e) -> caf::result<broadcast_reply> {
        if (full()) return too_many;
        return self->delegate(next(), atom::broadcast::value, e);
      },
      [self, full, next](atom::broadcast, const std::vector<ledger::envelope>& all) -> caf::result<std::vector<broadcast_reply>> {
        if (full()) return std::vector<broadcast_reply>(all.size(), too_many);
        return self->delegate(next(), atom::broadcast::value, all);
      },
      [self](atom::leader, const std::string& channel, std::uint64_t known) { return take_question(self, channel, known); },
      [self](atom::changed, const std::string& channel) { tell_leader(self, channel); },
  };
}

}  // namespace

role_spec orderer_role(seat s, orderer_ptr site) {
  auto meter = s.meter;
  return make_spec(std::move(s), &orderer, std::move(site), std::move(meter));
}

}  // namespace weft::actors
