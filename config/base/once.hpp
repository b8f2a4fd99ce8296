// Does something once, however many threads ask.
#pragma once

#include <atomic>
#include <mutex>
#include <utility>

namespace weft {

/// As std::once_flag with std::call_once, without its price: glibc's pthread_once makes a system call at the end of every first call, whether or
/// not anybody waits, and weft has several such values a transaction. If the function throws, the next caller tries again.
class once {
 public:
  template <class F>
  void call(F&& first) {
    if (done_.load(std::memory_order_acquire)) return;
    const std::lock_guard lock(mutex_);
    if (done_.load(std::memory_order_relaxed)) return;
    std::forward<F>(first)();
    done_.store(true, std::memory_order_release);
  }

 private:
  std::atomic<bool> done_{false};
  std::mutex mutex_;
};

}  // namespace weft
