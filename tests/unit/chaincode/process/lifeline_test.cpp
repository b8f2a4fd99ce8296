#include "chaincode/process/lifeline.hpp"

#include <doctest/doctest.h>

using namespace weft::chaincode;
using namespace std::chrono_literals;

namespace {

/// What effects are called in the tables below.
struct name_of {
  std::string operator()(const lifeline::spawn&) const { return "spawn"; }
  std::string operator()(const lifeline::probe&) const { return "probe"; }
  std::string operator()(const lifeline::terminate&) const { return "terminate"; }
  std::string operator()(const lifeline::kill&) const { return "kill"; }
  std::string operator()(const lifeline::tell_ready&) const { return "ready"; }
  std::string operator()(const lifeline::tell_failed& f) const { return "failed: " + f.why; }
  std::string operator()(const lifeline::tell_gone&) const { return "gone"; }
};

/// A lifeline with a clock that the test moves.
struct life {
  lifeline core;
  lifeline::time now{};
  std::string step(const lifeline::event& e) {
    std::string out;
    for (const auto& effect : core.step(e, now)) out.append(out.empty() ? "" : ", ").append(std::visit(name_of{}, effect));
    return out;
  }
  std::string after(std::chrono::milliseconds pause) {
    now += pause;
    return step(lifeline::tick{});
  }
  /// To the next tick that is due.
  std::chrono::milliseconds sleep() {
    REQUIRE(core.wakes());
    const auto pause = std::chrono::duration_cast<std::chrono::milliseconds>(*core.wakes() - now);
    now = *core.wakes();
    return pause;
  }
  void start() {
    CHECK(step(lifeline::start_wanted{}) == "spawn");
    CHECK(step(lifeline::spawned{}) == "");
  }
  void run() {
    start();
    CHECK(step(lifeline::listens{}) == "ready");
  }
};

}  // namespace

TEST_CASE("a start is told once, when it listens") {
  life l;
  CHECK_FALSE(l.core.wakes());
  l.start();
  CHECK(l.after(10ms) == "");
  CHECK(l.after(10ms) == "probe");
  CHECK(l.after(20ms) == "probe");
  CHECK(l.step(lifeline::listens{}) == "ready");
  CHECK(l.step(lifeline::listens{}) == "");
  CHECK_FALSE(l.core.wakes());
  CHECK(l.core.now_in() == lifeline::phase::listening);
  CHECK(l.core.starts() == 1);
}

TEST_CASE("the first death is made good at once, the next ones after growing pauses") {
  life l;
  l.run();
  const auto die = [&] { return l.step(lifeline::exited{"exited with 1"}); };
  CHECK(die() == "spawn");
  for (const auto pause : {500ms, 1'000ms, 2'000ms, 4'000ms, 8'000ms, 16'000ms, 30'000ms, 30'000ms}) {
    CHECK(l.step(lifeline::spawned{}) == "");
    CHECK(die() == "");
    CHECK(l.core.now_in() == lifeline::phase::pausing);
    CHECK(l.sleep() == pause);
    CHECK(l.step(lifeline::tick{}) == "spawn");
  }
  CHECK(l.core.last_end() == "exited with 1");
  SUBCASE("who listened long enough begins anew") {
    CHECK(l.step(lifeline::spawned{}) == "");
    CHECK(l.step(lifeline::listens{}) == "");
    l.now += 10s;
    CHECK(die() == "spawn");
  }
  SUBCASE("who listened for a moment does not") {
    CHECK(l.step(lifeline::spawned{}) == "");
    CHECK(l.step(lifeline::listens{}) == "");
    l.now += 9s;
    CHECK(die() == "");
  }
}

TEST_CASE("a program that cannot be started is a death as well") {
  life l;
  CHECK(l.step(lifeline::start_wanted{}) == "spawn");
  CHECK(l.step(lifeline::spawn_failed{"no such file"}) == "failed: no such file, spawn");
  CHECK(l.step(lifeline::spawn_failed{"no such file"}) == "");
  CHECK(l.sleep() == 500ms);
  CHECK(l.step(lifeline::tick{}) == "spawn");
}

TEST_CASE("whoever waits hears of a death, and of one that never listens") {
  life l;
  l.start();
  SUBCASE("a death before it listens") { CHECK(l.step(lifeline::exited{"exited with 3"}) == "failed: exited with 3, spawn"); }
  SUBCASE("silence") {
    l.now += 29'990ms;
    CHECK(l.step(lifeline::tick{}) == "probe");
    CHECK(l.after(20ms) == "probe, failed: it runs, but does not listen after 30 s");
    CHECK(l.after(20ms) == "");
    CHECK(l.after(1'000ms) == "probe");
    CHECK(l.step(lifeline::listens{}) == "");
    CHECK(l.core.now_in() == lifeline::phase::listening);
  }
}

TEST_CASE("replaced by what lies there now") {
  life l;
  l.run();
  CHECK(l.step(lifeline::start_wanted{}) == "terminate");
  CHECK(l.step(lifeline::start_wanted{}) == "");
  SUBCASE("it obeys") { CHECK(l.step(lifeline::exited{"killed by signal 15"}) == "spawn"); }
  SUBCASE("it does not") {
    CHECK(l.sleep() == 2'000ms);
    CHECK(l.step(lifeline::tick{}) == "kill");
    CHECK(l.step(lifeline::exited{"killed by signal 9"}) == "spawn");
  }
  CHECK(l.step(lifeline::spawned{}) == "");
  CHECK(l.step(lifeline::listens{}) == "ready");
}

TEST_CASE("a start that is wanted during a pause happens at once, and forgets the deaths") {
  life l;
  l.run();
  CHECK(l.step(lifeline::exited{"x"}) == "spawn");
  CHECK(l.step(lifeline::spawned{}) == "");
  CHECK(l.step(lifeline::exited{"x"}) == "");
  CHECK(l.step(lifeline::start_wanted{}) == "spawn");
  CHECK(l.step(lifeline::spawned{}) == "");
  CHECK(l.step(lifeline::exited{"y"}) == "failed: y, spawn");
}

TEST_CASE("stopped for good") {
  life l;
  SUBCASE("while it runs") {
    l.run();
    CHECK(l.step(lifeline::stop_wanted{}) == "terminate");
    CHECK(l.step(lifeline::stop_wanted{}) == "");
    CHECK(l.step(lifeline::exited{"x"}) == "gone");
  }
  SUBCASE("while it starts") {
    l.start();
    CHECK(l.step(lifeline::stop_wanted{}) == "failed: it was stopped, terminate");
    CHECK(l.step(lifeline::listens{}) == "");
    CHECK(l.step(lifeline::exited{"x"}) == "gone");
  }
  SUBCASE("during a pause") {
    l.run();
    CHECK(l.step(lifeline::exited{"x"}) == "spawn");
    CHECK(l.step(lifeline::spawn_failed{"x"}) == "");
    CHECK(l.step(lifeline::stop_wanted{}) == "gone");
  }
  SUBCASE("while it is being replaced") {
    l.run();
    CHECK(l.step(lifeline::start_wanted{}) == "terminate");
    CHECK(l.step(lifeline::stop_wanted{}) == "failed: it was stopped");
    CHECK(l.step(lifeline::exited{"x"}) == "gone");
  }
  CHECK(l.core.now_in() == lifeline::phase::gone);
  CHECK(l.step(lifeline::start_wanted{}) == "");
  CHECK_FALSE(l.core.wakes());
}
