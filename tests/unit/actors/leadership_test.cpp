// Who leads, from an orderer's front to a waiting call: the front's open questions, the watch, the gateway that moves. Under CAF's testing scheduler; time
// stands still unless a test moves it.
#include <caf/scheduler/test_coordinator.hpp>
#include <doctest/doctest.h>

#include "actors/orderer/roles.hpp"
#include "actors/peer/roles.hpp"
#include "cluster/deliver/seek.hpp"

using namespace weft;
using namespace weft::actors;

namespace {

constexpr const char* channel_id = "ch";
using answered = std::pair<std::string, std::uint64_t>;

/// What an orderer does, as the test says.
struct script {
  bool silent = false;            ///< Keeps envelopes without an answer until it is told "late".
  std::int32_t status = 200;
  std::size_t taken = 0;          ///< Envelopes.
  std::string leader;             ///< Whom it believes in …
  std::uint64_t term = 0;         ///< … in which term.
  std::size_t questions = 0;
};
using script_ptr = std::shared_ptr<script>;

struct scripted_state {
  std::vector<caf::typed_response_promise<broadcast_reply>> held;
  std::vector<caf::typed_response_promise<std::string, std::uint64_t>> questions;
};
orderer_actor::behavior_type scripted_orderer(role_self<orderer_actor, scripted_state> self, script_ptr s) {
  return {
      [self, s](atom::broadcast, const ledger::envelope&) -> caf::result<broadcast_reply> {
        ++s->taken;
        if (!s->silent) return broadcast_reply{s->status, "", ""};
        self->state.held.push_back(self->make_response_promise<broadcast_reply>());
        return self->state.held.back();
      },
      [](atom::broadcast, const std::vector<ledger::envelope>&) -> caf::result<std::vector<broadcast_reply>> { return std::vector<broadcast_reply>(); },
      [self, s](atom::leader, const std::string&, std::uint64_t known) -> caf::result<std::string, std::uint64_t> {
        ++s->questions;
        if (s->term > known) return {s->leader, s->term};
        self->state.questions.push_back(self->make_response_promise<std::string, std::uint64_t>());
        return self->state.questions.back();
      },
      [self, s](atom::changed, const std::string& what) {
        if (what == "late") {
          for (auto& p : std::exchange(self->state.held, {})) p.deliver(broadcast_reply{s->status, "", ""});
          return;
        }
        for (auto& p : std::exchange(self->state.questions, {})) p.deliver(s->leader, s->term);
      },
  };
}

struct client_state {};
using client_actor = caf::typed_actor<caf::reacts_to<atom::submit>>;
using replies = std::shared_ptr<std::vector<gateway_reply>>;
client_actor::behavior_type client(role_self<client_actor, client_state> self, gateway_actor gateway, replies out) {
  return {[self, gateway, out](atom::submit) {
    auto payload = cluster::make_seek_payload(channel_id, block_number{}, std::nullopt, "somebody", bytes(24, 'n'), timestamp{});
    self->request(gateway, caf::infinite, atom::submit::value, ledger::envelope::make(std::move(payload), "signature"))
        .then([out](const gateway_reply& r) { out->push_back(r); }, [](const caf::error&) {});
  }};
}

using asker_actor = caf::typed_actor<caf::reacts_to<atom::whois, std::uint64_t>>;
using answers = std::shared_ptr<std::vector<answered>>;
asker_actor::behavior_type asker(role_self<asker_actor, client_state> self, orderer_actor front, answers out) {
  return {[self, front, out](atom::whois, std::uint64_t known) {
    self->request(front, caf::infinite, atom::leader::value, std::string(channel_id), known)
        .then([out](const std::string& leader, std::uint64_t term) { out->emplace_back(leader, term); }, [](const caf::error&) {});
  }};
}

/// A system whose actors end with it.
class stage {
 public:
  stage() {
    config_.set("scheduler.policy", caf::atom("testing"));
    system_ = std::make_unique<caf::actor_system>(config_);
  }
  ~stage() {
    caf::scoped_actor self{*system_};
    for (auto& p : actors_) self->send_exit(caf::actor_cast<caf::actor>(p), caf::exit_reason::user_shutdown);
    run();
  }
  caf::strong_actor_ptr play(const role_spec& spec) {
    actors_.push_back(spec.spawn(*system_));
    return actors_.back();
  }
  void run() { scheduler().run(); }
  void after(std::chrono::milliseconds time) {
    scheduler().advance_time(time);
    run();
  }

