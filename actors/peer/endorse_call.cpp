#include "actors/peer/endorse_call.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <set>

#include "actors/peer/known_endorsers.hpp"
#include "ledger/validation/definition.hpp"

namespace weft::actors {

/// A call on its way. Asks a planned set in parallel; a peer that fails is left out of the next plan.
/// Fabric asks a first peer, of the gateway's organization, and with its answer the others. Here they are asked at once, and the client hears the same:
/// what the first one says decides whether the others' answers count.
struct endorse_call : std::enable_shared_from_this<endorse_call> {
  gateway_self self;
  channel_ptr channel;
  std::shared_ptr<const channel_snapshot> snapshot;
  signed_proposal proposal;
  caf::typed_response_promise<gateway_reply> promise;
  std::shared_ptr<void> counted;
  std::vector<std::string> wanted_orgs;             ///< MSP ids that the client names; empty: the policy decides.

  std::set<std::string> namespaces;                 ///< Contracts whose policies must hold.
  std::vector<bytes> key_policies;
  std::set<std::string> failed;                     ///< Sites that are not asked again.
  std::map<std::string, chaincode::endorsement_view> answers;  ///< Good ones of this round, by site; not compared yet.
  std::map<std::string, bytes> raw_answers;
  std::map<std::string, bytes> responses;           ///< By site: pb(ProposalResponse), byte-equal payloads.
  bytes payload;                                    ///< The payload that all have to give.
  std::vector<error_detail> details;
  std::size_t refused_by_contract = 0;              ///< Of this round.
  std::size_t repeats = 0;                          ///< Rounds that were asked again.
  bool first_refused = false;                       ///< A peer of the gateway's organization answered with a failure, and none with an endorsement yet.
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
  /// Peers said no: at first, or when others were to follow the first.
  void give_up_refused(bool at_first) {
    give_up(rpc_code::aborted, at_first ? "failed to endorse transaction, see attached details for more info"
                                        : "failed to collect enough transaction endorsements, see attached details for more info");
  }

  [[nodiscard]] std::vector<chaincode::candidate> candidates() const { return living_endorsers(self->state, *snapshot, failed); }
  [[nodiscard]] result<std::vector<crypto::policy_ptr>> policies() const;
  [[nodiscard]] bool of_own_organization(const std::string& site) const { return msp_id_of(self->state, *snapshot, site) == self->state.site->msp_id; }
  void round();
  void round_of_orgs();
  [[nodiscard]] bool ask_own_alone(const std::vector<chaincode::candidate>& who);
  void no_plan(const std::vector<crypto::policy_ptr>& wanted, const std::vector<chaincode::candidate>& who);
  void ask_those(std::vector<std::string> sites);
  void ask(const std::string& site);
  void on_reply(const std::string& site, const endorse_reply& r);
  void on_failure(const std::string& site, std::string why, bool answered);
  void count_down();
  [[nodiscard]] bool divided() const;
  void begin_anew();
  void compare();
  [[nodiscard]] bool refused_by_first();
  void complete();
};

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
    WEFT_TRY(auto policy, policy_of(self->state, channel->id, *snapshot, ns));
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
  const auto who = is_defined(self->state, channel->id, *snapshot, proposal.parsed()->chaincode_name) ? candidates() : std::vector<chaincode::candidate>{};
  const auto& me = *self->state.site;
  std::vector<std::string> missing, nobody;
  const auto spread = self->state.spread++;
  for (const auto& org : wanted_orgs) {
    const auto of = [&](const std::string& site) {
      const auto it = std::find_if(who.begin(), who.end(), [&](const auto& c) { return c.name == site; });
      return it != who.end() && it->who->msp_id == org;
    };
    if (std::any_of(responses.begin(), responses.end(), [&](const auto& r) { return of(r.first); })) continue;
    std::vector<std::string> sites;
    for (const auto& c : who) if (c.who->msp_id == org) sites.push_back(c.name);
    if (sites.empty()) nobody.push_back(org);
    else missing.push_back(of(me.name) ? me.name : sites[spread % sites.size()]);
  }
  if (!nobody.empty() && details.empty()) return give_up(rpc_code::unavailable, nobody_of(nobody));
  if (!nobody.empty()) return give_up_refused(false);
  if (missing.empty()) return complete();
  ask_those(std::move(missing));
}

void endorse_call::ask_those(std::vector<std::string> sites) {
  open = sites.size();
  for (const auto& site : sites) ask(site);
}

