#include "config/base/executor.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <thread>
#include <vector>

using namespace weft;

TEST_CASE("the inline executor has run a task when it says that it took it") {
  const auto e = make_inline_executor();
  int runs = 0;
  CHECK(e->try_run([&] { ++runs; }));
  CHECK(runs == 1);
  e->stop();
  CHECK_FALSE(e->try_run([&] { ++runs; }));
  CHECK(runs == 1);
}

TEST_CASE("the background executor keeps the order and refuses what does not fit") {
  const auto e = make_background_executor(2);
  std::promise<void> started, go, over;
  std::vector<int> order;
  REQUIRE(e->try_run([&] {
    started.set_value();
    go.get_future().wait();
    order.push_back(0);
  }));
  started.get_future().wait();
  CHECK(e->try_run([&] { order.push_back(1); }));
  CHECK(e->try_run([&] {
    order.push_back(2);
    over.set_value();
  }));
  CHECK_FALSE(e->try_run([&] { order.push_back(3); }));
  go.set_value();
  over.get_future().wait();
  e->stop();
  CHECK(order == std::vector<int>{0, 1, 2});
}

TEST_CASE("a stopped background executor drops what waits, finishes what runs and takes nothing any more") {
  const auto e = make_background_executor(8);
  std::promise<void> queued;
  auto waits = std::make_shared<int>();
  const std::weak_ptr<int> gone = waits;
  const auto over = std::make_shared<std::promise<bool>>();
  REQUIRE(e->try_run([&, over] {
    queued.get_future().wait();
    e->stop();  // from inside, where the order is certain
    over->set_value(gone.expired());
  }));
  REQUIRE(e->try_run([held = waits] { ++*held; }));
  waits.reset();
  queued.set_value();
  CHECK(over->get_future().get());
  CHECK_FALSE(e->try_run([] {}));
  e->stop();
}

TEST_CASE("stopping waits for the task that runs") {
  const auto e = make_background_executor(1);
  std::promise<void> started;
  std::atomic<bool> finished{false};
  REQUIRE(e->try_run([&] {
    started.set_value();
    for (int i = 0; i < 1000; ++i) std::this_thread::yield();
    finished = true;
  }));
  started.get_future().wait();
  e->stop();
  CHECK(finished);
}

TEST_CASE("a task may be the one that drops its executor") {
  auto e = make_background_executor(1);
  const auto mine_gone = std::make_shared<std::promise<void>>(), over = std::make_shared<std::promise<void>>();
  REQUIRE(e->try_run([held = e, mine_gone, over]() mutable {
    mine_gone->get_future().wait();
    held.reset();
    over->set_value();
  }));
  e.reset();
  mine_gone->set_value();
  over->get_future().wait();
}
