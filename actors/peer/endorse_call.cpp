#include "actors/peer/endorse_call.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <set>

#include "chaincode/endorsement/reply.hpp"
#include "ledger/validation/definition.hpp"

namespace weft::actors {

namespace {

using self_ptr = role_self<gateway_actor, gateway_state>;

/// A call on its way. Asks a planned set in parallel; a peer that fails is left out of the next plan.
struct endorse_call : std::enable_shared_from_this<endorse_call> {
  self_ptr self;
  channel_ptr channel;
  std::shared_ptr<const channel_snapshot> snapshot;
  signed_proposal proposal;
  caf::typed_response_promise<gateway_reply> promise;
  std::shared_ptr<void> counted;
  std::vector<std::string> wanted_orgs;             ///< MSP ids that the client names; empty: the policy decides.

  std::set<std::string> namespaces;                 ///< Contracts whose policies must hold.
  std::vector<bytes> key_policies;
  std::set<std::string> failed;                     ///< Sites that are not asked again.
  std::map<std::string, bytes> responses;           ///< By site: pb(ProposalResponse), byte-equal payloads.
  bytes payload;                                    ///< The payload that all have to give.
  std::vector<error_detail> details;
  std::size_t open = 0;
  bool done = false;

  /// What a plan depends on; each only grows.
  using plan_basis = std::array<std::size_t, 3>;
  [[nodiscard]] plan_basis basis() const { return {namespaces.size(), key_policies.size(), failed.size()}; }
  std::optional<plan_basis> planned_on;             ///< Of the plan whose peers were all asked.

  void finish(gateway_reply r) {
    if (std::exchange(done, true)) return;
    spdlog::debug("{}: endorse {} ({}): {}", self->seat(), proposal.parsed()->header.tx_id, proposal.parsed()->chaincode_name, r.status.ok() ? "ok" : r.status.message);
    promise.deliver(std::move(r));
  }
  void give_up(rpc_code code, std::string message) { finish({status_of(code, std::move(message), details), {}}); }

