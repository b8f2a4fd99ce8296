// Inside rpc/: the methods of a server by their path, how many calls of each service are open, and what their calls are counted in.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "edge/rpc/server.hpp"

namespace weft::edge {

/// What a method's calls are counted in. Thread-safe.
class method_meter {
 public:
  void received() { received_.fetch_add(1, std::memory_order_relaxed); }
  void message_in() { in_.fetch_add(1, std::memory_order_relaxed); }
  void message_out() { out_.fetch_add(1, std::memory_order_relaxed); }
  void completed(std::int32_t code, std::chrono::steady_clock::duration took);
  void read(method_usage& out) const;

 private:
  std::atomic<std::uint64_t> received_{0}, in_{0}, out_{0}, nanos_{0};
  std::array<std::atomic<std::uint64_t>, method_usage::codes> completed_{};
  std::array<std::atomic<std::uint64_t>, method_usage::bounds.size() + 1> durations_{};
};

/// How many calls of a service are open.
struct gauge {
  std::atomic<std::size_t> open{0};
};

/// What each open call holds: it counts among the open ones of its service, and is booked when it ends.
struct call_seat {
  call_seat(std::shared_ptr<gauge> g, std::shared_ptr<method_meter> m) : of(std::move(g)), meter(std::move(m)) {}
  call_seat(const call_seat&) = delete;
  call_seat& operator=(const call_seat&) = delete;
  ~call_seat();
  std::shared_ptr<gauge> of;
  std::shared_ptr<method_meter> meter;
  const std::chrono::steady_clock::time_point begun = std::chrono::steady_clock::now();
  std::atomic<std::int32_t> code{0};
};
using seat_ptr = std::unique_ptr<call_seat>;

/// One method; exactly one of the handlers is there.
struct method {
  const service* of = nullptr;
  const unary_handler* unary = nullptr;
  const stream_handler* streaming = nullptr;
  std::shared_ptr<gauge> seats;
  std::shared_ptr<method_meter> meter;
};

/// All methods of a server. Does not change once it is made; thread-safe.
class method_table {
 public:
  explicit method_table(std::vector<service> services);
  method_table(const method_table&) = delete;
  method_table& operator=(const method_table&) = delete;

  /// "/gateway.Gateway/Evaluate"; null when there is none.
  [[nodiscard]] const method* find(const std::string& path) const;
  /// What a call holds while it is open, or why it is refused.
  struct admission {
    seat_ptr seat;
    actors::rpc_status refused;  ///< Not ok: the seat is to be given back at once.
  };
  [[nodiscard]] static admission admit(const method& m);
  [[nodiscard]] static actors::rpc_status unknown(const std::string& path);

  [[nodiscard]] std::size_t open_calls() const;
  [[nodiscard]] std::vector<method_usage> usage() const;

 private:
  const std::vector<service> services_;
  std::unordered_map<std::string, method> methods_;
  std::vector<std::shared_ptr<gauge>> gauges_;
};

}  // namespace weft::edge