 private:
  caf::scheduler::test_coordinator& scheduler() { return dynamic_cast<caf::scheduler::test_coordinator&>(system_->scheduler()); }
  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  std::vector<caf::strong_actor_ptr> actors_;
};

/// A gateway and its watch among scripted orderers "a", "b", …
struct world : stage {
  std::shared_ptr<peer_site> site = std::make_shared<peer_site>();
  std::shared_ptr<peer_channel> channel = std::make_shared<peer_channel>();
  std::map<std::string, script_ptr> scripts;
  replies heard = std::make_shared<std::vector<gateway_reply>>();
  client_actor from;

  explicit world(const std::vector<std::string>& names) {
    site->name = "peer";
    site->where = std::make_shared<directory>();
    site->options.gateway_calls_max = 1;
    channel->id = channel_id;
    site->channels->add(channel_id, channel);
    for (const auto& name : names) add(name);
    list(names);
    const auto gateway = play(gateway_role({"peer/gateway", nullptr}, site));
    site->where->put("peer/gateway", gateway);
    play(leader_watch_role({"peer/leader_watch", nullptr}, site, channel));
    from = caf::actor_cast<client_actor>(play(make_spec(seat{"client", nullptr}, &client, caf::actor_cast<gateway_actor>(gateway), heard)));
    run();
  }
  void add(const std::string& name) {
    scripts[name] = std::make_shared<script>();
    site->where->put(name + "/orderer", play(make_spec(seat{name, nullptr}, &scripted_orderer, scripts[name])));
  }
  void list(const std::vector<std::string>& names) { channel->orderers.set(std::make_shared<const std::vector<std::string>>(names)); }
  /// `by` (all, if empty) believes so from now on, and says so.
  void elect(const std::string& leader, std::uint64_t term, const std::string& by = {}) {
    for (auto& [name, s] : scripts) {
      if (!by.empty() && name != by) continue;
      s->leader = leader;
      s->term = term;
      tell(name, channel_id);
    }
  }
  void tell(const std::string& name, const std::string& what) {
    caf::anon_send(caf::actor_cast<orderer_actor>(site->where->find(name + "/orderer")), atom::changed::value, what);
    run();
  }
  void submit() {
    caf::anon_send(from, atom::submit::value);
    run();
  }
};

}  // namespace

TEST_CASE("a call that waits for a frozen leader goes to the next one the moment that is elected") {
  world w({"a", "b", "c"});
  w.elect("a", 1);
  REQUIRE(w.channel->led.get()->orderer == "a");
  w.scripts["a"]->silent = true;
  w.submit();
  CHECK(w.scripts["a"]->taken == 1);
  CHECK(w.heard->empty());
  w.elect("b", 2, "b");  // nobody else knows it yet, and no time has passed
  REQUIRE(w.heard->size() == 1);
  CHECK(w.heard->front().status.ok());
  CHECK(w.scripts["b"]->taken == 1);
  CHECK(w.scripts["c"]->taken == 0);
  w.elect("b", 2, "c");  // the same news again moves nothing
  CHECK(w.scripts["b"]->taken == 1);

  SUBCASE("the old leader still holds it, but not its place at the gateway") {
    w.submit();
    CHECK(w.heard->size() == 2);
    CHECK(w.heard->back().status.ok());
    CHECK(w.scripts["b"]->taken == 2);  // straight to the leader
  }
  SUBCASE("an answer that comes late is no second one") {
    w.tell("a", "late");
    CHECK(w.heard->size() == 1);
    w.submit();
    CHECK(w.heard->size() == 2);
    CHECK(w.heard->back().status.ok());
  }
}

TEST_CASE("an answer of the first orderer ends the call that was sent on meanwhile") {
  world w({"a", "b"});
  w.elect("a", 1);
  w.scripts["a"]->silent = w.scripts["b"]->silent = true;
  w.submit();
  w.elect("b", 2);
  CHECK(w.scripts["b"]->taken == 1);
  w.tell("a", "late");
  REQUIRE(w.heard->size() == 1);
  CHECK(w.heard->front().status.ok());
  w.scripts["b"]->status = 503;
  w.tell("b", "late");  // refused, but that is over
  w.after(std::chrono::seconds(5));
  CHECK(w.heard->size() == 1);
  CHECK(w.scripts["a"]->taken == 1);
  CHECK(w.scripts["b"]->taken == 1);
}

TEST_CASE("a call that waits for there being a leader does not wait for its next round") {
  world w({"a", "b"});
  w.elect("a", 1);
  for (auto& [name, s] : w.scripts) s->status = 503;
  w.submit();
  for (int i = 0; i < 10; ++i) w.after(std::chrono::milliseconds(100));  // pauses are at their longest
  CHECK(w.heard->empty());
  w.scripts["b"]->status = 200;
  const auto before = w.scripts["b"]->taken;
  w.elect("b", 2, "b");
  CHECK(w.heard->size() == 1);
  CHECK(w.scripts["b"]->taken == before + 1);
  w.after(std::chrono::seconds(1));  // the pause that was cut short is over now
  CHECK(w.scripts["b"]->taken == before + 1);
}

