// A thread that serves connections: waits for sockets, deadlines and mail, and sends once a round what a round brought.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "edge/rpc/h2/connection.hpp"

namespace weft::edge::h2 {

class loop {
 public:
  /// Errors: `io`. `with` outlives the loop.
  [[nodiscard]] static result<std::unique_ptr<loop>> make(common& with);
  ~loop();
  loop(const loop&) = delete;
  loop& operator=(const loop&) = delete;

  /// Before start(): accepts from these sockets, which it then owns, and gives connections to `give`.
  [[nodiscard]] result<void> listen(std::vector<int> sockets, std::function<void(int fd)> give);
  void start();

  // From any thread.
  /// Takes a connected, non-blocking socket.
  void adopt(int fd);
  /// No new connections and calls from now on; the thread ends when no call is open, or after `grace`, which ends those that are.
  void stop(std::chrono::milliseconds grace);
  void join();

  // For connections.
  [[nodiscard]] time_point now() const noexcept { return now_; }
  [[nodiscard]] const std::shared_ptr<mailbox>& mail() const noexcept { return mail_; }
  void mark(connection& c) { dirty_.push_back(&c); }
  void watch_writable(const connection& c, bool on) const;
  [[nodiscard]] deadlines::iterator add_deadline(time_point at, exchange& e) { return deadlines_.emplace(at, &e); }
  void remove_deadline(deadlines::iterator at) { deadlines_.erase(at); }
  /// Ends the largest of the unfinished messages of this loop.
  void end_largest();
  [[nodiscard]] bytes& scratch() noexcept { return scratch_; }
  [[nodiscard]] std::vector<char>& receive_buffer() noexcept { return buffer_; }

 private:
  loop(common& with, int epoll, std::shared_ptr<mailbox> mail);
  void run();
  void round();
  [[nodiscard]] int patience();
  void accept_some(int socket);
  void take_in(int fd);
  /// Carries out what has come, and sends; false when there was nothing.
  bool work();
  void check_times();
  void bury();
  void close_listening();

  common& with_;
  const int epoll_;
  const std::shared_ptr<mailbox> mail_;
  std::vector<int> listening_;
  std::function<void(int)> give_;
  std::unordered_map<int, std::unique_ptr<connection>> connections_;
  std::vector<connection*> dirty_;
  deadlines deadlines_;
  time_point now_, next_check_ = time_point::max();
  std::optional<time_point> accept_again_;          ///< No descriptor was left.
  std::optional<time_point> stop_at_;
  mailbox::mail letters_;
  bytes scratch_;
  std::vector<char> buffer_;
  bool crowded_ = false;
  std::thread thread_;
};

}  // namespace weft::edge::h2
