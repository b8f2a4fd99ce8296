// Private data between peers of one organization, over their TLS ports.
#include <fstream>
#include <iterator>
#include <thread>

#include "actors/peer/private_data.hpp"
#include "cluster/private_data/fetch.hpp"
#include "edge/member_doors.hpp"
#include "tests/e2e/door_fixture.hpp"

using namespace weft;

namespace {

const std::string first = "peer0.org1.example.com", foreign = "peer0.org2.example.com";
constexpr const char* method = "/weft.peer.PrivateData/Fetch";

struct private_fixture : testing::door_fixture {
  private_fixture() {
    ports = edge::member_doors::make(system, *node, folder);
    for (const auto& m : {first, foreign}) {
      const auto opened = ports->open(m, "localhost:0");
      REQUIRE_MESSAGE(opened, (opened ? "" : opened.error().context));
    }
    // The approvals of both organizations, as the blocks name them.
    const auto& chain = *site(first).channel("mychannel")->ledger;
    for (block_number n{1}; n < chain.height(); n = n.next()) {
      const auto b = chain.blocks().read(n).value();
      for (std::size_t i = 0; i < b.envelopes().size(); ++i) {
        const auto tx = ledger::parse_endorser_tx(b.envelopes()[i]);
        if (!tx) continue;
        for (const auto& ns : tx->sets.namespaces)
          for (const auto& c : ns.collections)
            if (!c.private_hash.empty()) wanted.push_back({{n, tx_number(i)}, ns.name, c.name, c.private_hash});
      }
    }
    REQUIRE(wanted.size() > 2);
  }
  ~private_fixture() { ports->close(std::chrono::milliseconds(0)); }
  [[nodiscard]] const actors::peer_site& site(const std::string& name) const {
    for (const auto& p : node->peers()) if (p->name == name) return *p;
    throw std::runtime_error("no peer " + name);
  }
  [[nodiscard]] std::shared_ptr<edge::rpc_client> connect(const std::string& member) const {
    const auto domain = member.substr(member.find('.') + 1);
    std::ifstream in(folder / "crypto" / "peerOrganizations" / domain / "msp" / "tlscacerts" / ("tlsca." + domain + "-cert.pem"));
    return edge::rpc_client::connect("localhost:" + std::to_string(ports->ports().at(member)),
                                     edge::client_tls{{std::istreambuf_iterator<char>(in), {}}, {}, {}, {}});
  }
  [[nodiscard]] bytes request(const crypto::signing_identity& who, const std::string& to = first) const {
    return cluster::make_fetch({"mychannel", to, wanted}, who, "nonce", system_clock().now()).value();
  }
  [[nodiscard]] edge::call_answer ask(bytes request) const { return connect(first)->call(method, std::move(request), {std::chrono::seconds(20), {}}); }
  /// What a peer's link brings.
  [[nodiscard]] actors::fetch_reply through_link(const std::string& peer, const std::string& sibling, bytes request) {
    const auto link = caf::actor_cast<actors::private_link_actor>(node->where()->find(actors::private_link_name(peer)));
    REQUIRE(link);
    std::promise<actors::fetch_reply> answer;
    system.spawn([&answer, link, sibling, request = std::move(request)](caf::event_based_actor* self) {
      self->request(link, std::chrono::seconds(30), actors::atom::fetch::value, sibling, request)
          .then([&answer](const actors::fetch_reply& r) { answer.set_value(r); },
                [&answer](const caf::error&) { answer.set_value({actors::status_of(actors::rpc_code::unavailable, "the link is gone"), {}}); });
    });
    return answer.get_future().get();
  }

  std::unique_ptr<edge::member_doors> ports;
  std::vector<ledger::missing_private_data> wanted;
};

}  // namespace

TEST_CASE("a peer's port gives private data to peers of its organization, and tells others why not") {
  private_fixture f;
  const auto good = f.ask(f.request(*f.site(first).identity));
  REQUIRE_MESSAGE(good.status.ok(), good.status.message);
  const auto read = cluster::read_fetched(good.response, f.wanted).value();
  CHECK(read.wrong == 0);
  CHECK_FALSE(read.found.empty());
  CHECK(read.found.size() < f.wanted.size());
  for (const auto& found : read.found) CHECK(found.collection == "_implicit_org_Org1MSP");
  struct row { const char* name; bytes request; actors::rpc_code code; const char* why; };
  auto spoilt = f.request(*f.site(first).identity);
  spoilt.back() ^= 1;
  const row rows[] = {
      {"a peer of another organization", f.request(*f.site(foreign).identity), actors::rpc_code::permission_denied, "is not of Org1MSP"},
      {"a client", f.request(*f.node->user("User1@org1.example.com")), actors::rpc_code::permission_denied, "is no peer"},
      {"for somebody else", f.request(*f.site(first).identity, foreign), actors::rpc_code::permission_denied, "another peer"},
      {"another signature", spoilt, actors::rpc_code::permission_denied, "not signed"},
      {"nothing", {}, actors::rpc_code::invalid_argument, ""},
      {"junk", "\xff\xff", actors::rpc_code::invalid_argument, "malformed"},
      {"a megabyte", bytes(1 * MiB, 'x'), actors::rpc_code::invalid_argument, "at most"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const auto answer = f.ask(r.request);
    CHECK(answer.status.code == static_cast<std::int32_t>(r.code));
    CHECK_MESSAGE(answer.status.message.find(r.why) != std::string::npos, answer.status.message);
  }
  CHECK(f.client->call(method, f.request(*f.site(first).identity), {std::chrono::seconds(20), {}}).status.code ==
        static_cast<std::int32_t>(actors::rpc_code::unimplemented));  // not on the command's socket
}

TEST_CASE("a link asks on ports, and takes nobody for a sibling who is none") {
  private_fixture f;
  const auto own = f.through_link(first, first, f.request(*f.site(first).identity));
  REQUIRE_MESSAGE(own.status.ok(), own.status.message);
  CHECK_FALSE(cluster::read_fetched(own.response, f.wanted)->found.empty());
  // The other organization's TLS CA is nobody here.
  const auto other = f.through_link(first, foreign, f.request(*f.site(first).identity, foreign));
  CHECK(other.status.code == static_cast<std::int32_t>(actors::rpc_code::unavailable));
  const auto nowhere = f.through_link(first, "peer9.org1.example.com", f.request(*f.site(first).identity));
  CHECK(nowhere.status.code == static_cast<std::int32_t>(actors::rpc_code::unavailable));
  const auto refused = f.through_link(first, first, f.request(*f.site(foreign).identity));
  CHECK(refused.status.code == static_cast<std::int32_t>(actors::rpc_code::permission_denied));
  f.ports->close(std::chrono::milliseconds(0));
  while (f.node->where()->find(actors::private_link_name(first)) != nullptr) std::this_thread::yield();
}
