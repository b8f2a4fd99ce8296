// Clients that retry at another node, and an administrator who changes the consenters.
#include "tests/sim/envelopes.hpp"
#include "tests/sim/world.hpp"

namespace weft::sim {

using namespace cluster;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t config_requests = 1'000'000;  // the administrator's requests have numbers from here on

constexpr std::uint64_t ticket_of(std::uint32_t request, std::uint32_t attempt) { return std::uint64_t{attempt} << 32 | request; }
constexpr std::uint32_t request_of(std::uint64_t ticket) { return static_cast<std::uint32_t>(ticket); }
constexpr std::uint32_t attempt_of(std::uint64_t ticket) { return static_cast<std::uint32_t>(ticket >> 32); }

}  // namespace

/// Each attempt at another node; a timeout ends it.
void world::ask(std::uint32_t request) {
  auto& c = clients_[request];
  if (c.attempts++ > 0) ++figures_.retries;
  unsigned to = any_node();
  if (to == c.asked) to = any_node();
  c.asked = to;
  auto e = event::of(event::what::request, 0, ticket_of(request, c.attempts));
  e.node = static_cast<std::uint8_t>(to);
  time_.after(random_.between(100us, 1ms), e);
  // Longer each time: a channel that is behind must not be buried under copies.
  time_.after(random_.between(250ms, 400ms) * std::min(c.attempts, 5u), event::of(event::what::retry, request, c.attempts));
}

ledger::envelope world::envelope_for(std::uint32_t request, const orderer& at) const {
  if (request < config_requests) return transaction(request);
  return make_config({text_of(changes_[request - config_requests]), at.shelf()->config_sequence()});
}

/// A request has reached a node, or was passed on to the leader.
void world::asked(unsigned to, std::uint64_t ticket, bool forwarded) {
  auto& n = node(to);
  if (!n.up()) return answer(to, ticket, false, "nobody listens");
  if (n.frozen) return;  // the client's timeout
  if (!n.leads() && !forwarded && n.told_leader != 0 && n.told_leader != to) {
    const auto leader = static_cast<unsigned>(n.told_leader);
    if (leader > count_) return answer(to, ticket, false, "a leader that nobody knows");
    net_->send(to, leader, packet{{}, ticket, true}, [&](instant delay, auto parcel) { time_.after(delay, event::of(event::what::arrival, parcel)); });
    return;
  }
  n.submit(envelope_for(request_of(ticket), n), ticket);
}

void world::answer(unsigned from, std::uint64_t ticket, bool success, const char* why) {
  const auto request = request_of(ticket);
  if (success) {
    if (request < config_requests) promises_.acknowledged(request);
    note(from, "acknowledges request {}", request);
  } else {
    note(from, "refuses request {}", request);
  }
  static_cast<void>(why);
  if (request >= config_requests || (!healed_ && random_.percent(1))) return;  // some replies are lost while it hurts
  time_.after(random_.between(100us, 1ms), event::of(event::what::reply, request, std::uint64_t{attempt_of(ticket)} << 1 | (success ? 1 : 0)));
}

void world::replied(std::uint32_t request, std::uint32_t attempt, bool success) {
  auto& c = clients_[request];
  if (c.done) return;
  if (success) {
    c.done = true;
    --open_requests_;
  } else if (attempt == c.attempts) {
    time_.after(random_.between(2ms, 20ms), event::of(event::what::retry, request, c.attempts));
  }
}

std::string world::text_of(const planned_change& c) const {
  return std::string(c.learns_first ? "l" : c.adds ? "v" : c.rotates ? "u" : "r") + std::to_string(c.node);
}

/// Asks until the change is in the chain.
void world::administer(planned_change& c, std::uint32_t place) {
  if (c.done) return;
  if (c.node == 0) {  // whom to remove, or whose certificate to rotate
    std::vector<unsigned> members;
    for (unsigned n = 1; n <= count_; ++n)
      if (member_[n]) members.push_back(n);
    for (const auto& other : changes_) std::erase(members, other.node);
    const auto l = leading();
    c.node = l != 0 && random_.percent(30) && std::count(members.begin(), members.end(), l) != 0 ? l : random_.pick(members);
  }
  if (c.adds && !node(c.node).exists) node(c.node).start();
  if (c.files_first && c.attempts == 0) {
    node(c.node).takes_new_certificate();
    crash(c.node, false);
    disconnect_from(c.node);
    restart_later(c.node);
  }
  ++c.attempts;
  const auto l = leading();
  const auto to = l != 0 && random_.percent(50) ? l : any_node();
  if (node(to).up()) asked(to, ticket_of(config_requests + place, c.attempts), false);
  time_.after(random_.between(100ms, 300ms), event::of(event::what::admin, place));
}

}  // namespace weft::sim
