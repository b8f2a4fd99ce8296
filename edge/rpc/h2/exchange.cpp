#include "edge/rpc/h2/exchange.hpp"

#include "edge/rpc/h2/connection.hpp"

namespace weft::edge::h2 {

using actors::rpc_code;
using actors::status_of;

namespace {

/// What handlers hold. The connection holds the exchange too, but not this: so dropping it answers.
class handed_call final : public unary_call {
 public:
  explicit handed_call(std::shared_ptr<unary_exchange> call) : call_(std::move(call)) {}
  ~handed_call() override {
    if (call_->open()) call_->refuse(status_of(rpc_code::unavailable, "the role that held the call is gone; try again"));
  }
  [[nodiscard]] const bytes& request() const override { return call_->request(); }
  [[nodiscard]] std::string metadata(const std::string& key) const override { return find(call_->facts().metadata, key); }
  [[nodiscard]] std::optional<std::chrono::milliseconds> time_left() const override {
    const auto& deadline = call_->facts().deadline;
    if (!deadline) return std::nullopt;
    const auto left = *deadline - std::chrono::steady_clock::now();  // set by the same clock when the call came
    return std::max(std::chrono::milliseconds(0), std::chrono::duration_cast<std::chrono::milliseconds>(left));
  }
  [[nodiscard]] bool open() const override { return call_->open(); }
  void answer(bytes response) override { call_->answer(std::move(response)); }
  void refuse(const actors::rpc_status& status) override { call_->refuse(status); }

 private:
  const std::shared_ptr<unary_exchange> call_;
};

}  // namespace

// ---- calls with one answer

void unary_exchange::message(bytes content) {
  request_ = std::move(content);
  handler_(std::make_shared<handed_call>(std::static_pointer_cast<unary_exchange>(shared_from_this())));
}

void unary_exchange::no_more_messages() { refuse(status_of(rpc_code::invalid_argument, "the call carried no message")); }

void unary_exchange::answer(bytes response) {
  if (!open_.exchange(false)) return;
  response_ = std::move(response);
  post();
}

void unary_exchange::refuse(const actors::rpc_status& status) {
  if (!open_.exchange(false)) return;
  status_ = status;
  post();
}

void unary_exchange::turn() {
  if (own.at == nullptr || own.ended) return;
  if (status_.ok()) own.at->write(*this, std::move(response_));
  own.at->end(*this, status_);
}

// ---- streams

void stream_exchange::begin() { events_ = handler_(std::static_pointer_cast<stream_exchange>(shared_from_this())); }

void stream_exchange::cut() {
  {
    std::lock_guard lock(mutex_);
    over_ = true;
    pending_.clear();
  }
  events_->cancelled();
}

void stream_exchange::closed() {
  {
    std::lock_guard lock(mutex_);
    over_ = true;
    pending_.clear();
  }
  events_->closed();
  events_.reset();
}

void stream_exchange::post_once(std::unique_lock<std::mutex> lock) {
  const bool first = !std::exchange(posted_, true);
  lock.unlock();
  if (first) post();
}

void stream_exchange::read() {
  std::unique_lock lock(mutex_);
  if (over_ || end_) return;
  read_ = true;
  post_once(std::move(lock));
}

void stream_exchange::write(bytes message) {
  std::unique_lock lock(mutex_);
  if (over_ || end_) return;
  pending_.push_back(std::move(message));
  post_once(std::move(lock));
}

void stream_exchange::finish(const actors::rpc_status& status) {
  std::unique_lock lock(mutex_);
  if (over_ || end_) return;
  end_ = status;
  post_once(std::move(lock));
}

void stream_exchange::turn() {
  std::unique_lock lock(mutex_);
  posted_ = false;
  const bool reads = std::exchange(read_, false), ends = end_.has_value() && !over_;
  auto messages = std::exchange(pending_, {});
  lock.unlock();
  if (own.at == nullptr || own.ended) return;
  auto& to = *own.at;
  for (auto& m : messages) to.write(*this, std::move(m));
  if (ends) return to.end(*this, *end_);  // nobody changes it any more
  if (reads) to.want(*this);
}

}  // namespace weft::edge::h2
