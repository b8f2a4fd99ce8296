// Certificates to nodes, or refusals.
#include <doctest/doctest.h>

#include "tests/unit/actors/remoting/hosts.hpp"

using namespace weft;
using namespace weft::actors::remoting;
using namespace weft::testing;

namespace {

struct world {
  tls_authority ours{1}, theirs{2};
  host_certificate one = ours.host("one.example.com"), two = ours.host("two.example.com"), address = ours.host("10.1.2.3"),
                   wildcard = ours.host("*.example.com"), stranger = ours.host("stranger.example.com"), forged = theirs.host("one.example.com"),
                   pinned = theirs.host("anything");
  std::shared_ptr<manual_clock> clock = std::make_shared<manual_clock>(tls_authority::begin + std::chrono::hours(24));
  std::map<std::string, node_identity> nodes{
      {"node1", {{}, "one.example.com", {ours.root_pem()}}},
      {"node2", {{}, "two.example.com", {ours.root_pem()}}},
      {"node3", {{}, "10.1.2.3", {ours.root_pem()}}},
      {"node4", {{pinned.certificate_pem}, "", {}}},
      {"node5", {{}, "five.example.com", {theirs.root_pem(), ours.root_pem()}}},
  };
  std::shared_ptr<const admission_rule> rule = make_topology_admission(nodes, clock).value();

  [[nodiscard]] std::string asked(const host_certificate& h, const std::string& expected = "", std::vector<bytes> others = {}) const {
    const auto r = rule->admit({h.der, std::move(others), !expected.empty()}, expected);
    if (!r) CHECK(r.error().code == errc::permission_denied);
    return r ? *r : "refused: " + r.error().context;
  }
};

}  // namespace

TEST_CASE("a certificate is the node whose host name it has under that node's authorities, or whose certificate it is") {
  const world w;
  CHECK(w.asked(w.one) == "node1");
  CHECK(w.asked(w.two) == "node2");
  CHECK(w.asked(w.address) == "node3");
  CHECK(w.asked(w.pinned) == "node4");
  CHECK(w.asked(w.one, "node1") == "node1");
  CHECK(w.asked(w.one, "node1", {w.two.der, w.ours.root_der(), "rubbish"}) == "node1");
}

TEST_CASE("everybody else is refused") {
  const world w;
  CHECK(w.asked(w.two, "node1").find("it is node node2, not node1") != std::string::npos);
  CHECK(w.asked(w.stranger).find("of no node of the topology (certificate of CN=stranger.example.com") != std::string::npos);
  CHECK(w.asked(w.wildcard).starts_with("refused"));
  CHECK(w.asked(w.forged).find("names node node1") != std::string::npos);
  CHECK(w.asked(w.forged, "", {w.theirs.root_der()}).starts_with("refused"));  // it brings the authority that made it
  host_certificate broken = w.one;
  broken.der[broken.der.size() - 5] ^= 1;  // the signature
  CHECK(w.asked(broken).starts_with("refused"));
  broken.der.resize(20);
  CHECK(w.asked(broken).starts_with("refused"));
  broken.der.clear();
  CHECK(w.asked(broken).starts_with("refused"));
  broken.der = w.one.der + "x";
  CHECK(w.asked(broken).starts_with("refused"));
}

TEST_CASE("dates count by the injected clock, for pinned certificates too") {
  const world w;
  w.clock->advance(std::chrono::hours(24 * 365 * 40));
  CHECK(w.asked(w.one).find("expired") != std::string::npos);
  CHECK(w.asked(w.pinned).find("not valid at this time") != std::string::npos);
}

TEST_CASE("a topology whose nodes cannot be told apart is refused") {
  const world w;
  struct row { const char* name; std::map<std::string, node_identity> nodes; };
  const row rows[] = {
      {"no identity", {{"a", {}}}},
      {"a host name without authorities", {{"a", {{}, "a.example.com", {}}}}},
      {"no PEM", {{"a", {{"rubbish"}, "", {}}}}},
      {"no PEM as authority", {{"a", {{}, "a", {"rubbish"}}}}},
      {"one certificate twice", {{"a", {{w.one.certificate_pem}, "", {}}}, {"b", {{w.one.certificate_pem}, "", {}}}}},
      {"one host name twice", {{"a", {{}, "h", {w.ours.root_pem()}}}, {"b", {{}, "h", {w.theirs.root_pem()}}}}},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const auto made = make_topology_admission(r.nodes, w.clock);
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error().code == errc::invalid_argument);
  }
}