/// Transient data go to the gateway's own organization first: only its answer tells whose they are. True: there is nothing else to do now.
bool endorse_call::ask_own_alone(const std::vector<chaincode::candidate>& who) {
  if (proposal.parsed()->transient_map.empty() || !responses.empty()) return false;
  const auto& me = *self->state.site;
  const chaincode::candidate* found = nullptr;
  for (const auto& c : who) {
    if (c.who->msp_id == me.msp_id && (found == nullptr || c.name == me.name)) found = &c;
  }
  if (found != nullptr) ask_those({found->name});
  else if (!details.empty()) give_up_refused(true);
  else give_up(rpc_code::failed_precondition, "no endorsers found in the gateway's organization; retry specifying endorsing organization(s) to protect transient data");
  return true;
}

/// Not even all together satisfy the policies.
void endorse_call::no_plan(const std::vector<crypto::policy_ptr>& wanted, const std::vector<chaincode::candidate>& who) {
  if (!details.empty()) return give_up_refused(responses.empty());
  const auto& me = *self->state.site;
  std::vector<crypto::identity_ptr> everybody;
  for (const auto& c : who) everybody.push_back(c.who);
  for (const auto& policy : wanted) {  // which branch nobody here can sign for
    if (!policy->evaluate(everybody)) details.push_back({me.address, me.msp_id, "if all of them signed:\n" + policy->explain(everybody).to_text()});
  }
  std::string seen;
  for (const auto& c : who) seen += (seen.empty() ? "" : ", ") + c.name + " (" + c.who->msp_id + ")";
  give_up(rpc_code::failed_precondition,
          "no combination of peers can be derived which satisfy the endorsement policy: no peer combination can satisfy the endorsement policy; reachable peers are " +
              (seen.empty() ? "none" : seen));
}

/// Plans, and asks whoever of the plan has not answered yet. Ends the call when the answers suffice or nobody is left to ask.
void endorse_call::round() {
  if (done) return;
  if (!wanted_orgs.empty()) return round_of_orgs();
  if (refused_by_first()) return;
  if (planned_on == basis()) return complete();  // the usual case: everybody answered, and the answers touch what the call names
  const auto& p = *proposal.parsed();
  const auto wanted = policies();
  if (!wanted) {
    const bool unknown = wanted.error().code == errc::not_found;
    return give_up(rpc_code::failed_precondition, unknown ? no_metadata(wanted.error().context, p.header.channel_id)
                                                          : "no combination of peers can be derived which satisfy the endorsement policy: " + wanted.error().context);
  }
  const auto who = candidates();
  if (ask_own_alone(who)) return;
  const auto& me = *self->state.site;
  std::optional<std::vector<std::size_t>> plan;
  if (!wanted->empty()) {
    plan = chaincode::plan_endorsers(*wanted, who, me.msp_id, self->state.spread++);
  } else {  // nothing but the own organization is needed
    for (std::size_t i = 0; i < who.size() && !plan; ++i) if (who[i].name == me.name) plan = std::vector<std::size_t>{i};
  }
  if (!plan) return no_plan(*wanted, who);
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
  if (!endorser) return on_failure(site, "the endorser stopped", false);
  if (s.watched.insert(endorser.address()).second) self->monitor(endorser);
  self->ask(endorser, s.site->options.endorse_timeout, atom::endorse::value, proposal)
      .then([call, site](const endorse_reply& r) { call->on_reply(site, r); },
            [call, site](const caf::error& e) {
              call->on_failure(site, e == caf::sec::request_timeout ? "no answer within the endorsement timeout" : "the endorser stopped", false);
            });
}

void endorse_call::on_reply(const std::string& site, const endorse_reply& r) {
  if (done) return;
  if (!r.status.ok()) return on_failure(site, r.status.message, r.status.code == static_cast<int>(rpc_code::unknown));
  auto view = chaincode::parse_response(r.response);
  if (!view) return on_failure(site, view.error().context, true);
  if (auto wrong = failure_in(*view); !wrong.why.empty()) {
    refused_by_contract += wrong.by_contract ? 1 : 0;
    return on_failure(site, std::move(wrong.why), true);
  }
  answers.emplace(site, std::move(*view));
  raw_answers.emplace(site, r.response);
  count_down();
}

void endorse_call::on_failure(const std::string& site, std::string why, bool answered) {
  if (done) return;
  failed.insert(site);
  details.push_back({site, msp_id_of(self->state, *snapshot, site), std::move(why)});
  first_refused |= answered && of_own_organization(site);
  count_down();
}

