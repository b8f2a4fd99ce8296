// Links between nodes over carriers in memory: turned by hand, time by hand, so that a minute costs nothing.
#include "actors/remoting/tunnel.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <algorithm>

#include "tests/unit/actors/remoting/frames.hpp"

using namespace weft;
using namespace weft::actors::remoting;
using namespace weft::testing;
using std::chrono::milliseconds;

namespace {

/// A node with its tunnel, and an application in BASP's place.
struct node {
  std::string name;
  bytes own_mark;
  std::vector<link_event> events;
  std::unique_ptr<tunnel> links;

  /// The end of the newest link that is up; nothing when the last event was its end.
  [[nodiscard]] const link_event* up() const { return !events.empty() && events.back().up ? &events.back() : nullptr; }
  /// Why a link ended last.
  [[nodiscard]] std::string last_end() const {
    const auto it = std::find_if(events.rbegin(), events.rend(), [](const auto& e) { return !e.up; });
    return it == events.rend() ? std::string() : it->why;
  }
  [[nodiscard]] link_report about(const std::string& peer) const { return links->report().peers.at(peer); }
};

struct world {
  std::shared_ptr<memory_exchange> exchange = make_memory_exchange();
  std::shared_ptr<const admission_rule> rule =
      make_table_admission({{"cert of a", "a"}, {"cert of b", "b"}, {"cert of c", "c"}, {"cert of unknown", "unknown"}});
  std::shared_ptr<seeded_random> random = std::make_shared<seeded_random>(7);
  steady_time now = steady_time{} + std::chrono::hours(1);
  tunnel_limits limits;
  std::map<std::string, std::unique_ptr<node>> nodes;
  std::string hung;  ///< A node whose process stands still.

