// The tunnel: one link to each other node, over a carrier, each ending in a socket pair whose other end is given away (to BASP).
// What a stranger can do here is all that a stranger can do to a node: open a few connections, and have them closed.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "actors/remoting/carrier.hpp"
#include "actors/remoting/descriptor.hpp"
#include "actors/remoting/dialling.hpp"
#include "actors/remoting/frame_guard.hpp"
#include "actors/remoting/log_pace.hpp"

namespace weft::actors::remoting {

struct tunnel_limits {
  std::chrono::milliseconds handshake{5000};   ///< From the first packet to admission, however busy the stranger is meanwhile.
  std::chrono::milliseconds heartbeat{100};    ///< A tunnel that has sent nothing for so long says that it is there.
  std::chrono::milliseconds silence{800};      ///< A link over which nothing came for so long is cut: the host is frozen, or the way to it.
  std::chrono::milliseconds hung{10'000};      ///< The same for BASP's own bytes, which come every 100 ms unless its thread is at work or hangs.
  std::chrono::milliseconds stall{10'000};      ///< A link that took nothing of what waited to be sent for so long is cut. It may be busy with a large message.
  std::size_t buffer = 256 * KiB;              ///< Each way. When it is full, the side it comes from is not read.
  std::size_t payload_max = 101 * MiB;         ///< Of one BASP frame: message_bytes_max and what is around it.
  std::size_t strangers_max = 64;              ///< Connections that are not admitted yet. One more: the oldest is closed.
  std::size_t strangers_per_source_max = 8;    ///< The same from one address. One more: it is closed.
  pauses redial;
};

struct tunnel_peer {
  std::string address;
  bool dial = false;                           ///< Exactly one of two nodes dials the other (see dials()).
};
/// Of two nodes the one whose name sorts first dials, so that there is never more than one link between them.
[[nodiscard]] inline bool dials(const std::string& self, const std::string& other) { return self < other; }

/// What a fault plan may do to the links of a node.
enum class link_fault : std::uint8_t {
  none,
  cut,     ///< Closed, not dialled, not admitted: a refused route.
  frozen,  ///< Nothing is read or written, nothing is closed: a host that hangs, or a route that swallows packets.
};

struct link_event {
  std::string peer;
  std::uint64_t serial = 0;                    ///< Of the link; grows.
  bool up = false;
  bool dialled = false;                        ///< We called. The other side speaks first (BASP's server).
  descriptor socket;                           ///< Up: our node's end of the link, non-blocking.
  std::string why;                             ///< Down: the reason, for logs.
};

struct link_report {
  bool up = false;
  std::uint64_t links = 0;                     ///< How often it came up.
  std::uint64_t bytes_in = 0, bytes_out = 0, frames_dropped = 0;
  std::string last_failure;                    ///< Why it is down, or was last.
  std::uint64_t twins = 0;                     ///< Connections of other processes that claim to be this node while it is linked; they were refused.
  std::string twin;                            ///< The last of them, in words, until it has not called for a while.
};
struct tunnel_report {
  std::map<std::string, link_report> peers;
  std::uint64_t strangers_refused = 0;         ///< Connections that were closed before they were admitted, for whatever reason.
  std::uint64_t strangers_now = 0;
};

struct tunnel_settings {
  std::string self;
  bytes own_mark;                              ///< This process, as BASP writes it (frame_guard.hpp).
  std::map<std::string, tunnel_peer> peers;
  tunnel_limits limits;
  std::shared_ptr<random_source> random;
  std::function<steady_time()> now = [] { return std::chrono::steady_clock::now(); };
};

/// Everything happens in turn(), which either the tunnel's own thread calls (start) or a test. Other members are thread-safe but for start and stop.
class tunnel {
 public:
  using listener_fn = std::function<void(link_event)>;
  /// `tell` is called from turn(), must not block and must not call the tunnel back but for the thread-safe members.
  tunnel(tunnel_settings settings, std::unique_ptr<carrier> over, listener_fn tell);
  ~tunnel();
  tunnel(const tunnel&) = delete;

  /// False when it runs already, or has been stopped.
  bool start();
  /// Closes every link and the listener. Idempotent. Afterwards nothing is told any more.
  void stop();
  /// Waits for events at most so long, and handles them.
  void turn(std::chrono::milliseconds at_most);

  /// Ends the link of that serial, if it is still the peer's; it is dialled again like any other that ended.
  void reset(const std::string& peer, std::uint64_t serial, const std::string& why);
  void reset_all(const std::string& why);
  void set_fault(const std::string& peer, link_fault fault);
  /// The node whose link is with this process (as BASP writes its id), if there is one.
  [[nodiscard]] std::string peer_of(bytes_view mark) const;
  [[nodiscard]] tunnel_report report() const;
  [[nodiscard]] const std::string& address() const;

 private:
  struct connection;
  struct peer_state;
  enum class side : std::uint8_t { far, near };

  void run_commands();
  void post(std::function<void()> command);
  [[nodiscard]] int next_wait(std::chrono::milliseconds at_most);
  void welcome();
  void take(arrival a);
  void dial_due();
  void dial(const std::string& name, peer_state& p);
  void add(std::unique_ptr<connection> c);
  void pump(connection& c);
  [[nodiscard]] result<bool> advance(connection& c);
  void admitted(connection& c);
  [[nodiscard]] result<void> open(connection& c);
  [[nodiscard]] result<bool> read_greeting(connection& c);
  [[nodiscard]] result<bool> move_inward(connection& c);
  [[nodiscard]] result<bool> move_outward(connection& c);
  [[nodiscard]] result<void> learn_mark(connection& c);
  void watch(connection& c, side s, unsigned wanted);
  void update_interest(connection& c);
  void check_deadlines();
  [[nodiscard]] std::string overdue(connection& c) const;
  void close(connection& c, const std::string& why);
  void note_stranger(const connection& c, const std::string& why);
  void note_refusal(const connection& c, const std::string& why);
  void refuse_twin(connection& c, peer_state& p);
  void note_twins();

  tunnel_settings settings_;
  std::unique_ptr<carrier> carrier_;
  std::string address_;
  listener_fn tell_;
  descriptor poll_, bell_;
  std::thread thread_;
  std::atomic<bool> stopping_{false};

  steady_time now_{}, next_check_{}, listen_again_{};
  log_pace strangers_pace_, refusals_pace_, twins_pace_;
  bool listening_ = false;
  std::uint64_t serials_ = 0;
  std::unordered_map<std::uint64_t, std::unique_ptr<connection>> connections_;
  std::map<std::string, peer_state> peers_;
  std::vector<std::uint64_t> unfinished_;      ///< Connections with more to do than one turn allows.
  std::vector<char> scratch_;

  mutable std::mutex mutex_;                   ///< Of what follows.
  std::vector<std::function<void()>> commands_;
  std::map<bytes, std::string, std::less<>> marks_;
  tunnel_report report_;
};

}  // namespace weft::actors::remoting
