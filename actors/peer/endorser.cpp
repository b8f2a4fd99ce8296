// ENDORSER: checks a proposal, has it simulated, signs the outcome.
#include "actors/peer/roles.hpp"
#include "chaincode/endorsement/proposal_check.hpp"
#include "chaincode/endorsement/reply.hpp"
#include "ledger/state/state.hpp"
#include "ledger/store/kv.hpp"
#include "peer/query.pb.h"
#include "proto/encode.hpp"

namespace weft::actors {

namespace {

/// Proposals in flight at one endorser and its pool: the pool's members count down what the front counted up.
using in_flight = std::shared_ptr<std::atomic<std::size_t>>;

struct endorser_state {
  peer_ptr site;
  std::vector<endorser_actor> pool;
  std::size_t next = 0;
  in_flight busy;
  static inline const char* name = "endorser";
};

struct pool_state {
  peer_ptr site;
  in_flight busy;
  route<chaincode_host_actor> host;
  route<participation_actor> participation;
  static inline const char* name = "endorser_pool";
};
using pool_self = role_self<endorser_actor, pool_state>;

/// What a simulation borrows; lives until the outcome has been used.
struct held {
  signed_proposal proposal;
  std::shared_ptr<const channel_snapshot> snapshot;
  channel_ptr channel;
  peer_ptr site;
};

endorse_reply as_error(std::string text) { return {status_of(rpc_code::unknown, std::move(text)), {}}; }
endorse_reply as_response(std::string_view text, std::int32_t status = 500) { return {{}, chaincode::failed_response(text, status)}; }

/// Runs the checks of interop/04 §1; an empty optional means: go on.
std::optional<endorse_reply> refuse(const peer_site& site, const held& h) {
  const auto& p = *h.proposal.parsed();
  const chaincode::proposal_rules rules{*h.snapshot->bundle, *site.verifier, site.msp_id, site.clock->now(),
                                        [&](std::string_view id) -> result<bool> {
                                          WEFT_TRY(auto where, h.channel->ledger->blocks().find_tx(id));
                                          return where.has_value();
                                        }};
  auto refusal = chaincode::check_proposal(p, rules);
  if (!refusal) return std::nullopt;
  return refusal->as_response ? as_response(refusal->text) : as_error(std::move(refusal->text));
}

std::function<chaincode::contract_ptr(std::string_view)> finder_of(const std::shared_ptr<const held>& h) {
  return [site = h->site.get()](std::string_view name) -> chaincode::contract_ptr {
    const auto it = site->contracts.find(std::string(name));
    return it == site->contracts.end() ? nullptr : it->second.code;
  };
}

std::shared_ptr<const simulation_job> make_job(const std::shared_ptr<const held>& h) {
  auto job = std::make_shared<simulation_job>();
  auto& c = job->context;
  c.proposal = &*h->proposal.parsed();
  c.state = h->snapshot->state;
  c.history = h->channel->ledger.get();
  c.bundle = h->snapshot->bundle.get();
  c.definitions = &h->channel->definitions;
  c.local_msp_id = h->site->msp_id;
  c.find_contract = finder_of(h);
  c.installed_package = [site = h->site.get()](std::string_view name) -> std::string {
    const auto it = site->contracts.find(std::string(name));
    return it == site->contracts.end() ? std::string{} : it->second.package_id;
  };
  job->keep_alive = h;
  return job;
}

/// Plain private writes are on disk before the endorsement leaves: once it is committed, nobody else could say them again.
result<void> keep_private_writes(const held& h, const chaincode::simulation_result& r) {
  for (const auto& w : r.privates) WEFT_CHECK(h.channel->waiting->keep(h.proposal.parsed()->header.tx_id, w));
  return {};
}

/// What a proposal is for. Nobody orders what came of a query: it is not signed, which would be half of its cost.
enum class purpose { endorse, evaluate };

endorse_reply finish(const held& h, const simulation_outcome& outcome, purpose what) {
  if (!outcome.value) return as_response(outcome.value.error().context);
  if (what == purpose::evaluate && outcome.value->answer.status < 400) return {{}, chaincode::plain_response(outcome.value->answer)};
  if (auto kept = keep_private_writes(h, *outcome.value); !kept) return as_response("private data could not be kept: " + kept.error().context);
  auto endorsed = chaincode::endorsed_response(*h.proposal.parsed(), *outcome.value, *h.site->identity, *h.site->verifier);
  if (!endorsed) return as_response("endorsing failed: " + endorsed.error().context);
  return {{}, std::move(*endorsed)};
}

endorse_reply answer_channelless(bytes payload) { return {{}, chaincode::plain_response({200, {}, std::move(payload)})}; }

/// cscc's JoinChain: an administrator of the peer's own organization lets the peer join the channel that a block begins.
caf::result<endorse_reply> join_channel(pool_self self, const signed_proposal& proposal, const crypto::identity& who) {
  auto& s = self->state;
  const auto& p = *proposal.parsed();
  const auto b = p.args.size() > 1 ? ledger::block::parse(shared_bytes{p.args[1]}) : result<ledger::block>(fail(errc::invalid_argument, "nil genesis block"));
  if (!b || b->envelopes().empty() || !b->envelopes().front().header()) {
    return as_response("\"JoinChain\" request failed to extract channel id from the block due to [" + (b ? "block data is empty" : b.error().context) + "]");
  }
  const auto& id = b->envelopes().front().header()->channel_id;
  if (const auto why = chaincode::not_local_admin(who, s.site->msp_id); !why.empty()) return as_response("access denied for [JoinChain][" + id + "]: [" + why + "]");
  if (!s.participation.get()) return endorse_reply{status_of(rpc_code::unavailable, "the node is starting; try again"), {}};
  auto promise = self->make_response_promise<endorse_reply>();
  self->ask(s.participation.get(), s.site->options.execute_timeout, atom::join::value, s.site->name, *b)
      .then(
          [promise, id](const broadcast_reply& r) mutable {
            if (r.status == 201) return promise.deliver(answer_channelless({})), void();
            promise.deliver(as_response(r.status == 405 ? "cannot create ledger from genesis block: ledger [" + id + "] already exists with state [ACTIVE]" : r.info));
          },
          [promise](const caf::error&) mutable { promise.deliver(endorse_reply{status_of(rpc_code::unavailable, "the node did not answer"), {}}); });
  return promise;
}

/// Functions of `_lifecycle` that concern what is installed on this peer, and no channel.
bool concerns_packages(const bytes& function) {
  return function == "InstallChaincode" || function == "QueryInstalledChaincode" || function == "QueryInstalledChaincodes" || function == "GetInstalledChaincodePackage";
}

/// The state of no channel.
std::shared_ptr<const ledger::state_view> empty_state() {
  static const auto state = *ledger::open_state_store(ledger::make_memory_kv());
  return state->view();
}

/// An administrator of the peer's own organization installs packages, or asks for them.
caf::result<endorse_reply> run_on_packages(pool_self self, const signed_proposal& proposal, const crypto::identity& who) {
  auto& s = self->state;
  if (const auto why = chaincode::not_local_admin(who, s.site->msp_id); !why.empty()) return as_response("Failed to authorize invocation due to failed ACL check: " + why);
  if (!s.host.get()) return endorse_reply{status_of(rpc_code::unavailable, "the chaincode host of " + s.site->name + " is not running"), {}};
  const auto h = std::make_shared<held>(held{proposal, {}, {}, s.site});
  auto job = std::make_shared<simulation_job>();
  job->context.proposal = &*h->proposal.parsed();
  job->context.state = empty_state();
  job->context.local_msp_id = s.site->msp_id;
  job->context.find_contract = finder_of(h);
  job->keep_alive = h;
  auto promise = self->make_response_promise<endorse_reply>();
  self->ask(s.host.get(), s.site->options.execute_timeout, atom::simulate::value, std::shared_ptr<const simulation_job>(std::move(job)))
      .then(
          [h, promise](const std::shared_ptr<const simulation_outcome>& outcome) mutable {
            if (!outcome->value) return promise.deliver(as_response(outcome->value.error().context)), void();
            promise.deliver(endorse_reply{{}, chaincode::plain_response(outcome->value->answer)});
          },
          [promise](const caf::error&) mutable { promise.deliver(endorse_reply{status_of(rpc_code::unavailable, "the chaincode host did not answer"), {}}); });
  return promise;
}

/// Proposals that name no channel.
caf::result<endorse_reply> channelless(pool_self self, const signed_proposal& proposal) {
  auto& s = self->state;
  const auto& p = *proposal.parsed();
  const auto who = chaincode::check_channelless_proposal(p, *s.site->local_msp, *s.site->verifier, s.site->clock->now());
  if (!who) return who.error().as_response ? as_response(who.error().text) : as_error(who.error().text);
  const auto function = p.args.empty() ? bytes{} : p.args.front();
  if (p.chaincode_name == "cscc" && function == "JoinChain") return join_channel(self, proposal, **who);
  if (p.chaincode_name == "cscc" && function == "GetChannels") {
    ::protos::ChannelQueryResponse out;
    const auto all = s.site->channels->all();
    for (const auto& [id, channel] : *all) out.add_channels()->set_channel_id(id);
    return answer_channelless(proto::encode(out));
  }
  if (p.chaincode_name == "_lifecycle" && concerns_packages(function)) return run_on_packages(self, proposal, **who);
  return as_response("channel '' not found");
}

/// What a proposal came to, for the operations service.
void book(const peer_site& site, const ledger::proposal& p, bool success, std::chrono::nanoseconds took) {
  const auto& channel = p.header.channel_id;
  if (success) site.counted->count("endorser_successful_proposals", "Proposals that were endorsed", {});
  else site.counted->count("endorser_proposal_simulation_failures", "Proposals whose contract failed, or refused", {{"channel", channel}, {"chaincode", p.chaincode_name}});
  site.counted->took("endorser_proposal_duration", "Seconds from a proposal to its answer", {{"channel", channel}, {"chaincode", p.chaincode_name}, {"success", success ? "true" : "false"}}, took);
}

caf::result<endorse_reply> run(pool_self self, const signed_proposal& proposal, purpose what) {
  auto& s = self->state;
  s.site->counted->count("endorser_proposals_received", "Proposals that came", {});
  const auto begun = self->clock().now();
  const auto counted = std::shared_ptr<void>(nullptr, [busy = s.busy](void*) { --*busy; });  // counts down when the call is over
  const auto& parsed = proposal.parsed();
  if (!parsed) return as_error(parsed.error().context);
  if (parsed->header.channel_id.empty()) return channelless(self, proposal);
  auto channel = s.site->channel(parsed->header.channel_id);
  if (!channel) return as_response("channel '" + parsed->header.channel_id + "' not found");
  auto h = std::make_shared<held>(held{proposal, channel->now.get(), channel, s.site});
  if (auto refused = refuse(*s.site, *h)) {
    s.site->counted->count("endorser_proposal_validation_failures", "Proposals that were refused before anything ran", {});
    return *refused;
  }
  auto promise = self->make_response_promise<endorse_reply>();
  if (!s.host.get()) {
    promise.deliver(endorse_reply{status_of(rpc_code::unavailable, "the chaincode host of " + s.site->name + " is not running"), {}});
    return promise;
  }
  self->ask(s.host.get(), s.site->options.execute_timeout, atom::simulate::value, make_job(h))
      .then(
          [self, begun, what, h, promise, counted](const std::shared_ptr<const simulation_outcome>& outcome) mutable {
            auto reply = finish(*h, *outcome, what);
            const bool success = outcome->value && outcome->value->answer.status < 400 && reply.status.ok();
            book(*h->site, *h->proposal.parsed(), success, self->clock().now() - begun);
            promise.deliver(std::move(reply));
          },
          [self, begun, h, promise, counted](const caf::error& e) mutable {
            book(*h->site, *h->proposal.parsed(), false, self->clock().now() - begun);
            const bool late = e == caf::sec::request_timeout;
            promise.deliver(as_response("error in simulation: failed to execute transaction " + h->proposal.parsed()->header.tx_id +
                                        (late ? ": error sending: timeout expired while executing transaction" : ": could not launch chaincode")));
          });
  return promise;
}

endorser_actor::behavior_type pool_member(pool_self self, peer_ptr site, in_flight busy, std::shared_ptr<role_meter> meter) {
  self->sit(site->name + "/endorser", std::move(meter));
  self->state.host = site->to<chaincode_host_actor>("chaincode_host");
  self->state.participation = {site->where, "node/participation"};
  self->state.site = std::move(site);
  self->state.busy = std::move(busy);
  return {
      [self](atom::endorse, const signed_proposal& p) { return run(self, p, purpose::endorse); },
      [self](atom::evaluate, const signed_proposal& p) { return run(self, p, purpose::evaluate); },
      [self](atom::whois) { return self->state.site->identity->serialized(); },
  };
}

endorser_actor::behavior_type endorser(role_self<endorser_actor, endorser_state> self, peer_ptr site, std::shared_ptr<role_meter> meter) {
  auto& s = self->state;
  s.busy = std::make_shared<std::atomic<std::size_t>>(0);
  for (std::size_t i = 0; i < site->options.workers; ++i) {
    s.pool.push_back(self->template spawn<caf::linked>(pool_member, site, s.busy, meter));
  }
  s.site = std::move(site);
  const auto spread = [self](auto verb, const signed_proposal& p) -> caf::result<endorse_reply> {
    auto& st = self->state;
    const auto limit = st.site->options.endorsements_max;
    if (st.busy->load() >= limit) {
      return endorse_reply{status_of(rpc_code::resource_exhausted,
                                     "too many requests for /protos.Endorser, exceeding concurrency limit (" + std::to_string(limit) + ")"),
                           {}};
    }
    ++*st.busy;
    return self->delegate(st.pool[st.next++ % st.pool.size()], verb, p);
  };
  return {
      [spread](atom::endorse verb, const signed_proposal& p) { return spread(verb, p); },
      [spread](atom::evaluate verb, const signed_proposal& p) { return spread(verb, p); },
      [self](atom::whois) { return self->state.site->identity->serialized(); },
  };
}

}  // namespace

role_spec endorser_role(seat s, peer_ptr site) {
  auto meter = s.meter;
  return make_spec(std::move(s), &endorser, std::move(site), std::move(meter));
}

}  // namespace weft::actors