  node& start(const std::string& name, bytes own_mark = {}) {
    auto n = std::make_unique<node>();
    n->name = name;
    n->own_mark = own_mark.empty() ? mark(name[0]) : std::move(own_mark);
    tunnel_settings s;
    s.self = name;
    s.own_mark = n->own_mark;
    for (const std::string other : {"a", "b", "c"}) {
      if (other != name) s.peers[other] = {"at " + other, dials(name, other)};
    }
    s.limits = limits;
    s.random = random;
    s.now = [this] { return now; };
    auto& ref = *n;
    n->links = std::make_unique<tunnel>(std::move(s), make_memory_carrier(exchange, "at " + name, "cert of " + name, rule),
                                        [&ref](link_event e) { ref.events.push_back(std::move(e)); });
    nodes[name] = std::move(n);
    return ref;
  }
  void turn(int rounds = 30) {
    for (int i = 0; i < rounds; ++i) {
      for (auto& [name, n] : nodes) if (name != hung) n->links->turn(milliseconds(0));
    }
  }
  void pass(milliseconds time, milliseconds step = milliseconds(10)) {
    for (milliseconds gone{0}; gone < time; gone += step) {
      now += step;
      turn(3);
    }
  }
};

bool comes_up(world& w, const node& n, milliseconds within) {
  for (milliseconds gone{0}; gone < within && n.up() == nullptr; gone += milliseconds(10)) w.pass(milliseconds(10));
  return n.up() != nullptr;
}

bytes receive(const link_event& at, std::size_t most = 1 << 20) {
  bytes out(most, '\0');
  const auto n = ::recv(at.socket.get(), out.data(), out.size(), MSG_DONTWAIT);
  out.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return out;
}
std::size_t send(const link_event& at, bytes_view what) {
  const auto n = ::send(at.socket.get(), what.data(), what.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  return n > 0 ? static_cast<std::size_t>(n) : 0;
}
bool ended(const link_event& at) {
  char c;
  return ::recv(at.socket.get(), &c, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
}
/// Both handshakes of BASP.
void introduce(world& w, const node& from, const node& to) {
  send(*from.up(), client_handshake(from.own_mark));
  send(*to.up(), server_handshake(to.own_mark));
  w.turn();
  receive(*from.up());
  receive(*to.up());
}

/// Two nodes that are linked and know each other.
struct pair_of_nodes : world {
  node& a = start("a");
  node& b = start("b");
  pair_of_nodes() {
    turn();
    REQUIRE(a.up() != nullptr);
    REQUIRE(b.up() != nullptr);
    introduce(*this, a, b);
  }
  /// Time passes while heartbeats go both ways.
  void live(milliseconds time) {
    for (milliseconds gone{0}; gone < time; gone += milliseconds(100)) {
      for (auto* n : {&a, &b}) {
        if (n->up() == nullptr) continue;
        send(*n->up(), heartbeat());
        receive(*n->up());
      }
      pass(milliseconds(100));
    }
  }
};

}  // namespace

TEST_CASE("the node whose name sorts first dials; each side gets its end of one link, and bytes go both ways") {
  world w;
  auto& b = w.start("b");
  w.pass(milliseconds(500));
  CHECK(b.events.empty());
  auto& a = w.start("a");
  w.turn();
  REQUIRE(a.up() != nullptr);
  REQUIRE(b.up() != nullptr);
  CHECK(a.up()->dialled);
  CHECK_FALSE(b.up()->dialled);
  CHECK(a.up()->peer == "b");
  CHECK(b.up()->peer == "a");
  send(*a.up(), client_handshake(a.own_mark) + message("+@atom+weft.block", "to b"));
  send(*b.up(), server_handshake(b.own_mark) + message("+@atom+weft.block", "to a"));
  w.turn();
  CHECK(receive(*b.up()) == client_handshake(a.own_mark) + message("+@atom+weft.block", "to b"));
  CHECK(receive(*a.up()) == server_handshake(b.own_mark) + message("+@atom+weft.block", "to a"));
  CHECK(b.links->peer_of(a.own_mark) == "a");
  CHECK(b.links->peer_of(mark('x')).empty());
  CHECK(a.about("b").bytes_in == b.about("a").bytes_out - 7);  // but for the greeting
}

TEST_CASE("a link that ends is made again, after pauses that grow and have a bound") {
  pair_of_nodes w;
  const auto first = w.a.up()->serial;
  w.a.links->reset("b", first, "test");
  w.turn();
  CHECK(ended(*std::find_if(w.a.events.begin(), w.a.events.end(), [](const auto& e) { return e.up; })));
  CHECK(w.a.about("b").last_failure == "test");
  w.pass(milliseconds(40));
  REQUIRE(w.a.up() != nullptr);
  CHECK(w.a.up()->serial > first);
  w.nodes.erase("b");  // the listener is gone
  w.pass(milliseconds(10'000));
  CHECK(w.a.up() == nullptr);
  CHECK(w.a.about("b").last_failure == "nobody listens at at b");
  auto& again = w.start("b");
  CHECK(comes_up(w, again, milliseconds(1'020)));
  CHECK(comes_up(w, w.a, milliseconds(10)));
}

TEST_CASE("a node that comes back is not waited for: it knocks at those who are to dial it") {
  world w;
  auto& a = w.start("a");
  w.pass(milliseconds(20'000));  // pauses have their full length
  CHECK(a.events.empty());
  for (int i = 0; i < 20; ++i) {
    CAPTURE(i);
    auto& b = w.start("b");
    CHECK(comes_up(w, a, milliseconds(30)));
    CHECK(comes_up(w, b, milliseconds(30)));
    w.nodes.erase("b");
    w.pass(milliseconds(1'500 + 37 * i));
    CHECK(a.up() == nullptr);
    CHECK(a.links->report().strangers_refused == 0);
  }
}

TEST_CASE("pauses") {
  seeded_random random(3);
  redial r({milliseconds(20), milliseconds(1000), milliseconds(1000)});
  steady_time now{};
  const milliseconds most[] = {milliseconds(20), milliseconds(40), milliseconds(80), milliseconds(160), milliseconds(320), milliseconds(640),
                               milliseconds(1000), milliseconds(1000), milliseconds(1000)};
  for (const auto m : most) {
    r.ended(now, {}, random);
    CHECK(r.next() - now <= m);
    CHECK(r.next() - now >= m / 2);
  }
  r.ended(now, std::chrono::seconds(2), random);  // it had been up for long
  CHECK(r.next() - now <= milliseconds(20));
  r.ended(now, milliseconds(10), random);         // it came up and fell at once
  CHECK(r.next() - now > milliseconds(19));
}

TEST_CASE("whoever is not admitted gets nothing") {
  world w;
  auto& b = w.start("b");
  auto stranger = make_memory_carrier(w.exchange, "", "cert of nobody", w.rule);
  auto nameless = make_memory_carrier(w.exchange, "", "cert of unknown", w.rule);  // admitted by the rule, but no peer of b
  auto reversed = make_memory_carrier(w.exchange, "", "cert of c", w.rule);        // b dials c, c does not dial b
  for (auto* c : {&stranger, &nameless, &reversed}) {
    auto s = (*c)->dial("at b", "b");
    REQUIRE(s.has_value());
    w.turn();
    char got[64];
    CHECK_FALSE((*s)->read(got, sizeof got).has_value());  // ended, without a byte
  }
  CHECK(b.events.empty());
  CHECK(b.links->report().strangers_refused == 2);  // c is a peer that only said that it is here
  // Nor does a dialling node believe whoever answers.
  auto impostor = make_memory_carrier(w.exchange, "at c", "cert of a", w.rule);
  w.pass(milliseconds(100));
  auto call = impostor->accept();
  REQUIRE(call.has_value());
  REQUIRE(call->has_value());
  CHECK(b.about("c").last_failure == "it is node a, not c");
  CHECK(b.events.empty());
}

TEST_CASE("a frame that breaks the protocol ends the link, and nothing of it arrives") {
  pair_of_nodes w;
  send(*w.a.up(), header(2, 0x8000'0000, {0, 0, 9, 5}) + bytes(1000, 'x'));
  w.turn();
  const auto& link = w.b.events.front();
  CHECK(receive(link).empty());
  CHECK(ended(link));
  CHECK(w.b.events.back().up == false);
  CHECK(w.b.events.back().why == "a frame above the limit");
}

TEST_CASE("a message that does not travel is lost, the link stays") {
  pair_of_nodes w;
  send(*w.a.up(), message("+@atom+weft.block", "1") + message("+@charbuf", "2") + message("+@atom+weft.block", "3"));
  w.turn();
  CHECK(receive(*w.b.up()) == message("+@atom+weft.block", "1") + message("+@atom+weft.block", "3"));
  CHECK(w.b.about("a").frames_dropped == 1);
}

TEST_CASE("no node takes the process id of another") {
  world w;
  auto& a = w.start("a");
  auto& c = w.start("c");
  w.turn();
  introduce(w, a, c);
  auto& b = w.start("b", mark('a'));  // claims to be a's process
  REQUIRE(comes_up(w, b, milliseconds(100)));
  const auto to_c = std::find_if(b.events.begin(), b.events.end(), [](const auto& e) { return e.up && e.peer == "c"; });
  REQUIRE(to_c != b.events.end());
  send(*to_c, client_handshake(mark('a')));
  w.turn();
  CHECK(c.links->peer_of(mark('a')) == "a");
  CHECK(c.about("b").last_failure == "it claims to be the process of node a");
}

TEST_CASE("a silent node is noticed, one that speaks is not") {
  pair_of_nodes w;
  w.live(milliseconds(5'000));
  REQUIRE(w.a.up() != nullptr);
  REQUIRE(w.a.events.size() == 1);
  w.hung = "a";
  w.pass(milliseconds(700));
  REQUIRE(w.b.up() != nullptr);
  w.pass(milliseconds(200));
  CHECK(w.b.last_end() == "silent for 800 ms");
  w.hung.clear();
  CHECK(comes_up(w, w.b, milliseconds(2'000)));
  CHECK(comes_up(w, w.a, milliseconds(10)));
}

TEST_CASE("a node whose tunnel lives and whose BASP says nothing is given up after a while") {
  pair_of_nodes w;
  w.pass(milliseconds(9'900));
  REQUIRE(w.a.events.size() == 1);
  w.pass(milliseconds(200));
  CHECK(w.a.events.size() > 1);
  CHECK((w.a.last_end() + w.b.last_end()).find("no sign of BASP for 10000 ms") != std::string::npos);
}

TEST_CASE("a node that speaks but takes nothing is noticed too, and until then its share of memory is bounded") {
  pair_of_nodes w;
  // b's application reads nothing while a's sends; b's heartbeats still come.
  const auto& to_b = *w.a.up();
  const auto lots = message("+@atom+weft.block", bytes(MiB, 'x'));
  std::size_t taken = 0;
  for (int i = 0; i < 50; ++i) {
    taken += send(to_b, bytes_view(lots).substr(taken % lots.size()));
    send(*w.b.up(), heartbeat());
    w.turn(2);
    receive(*w.a.up());
  }
  CHECK(taken < 4 * MiB);  // two buffers, three sockets
  CHECK(taken > 256 * KiB);
  for (int i = 0; i < 100; ++i) {
    send(*w.b.up(), heartbeat());
    w.pass(milliseconds(100));
    receive(*w.a.up());
  }
  REQUIRE(w.b.up() != nullptr);
  w.pass(milliseconds(100));
  CHECK(w.a.last_end() == "takes nothing for 10000 ms");
}

TEST_CASE("everything arrives, in order, however slowly it is read") {
  pair_of_nodes w;
  bytes sent, got;
  for (int i = 0; i < 40; ++i) sent += message("+@atom+weft.block", bytes(static_cast<std::size_t>(i) * 7919, static_cast<char>('a' + i % 26)));
  std::size_t at = 0;
  for (int i = 0; i < 100'000 && got.size() < sent.size(); ++i) {
    at += send(*w.a.up(), bytes_view(sent).substr(at));
    w.turn(1);
    got += receive(*w.b.up(), 4 * KiB);
  }
  CHECK(got == sent);
}

TEST_CASE("a plan cuts a link and heals it") {
  pair_of_nodes w;
  w.b.links->set_fault("a", link_fault::cut);
  w.turn();
  CHECK(w.a.up() == nullptr);
  CHECK(w.b.up() == nullptr);
  w.pass(milliseconds(5'000));
  CHECK(w.a.up() == nullptr);
  CHECK(w.b.events.size() == 2);
  w.b.links->set_fault("a", link_fault::none);
  CHECK(comes_up(w, w.a, milliseconds(1'020)));
  CHECK(comes_up(w, w.b, milliseconds(10)));
}

TEST_CASE("a plan lets a link hang: neither side hears the other, and both notice") {
  pair_of_nodes w;
  w.a.links->set_fault("b", link_fault::frozen);
  w.turn();
  send(*w.a.up(), heartbeat());
  send(*w.b.up(), heartbeat());
  w.turn();
  CHECK(receive(*w.a.up()).empty());
  CHECK(receive(*w.b.up()).empty());
  w.pass(milliseconds(1'000));
  CHECK(w.a.last_end() == "silent for 800 ms");
  CHECK_FALSE(w.b.last_end().empty());
  w.a.links->set_fault("b", link_fault::none);
  CHECK(comes_up(w, w.a, milliseconds(1'020)));
}

TEST_CASE("what the application wrote before it closed its end still leaves") {
  pair_of_nodes w;
  send(*w.a.up(), message("+@atom+weft.block", "the last"));
  w.a.events.back().socket = descriptor();
  w.turn();
  CHECK(receive(w.b.events.front()) == message("+@atom+weft.block", "the last"));
  CHECK(w.b.up() == nullptr);
}

TEST_CASE("a node that restarted takes its link over from its former self, once that has been quiet for a moment") {
  pair_of_nodes w;
  const auto former = w.b.up()->serial;
  w.hung = "a";
  w.pass(w.limits.silence / 2 + milliseconds(10));
  auto newborn = make_memory_carrier(w.exchange, "", "cert of a", w.rule);
  auto s = newborn->dial("at b", "b");
  w.turn();
  REQUIRE(w.b.up() != nullptr);
  CHECK(w.b.up()->serial > former);
  CHECK(w.b.events[1].why == "replaced by a newer link");
}

TEST_CASE("of two processes that claim to be one node the one that is linked stays, and both sides say so") {
  pair_of_nodes w;
  tunnel_settings s;
  s.self = "a";
  s.own_mark = mark('x');
  s.peers["b"] = {"at b", true};
  s.limits = w.limits;
  s.random = w.random;
  s.now = [&w] { return w.now; };
  auto twin = std::make_unique<node>();
  twin->name = "a";
  twin->own_mark = mark('x');
  twin->links = std::make_unique<tunnel>(std::move(s), make_memory_carrier(w.exchange, "", "cert of a", w.rule),
                                         [&t = *twin](link_event e) { t.events.push_back(std::move(e)); });
  auto& other = *twin;
  w.nodes["twin"] = std::move(twin);
  w.live(milliseconds(5'000));
  CHECK(w.b.events.size() == 1);  // its link came up, and nothing since
  CHECK(w.a.events.size() == 1);
  CHECK(other.events.empty());
  CHECK(other.about("b").last_failure.find("linked with another process of node a") != std::string::npos);
  CHECK(w.b.about("a").twins > 0);
  CHECK(w.b.about("a").twin.find("claims to be node a too") != std::string::npos);

  w.a.links->stop();  // the first one is gone: the other takes its place
  w.hung = "a";
  CHECK(comes_up(w, other, milliseconds(3'000)));
  CHECK(w.b.about("a").twin.empty());
}

TEST_CASE("the same line is written once a minute, any line once a second") {
  log_pace pace;
  auto now = steady_time{};
  CHECK(pace.may_say("a", now));
  CHECK_FALSE(pace.may_say("b", now));
  now += std::chrono::seconds(1);
  CHECK(pace.may_say("b", now));
  now += std::chrono::seconds(2);
  CHECK_FALSE(pace.may_say("a", now));
  now += std::chrono::seconds(60);
  CHECK(pace.may_say("a", now));
  std::size_t said = 0;
  for (int i = 0; i < 1'000; ++i) said += pace.may_say("key " + std::to_string(i), now += std::chrono::seconds(1)) ? 1 : 0;
  CHECK(said == 1'000);
}

TEST_CASE("after stop there is silence") {
  pair_of_nodes w;
  w.b.links->stop();
  w.b.links->stop();
  w.a.links->turn(milliseconds(0));
  w.a.links->turn(milliseconds(0));
  CHECK(w.a.up() == nullptr);
  CHECK(w.b.events.size() == 1);
}
