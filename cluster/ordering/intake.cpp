#include "cluster/ordering/intake.hpp"

#include <utility>

#include "cluster/raft/planted.hpp"

namespace weft::cluster {

bool is_config(const ledger::envelope& e) {
  return e.header() && e.header()->type == static_cast<std::int32_t>(ledger::header_type::config);
}

void intake::take(ledger::envelope e, std::uint64_t sequence, std::uint64_t ticket, std::vector<intake_effect>& out) {
  const auto size = e.size();
  if (count_ >= bounds_.pending_max || bytes_ + size > bounds_.pending_bytes_max) {
    out.emplace_back(verdict_for{ticket, {status_unavailable, "the ordering queue is full; back off and retry"}});
    return;
  }
  ++count_;
  bytes_ += size;
  if (reconfiguring_) {
    held_.push_back({std::move(e), sequence, ticket});
    return;
  }
  admit(std::move(e), sequence, ticket, out);
}

/// `e` is counted already.
void intake::admit(ledger::envelope e, std::uint64_t sequence, std::uint64_t ticket, std::vector<intake_effect>& out) {
  if (sequence < rules_.sequence()) {  // the configuration moved on while the envelope waited
    auto judged = rules_.judge_again(e);
    if (judged.verdict.status != status_success) return refuse(e, ticket, std::move(judged.verdict), out);
    bytes_ -= e.size();
    e = std::move(judged.config);
    bytes_ += e.size();
  }
  if (is_config(e)) {
    carry(cutter_.step(config_follows{}), out);
    std::vector<cut_item> alone;
    alone.push_back({std::move(e), ticket});
    reconfiguring_ = !planted(mistake::two_changes);
    return leave(std::move(alone), true, out);
  }
  carry(cutter_.step(submit{{std::move(e), ticket}}), out);
}

void intake::refuse(const ledger::envelope& e, std::uint64_t ticket, admission why, std::vector<intake_effect>& out) {
  --count_;
  bytes_ -= e.size();
  out.emplace_back(verdict_for{ticket, std::move(why)});
}

void intake::carry(std::vector<cut_effect> effects, std::vector<intake_effect>& out) {
  for (auto& effect : effects) {
    if (auto* cut = std::get_if<emit_batch>(&effect)) {
      leave(std::move(cut->items), false, out);
    } else if (auto* timer = std::get_if<start_timer>(&effect)) {
      out.emplace_back(*timer);
    } else {
      out.emplace_back(std::get<look_again>(effect));
    }
  }
}

void intake::leave(std::vector<cut_item> items, bool config, std::vector<intake_effect>& out) {
  batch b;
  b.config = config;
  b.envelopes.reserve(items.size());
  b.tickets.reserve(items.size());
  for (auto& item : items) {
    b.bytes += item.tx.size();
    b.envelopes.push_back(std::move(item.tx));
    b.tickets.push_back(item.ticket);
  }
  out.emplace_back(std::move(b));
}

void intake::done(const batch& b, std::vector<intake_effect>& out) {
  count_ -= b.tickets.size();
  bytes_ -= b.bytes;
  if (!b.config) return;
  reconfiguring_ = false;
  cutter_.reconfigure(rules_.limits());
  auto held = std::exchange(held_, {});
  while (!held.empty() && !reconfiguring_) {
    auto h = std::move(held.front());
    held.pop_front();
    admit(std::move(h.tx), h.sequence, h.ticket, out);
  }
  held_ = std::move(held);  // behind the next CONFIG among them
}

std::vector<std::uint64_t> intake::discard() {
  std::vector<std::uint64_t> tickets;
  const auto forget = [&](const ledger::envelope& e, std::uint64_t ticket) {
    tickets.push_back(ticket);
    bytes_ -= e.size();
    --count_;
  };
  for (const auto& item : cutter_.drop()) forget(item.tx, item.ticket);
  for (const auto& h : std::exchange(held_, {})) forget(h.tx, h.ticket);
  return tickets;
}

}  // namespace weft::cluster