  void learn_endorsers();
  void ask_identities();
  [[nodiscard]] std::vector<chaincode::candidate> candidates() const;
  [[nodiscard]] result<std::vector<crypto::policy_ptr>> policies() const;
  [[nodiscard]] result<crypto::policy_ptr> policy_of(const std::string& ns) const;
  void round();
  void round_of_orgs();
  void ask_those(std::vector<std::string> sites);
  void ask(const std::string& site);
  void on_reply(const std::string& site, const endorse_reply& r);
  void on_failure(const std::string& site, std::string why);
  void complete();
};

/// Lists the endorsers of the directory when it has changed since the last time.
void endorse_call::learn_endorsers() {
  auto& s = self->state;
  const auto epoch = s.site->where->epoch();
  if (epoch == s.directory_epoch) return;
  s.directory_epoch = epoch;
  static constexpr std::string_view suffix = "/endorser";
  for (const auto& name : s.site->where->names_ending(suffix)) {
    const auto site = name.substr(0, name.size() - suffix.size());
    if (!s.endorsers.count(site)) s.endorsers.emplace(site, route<endorser_actor>{s.site->where, name});
  }
}

/// Asks unknown endorsers who they are, then starts the first round.
void endorse_call::ask_identities() {
  auto& s = self->state;
  learn_endorsers();
  auto pending = std::make_shared<std::size_t>(1);
  const auto next = [call = shared_from_this(), pending] { if (--*pending == 0) call->round(); };
  for (auto& [site, endorser] : s.endorsers) {
    if (s.endorser_identities.count(site) || !endorser.get()) continue;
    ++*pending;
    self->request(endorser.get(), std::chrono::seconds(2), atom::whois::value)
        .then([call = shared_from_this(), next, site = site](const bytes& identity) {
                call->self->state.endorser_identities[site] = identity;
                next();
              },
              [next](const caf::error&) { next(); });
  }
  next();
}

std::vector<chaincode::candidate> endorse_call::candidates() const {
  std::vector<chaincode::candidate> out;
  for (auto& [site, endorser] : self->state.endorsers) {
    const auto known = self->state.endorser_identities.find(site);
    if (failed.count(site) || known == self->state.endorser_identities.end() || !endorser.get()) continue;
    if (auto who = snapshot->bundle->msps()->validate(known->second)) out.push_back({site, *who});
  }
  return out;
}

/// The policy of one contract, remembered until its definition or the channel's configuration changes: a commit always writes Sequence.
result<crypto::policy_ptr> endorse_call::policy_of(const std::string& ns) const {
  WEFT_TRY(const auto sequence, snapshot->state->get("_lifecycle", "namespaces/fields/" + ns + "/Sequence"));
  if (!sequence) return fail(errc::not_found, ns);
  auto& known = self->state.policies[channel->id + "/" + ns];
  if (known.policy && known.defined_at == sequence->at && known.bundle == snapshot->bundle) return known.policy;
  WEFT_TRY(auto definition, ledger::read_definition(*snapshot->state, ns));
  if (!definition) return fail(errc::not_found, ns);
  WEFT_TRY(auto policy, ledger::endorsement_policy(*definition, *snapshot->bundle));
  known = {sequence->at, snapshot->bundle, policy};
  return policy;
}

/// The policies of every namespace that the transaction writes, and of the keys with policies of their own.
result<std::vector<crypto::policy_ptr>> endorse_call::policies() const {
  std::vector<crypto::policy_ptr> out;
  for (const auto& ns : namespaces) {
    if (ns == "_lifecycle") {
      // An approval is for its organization alone; a commit needs the channel's lifecycle policy.
      const auto& args = proposal.parsed()->args;
      if (!args.empty() && args.front() == "CommitChaincodeDefinition") out.push_back(ledger::lifecycle_policy(*snapshot->bundle));
      continue;
    }
    if (chaincode::is_system_contract(ns)) continue;
    WEFT_TRY(auto policy, policy_of(ns));
    out.push_back(std::move(policy));
  }
  for (const auto& raw : key_policies) {
    WEFT_TRY(auto policy, snapshot->bundle->compile(raw));
    out.push_back(std::move(policy));
  }
  return out;
}

/// One peer of each organization that the client named; another of the same where one failed.
void endorse_call::round_of_orgs() {
  const auto& contract = proposal.parsed()->chaincode_name;
  const bool known = chaincode::is_system_contract(contract) || policy_of(contract) || policy_of(contract).error().code != errc::not_found;
  const auto who = known ? candidates() : std::vector<chaincode::candidate>{};
  const auto& me = *self->state.site;
  std::string nobody;
  std::vector<std::string> missing;
  const auto spread = self->state.spread++;
  for (const auto& org : wanted_orgs) {
    const auto of = [&](const std::string& site) {
      const auto it = std::find_if(who.begin(), who.end(), [&](const auto& c) { return c.name == site; });
      return it != who.end() && it->who->msp_id == org;
    };
    if (std::any_of(responses.begin(), responses.end(), [&](const auto& r) { return of(r.first); })) continue;
    std::vector<std::string> sites;
    for (const auto& c : who) if (c.who->msp_id == org) sites.push_back(c.name);
    if (sites.empty()) nobody.append(nobody.empty() ? "" : ", ").append(org);
    else missing.push_back(of(me.name) ? me.name : sites[spread % sites.size()]);
  }
  constexpr std::size_t names_max = 1'000;  // a client may name anything, and statuses travel in headers
  if (nobody.size() > names_max) nobody = nobody.substr(0, names_max) + "...";
  if (!nobody.empty() && details.empty()) return give_up(rpc_code::unavailable, "failed to find any endorsing peers for org(s): " + nobody);
  if (!nobody.empty()) return give_up(rpc_code::aborted, "failed to collect enough transaction endorsements, see attached details for more info");
  if (missing.empty()) return complete();
  ask_those(std::move(missing));
}

void endorse_call::ask_those(std::vector<std::string> sites) {
  open = sites.size();
  for (const auto& site : sites) ask(site);
}

/// Plans, and asks whoever of the plan has not answered yet. Ends the call when the answers suffice or nobody is left to ask.
void endorse_call::round() {
  if (done) return;
  if (!wanted_orgs.empty()) return round_of_orgs();
  if (planned_on == basis()) return complete();  // the usual case: everybody answered, and the answers touch what the call names
  const auto& p = *proposal.parsed();
  auto wanted = policies();
  if (!wanted) {
    const bool unknown = wanted.error().code == errc::not_found;
    return give_up(rpc_code::failed_precondition,
                   "no combination of peers can be derived which satisfy the endorsement policy: " +
                       (unknown ? "No metadata was found for chaincode " + wanted.error().context + " in channel " + p.header.channel_id
                                : wanted.error().context));
  }
  const auto who = candidates();
  const auto& me = *self->state.site;
  std::optional<std::vector<std::size_t>> plan;
  if (!wanted->empty()) {
    plan = chaincode::plan_endorsers(*wanted, who, me.msp_id, self->state.spread++);
  } else {  // nothing but the own organization is needed
    for (std::size_t i = 0; i < who.size() && !plan; ++i) if (who[i].name == me.name) plan = std::vector<std::size_t>{i};
  }
  if (!plan) {
    if (!details.empty()) {
      return give_up(rpc_code::aborted, responses.empty() ? "failed to endorse transaction, see attached details for more info"
                                                          : "failed to collect enough transaction endorsements, see attached details for more info");
    }
    std::vector<crypto::identity_ptr> everybody;
    for (const auto& c : who) everybody.push_back(c.who);
    for (const auto& policy : *wanted) {  // which branch nobody here can sign for
      if (!policy->evaluate(everybody)) details.push_back({me.address, me.msp_id, "if all of them signed:\n" + policy->explain(everybody).to_text()});
    }
    std::string seen;
    for (const auto& c : who) seen += (seen.empty() ? "" : ", ") + c.name + " (" + c.who->msp_id + ")";
    return give_up(rpc_code::failed_precondition,
                   "no combination of peers can be derived which satisfy the endorsement policy: reachable peers are " + (seen.empty() ? "none" : seen));
  }
  std::vector<std::string> missing;
  for (auto i : *plan) if (!responses.count(who[i].name)) missing.push_back(who[i].name);
  if (missing.empty()) return complete();
  planned_on = basis();
  ask_those(std::move(missing));
}

void endorse_call::ask(const std::string& site) {
  auto& s = self->state;
  auto call = shared_from_this();
  const endorser_actor endorser = s.endorsers.at(site).get();
  if (!endorser) return on_failure(site, "the endorser stopped");
  if (s.watched.insert(endorser.address()).second) self->monitor(endorser);
  self->ask(endorser, s.site->options.endorse_timeout, atom::endorse::value, proposal)
      .then([call, site](const endorse_reply& r) { call->on_reply(site, r); },
            [call, site](const caf::error& e) {
              call->on_failure(site, e == caf::sec::request_timeout ? "no answer within the endorsement timeout" : "the endorser stopped");
            });
}

void endorse_call::on_reply(const std::string& site, const endorse_reply& r) {
  if (done) return;
  if (!r.status.ok()) return on_failure(site, r.status.message);
  auto view = chaincode::parse_response(r.response);
  if (!view) return on_failure(site, view.error().context);
  if (view->status < 200 || view->status >= 400) {
    return on_failure(site, view->payload.empty() && view->status == 500 ? view->message
                                                                         : "chaincode response " + std::to_string(view->status) + ", " + view->message);
  }
  if (payload.empty()) payload = view->payload;
  if (view->payload != payload) return on_failure(site, "ProposalResponsePayloads do not match");
  for (auto& ns : view->namespaces) namespaces.insert(std::move(ns));
  for (auto& raw : view->key_policies) {
    if (std::find(key_policies.begin(), key_policies.end(), raw) == key_policies.end()) key_policies.push_back(std::move(raw));
  }
  responses[site] = r.response;
  if (--open == 0) round();
}

void endorse_call::on_failure(const std::string& site, std::string why) {
  if (done) return;
  failed.insert(site);
  const auto known = self->state.endorser_identities.find(site);
  std::string msp;
  if (known != self->state.endorser_identities.end()) {
    if (auto who = snapshot->bundle->msps()->validate(known->second)) msp = (*who)->msp_id;
  }
  details.push_back({site, msp, std::move(why)});
  if (--open == 0) round();
}

void endorse_call::complete() {
  std::vector<bytes> all;
  for (auto& [site, r] : responses) all.push_back(r);
  auto made = ledger::make_transaction_payload(*proposal.parsed(), all);
  if (!made) return give_up(rpc_code::aborted, made.error().context);
  finish({{}, std::move(*made)});
}

}  // namespace

void start_endorse_call(self_ptr self, channel_ptr channel, const signed_proposal& proposal, const std::vector<std::string>& msp_ids,
                        caf::typed_response_promise<gateway_reply> promise, std::shared_ptr<void> counted) {
  auto call = std::make_shared<endorse_call>();
  call->self = self;
  call->snapshot = channel->now.get();
  call->channel = std::move(channel);
  call->proposal = proposal;
  call->promise = std::move(promise);
  call->counted = std::move(counted);
  const std::set<std::string> once(msp_ids.begin(), msp_ids.end());
  call->wanted_orgs.assign(once.begin(), once.end());
  call->namespaces.insert(proposal.parsed()->chaincode_name);
  call->ask_identities();
}

}  // namespace weft::actors
