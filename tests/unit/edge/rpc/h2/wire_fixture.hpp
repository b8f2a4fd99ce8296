// Our server in the clear, with a service that tests drive.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <condition_variable>
#include <future>
#include <mutex>

#include "edge/rpc/h2/server.hpp"
#include "tests/unit/edge/rpc/h2/wire_client.hpp"

namespace weft::testing {

class wire_server {
 public:
  explicit wire_server(const edge::h2::limits& bounds = {}, std::size_t calls_max = 10'000) {
    edge::service s{"t.T", calls_max, {}, {}};
    s.unary["Echo"] = [](const edge::unary_ptr& c) { c->answer(c->request() + c->metadata("suffix-bin")); };
    s.unary["Hold"] = [this](const edge::unary_ptr& c) {
      std::lock_guard lock(mutex_);
      held_.push_back(c);
      changed_.notify_all();
    };
    s.unary["Refuse"] = [](const edge::unary_ptr& c) {
      c->refuse(actors::status_of(actors::rpc_code::aborted, "50 % \xc3\xa9", {{"peer0", "Org1MSP", "one"}}));
    };
    s.streams["Pipe"] = [this](const edge::stream_ptr& out) { return std::make_unique<pipe>(*this, out); };
    std::vector<edge::service> services;
    services.push_back(std::move(s));
    auto started = edge::h2::start("127.0.0.1:0", std::move(services), {}, bounds);
    REQUIRE(started);
    running = std::move(*started);
  }
  ~wire_server() { stop(); }
  void stop(std::chrono::milliseconds grace = std::chrono::milliseconds(0)) {
    running->stop(grace);
    held_.clear();
  }
  [[nodiscard]] int port() const { return running->port(); }
  std::vector<edge::unary_ptr> wait_held(std::size_t n) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return held_.size() >= n; });
    return std::exchange(held_, {});
  }
  /// The stream that was opened last.
  edge::stream_ptr wait_stream() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stream_ != nullptr; });
    return std::exchange(stream_, nullptr);
  }
  /// Waits until what happened to streams has this line so often.
  void wait_event(const std::string& what, std::ptrdiff_t times = 1) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return std::count(events_.begin(), events_.end(), what) >= times; });
  }
  std::vector<std::string> events() {
    std::lock_guard lock(mutex_);
    return events_;
  }

  std::unique_ptr<edge::server> running;

 private:
  /// Tells what happens, and does nothing by itself.
  class pipe final : public edge::stream_events {
   public:
    pipe(wire_server& of, const edge::stream_ptr& out) : of_(of) {
      std::lock_guard lock(of_.mutex_);
      of_.stream_ = out;
      of_.changed_.notify_all();
    }
    void message(bytes content) override { of_.tell("message " + content.substr(0, 20)); }
    void no_more_messages() override { of_.tell("no more"); }
    void written() override { of_.tell("written"); }
    void cancelled() override { of_.tell("cancelled"); }
    void closed() override { of_.tell("closed"); }

   private:
    wire_server& of_;
  };
  void tell(std::string what) {
    std::lock_guard lock(mutex_);
    events_.push_back(std::move(what));
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<edge::unary_ptr> held_;
  edge::stream_ptr stream_;
  std::vector<std::string> events_;
};

}  // namespace weft::testing