/// Peers commit a block one after the other. Whoever endorses in between gets answers from before and after it; a moment later there is one again.
constexpr std::array<std::chrono::milliseconds, 3> pauses_when_divided{std::chrono::milliseconds(20), std::chrono::milliseconds(60), std::chrono::milliseconds(180)};

void endorse_call::count_down() {
  if (--open > 0) return;
  if (divided() && repeats < pauses_when_divided.size()) {
    return self->delayed_send(self, pauses_when_divided[repeats++], atom::endorse::value, shared_from_this());
  }
  compare();
  round();
}

/// Of those who were asked last some endorsed and others' contracts refused, or the answers differ.
bool endorse_call::divided() const {
  const auto* first = payload.empty() ? nullptr : &payload;
  for (const auto& [site, view] : answers) {
    if (first == nullptr) first = &view.payload;
    else if (*first != view.payload) return true;
  }
  return first != nullptr && refused_by_contract > 0;
}

void endorse_call::begin_anew() {
  if (done) return;
  answers.clear();
  raw_answers.clear();
  responses.clear();
  payload.clear();
  details.clear();
  failed.clear();
  key_policies.clear();
  namespaces = {proposal.parsed()->chaincode_name};
  first_refused = false;
  refused_by_contract = 0;
  planned_on.reset();
  snapshot = channel->now.get();
  round();
}

/// Everybody has to say the same as the first, which is of the gateway's organization if one of that answered.
void endorse_call::compare() {
  if (answers.empty()) return;
  auto first = answers.find(self->state.site->name);
  if (first == answers.end()) first = std::find_if(answers.begin(), answers.end(), [&](const auto& a) { return of_own_organization(a.first); });
  if (first == answers.end()) first = answers.begin();
  if (payload.empty()) payload = first->second.payload;
  for (auto& [site, view] : answers) {
    if (view.payload != payload) {
      failed.insert(site);
      details.push_back({site, msp_id_of(self->state, *snapshot, site), "ProposalResponsePayloads do not match"});
      continue;
    }
    for (auto& ns : view.namespaces) namespaces.insert(std::move(ns));
    for (auto& raw : view.key_policies) {
      if (std::find(key_policies.begin(), key_policies.end(), raw) == key_policies.end()) key_policies.push_back(std::move(raw));
    }
    responses[site] = std::move(raw_answers[site]);
  }
  answers.clear();
  raw_answers.clear();
  refused_by_contract = 0;
}

/// Fabric goes on only with an endorsement of the gateway's organization, if that has peers that answer; what others said is not told otherwise.
bool endorse_call::refused_by_first() {
  if (!first_refused) return false;
  const bool endorsed = std::any_of(responses.begin(), responses.end(), [&](const auto& r) { return of_own_organization(r.first); });
  const auto& own = self->state.site->msp_id;
  if (endorsed) {
    first_refused = false;  // another peer of the same did, and nobody hears of the first
    details.erase(std::remove_if(details.begin(), details.end(), [&](const auto& d) { return d.msp_id == own; }), details.end());
    return false;
  }
  for (const auto& c : candidates()) if (c.who->msp_id == own) return false;  // to be asked next
  details.erase(std::remove_if(details.begin(), details.end(), [&](const auto& d) { return d.msp_id != own; }), details.end());
  give_up_refused(true);
  return true;
}

void endorse_call::complete() {
  std::vector<bytes> all;
  for (auto& [site, r] : responses) all.push_back(r);
  auto made = ledger::make_transaction_payload(*proposal.parsed(), all);
  if (!made) return give_up(rpc_code::aborted, "failed to assemble transaction: " + made.error().context);
  finish({{}, std::move(*made)});
}

void ask_endorsers_again(const std::shared_ptr<endorse_call>& call) { call->begin_anew(); }

void start_endorse_call(gateway_self self, channel_ptr channel, const signed_proposal& proposal, const std::vector<std::string>& msp_ids,
                        caf::typed_response_promise<gateway_reply> promise, std::shared_ptr<void> counted) {
  auto call = std::make_shared<endorse_call>();
  call->self = self;
  call->snapshot = channel->now.get();
  call->channel = std::move(channel);
  call->proposal = proposal;
  call->promise = std::move(promise);
  call->counted = std::move(counted);
  for (const auto& id : msp_ids)  // each once, in the client's order
    if (std::find(call->wanted_orgs.begin(), call->wanted_orgs.end(), id) == call->wanted_orgs.end()) call->wanted_orgs.push_back(id);
  call->namespaces.insert(proposal.parsed()->chaincode_name);
  learn_endorsers(self, [call] { call->round(); });
}

}  // namespace weft::actors