TEST_CASE("an orderer that is silent and does not lead is left after a while") {
  world w({"a", "b"});
  for (auto& [name, s] : w.scripts) s->silent = true;
  w.submit();
  const std::string asked = w.scripts["a"]->taken == 1 ? "a" : "b", other = asked == "a" ? "b" : "a";
  w.scripts[other]->silent = false;
  w.elect(other, 7);  // the first leader that this peer hears of: it may have led all the time, and the call be on its way to it
  CHECK(w.heard->empty());
  w.after(std::chrono::milliseconds(50));
  CHECK(w.heard->empty());
  w.after(std::chrono::milliseconds(75));
  CHECK(w.heard->size() == 1);
  CHECK(w.scripts[asked]->taken == 1);
  CHECK(w.scripts[other]->taken == 1);
}

TEST_CASE("orderers that join the channel are tried and listened to, those that leave it are not") {
  world w({"a"});
  w.add("b");
  CHECK(w.scripts["a"]->questions == 0);  // whoever is alone needs no leader
  w.list({"a", "b"});
  w.after(std::chrono::milliseconds(500));
  CHECK(w.scripts["b"]->questions == 1);
  w.list({"b"});
  w.scripts["a"]->status = 503;
  w.submit();
  CHECK(w.heard->size() == 1);
  CHECK(w.heard->front().status.ok());
  CHECK(w.scripts["a"]->taken == 0);
  w.after(std::chrono::milliseconds(500));
  w.elect("a", 3, "a");
  CHECK(w.channel->led.get() == nullptr);  // who is no orderer of the channel does not lead it
}

TEST_CASE("an orderer that tells of ever new terms is not asked any faster") {
  world w({"a", "b"});
  for (std::uint64_t term = 1; term <= 50; ++term) w.elect(term % 2 ? "a" : "b", term, "a");
  CHECK(w.scripts["a"]->questions <= 6);
  w.after(std::chrono::milliseconds(500));
  CHECK(w.scripts["a"]->questions > 6);
}

TEST_CASE("a front keeps one question of an asker, answers it when somebody leads, and keeps so many at most") {
  stage st;
  auto site = std::make_shared<orderer_site>();
  site->name = "a";
  site->where = std::make_shared<directory>();
  site->options.workers = 1;
  auto channel = std::make_shared<orderer_channel>();
  const auto believes = [&](std::uint64_t leader, std::uint64_t term) {
    auto view = std::make_shared<consensus_view>();
    view->id = 1;
    view->leader = leader;
    view->term = term;
    view->members = {{1, "a", true, 0}, {2, "b", true, 0}};
    channel->consensus.set(std::move(view));
  };
  believes(0, 3);
  site->channels->add(channel_id, channel);
  const auto front = caf::actor_cast<orderer_actor>(st.play(orderer_role({"a/orderer", nullptr}, site)));
  const auto out = std::make_shared<std::vector<answered>>();
  const auto somebody = [&] { return caf::actor_cast<asker_actor>(st.play(make_spec(seat{"asker", nullptr}, &asker, front, out))); };
  const auto ask = [&](const asker_actor& who, std::uint64_t known) {
    caf::anon_send(who, atom::whois::value, known);
    st.run();
  };
  const auto changed = [&] {
    caf::anon_send(front, atom::changed::value, std::string(channel_id));
    st.run();
  };
  const auto one = somebody();
  ask(one, 3);
  changed();
  CHECK(out->empty());  // nobody leads yet

  SUBCASE("a later leader is told, an earlier one is not") {
    believes(2, 4);
    changed();
    CHECK(*out == std::vector<answered>{{"b", 4}});
    ask(one, 4);
    changed();
    CHECK(out->size() == 1);
    ask(somebody(), 2);
    CHECK(out->back() == answered{"b", 4});
    CHECK(out->size() == 2);
  }
  SUBCASE("asked again, the first question is answered as things stand") {
    ask(one, 3);
    CHECK(*out == std::vector<answered>{{"", 3}});
    believes(1, 5);
    changed();
    CHECK(*out == std::vector<answered>{{"", 3}, {"a", 5}});
  }
  SUBCASE("of too many the oldest") {
    for (int i = 0; i < 1023; ++i) ask(somebody(), 3);
    CHECK(out->empty());
    ask(somebody(), 3);
    CHECK(out->size() == 1);
    believes(1, 5);
    changed();
    CHECK(out->size() == 1 + 1024);
  }
}
