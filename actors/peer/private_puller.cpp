// PRIVATE_PULLER: carries out what cluster/private_data/search.hpp decides.
#include <spdlog/spdlog.h>

#include <map>

#include "actors/peer/private_data.hpp"
#include "cluster/private_data/fetch.hpp"
#include "cluster/private_data/search.hpp"

namespace weft::actors {

struct private_puller_state {
  peer_ptr site;
  channel_ptr channel;
  std::shared_ptr<ledger::private_gaps> gaps;
  std::vector<std::string> siblings;
  std::vector<route<private_server_actor>> servers;  ///< Of siblings, in the same order.
  route<private_link_actor> link;
  route<late_writer_actor> writer;
  std::optional<cluster::private_data_search> search;
  std::map<std::string, std::string> told;           ///< By sibling: why it gave nothing, as it was logged last.
  static inline const char* name = "private_puller";
};

namespace {

using private_puller_self = role_self<private_puller_actor, private_puller_state>;

constexpr std::chrono::seconds store_patience{120};

void tell(private_puller_self self, cluster::search_event event);

void carry_out(private_puller_self self, cluster::read_page& e) {
  auto page = self->state.gaps->missing(e.after, e.limit);
  if (!page) spdlog::error("{}: {}", self->seat(), page.error().context);
  tell(self, cluster::page_read{page ? std::move(*page) : cluster::missing_list()});
}

void hear(private_puller_self self, const std::string& from, const cluster::missing_list& wanted, const fetch_reply& r) {
  const auto nothing = [&](const std::string& why) {
    if (std::exchange(self->state.told[from], why) != why) spdlog::info("{}: {} gives no private data: {}", self->seat(), from, why);
    tell(self, cluster::sibling_answered{});
  };
  if (!r.status.ok()) return nothing(r.status.message);
  auto read = cluster::read_fetched(r.response, wanted);
  if (!read) return nothing(read.error().context);
  self->state.told.erase(from);
  if (read->wrong > 0) spdlog::warn("{}: {} of the sets that {} gave are not what the blocks say; they are left aside", self->seat(), read->wrong, from);
  tell(self, cluster::sibling_answered{std::move(read->found)});
}

/// A sibling of this node is asked directly; one of another node on its port.
void carry_out(private_puller_self self, cluster::ask_sibling& e) {
  auto& s = self->state;
  const auto& to = s.siblings[e.sibling];
  const auto fail_with = [self, to](const std::string& why) { hear(self, to, {}, {status_of(rpc_code::unavailable, why), {}}); };
  auto request = cluster::make_fetch({s.channel->id, to, e.wanted}, *s.site->identity, s.site->random->make_bytes(24), s.site->clock->now());
  if (!request) return fail_with(request.error().context);
  const auto heard = [self, to, wanted = e.wanted](const fetch_reply& r) { hear(self, to, wanted, r); };
  const auto lost = [fail_with](const caf::error& why) { fail_with(why == caf::sec::request_timeout ? "no answer in time" : "it stopped"); };
  if (const auto& server = s.servers[e.sibling].get(); server && server->node() == self->node()) {
    self->request(server, fetch_patience, atom::fetch::value, std::move(*request)).then(heard, lost);
  } else if (const auto& link = s.link.get()) {
    self->request(link, fetch_patience + std::chrono::seconds(1), atom::fetch::value, to, std::move(*request)).then(heard, lost);
  } else {
    fail_with("it lives on another node, and the ports of this one are closed");
  }
}

void on_stored(private_puller_self self, const late_job& job, const late_outcomes& outcomes) {
  cluster::found_stored event;
  std::size_t taken = 0;
  for (std::size_t i = 0; i < outcomes.of.size() && i < job.found.size(); ++i) {
    if (outcomes.of[i] == ledger::late_outcome::wrong) continue;
    if (outcomes.of[i] == ledger::late_outcome::taken) ++taken;
    event.gone.push_back(job.found[i]);
  }
  if (taken > 0) spdlog::info("{}: {} private write sets of {} came from other peers", self->state.site->name, taken, self->state.channel->id);
  tell(self, std::move(event));
}

void carry_out(private_puller_self self, cluster::store_found& e) {
  auto job = std::make_shared<late_job>();
  job->found = std::move(e.found);
  if (!self->state.writer.get()) return tell(self, cluster::found_stored{});
  self->request(self->state.writer.get(), store_patience, atom::reconcile::value, std::shared_ptr<const late_job>(job))
      .then([self, job](const std::shared_ptr<const late_outcomes>& outcomes) { on_stored(self, *job, *outcomes); },
            [self](const caf::error&) { tell(self, cluster::found_stored{}); });
}

void carry_out(private_puller_self self, cluster::begin_pause& e) { self->delayed_send(self, e.length, atom::expired::value, e.pause); }

void tell(private_puller_self self, cluster::search_event event) {
  for (auto& effect : self->state.search->step(std::move(event))) std::visit([self](auto& e) { carry_out(self, e); }, effect);
}

private_puller_actor::behavior_type private_puller(private_puller_self self, peer_ptr site, channel_ptr channel, std::vector<std::string> siblings) {
  auto& s = self->state;
  s.gaps = ledger::gaps_of(channel->ledger);
  cluster::search_options options;
  options.siblings = s.gaps ? siblings.size() : 0;
  options.pause_min = site->options.retry;
  s.search.emplace(options);
  for (const auto& name : siblings) s.servers.emplace_back(site->where, private_server_name(name));
  s.link = {site->where, private_link_name(site->name)};
  s.writer = site->to<late_writer_actor>("ledger_writer/" + channel->id);
  s.siblings = std::move(siblings);
  s.site = std::move(site);
  s.channel = std::move(channel);
  self->send(self, atom::committed::value, std::uint64_t{0});  // what an earlier life has left
  return {
      [self](atom::committed, std::uint64_t block) { tell(self, cluster::gap_came{block_number(block)}); },
      [self](atom::expired, std::uint64_t pause) { tell(self, cluster::pause_over{pause}); },
  };
}

}  // namespace

role_spec private_puller_role(seat s, peer_ptr site, channel_ptr channel, std::vector<std::string> siblings) {
  return make_spec(std::move(s), &private_puller, std::move(site), std::move(channel), std::move(siblings));
}

}  // namespace weft::actors
