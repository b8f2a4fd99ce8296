// GATEWAY: acts for its organization. Finds endorsers by policy, compares their answers, submits, and tells what became of it. interop/04 §2.
#include <spdlog/spdlog.h>

#include <map>
#include <set>
#include <unordered_map>

#include "actors/peer/endorse_call.hpp"
#include "actors/peer/submit_call.hpp"
#include "actors/peer/roles.hpp"
#include "chaincode/endorsement/reply.hpp"

namespace weft::actors {

gateway_reply refused(rpc_code code, std::string message, std::vector<error_detail> details) {
  return {status_of(code, std::move(message), std::move(details)), {}};
}

std::shared_ptr<void> enter(gateway_state& s) {
  if (*s.calls >= s.site->options.gateway_calls_max) return nullptr;
  ++*s.calls;
  return {s.calls.get(), [calls = s.calls](void*) { --*calls; }};  // not null: null means refused
}
gateway_reply too_many(const gateway_state& s) {
  return refused(rpc_code::resource_exhausted, "too many requests for /gateway.Gateway, exceeding concurrency limit (" +
                                                   std::to_string(s.site->options.gateway_calls_max) + ")");
}

namespace {

using self_ptr = gateway_self;
using reply_promise = caf::typed_response_promise<gateway_reply>;

/// `deliver` returns the promise; handlers return nothing.
void answer(reply_promise& promise, gateway_reply r) { promise.deliver(std::move(r)); }

/// Checks what every call has to say. Gives the channel, or the answer to the client.
tl::expected<channel_ptr, gateway_reply> channel_for(const gateway_state& s, const signed_proposal& p) {
  const auto no = [](gateway_reply r) { return tl::unexpected<gateway_reply>(std::move(r)); };
  if (p.raw().empty()) return no(refused(rpc_code::invalid_argument, "the proposed transaction must contain a signed proposal"));
  if (!p.parsed()) return no(refused(rpc_code::invalid_argument, p.parsed().error().context));
  const auto& id = p.parsed()->header.channel_id;
  if (id.empty()) return no(refused(rpc_code::invalid_argument, "no channel ID provided"));
  if (auto c = s.site->channel(id)) return c;
  return no(refused(rpc_code::unavailable, "failed to get config for channel [" + id + "]: could not get last config for channel " + id));
}

// ---- evaluate

void answer_evaluate(reply_promise promise, const gateway_state& s, const endorse_reply& r, const signed_proposal& p) {
  const auto me = [&](std::string m) { return std::vector<error_detail>{{s.site->address, s.site->msp_id, std::move(m)}}; };
  if (!r.status.ok()) {
    const auto code = r.status.code == static_cast<int>(rpc_code::unknown) ? rpc_code::failed_precondition : static_cast<rpc_code>(r.status.code);
    return answer(promise, refused(code, "evaluate call to endorser returned error: " + r.status.message, me(r.status.message)));
  }
  const auto view = chaincode::parse_response(r.response);
  if (!view) return answer(promise, refused(rpc_code::internal, view.error().context));
  if (view->status >= 200 && view->status < 400) return answer(promise, gateway_reply{{}, view->answer});
  const auto& name = p.parsed()->chaincode_name;
  if (view->message.find("has been successfully defined on channel") != std::string::npos) {
    return answer(promise, refused(rpc_code::failed_precondition, "no peers available to evaluate chaincode " + name + " in channel " +
                                                                      p.parsed()->header.channel_id, me(view->message)));
  }
  const auto text = "chaincode response " + std::to_string(view->status) + ", " + view->message;
  answer(promise, refused(rpc_code::unknown, "evaluate call to endorser returned error: " + text, me(text)));
}

caf::result<gateway_reply> evaluate(self_ptr self, const signed_proposal& p) {
  auto& s = self->state;
  auto channel = channel_for(s, p);
  if (!channel) return channel.error();
  auto call = enter(s);
  if (!call) return too_many(s);
  if (!s.own_endorser.get()) return refused(rpc_code::unavailable, "the endorser of " + s.site->name + " is restarting");
  auto promise = self->make_response_promise<gateway_reply>();
  self->ask(s.own_endorser.get(), s.site->options.endorse_timeout, atom::endorse::value, p)
      .then([self, promise, p, call](const endorse_reply& r) { answer_evaluate(promise, self->state, r, p); },
            [promise, call](const caf::error& e) mutable {
              answer(promise, e == caf::sec::request_timeout
                                  ? refused(rpc_code::deadline_exceeded, "evaluate timeout expired before receiving a response from the endorser")
                                  : refused(rpc_code::unavailable, "the endorser stopped while evaluating; try again"));
            });
  return promise;
}

// ---- commit status

caf::result<commit_reply> await(self_ptr self, const std::string& channel_id, const std::string& tx_id) {
  auto& s = self->state;
  const auto channel = s.site->channel(channel_id);
  if (!channel) {
    return commit_reply{status_of(rpc_code::permission_denied, "Failed to get policy manager for channel [" + channel_id + "]"), 0, 0};
  }
  const auto found = channel->ledger->blocks().find_tx(tx_id);
  if (!found) return commit_reply{to_status(found.error()), 0, 0};
  // The index knows a block before its state is applied; "committed" means that whoever asks next sees it.
  const auto now = channel->now.get();
  if (*found && now && (*found)->block < now->height) return commit_reply{{}, (*found)->code, (*found)->block.value};
  if (s.waiting.size() >= s.site->options.gateway_calls_max) return commit_reply{too_many(s).status, 0, 0};
  auto promise = self->make_response_promise<commit_reply>();
  s.waiting.emplace(channel_id + "/" + tx_id, waiting_call{promise, self->clock().now() + s.site->options.commit_timeout});
  return promise;
}

void on_committed(self_ptr self, const commit_notice& notice) {
  auto& waiting = self->state.waiting;
  if (waiting.empty()) return;
  for (const auto& tx : notice.txs) {
    const auto range = waiting.equal_range(notice.channel + "/" + tx.tx_id);
    for (auto it = range.first; it != range.second; ++it) it->second.promise.deliver(commit_reply{{}, tx.code, notice.block});
    waiting.erase(range.first, range.second);
  }
}

/// Once a second: waiters whose time is over get an answer, so that nothing waits for ever.
void expire_waiters(self_ptr self) {
  const auto now = self->clock().now();
  auto& waiting = self->state.waiting;
  for (auto it = waiting.begin(); it != waiting.end();) {
    if (it->second.deadline > now) {
      ++it;
      continue;
    }
    it->second.promise.deliver(commit_reply{status_of(rpc_code::deadline_exceeded, "commit status timeout expired"), 0, 0});
    it = waiting.erase(it);
  }
}

// ---- endorse

caf::result<gateway_reply> endorse(self_ptr self, const signed_proposal& p, const std::vector<std::string>& msp_ids) {
  auto& s = self->state;
  auto channel = channel_for(s, p);
  if (!channel) {
    auto r = channel.error();
    if (r.status.code == static_cast<int>(rpc_code::unavailable) && p.parsed()) {
      r = refused(rpc_code::failed_precondition, "no combination of peers can be derived which satisfy the endorsement policy: No metadata was found for chaincode " +
                                                     p.parsed()->chaincode_name + " in channel " + p.parsed()->header.channel_id);
    }
    return r;
  }
  auto call = enter(s);
  if (!call) return too_many(s);
  auto promise = self->make_response_promise<gateway_reply>();
  start_endorse_call(self, *channel, p, msp_ids, promise, std::move(call));
  return promise;
}

gateway_actor::behavior_type gateway(self_ptr self, peer_ptr site) {
  auto& s = self->state;
  s.own_endorser = site->to<endorser_actor>("endorser");
  s.calls = std::make_shared<std::size_t>(0);
  s.site = std::move(site);
  self->delayed_send(self, std::chrono::seconds(1), atom::tick::value);
  self->set_down_handler([self](caf::down_msg& down) {
    self->state.watched.erase(down.source);
    self->lost(down.source);
  });
  return {
      [self](atom::evaluate, const signed_proposal& p) { return evaluate(self, p); },
      [self](atom::endorse, const signed_proposal& p) { return endorse(self, p, {}); },
      [self](atom::endorse, const signed_proposal& p, const std::vector<std::string>& msp_ids) { return endorse(self, p, msp_ids); },
      [self](atom::submit, const ledger::envelope& tx) { return start_submit_call(self, tx); },
      [self](atom::await, const std::string& channel, const std::string& tx_id) { return await(self, channel, tx_id); },
      [self](atom::submit, const submit_ptr& call) { begin_round(self, call); },
      [self](atom::expired) { look_after_submits(self); },
      [self](atom::changed, const std::string& channel) { follow_leader(self, channel); },
      [self](atom::committed, const commit_notice& notice) { on_committed(self, notice); },
      [self](atom::tick) {
        expire_waiters(self);
        self->delayed_send(self, std::chrono::seconds(1), atom::tick::value);
      },
  };
}

}  // namespace

role_spec gateway_role(seat s, peer_ptr site) { return make_spec(std::move(s), &gateway, std::move(site)); }

}  // namespace weft::actors
