// CHAINCODE_HOST: runs contracts away from the endorser, so that a slow one does not hold up signatures. Simulations that wait for a contract outside
// of the process go on at the peer's CONTRACT_RUNNER.
#include "actors/peer/contracts.hpp"

namespace weft::actors {

namespace {

struct chaincode_host_state {
  std::shared_ptr<const peer_site> site;
  packages_ptr packages;
  route<contract_runner_actor> runner;
  static inline const char* name = "chaincode_host";
};
using chaincode_host_self = role_self<chaincode_host_actor, chaincode_host_state>;
using outcome_ptr = std::shared_ptr<const simulation_outcome>;

/// Another channel of the same peer, as it stands now.
std::optional<chaincode::channel_view> view_of(const std::shared_ptr<const peer_site>& site, const chaincode::simulation_context& from,
                                               const std::string& channel) {
  struct held {
    std::shared_ptr<const peer_site> site;
    std::shared_ptr<peer_channel> channel;
    std::shared_ptr<const channel_snapshot> snapshot;
  };
  auto h = std::make_shared<held>(held{site, site->channel(channel), nullptr});
  if (!h->channel || !(h->snapshot = h->channel->now.get())) return std::nullopt;
  chaincode::channel_view out;
  out.context = from;
  out.context.state = h->snapshot->state;
  out.context.history = h->channel->ledger.get();
  out.context.bundle = h->snapshot->bundle.get();
  out.context.definitions = &h->channel->definitions;
  out.keep_alive = std::move(h);
  return out;
}

chaincode::simulation_sources sources_of(const chaincode_host_state& s, const std::shared_ptr<const simulation_job>& job) {
  return {[site = s.site, job](const std::string& channel) { return view_of(site, job->context, channel); }, s.packages->by_approval, s.packages->code_of};
}

outcome_ptr as_outcome(result<chaincode::simulation_result> r) { return std::make_shared<simulation_outcome>(simulation_outcome{std::move(r)}); }

caf::result<outcome_ptr> simulate(chaincode_host_self self, const std::shared_ptr<const simulation_job>& job) {
  auto& s = self->state;
  auto sim = std::make_unique<chaincode::simulation>(job->context, sources_of(s, job));
  auto step = sim->start();
  if (auto* over = std::get_if<chaincode::simulation_ended>(&step)) return as_outcome(std::move(over->outcome));
  const auto& runner = s.runner.get();
  if (!runner) return as_outcome(fail(errc::unavailable, "error in simulation: failed to execute transaction " + job->context.proposal->header.tx_id +
                                                             ": the contract runner of this peer is being restarted; try again"));
  return self->delegate(runner, atom::carry_on::value, std::make_shared<started_simulation>(started_simulation{job, std::move(sim), std::move(step)}));
}

chaincode_host_actor::behavior_type chaincode_host(chaincode_host_self self, std::shared_ptr<const peer_site> site, packages_ptr packages) {
  auto& s = self->state;
  s.runner = {site->where, contract_runner_name(site->name)};
  s.site = std::move(site);
  s.packages = std::move(packages);
  return {
      [self](atom::simulate, const std::shared_ptr<const simulation_job>& job) { return simulate(self, job); },
  };
}

}  // namespace

role_spec chaincode_host_role(seat s, std::shared_ptr<const peer_site> site, packages_ptr packages) {
  return make_spec(std::move(s), &chaincode_host, std::move(site), std::move(packages));
}

}  // namespace weft::actors
