// A raft consenter's shell: envelopes, ordered here or sent on to the leader.
#include "actors/orderer/raft_shell.hpp"

namespace weft::actors::raft_shell {

namespace raft = cluster::raft;

namespace {

void submit(raft_self self, const ledger::envelope& e, std::uint64_t sequence, answer_fn answer) {
  auto& s = self->state;
  if (!s.chain) return answer({cluster::status_unavailable, s.not_open});
  s.timing.last_submit = self->clock().now();
  const auto ticket = s.waiting.issue(std::move(answer));
  if (const auto done = s.chain->submit(e, sequence, ticket); !done) give_up(self, done.error().context);
}

/// The leader, if it is another one and can be reached.
const raft_consenter_actor* leader_elsewhere(raft_self self) {
  auto& s = self->state;
  if (!s.chain || s.chain->leads() || s.chain->retired()) return nullptr;
  const auto other = s.others.find(s.chain->leader());
  if (other == s.others.end()) return nullptr;
  const auto& handle = find(self, other->second);
  return handle ? &handle : nullptr;
}

/// A follower's front let these in: the leader orders them.
template <class Promise, class Convert>
void forward(raft_self self, const raft_consenter_actor& leader, std::vector<ledger::envelope> all, std::uint64_t sequence, Promise promise, Convert convert) {
  auto& s = self->state;
  const auto count = all.size();
  auto refuse = [promise, convert, count](const std::string& why) mutable {
    promise.deliver(convert(std::vector<broadcast_reply>(count, {cluster::status_unavailable, why})));
  };
  if (s.forwarded + count > s.site->options.orderer_pending_max) return refuse("the ordering queue is full; back off and retry");
  s.forwarded += count;
  const auto found = s.others.find(s.chain->leader());
  const auto name = found == s.others.end() ? std::string{} : found->second.member;
  self->ask(leader, s.site->options.broadcast_timeout, atom::forward::value, std::move(all), sequence)
      .then(
          [self, promise, convert, count, name](const std::vector<broadcast_reply>& r) mutable {
            self->state.forwarded -= count;
            auto replies = r.size() == count ? r : std::vector<broadcast_reply>(count, {cluster::status_internal, "no answer"});
            for (auto& reply : replies) if (reply.status == cluster::status_success) reply.leader = name;
            promise.deliver(convert(replies));
          },
          [self, refuse, count](const caf::error& e) mutable {
            self->state.forwarded -= count;
            refuse(e == caf::sec::request_timeout ? "the Raft leader did not order the message in time"
                                                  : "the Raft leader stopped; the message may or may not be ordered");
          });
}

}  // namespace

caf::result<std::vector<broadcast_reply>> order_here(raft_self self, const std::vector<ledger::envelope>& all, std::uint64_t sequence) {
  auto reply = take_all(self, all, [&](const auto& e, answer_fn answer) { submit(self, e, sequence, std::move(answer)); });
  carry_out(self);
  return reply;
}

caf::result<broadcast_reply> order(raft_self self, const ledger::envelope& e, std::uint64_t sequence) {
  if (const auto* leader = leader_elsewhere(self)) {
    auto promise = self->make_response_promise<broadcast_reply>();
    forward(self, *leader, {e}, sequence, promise, [](const std::vector<broadcast_reply>& r) { return r.front(); });
    return promise;
  }
  auto reply = take_one(self, e, [&](const auto& x, answer_fn answer) { submit(self, x, sequence, std::move(answer)); });
  carry_out(self);
  return reply;
}

caf::result<std::vector<broadcast_reply>> order_all(raft_self self, const std::vector<ledger::envelope>& all, std::uint64_t sequence) {
  const auto* leader = all.empty() ? nullptr : leader_elsewhere(self);
  if (!leader) return order_here(self, all, sequence);
  auto promise = self->make_response_promise<std::vector<broadcast_reply>>();
  forward(self, *leader, all, sequence, promise, [](const std::vector<broadcast_reply>& r) { return r; });
  return promise;
}

}  // namespace weft::actors::raft_shell
