// How other threads reach a loop: calls that have something for it, and orders. One wake-up serves whatever came while the loop was busy.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace weft::edge::h2 {

class exchange;

/// Thread-safe. Outlives its loop in the hands of calls that are answered late; their answers are dropped.
class mailbox {
 public:
  struct mail {
    std::vector<std::shared_ptr<exchange>> exchanges;
    std::vector<std::function<void()>> orders;
    [[nodiscard]] bool empty() const noexcept { return exchanges.empty() && orders.empty(); }
  };

  /// `bell`: an eventfd that the loop waits for; owned.
  explicit mailbox(int bell) : bell_(bell) {}
  ~mailbox();
  mailbox(const mailbox&) = delete;
  mailbox& operator=(const mailbox&) = delete;

  void post(std::shared_ptr<exchange> e);
  /// False when the loop has ended.
  bool order(std::function<void()> what);

  // For the loop.
  [[nodiscard]] int bell() const noexcept { return bell_; }
  /// Swaps what has come into `out`, which is empty.
  void take(mail& out);
  /// True when there is nothing to do: the next who posts rings.
  [[nodiscard]] bool fall_asleep();
  void wake_up();
  void shut();

 private:
  void ring();

  const int bell_;
  std::mutex mutex_;
  mail waiting_;
  bool asleep_ = false, shut_ = false;
};

}  // namespace weft::edge::h2
