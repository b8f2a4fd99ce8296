// GATEWAY: acts for its organization. Finds endorsers by policy, compares their answers, submits, and tells what became of it. interop/04 §2.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "actors/peer/evaluate_call.hpp"
#include "actors/peer/submit_call.hpp"
#include "proto/wire.hpp"

namespace weft::actors {

gateway_reply refused(rpc_code code, std::string message, std::vector<error_detail> details) {
  return {status_of(code, std::move(message), std::move(details)), {}};
}

std::shared_ptr<void> enter(gateway_state& s) {
  if (*s.calls >= s.site->options.gateway_calls_max) return nullptr;
  ++*s.calls;
  return {s.calls.get(), [calls = s.calls](void*) { --*calls; }};  // not null: null means refused
}
std::string no_channel(const std::string& id) { return "failed to get config for channel [" + id + "]: could not get last config for channel " + id; }
std::string no_metadata(const std::string& contract, const std::string& channel_id) {
  return "no combination of peers can be derived which satisfy the endorsement policy: No metadata was found for chaincode " + contract + " in channel " + channel_id;
}
std::string nobody_of(const std::vector<std::string>& msp_ids) {
  constexpr std::size_t names_max = 1'000;  // a client may name anything, and statuses travel in headers
  std::string names;
  for (const auto& id : msp_ids) names.append(names.empty() ? "" : ", ").append(id);
  if (names.size() > names_max) names = names.substr(0, names_max) + "...";
  return "failed to find any endorsing peers for org(s): " + names;
}
gateway_reply too_many(const gateway_state& s) {
  return refused(rpc_code::resource_exhausted, "too many requests for /gateway.Gateway, exceeding concurrency limit (" +
                                                   std::to_string(s.site->options.gateway_calls_max) + ")");
}

namespace {

/// The request's proposal without its SignedProposal's other fields: nothing there, nothing asked.
bool is_empty(const signed_proposal& p) {
  std::string_view body;
  return proto::find_bytes(p.raw(), 1, body) != proto::wire_status::malformed && body.empty();
}

// ---- evaluate

caf::result<gateway_reply> evaluate(gateway_self self, const signed_proposal& p, const std::vector<std::string>& msp_ids) {
  auto& s = self->state;
  const auto unusable = [](const std::string& why) { return refused(rpc_code::invalid_argument, "failed to unpack transaction proposal: " + why); };
  if (is_empty(p)) return unusable("a signed proposal is required");
  if (!p.parsed()) return unusable(p.parsed().error().context);
  const auto& id = p.parsed()->header.channel_id;
  if (id.empty()) return unusable("no channel id provided");
  auto channel = s.site->channel(id);
  if (!channel) return refused(rpc_code::unavailable, no_channel(id));
  auto call = enter(s);
  if (!call) return too_many(s);
  auto promise = self->make_response_promise<gateway_reply>();
  start_evaluate_call(self, std::move(channel), p, msp_ids, promise, std::move(call));
  return promise;
}

// ---- commit status

/// Clients go away without a word, and a commit takes no time: who waits longest is the one that nobody misses.
void give_up_oldest(gateway_state& s) {
  const auto oldest = std::min_element(s.waiting.begin(), s.waiting.end(), [](const auto& a, const auto& b) { return a.second.deadline < b.second.deadline; });
  oldest->second.promise.deliver(commit_reply{too_many(s).status, 0, 0});
  s.waiting.erase(oldest);
}

caf::result<commit_reply> await(gateway_self self, const std::string& channel_id, const std::string& tx_id) {
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
  if (!s.waiting.empty() && s.waiting.size() >= s.site->options.gateway_calls_max) give_up_oldest(s);
  auto promise = self->make_response_promise<commit_reply>();
  s.waiting.emplace(channel_id + "/" + tx_id, waiting_call{promise, self->clock().now() + s.site->options.commit_timeout});
  return promise;
}

void on_committed(gateway_self self, const commit_notice& notice) {
  auto& waiting = self->state.waiting;
  if (waiting.empty()) return;
  for (const auto& tx : notice.txs) {
    const auto range = waiting.equal_range(notice.channel + "/" + tx.tx_id);
    for (auto it = range.first; it != range.second; ++it) it->second.promise.deliver(commit_reply{{}, tx.code, notice.block});
    waiting.erase(range.first, range.second);
  }
}

/// Once a second: waiters whose time is over get an answer, so that nothing waits for ever.
void expire_waiters(gateway_self self) {
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

caf::result<gateway_reply> endorse(gateway_self self, const signed_proposal& p, const std::vector<std::string>& msp_ids) {
  auto& s = self->state;
  if (is_empty(p)) return refused(rpc_code::invalid_argument, "the proposed transaction must contain a signed proposal");
  if (!p.parsed()) return refused(rpc_code::invalid_argument, p.parsed().error().context);
  const auto& id = p.parsed()->header.channel_id;
  if (id.empty()) return refused(rpc_code::invalid_argument, "no channel ID provided");
  auto channel = s.site->channel(id);
  if (!channel && !msp_ids.empty()) return refused(rpc_code::unavailable, nobody_of(msp_ids));
  if (!channel) return refused(rpc_code::failed_precondition, no_metadata(p.parsed()->chaincode_name, id));
  auto call = enter(s);
  if (!call) return too_many(s);
  auto promise = self->make_response_promise<gateway_reply>();
  start_endorse_call(self, std::move(channel), p, msp_ids, promise, std::move(call));
  return promise;
}

client_gateway_actor::behavior_type gateway(gateway_self self, peer_ptr site) {
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
      [self](atom::evaluate, const signed_proposal& p) { return evaluate(self, p, {}); },
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
      [self](atom::evaluate, const signed_proposal& p, const std::vector<std::string>& msp_ids) { return evaluate(self, p, msp_ids); },
      [](atom::endorse, const std::shared_ptr<endorse_call>& call) { ask_endorsers_again(call); },
  };
}

}  // namespace

role_spec gateway_role(seat s, peer_ptr site) { return make_spec(std::move(s), &gateway, std::move(site)); }

}  // namespace weft::actors
