// Everything between a peer's simulations and its contracts outside: which package has a stream, which transactions run on it, which wait, what is
// dialled, what takes too long. Pure: events and the time in, effects out, so that tests replay hours of misbehaviour without a socket.
//
// A package is reached in one of two ways: the peer dials the service that its connection describes, when a call comes and no stream is there, or the
// contract registers by itself. From REGISTER on both are the same. A stream that is lost fails what runs on it; what comes next dials anew.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "chaincode/lifecycle/connection.hpp"
#include "chaincode/shim/requests.hpp"
#include "chaincode/shim/stream.hpp"
#include "chaincode/simulation/suspended.hpp"

namespace weft::chaincode::shim {

using instant = std::chrono::steady_clock::time_point;
using link_id = std::uint64_t;  ///< One stream of this peer, dialled or accepted; never used twice.
using ticket = std::uint64_t;   ///< One simulation, chosen by whoever asks for it; never used twice.

struct switchboard_options {
  std::chrono::milliseconds execute_timeout{30'000};   ///< From a call until the contract's end (interop/05 §1), waiting for a place included.
  std::chrono::milliseconds register_timeout{10'000};  ///< From an open stream until REGISTER.
  std::chrono::milliseconds launch_timeout{10'000};    ///< How long calls wait for a contract that registers by itself.
  std::chrono::milliseconds redial_pause{100};         ///< Between two attempts within a connection's dial_timeout.
  std::size_t simulations_max = 2'500;                 ///< At once; beyond: busy.
  std::size_t waiting_max = 1'000;                     ///< Calls that wait for one package; beyond: busy.
  std::size_t accepted_max = 128;                      ///< Streams of contracts that dialled us.
  std::size_t last_words_max = 4 * KiB;                ///< Of a contract's log, in the answer to its caller.
  std::size_t remarks_max = 20;                        ///< Lines in the log for one stream's oddities.
  stream_options stream;
  request_limits requests;
};

/// What the switchboard asks its surroundings. Must not block.
struct surroundings {
  /// How a package's service is reached; nothing: it registers by itself.
  std::function<std::optional<connection>(const std::string& package_id)> connection_of;
  /// The end of what a package's process has written; may be empty, and so may the function.
  std::function<std::string(const std::string& package_id)> last_words;
  /// Whether a package may register here; none: every one may.
  std::function<bool(const std::string& package_id)> may_register;
  /// How a contract that is not here yet could be started, for error texts; may be empty, and so may the function.
  std::function<std::string(const std::string& package_id)> how_to_start;
};

/// A simulation that was started and waits for an external contract, and what it said last.
struct simulate_job {
  ticket id = 0;
  std::unique_ptr<simulation> sim;
  simulation_step step;
  std::shared_ptr<const void> keep_alive;  ///< Of what its context borrows.
};
struct link_up {
  link_id link;  ///< A dialled stream is open.
};
/// A stream is over, or could not be opened.
struct link_down {
  link_id link;
  std::string why;
};
struct link_message {
  link_id link;
  bytes raw;
};
struct time_passes {};
using board_event = std::variant<simulate_job, link_up, link_down, link_message, time_passes>;

/// Open a stream to a service. link_up or link_down is due within `patience`.
struct dial {
  link_id link;
  std::string package_id;
  connection to;
  std::chrono::milliseconds patience;
};
struct send_message {
  link_id link;
  bytes raw;
};
/// The next message may come: one at a time, so that a contract cannot flood its peer.
struct read_more {
  link_id link;
};
struct close_link {
  link_id link;
  std::string why;
};
struct simulated {
  ticket id;
  result<simulation_result> outcome;
};
struct log_line {
  std::string text;
};
using board_effect = std::variant<dial, send_message, read_more, close_link, simulated, log_line>;
using board_effects = std::vector<board_effect>;

class switchboard {
 public:
  switchboard(switchboard_options options, surroundings around);
  ~switchboard();
  switchboard(const switchboard&) = delete;
  switchboard& operator=(const switchboard&) = delete;

  [[nodiscard]] board_effects step(board_event event, instant now);
  /// A contract has dialled this peer. `only_as`: the package that it may register as, if that is known already. Nothing: too many have dialled.
  [[nodiscard]] std::optional<link_id> accept(instant now, std::string only_as = {});
  /// When `time_passes` is wanted at the latest; nothing while nothing can expire.
  [[nodiscard]] std::optional<instant> next_deadline() const;

  [[nodiscard]] std::size_t simulations() const noexcept { return jobs_.size(); }
  [[nodiscard]] std::size_t links() const noexcept { return links_.size(); }
  [[nodiscard]] bool connected(const std::string& package_id) const;

 private:
  struct run;      // one frame: where it runs, or that it waits
  struct job;      // one simulation with its runs, innermost last
  struct wire;     // one stream
  struct service;  // one package
  using run_id = std::pair<ticket, std::size_t>;

  void on(simulate_job e);
  void on(link_up e);
  void on(link_down e);
  void on(link_message e);
  void on(time_passes);

  // simulations
  void advance(job& j, simulation_step step);
  std::optional<error> place(run& r);
  void start(run& r, service& s, wire& w);
  void end_run(run_id id, frame_outcome outcome);
  void drop_runs(job& j, std::size_t from);
  [[nodiscard]] run* find(run_id id);
  // packages
  service& service_of(const std::string& package_id);
  void pump(service& s);
  void begin_dial(service& s);
  void attempt(service& s);
  void fail_waiting(service& s, const std::string& why);
  [[nodiscard]] static std::string not_reached(const service& s);
  [[nodiscard]] std::string not_registered(const std::string& package_id) const;
  // streams
  void carry_out(link_id link, stream_effects effects);
  void carry_out(link_id link, message request);
  void registered(link_id link, const std::string& package_id);
  void end_link(link_id link, const std::string& why);
  void lost(link_id link, const std::string& why);
  void remark_on(wire& w, const std::string& text);

  [[nodiscard]] std::string with_last_words(std::string text, const std::string& package_id) const;

  switchboard_options options_;
  surroundings around_;
  instant now_{};
  board_effects out_;
  link_id links_made_ = 0;
  std::map<ticket, std::unique_ptr<job>> jobs_;
  std::map<link_id, std::unique_ptr<wire>> links_;
  std::map<std::string, std::unique_ptr<service>> services_;
  std::set<std::tuple<instant, ticket, std::size_t>> deadlines_;  ///< Of runs.
};

}  // namespace weft::chaincode::shim
