#include "actors/peer/evaluate_call.hpp"

#include <algorithm>

#include "actors/peer/known_endorsers.hpp"

namespace weft::actors {

namespace {

struct evaluate_call : std::enable_shared_from_this<evaluate_call> {
  gateway_self self;
  channel_ptr channel;
  std::shared_ptr<const channel_snapshot> snapshot;
  signed_proposal proposal;
  caf::typed_response_promise<gateway_reply> promise;
  std::shared_ptr<void> counted;
  std::set<std::string> allowed;       ///< MSP ids; empty: all.
  bool protects_transient = false;     ///< `allowed` is not the client's wish.
  std::set<std::string> failed;        ///< Sites that are not asked again.
  std::vector<error_detail> details;
  rpc_code last = rpc_code::unavailable;
  caf::actor_clock::time_point begun;

  void begin();
  void ask_next();
  void ask(const std::string& site);
  void on_reply(const std::string& site, const endorse_reply& r);
  /// Through no fault of contract or client: another peer may do better.
  void try_another(const std::string& site, rpc_code code, std::string why);
  void answer(const std::string& site, rpc_code code, const std::string& why);
  void no_peer();
  void finish(gateway_reply r) { promise.deliver(std::move(r)); }
  [[nodiscard]] bool is_own(const std::string& site) const { return site == self->state.site->name; }
  [[nodiscard]] bool may_answer(const std::string& msp_id) const { return allowed.empty() || allowed.count(msp_id) > 0; }
};

/// The usual case, its own peer, needs no look at who else there is.
void evaluate_call::begin() {
  auto& s = self->state;
  if (may_answer(s.site->msp_id) && s.own_endorser.get()) return ask(s.site->name);
  learn_endorsers(self, [call = shared_from_this()] { call->ask_next(); });
}

void evaluate_call::ask_next() {
  auto& s = self->state;
  if (!is_defined(s, channel->id, *snapshot, proposal.parsed()->chaincode_name)) return no_peer();
  auto who = living_endorsers(s, *snapshot, failed);
  who.erase(std::remove_if(who.begin(), who.end(), [&](const auto& c) { return !may_answer(c.who->msp_id); }), who.end());
  if (who.empty()) {
    if (details.empty()) return no_peer();
    return finish(refused(last, "failed to evaluate transaction, see attached details for more info", std::move(details)));
  }
  const auto rank = [&](const chaincode::candidate& c) { return is_own(c.name) ? 0 : c.who->msp_id == s.site->msp_id ? 1 : 2; };
  std::rotate(who.begin(), who.begin() + static_cast<std::ptrdiff_t>(s.spread++ % who.size()), who.end());  // so that load spreads among equals
  ask(std::min_element(who.begin(), who.end(), [&](const auto& a, const auto& b) { return rank(a) < rank(b); })->name);
}

void evaluate_call::no_peer() {
  const auto& p = *proposal.parsed();
  auto why = "no peers available to evaluate chaincode " + p.chaincode_name + " in channel " + p.header.channel_id;
  if (protects_transient) why = "no endorsers found in the gateway's organization; retry specifying target organization(s) to protect transient data: " + why;
  finish(refused(rpc_code::failed_precondition, std::move(why)));
}

void evaluate_call::ask(const std::string& site) {
  auto& s = self->state;
  auto call = shared_from_this();
  const endorser_actor endorser = is_own(site) ? s.own_endorser.get() : s.endorsers.at(site).get();
  if (!endorser) return try_another(site, rpc_code::unavailable, "the endorser stopped");
  if (s.watched.insert(endorser.address()).second) self->monitor(endorser);
  self->ask(endorser, s.site->options.endorse_timeout, atom::evaluate::value, proposal)
      .then([call, site](const endorse_reply& r) { call->on_reply(site, r); },
            [call, site](const caf::error& e) {
              call->try_another(site, rpc_code::unavailable, e == caf::sec::request_timeout ? "no answer within the endorsement timeout" : "the endorser stopped");
            });
}

void evaluate_call::on_reply(const std::string& site, const endorse_reply& r) {
  if (!r.status.ok()) {
    // Of another peer one cannot tell whether it is the client's fault; one's own has looked at the client.
    const bool says_so = r.status.code == static_cast<int>(rpc_code::unknown);
    if (is_own(site) && says_so) return answer(site, rpc_code::failed_precondition, r.status.message);
    return try_another(site, says_so ? rpc_code::unavailable : static_cast<rpc_code>(r.status.code), r.status.message);
  }
  const auto view = chaincode::parse_response(r.response);
  if (!view) return try_another(site, rpc_code::internal, view.error().context);
  const auto wrong = failure_in(*view);
  if (wrong.why.empty()) return finish(gateway_reply{{}, view->answer});
  if (wrong.by_contract) return answer(site, rpc_code::unknown, wrong.why);
  try_another(site, rpc_code::aborted, wrong.why);
}

void evaluate_call::try_another(const std::string& site, rpc_code code, std::string why) {
  failed.insert(site);
  last = code;
  details.push_back({site, msp_id_of(self->state, *snapshot, site), std::move(why)});
  // A contract that nobody has is none that failed.
  if (!is_defined(self->state, channel->id, *snapshot, proposal.parsed()->chaincode_name)) return no_peer();
  // A contract that hangs hangs on every peer. Who asked is told what the first one saw, before they give up themselves.
  if (self->clock().now() - begun >= self->state.site->options.endorse_timeout * 3 / 4) return finish(refused(rpc_code::deadline_exceeded, "evaluate timeout expired", std::move(details)));
  learn_endorsers(self, [call = shared_from_this()] { call->ask_next(); });
}

void evaluate_call::answer(const std::string& site, rpc_code code, const std::string& why) {
  details.push_back({site, msp_id_of(self->state, *snapshot, site), why});
  finish(refused(code, "evaluate call to endorser returned error: " + why, std::move(details)));
}

}  // namespace

void start_evaluate_call(gateway_self self, channel_ptr channel, const signed_proposal& proposal, const std::vector<std::string>& msp_ids,
                         caf::typed_response_promise<gateway_reply> promise, std::shared_ptr<void> counted) {
  auto call = std::make_shared<evaluate_call>();
  call->self = self;
  call->snapshot = channel->now.get();
  call->channel = std::move(channel);
  call->proposal = proposal;
  call->promise = std::move(promise);
  call->counted = std::move(counted);
  call->begun = self->clock().now();
  call->allowed.insert(msp_ids.begin(), msp_ids.end());
  if (msp_ids.empty() && !proposal.parsed()->transient_map.empty()) {
    call->allowed.insert(self->state.site->msp_id);
    call->protects_transient = true;
  }
  call->begin();
}

}  // namespace weft::actors
