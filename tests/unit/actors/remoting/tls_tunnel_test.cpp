// Tunnels with threads of their own over TLS on the loopback, without CAF: what the thread sanitizer can look at.
#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <condition_variable>
#include <thread>

#include "actors/remoting/socket_address.hpp"
#include "actors/remoting/tunnel.hpp"
#include "tests/unit/actors/remoting/frames.hpp"
#include "tests/unit/actors/remoting/hosts.hpp"

using namespace weft;
using namespace weft::actors::remoting;
using namespace weft::testing;

namespace {

/// Where the events of a tunnel's thread wait for the test.
class inbox {
 public:
  void put(link_event e) {
    std::lock_guard lock(mutex_);
    events_.push_back(std::move(e));
    came_.notify_all();
  }
  /// The next event; fails the test when none comes.
  link_event next() {
    std::unique_lock lock(mutex_);
    REQUIRE(came_.wait_for(lock, std::chrono::seconds(30), [&] { return taken_ < events_.size(); }));
    return std::move(events_[taken_++]);
  }
  /// The next link that stands; ends of links are passed over.
  link_event next_up() {
    for (;;) {
      auto e = next();
      if (e.up) return e;
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<link_event> events_;
  std::size_t taken_ = 0;
};

struct side {
  inbox events;
  std::unique_ptr<tunnel> links;
};

struct world {
  tls_authority authority{5};
  host_certificate certificate_a = authority.host("a.example.com"), certificate_b = authority.host("b.example.com");
  std::shared_ptr<const admission_rule> rule =
      make_topology_admission({{"a", {{}, "a.example.com", {authority.root_pem()}}}, {"b", {{}, "b.example.com", {authority.root_pem()}}}},
                              std::make_shared<system_clock>())
          .value();
  side a, b;
  world() {
    start(b, "b", certificate_b, "a", "", "127.0.0.1:0");
    start(a, "a", certificate_a, "b", b.links->address(), "");
  }
  ~world() {
    a.links->stop();
    b.links->stop();
  }
  void start(side& s, const std::string& name, const host_certificate& own, const std::string& other, const std::string& at, const std::string& listen) {
    tunnel_settings t;
    t.self = name;
    t.own_mark = mark(name[0]);
    t.peers[other] = {at, dials(name, other)};
    t.random = std::make_shared<seeded_random>(1);
    // Nothing here is about silence. A thread that waits a second for its turn, on a busy machine, must not cost a link.
    t.limits.silence = t.limits.hung = t.limits.handshake = std::chrono::seconds(60);
    auto over = make_tls_carrier({listen, own.certificate_pem, own.key_pem, rule, nullptr});
    REQUIRE(over.has_value());
    s.links = std::make_unique<tunnel>(std::move(t), std::move(*over), [&s](link_event e) { s.events.put(std::move(e)); });
    s.links->start();
  }
};

void send_all(const link_event& at, bytes_view what) {
  while (!what.empty()) {
    const auto n = ::send(at.socket.get(), what.data(), what.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) what.remove_prefix(static_cast<std::size_t>(n));
    pollfd p{at.socket.get(), POLLOUT, 0};
    if (n < 0 && (errno != EAGAIN || ::poll(&p, 1, 30'000) != 1)) return;
  }
}
bytes receive_all(const link_event& at, std::size_t size) {
  bytes out(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    pollfd p{at.socket.get(), POLLIN, 0};
    if (::poll(&p, 1, 30'000) != 1) break;
    const auto n = ::recv(at.socket.get(), out.data() + have, size - have, MSG_DONTWAIT);
    if (n <= 0) break;
    have += static_cast<std::size_t>(n);
  }
  out.resize(have);
  return out;
}

}  // namespace

TEST_CASE("bytes go both ways at once, whole and in order") {
  world w;
  const auto at_a = w.a.events.next_up(), at_b = w.b.events.next_up();
  bytes from_a = client_handshake(mark('a')), from_b = server_handshake(mark('b'));
  for (std::size_t i = 0; i < 60; ++i) {
    from_a += message("+@atom+weft.block", bytes(i * 9973, static_cast<char>('a' + i % 26)));
    from_b += message("+@atom+weft.block", bytes(i * 7919, static_cast<char>('A' + i % 26)));
  }
  std::thread a_speaks([&] { send_all(at_a, from_a); }), b_speaks([&] { send_all(at_b, from_b); });
  bytes at_a_got;
  std::thread a_listens([&] { at_a_got = receive_all(at_a, from_b.size()); });
  const auto at_b_got = receive_all(at_b, from_a.size());
  for (auto* t : {&a_speaks, &b_speaks, &a_listens}) t->join();
  CHECK(at_a_got == from_b);
  CHECK(at_b_got == from_a);
}

TEST_CASE("links are cut, reset, frozen and healed from another thread while they carry bytes") {
  world w;
  std::atomic<bool> over{false};
  std::thread watcher([&] {
    while (!over) {
      (void)w.a.links->report();
      (void)w.b.links->peer_of(mark('a'));
    }
  });
  for (int round = 0; round < 12; ++round) {
    const auto at_a = w.a.events.next_up(), at_b = w.b.events.next_up();
    send_all(at_a, client_handshake(mark('a')) + heartbeat());
    CHECK(receive_all(at_b, 96) == client_handshake(mark('a')) + heartbeat());
    auto& t = round % 2 == 0 ? *w.a.links : *w.b.links;
    const std::string other = round % 2 == 0 ? "b" : "a";
    if (round % 3 == 0) t.reset(other, (round % 2 == 0 ? at_a : at_b).serial, "test");
    if (round % 3 == 1) t.set_fault(other, link_fault::cut);
    if (round % 3 == 2) t.reset_all("test");
    CHECK(receive_all(at_a, 1).empty());
    t.set_fault(other, link_fault::none);
  }
  over = true;
  watcher.join();
}

TEST_CASE("a host that refuses the other is not linked with it, and says why in its report") {
  world w;
  side stranger;
  tls_authority foreign{6};
  w.start(stranger, "a", foreign.host("a.example.com"), "b", w.b.links->address(), "");
  (void)w.b.events.next_up();
  while (w.b.links->report().strangers_refused == 0) std::this_thread::yield();
  // With TLS 1.3 the refused one is through with its handshake before it hears of it.
  while (stranger.links->report().peers.at("b").last_failure.empty()) std::this_thread::yield();
  CHECK(stranger.links->report().peers.at("b").last_failure.find("refuses this node's certificate") != std::string::npos);
  stranger.links->stop();
  CHECK(stranger.links->report().peers.at("b").links == 0);
  CHECK(w.b.links->report().peers.at("a").links == 1);
}

TEST_CASE("certificates, keys and addresses that cannot be used are refused at once") {
  world w;
  const auto& c = w.certificate_a;
  struct row { const char* name; tls_settings settings; errc code; };
  const row rows[] = {
      {"no certificate", {"", "", c.key_pem, w.rule, nullptr}, errc::invalid_argument},
      {"no key", {"", c.certificate_pem, "rubbish", w.rule, nullptr}, errc::invalid_argument},
      {"another's key", {"", c.certificate_pem, w.certificate_b.key_pem, w.rule, nullptr}, errc::invalid_argument},
      {"no address", {"nowhere", c.certificate_pem, c.key_pem, w.rule, nullptr}, errc::invalid_argument},
      {"a taken address", {w.b.links->address(), c.certificate_pem, c.key_pem, w.rule, nullptr}, errc::io},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const auto made = make_tls_carrier(r.settings);
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error().code == r.code);
  }
}

TEST_CASE("addresses") {
  CHECK(parse_host_port("127.0.0.1:7051")->port == 7051);
  CHECK(parse_host_port("[::1]:1")->host == "::1");
  CHECK(parse_host_port("orderer.example.com:65535")->host == "orderer.example.com");
  for (const auto* bad : {"", "host", "host:", ":1", "host:65536", "host:1x", "::1:7051", "[::1]7051", "[]:1", "host:-1"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_host_port(bad).has_value());
  }
  CHECK(to_text(*as_address({"::1", 7})) == "[::1]:7");
  CHECK_FALSE(as_address({"localhost", 7}));
  CHECK(source_of(*as_address({"10.1.2.3", 7})) == "10.1.2.3");
  CHECK(source_of(*as_address({"2001:db8:1:2:3::4", 7})) == "2001:db8:1:2::/64");
  CHECK(source_of(*as_address({"2001:db8:1:2:ffff::5", 9})) == "2001:db8:1:2::/64");
}
