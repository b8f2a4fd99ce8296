// Deadlines of requests, which roles keep themselves: under CAF's testing scheduler, so that a minute costs nothing.
#include "actors/role_spec.hpp"

#include <caf/scheduler/test_coordinator.hpp>
#include <doctest/doctest.h>

using namespace weft::actors;

namespace {

using question = caf::atom_constant<caf::atom("question")>;
using answerer_actor = caf::typed_actor<caf::replies_to<question, int>::with<int>>;
using asker_actor = caf::typed_actor<caf::reacts_to<question, int, int>>;

struct answerer_state {
  std::vector<caf::typed_response_promise<int>> kept;
};
/// Answers even numbers at once and odd ones never.
answerer_actor::behavior_type answerer(role_self<answerer_actor, answerer_state> self) {
  return {[self](question, int n) -> caf::result<int> {
    if (n % 2 == 0) return n;
    auto promise = self->make_response_promise<int>();
    self->state.kept.push_back(promise);
    return promise;
  }};
}

struct seen {
  std::vector<int> answered, timed_out;
};
struct asker_state {};
/// `question n, seconds`: asks n with so much time.
asker_actor::behavior_type asker(role_self<asker_actor, asker_state> self, answerer_actor whom, std::shared_ptr<seen> out) {
  return {[self, whom, out](question, int n, int seconds) {
    self->ask(whom, std::chrono::seconds(seconds), question::value, n)
        .then([out, n](int) { out->answered.push_back(n); },
              [out, n](const caf::error& e) {
                CHECK(e == caf::sec::request_timeout);
                out->timed_out.push_back(n);
              });
  }};
}

struct world {
  caf::actor_system_config config;
  std::unique_ptr<caf::actor_system> system;
  std::shared_ptr<seen> out = std::make_shared<seen>();
  caf::strong_actor_ptr a, b;
  world() {
    config.set("scheduler.policy", caf::atom("testing"));
    system = std::make_unique<caf::actor_system>(config);
    b = make_spec(seat{"b", nullptr}, &answerer).spawn(*system);
    a = make_spec(seat{"a", nullptr}, &asker, caf::actor_cast<answerer_actor>(b), out).spawn(*system);
    scheduler().run();
  }
  ~world() {
    caf::scoped_actor self{*system};
    for (auto& p : {a, b}) self->send_exit(caf::actor_cast<caf::actor>(p), caf::exit_reason::user_shutdown);
    scheduler().run();
  }
  caf::scheduler::test_coordinator& scheduler() { return dynamic_cast<caf::scheduler::test_coordinator&>(system->scheduler()); }
  void ask(int n, int seconds) {
    caf::anon_send(caf::actor_cast<asker_actor>(a), question::value, n, seconds);
    scheduler().run();
  }
  void after(int seconds) {
    scheduler().advance_time(std::chrono::seconds(seconds));
    scheduler().run();
  }
};

}  // namespace

TEST_CASE("what is answered in time never times out") {
  world w;
  for (int n = 0; n < 10; n += 2) w.ask(n, 30);
  CHECK(w.out->answered == std::vector<int>{0, 2, 4, 6, 8});
  w.after(60);
  CHECK(w.out->timed_out.empty());
}

TEST_CASE("each request times out at its own deadline, whatever the order of asking") {
  world w;
  w.ask(1, 30);
  w.ask(3, 5);   // shorter than what is armed already
  w.ask(2, 5);
  w.ask(5, 10);
  w.after(4);
  CHECK(w.out->timed_out.empty());
  w.after(1);
  CHECK(w.out->timed_out == std::vector<int>{3});
  w.after(5);
  CHECK(w.out->timed_out == std::vector<int>{3, 5});
  w.after(20);
  CHECK(w.out->timed_out == std::vector<int>{3, 5, 1});
  CHECK(w.out->answered == std::vector<int>{2});
}

TEST_CASE("deadlines go on after the queue was swept for crowding") {
  world w;
  w.ask(1, 30);
  for (int n = 0; n < 12'000; n += 2) w.ask(n, 20);
  CHECK(w.out->answered.size() == 6'000);
  w.ask(3, 25);
  w.after(26);
  CHECK(w.out->timed_out == std::vector<int>{3});
  w.after(5);
  CHECK(w.out->timed_out == std::vector<int>{3, 1});
}
