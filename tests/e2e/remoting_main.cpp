// weft_e2e_remoting          the tests
// weft_e2e_remoting host2    host2 of the tests as a process of its own, until its standard input ends
// weft_e2e_remoting bench    latency and throughput over the tunnel, and over plain BASP on the loopback
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdio>

#include "tests/e2e/remoting_host.hpp"

int measure_remoting();

int main(int argc, char** argv) {
  const std::string verb = argc > 1 ? argv[1] : "";
  spdlog::set_level(spdlog::level::off);
  if (verb == "bench") return measure_remoting();
  if (verb == "host2") {
    weft::testing::plan p;
    weft::testing::host h{p, "host2"};
    h.start_orderer("child");
    std::printf("%s", h.links->address().c_str());
    std::fflush(stdout);
    char c;
    while (::read(0, &c, 1) > 0) {
    }
    return 0;
  }
  return doctest::Context(argc, argv).run();
}
