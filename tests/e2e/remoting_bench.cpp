// What the tunnel costs: the same requests over the tunnel and over plain BASP on the loopback, in turn, in one process.
#include <algorithm>
#include <caf/io/middleman.hpp>
#include <caf/scoped_actor.hpp>
#include <cstdio>
#include <ctime>
#include <deque>

#include "tests/e2e/remoting_host.hpp"

using namespace weft;
using namespace weft::testing;
using namespace weft::actors;
using steady = std::chrono::steady_clock;

namespace {

double seconds_since(steady::time_point t) { return std::chrono::duration<double>(steady::now() - t).count(); }
double cpu_seconds() {
  timespec t{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

struct pace {
  double seconds = 0, cpu = 0;
  std::vector<double> latencies;  ///< Seconds, sorted.
};

/// `count` requests with `size` bytes each, `window` at once.
pace run(caf::scoped_actor& self, const orderer_actor& to, std::size_t count, std::size_t size, std::size_t window) {
  const auto envelope = envelope_of(size);
  const auto ask = [&] { return self->request(to, std::chrono::seconds(30), actors::atom::broadcast::value, envelope); };
  std::deque<std::pair<steady::time_point, decltype(ask())>> open;
  pace out;
  const auto begin = steady::now();
  const auto cpu = cpu_seconds();
  for (std::size_t sent = 0; sent < count || !open.empty();) {
    while (sent < count && open.size() < window) {
      open.emplace_back(steady::now(), ask());
      ++sent;
    }
    open.front().second.receive([&](const broadcast_reply&) { out.latencies.push_back(seconds_since(open.front().first)); },
                                [&](const caf::error&) { std::printf("a request failed\n"); });
    open.pop_front();
  }
  out.seconds = seconds_since(begin);
  out.cpu = cpu_seconds() - cpu;
  std::sort(out.latencies.begin(), out.latencies.end());
  return out;
}

void report(const char* over, caf::actor_system& from, const orderer_actor& to) {
  caf::scoped_actor self{from};
  run(self, to, 500, 100, 1);
  const auto single = run(self, to, 5'000, 100, 1);
  const auto small = run(self, to, 100'000, 100, 128);
  const auto transactions = run(self, to, 40'000, 3'900, 128);
  const auto middle = run(self, to, 4'000, 100 * KiB, 16);
  const auto large = run(self, to, 600, MiB, 8);
  std::printf("%-12s %7.0f %7.0f us   %7.0f/s %5.1f us   %7.0f/s %5.1f us   %6.0f MB/s   %6.0f MB/s\n", over, single.latencies[2'500] * 1e6,
              single.latencies[4'950] * 1e6, 100'000 / small.seconds, small.cpu * 10, 40'000 / transactions.seconds, transactions.cpu * 25,
              4'000 * 0.1024 / middle.seconds, 600 * 1.048576 / large.seconds);
  std::fflush(stdout);
}

}  // namespace

int measure_remoting() {
  plan p;
  host b{p, "host2"};
  host a{p, "host1"};
  b.start_orderer("two");
  if (!eventually([&] { return a.ask("m2") == 200; })) return 1;
  const auto tunnelled = caf::actor_cast<orderer_actor>(a.find("m2/orderer"));

  auto config = make_test_config(), config2 = make_test_config();
  caf::actor_system server{*config}, client{*config2};
  const auto orderer = spawn_orderer(server, "plain", "two");
  const auto port = server.middleman().publish(caf::actor_cast<orderer_actor>(orderer), 0, "127.0.0.1");
  const auto plain = client.middleman().remote_actor<orderer_actor>("127.0.0.1", *port);
  if (!plain) return 1;

  std::printf("               one at a time      128 at once, 100 B   128 at once, 3.9 KB   16 at once,   8 at once,\n");
  std::printf("               p50     p99        rate, CPU each       rate, CPU each        100 KiB       1 MiB\n");
  for (int round = 0; round < 3; ++round) {
    report("plain BASP", client, *plain);
    report("tunnel", *a.system, tunnelled);
  }
  kill(server, orderer);
  return 0;
}
