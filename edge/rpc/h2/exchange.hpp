// One call between a connection, which lives on a loop, and a service, which answers from any thread.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "edge/rpc/h2/guards.hpp"
#include "edge/rpc/h2/mailbox.hpp"
#include "edge/rpc/h2/message_reader.hpp"
#include "edge/rpc/h2/request_head.hpp"
#include "edge/rpc/methods.hpp"

namespace weft::edge::h2 {

class connection;
class exchange;
using deadlines = std::multimap<time_point, exchange*>;

/// What a service may ask about its call. Does not change.
struct call_facts {
  request_head::pairs metadata;
  std::optional<time_point> deadline;
  std::shared_ptr<const std::string> client_certificate;  ///< PEM; null: none.
};

/// The loop's side of one call. Virtual functions are called by the loop's thread, one at a time.
class exchange : public std::enable_shared_from_this<exchange> {
 public:
  /// Used by the loop's thread only.
  struct line {
    explicit line(std::size_t message_bytes_max) : reader(message_bytes_max) {}
    connection* at = nullptr;            ///< Null: the stream is closed.
    std::int32_t id = 0;
    seat_ptr seat;
    message_reader reader;
    std::size_t counted = 0;             ///< Of `reader`, in the server's sum of unread bytes.
    std::size_t unconsumed = 0;          ///< Bytes that came unasked: the client's window opens again when the service asks.
    bool wants = false;                  ///< The service has asked for a message.
    bool body_over = false, said_no_more = false;
    std::deque<bytes> out;               ///< Messages on their way; the first has left up to out_at, prefix included.
    std::size_t out_at = 0;
    bool responded = false, deferred = false, ended = false;
    actors::rpc_status end;
    std::optional<deadlines::iterator> deadline;
  };

  exchange(call_facts facts, std::shared_ptr<mailbox> to, std::size_t message_bytes_max) : own(message_bytes_max), facts_(std::move(facts)), to_(std::move(to)) {}
  virtual ~exchange() = default;
  exchange(const exchange&) = delete;
  exchange& operator=(const exchange&) = delete;

  /// The service may be told; called once, before everything else.
  virtual void begin() = 0;
  virtual void message(bytes content) = 0;
  virtual void no_more_messages() = 0;
  virtual void written() = 0;
  /// The call is over without its service's doing; `closed` follows.
  virtual void cut() = 0;
  virtual void closed() = 0;
  /// Carries out what the service has posted.
  virtual void turn() = 0;
  [[nodiscard]] const call_facts& facts() const noexcept { return facts_; }

  line own;

 protected:
  void post() { to_->post(shared_from_this()); }

 private:
  const call_facts facts_;
  const std::shared_ptr<mailbox> to_;
};

class unary_exchange final : public exchange {
 public:
  unary_exchange(call_facts facts, std::shared_ptr<mailbox> to, std::size_t message_bytes_max, const unary_handler& handler)
      : exchange(std::move(facts), std::move(to), message_bytes_max), handler_(handler) {}
  void begin() override { own.wants = true; }
  void message(bytes content) override;
  void no_more_messages() override;
  void written() override {}
  void cut() override { open_.store(false); }
  void closed() override {}
  void turn() override;

  // From any thread.
  [[nodiscard]] bool open() const noexcept { return open_.load(); }
  [[nodiscard]] const bytes& request() const noexcept { return request_; }
  void answer(bytes response);
  void refuse(const actors::rpc_status& status);

 private:
  const unary_handler& handler_;
  bytes request_;
  std::atomic<bool> open_{true};
  bytes response_;               ///< Written by the one who closed `open_`, read behind the mailbox.
  actors::rpc_status status_;
};

class stream_exchange final : public exchange, public stream {
 public:
  stream_exchange(call_facts facts, std::shared_ptr<mailbox> to, std::size_t message_bytes_max, const stream_handler& handler)
      : exchange(std::move(facts), std::move(to), message_bytes_max), handler_(handler) {}
  void begin() override;
  void message(bytes content) override { events_->message(std::move(content)); }
  void no_more_messages() override { events_->no_more_messages(); }
  void written() override { events_->written(); }
  void cut() override;
  void closed() override;
  void turn() override;

  // From any thread.
  [[nodiscard]] std::string metadata(const std::string& key) const override { return find(facts().metadata, key); }
  [[nodiscard]] std::string client_certificate() const override { return facts().client_certificate ? *facts().client_certificate : std::string(); }
  void read() override;
  void write(bytes message) override;
  void finish(const actors::rpc_status& status) override;

 private:
  void post_once(std::unique_lock<std::mutex> lock);

  const stream_handler& handler_;
  std::unique_ptr<stream_events> events_;
  std::mutex mutex_;
  bool posted_ = false, over_ = false, read_ = false;
  std::deque<bytes> pending_;
  std::optional<actors::rpc_status> end_;
};

}  // namespace weft::edge::h2
