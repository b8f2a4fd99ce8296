// What a consenter takes, holds back and cuts into batches, whoever decides the order afterwards.
#pragma once

#include <deque>
#include <unordered_map>
#include <variant>
#include <vector>

#include "cluster/ordering/block_cutter.hpp"
#include "cluster/ordering/config_admission.hpp"

namespace weft::cluster {

/// The channel's configuration, as far as ordering depends on it. In production it looks into the bundle that is in force; called by the owner of
/// the intake only.
class channel_rules {
 public:
  virtual ~channel_rules() = default;
  [[nodiscard]] virtual cut_limits limits() const = 0;
  [[nodiscard]] virtual std::uint64_t sequence() const = 0;
  /// Judges again what was admitted under an older configuration. A CONFIG is made anew from its update.
  [[nodiscard]] virtual config_admission judge_again(const ledger::envelope& e) const = 0;
};

/// True for a CONFIG transaction, which travels alone.
[[nodiscard]] bool is_config(const ledger::envelope& e);

/// Everything beyond is refused with SERVICE_UNAVAILABLE.
struct intake_bounds {
  std::size_t pending_max = 20'000;
  std::size_t pending_bytes_max = 128 * MiB;
};

/// A closed batch: one block's worth.
struct batch {
  std::vector<ledger::envelope> envelopes;
  std::vector<std::uint64_t> tickets;  ///< Of the same length.
  std::size_t bytes = 0;
  bool config = false;
};
/// What became of a ticket.
struct verdict_for {
  std::uint64_t ticket = 0;
  admission what;
};
using intake_effect = std::variant<batch, verdict_for, start_timer, look_again>;

/// Takes envelopes under tickets, in arrival order. A CONFIG cuts what waits, leaves alone, and holds everything behind it until the new
/// configuration is in force: only that can judge it.
/// Invariants: every ticket leaves in exactly one batch, verdict or `discard`; what is taken is counted against the bounds until `done`.
/// Threads: none of its own.
class intake {
 public:
  intake(const channel_rules& rules, intake_bounds bounds) : rules_(rules), bounds_(bounds), cutter_(rules.limits()) {}

  /// Takes an envelope that passed the filters under configuration `sequence`. Refusals are effects, too.
  void take(ledger::envelope e, std::uint64_t sequence, std::uint64_t ticket, std::vector<intake_effect>& out);
  void on(timer_fired event, std::vector<intake_effect>& out) { carry(cutter_.step(event), out); }
  void on(downstream_idle event, std::vector<intake_effect>& out) { carry(cutter_.step(event), out); }
  /// The batch is decided or given up: its bytes no longer count. A config batch: the rules are the new ones, and what was held is judged by them.
  void done(const batch& b, std::vector<intake_effect>& out);
  /// The configuration has changed without a batch of this intake.
  void renew() { cutter_.reconfigure(rules_.limits()); }
  /// Forgets everything that waits here; the tickets are the caller's to answer. Batches that have left are still to be `done`.
  [[nodiscard]] std::vector<std::uint64_t> discard();

  /// Envelopes that a cut would take.
  [[nodiscard]] std::size_t waiting() const noexcept { return cutter_.pending(); }
  [[nodiscard]] const cut_limits& limits() const noexcept { return cutter_.limits(); }

 private:
  struct held_envelope {
    ledger::envelope tx;
    std::uint64_t sequence = 0, ticket = 0;
  };
  void admit(ledger::envelope e, std::uint64_t sequence, std::uint64_t ticket, std::vector<intake_effect>& out);
  void carry(std::vector<cut_effect> effects, std::vector<intake_effect>& out);
  void leave(std::vector<cut_item> items, bool config, std::vector<intake_effect>& out);
  void refuse(const ledger::envelope& e, std::uint64_t ticket, admission why, std::vector<intake_effect>& out);

  const channel_rules& rules_;
  intake_bounds bounds_;
  block_cutter cutter_;
  std::size_t count_ = 0, bytes_ = 0;      ///< Of everything that was taken and is not done.
  bool reconfiguring_ = false;             ///< A CONFIG is on its way.
  std::deque<held_envelope> held_;         ///< Behind it.
};

}  // namespace weft::cluster
