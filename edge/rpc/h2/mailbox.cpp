#include "edge/rpc/h2/mailbox.hpp"

#include <unistd.h>

#include <cstdint>
#include <utility>

namespace weft::edge::h2 {

mailbox::~mailbox() { ::close(bell_); }

void mailbox::ring() {
  const std::uint64_t one = 1;
  static_cast<void>(!::write(bell_, &one, sizeof one));
}

void mailbox::post(std::shared_ptr<exchange> e) {
  std::unique_lock lock(mutex_);
  if (shut_) return;
  waiting_.exchanges.push_back(std::move(e));
  const bool sleeps = std::exchange(asleep_, false);
  lock.unlock();
  if (sleeps) ring();
}

bool mailbox::order(std::function<void()> what) {
  std::unique_lock lock(mutex_);
  if (shut_) return false;
  waiting_.orders.push_back(std::move(what));
  const bool sleeps = std::exchange(asleep_, false);
  lock.unlock();
  if (sleeps) ring();
  return true;
}

void mailbox::take(mail& out) {
  std::lock_guard lock(mutex_);
  std::swap(out, waiting_);
}

bool mailbox::fall_asleep() {
  std::lock_guard lock(mutex_);
  asleep_ = waiting_.empty();
  return asleep_;
}

void mailbox::wake_up() {
  std::lock_guard lock(mutex_);
  asleep_ = false;
}

void mailbox::shut() {
  mail dropped;
  std::lock_guard lock(mutex_);
  shut_ = true;
  std::swap(dropped, waiting_);
}

}  // namespace weft::edge::h2
