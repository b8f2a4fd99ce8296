#include "config/base/executor.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace weft {

namespace {

/// What the thread and its owner share; the thread keeps it alive, so that a task may be the one that drops the owner.
struct work {
  std::mutex mutex;
  std::condition_variable came;
  std::deque<std::function<void()>> waiting;
  bool stopped = false;

  void run() {
    std::unique_lock lock(mutex);
    for (;;) {
      came.wait(lock, [this] { return stopped || !waiting.empty(); });
      if (stopped) return;
      auto task = std::move(waiting.front());
      waiting.pop_front();
      lock.unlock();
      task();
      task = nullptr;  // what it held goes here, not under the lock
      lock.lock();
    }
  }
};

class background_executor final : public executor {
 public:
  explicit background_executor(std::size_t waiting_max)
      : waiting_max_(waiting_max), work_(std::make_shared<work>()), thread_([w = work_] { w->run(); }) {}
  ~background_executor() override { stop(); }

  bool try_run(std::function<void()> task) override {
    {
      const std::lock_guard lock(work_->mutex);
      if (work_->stopped || work_->waiting.size() >= waiting_max_) return false;
      work_->waiting.push_back(std::move(task));
    }
    work_->came.notify_one();
    return true;
  }

  void stop() override {
    std::deque<std::function<void()>> dropped;
    {
      const std::lock_guard lock(work_->mutex);
      work_->stopped = true;
      dropped.swap(work_->waiting);
    }
    work_->came.notify_all();
    const std::lock_guard lock(ending_);
    if (!thread_.joinable()) return;
    if (thread_.get_id() == std::this_thread::get_id()) thread_.detach();  // this very task ends the executor, and then its thread
    else thread_.join();
  }

 private:
  const std::size_t waiting_max_;
  std::shared_ptr<work> work_;
  std::mutex ending_;
  std::thread thread_;
};

class inline_executor final : public executor {
 public:
  bool try_run(std::function<void()> task) override {
    if (stopped_) return false;
    task();
    return true;
  }
  void stop() override { stopped_ = true; }

 private:
  std::atomic<bool> stopped_{false};
};

}  // namespace

std::shared_ptr<executor> make_background_executor(std::size_t waiting_max) { return std::make_shared<background_executor>(waiting_max); }
std::shared_ptr<executor> make_inline_executor() { return std::make_shared<inline_executor>(); }

}  // namespace weft
