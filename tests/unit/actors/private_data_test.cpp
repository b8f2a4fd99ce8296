// An approval is made on one peer of an organization; its siblings come to have it. Under CAF's testing scheduler, with virtual time.
#include "actors/peer/private_data.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "cluster/private_data/fetch.hpp"
#include "peer/lifecycle/lifecycle.pb.h"
#include "proto/encode.hpp"
#include "tests/support/simulated_network.hpp"
#include "weft/private_data.pb.h"

using namespace weft;
using namespace weft::actors;
using testing::simulated_network;

namespace {

const std::string first = "peer0.org1.example.com", second = "peer1.org1.example.com", foreign = "peer0.org2.example.com";

config::topology two_peers_each() {
  config::dev_options options;
  options.peers = 2;
  return config::dev_topology(options);
}

struct network : simulated_network {
  explicit network(std::uint64_t seed, config::topology t = two_peers_each()) : simulated_network(seed, std::move(t)) { ready(); }

  [[nodiscard]] std::size_t index(const std::string& name) {
    const auto& all = node().peers();
    return static_cast<std::size_t>(std::find_if(all.begin(), all.end(), [&](const auto& p) { return p->name == name; }) - all.begin());
  }
  [[nodiscard]] const peer_site& site(const std::string& name) { return *node().peers().at(index(name)); }
  [[nodiscard]] std::vector<ledger::missing_private_data> missing(const std::string& peer) {
    return ledger::gaps_of(site(peer).channel("mychannel")->ledger)->missing({}, 100).value();
  }
  [[nodiscard]] bool complete() {
    const auto& all = node().peers();
    return std::all_of(all.begin(), all.end(), [&](const auto& p) { return missing(p->name).empty(); });
  }
  /// By the organization's administrator, endorsed by the first peer alone.
  void approve(const std::string& contract) {
    ::lifecycle::ApproveChaincodeDefinitionForMyOrgArgs args;
    args.set_name(contract);
    args.set_version("1.0");
    args.set_sequence(1);
    args.set_endorsement_plugin("escc");
    args.set_validation_plugin("vscc");
    args.mutable_source()->mutable_local_package()->set_package_id("label:" + std::string(64, 'a'));
    const auto out = invoke("Admin@org1.example.com", "_lifecycle", {"ApproveChaincodeDefinitionForMyOrg", proto::encode(args)}, index(first));
    REQUIRE_MESSAGE(out.status.ok(), out.status.message);
    REQUIRE(out.code == 0);
    const auto height = site(first).channel("mychannel")->ledger->height();
    REQUIRE(run([&] { return site(second).channel("mychannel")->ledger->height() >= height; }));
  }
  /// The approved package, as a peer tells; or why not.
  std::string approved(const std::string& contract, const std::string& peer) {
    ::lifecycle::QueryApprovedChaincodeDefinitionArgs args;
    args.set_name(contract);
    std::string error;
    const auto answer = query("Admin@org1.example.com", "_lifecycle", {"QueryApprovedChaincodeDefinition", proto::encode(args)}, &error, index(peer));
    ::lifecycle::QueryApprovedChaincodeDefinitionResult result;
    if (!error.empty() || !proto::decode(answer, result)) return error;
    return result.source().local_package().package_id();
  }
  fetch_reply ask_server(const std::string& peer, const bytes& request) {
    auto answer = std::make_shared<std::optional<fetch_reply>>();
    system().spawn([answer, request, to = role<private_server_actor>(private_server_name(peer))](caf::event_based_actor* self) {
      self->request(to, std::chrono::seconds(5), atom::fetch::value, request)
          .then([answer](const fetch_reply& r) { *answer = r; }, [answer](const caf::error&) { *answer = fetch_reply{status_of(rpc_code::unavailable, "no answer"), {}}; });
    });
    REQUIRE(run([&] { return answer->has_value(); }));
    return **answer;
  }
};

const std::string package = "label:" + std::string(64, 'a');

/// What a link to other nodes does, as a test says.
struct script {
  enum { honest, tampering, silent, broken, refusing } how = honest;
  std::size_t asked = 0, open = 0, open_most = 0;
};
struct scripted_state {
  std::vector<caf::typed_response_promise<fetch_reply>> held;
};
private_link_actor::behavior_type scripted_link(role_self<private_link_actor, scripted_state> self, std::shared_ptr<script> s, directory_ptr where) {
  return {[self, s, where](atom::fetch f, const std::string& sibling, const bytes& request) -> caf::result<fetch_reply> {
    ++s->asked;
    s->open_most = std::max(s->open_most, ++s->open);
    auto promise = self->make_response_promise<fetch_reply>();
    if (s->how == script::silent) {
      --s->open;
      self->state.held.push_back(promise);
      return promise;
    }
    self->state.held.clear();
    if (s->how == script::refusing) return --s->open, fetch_reply{status_of(rpc_code::permission_denied, "no"), {}};
    if (s->how == script::broken) return --s->open, fetch_reply{{}, "\xff\xff"};
    const auto server = caf::actor_cast<private_server_actor>(where->find("elsewhere/" + sibling));
    self->request(server, std::chrono::seconds(5), f, request)
        .then([s, promise](fetch_reply r) mutable {
          --s->open;
          ::weft::peer::Fetched all;
          REQUIRE(proto::decode(r.response, all));
          if (s->how == script::tampering)
            for (auto& found : *all.mutable_found()) found.mutable_set()->back() ^= 1;
          r.response = proto::encode(all);
          promise.deliver(std::move(r));
        }, [promise](const caf::error&) mutable { promise.deliver(fetch_reply{status_of(rpc_code::unavailable, "gone"), {}}); });
    return promise;
  }};
}

/// The first peer seems to live on another node: the second reaches it over a link alone.
std::shared_ptr<script> part(network& net) {
  const auto& where = net.node().where();
  auto s = std::make_shared<script>();
  where->put("elsewhere/" + first, where->find(private_server_name(first)));
  where->erase(private_server_name(first));
  const auto spec = make_spec(seat{private_link_name(second), nullptr}, &scripted_link, s, where);
  where->put(private_link_name(second), spec.spawn(net.system()));
  return s;
}

}  // namespace

TEST_CASE("contracts are approved on one peer of each organization; its siblings have the approvals too") {
  network net(1);
  REQUIRE(net.run([&] { return net.complete(); }));
  for (const auto& peer : {first, second}) CHECK_MESSAGE(net.approved("mycc", peer).starts_with("mycc"), net.approved("mycc", peer));
  net.approve("another");
  REQUIRE(net.run([&] { return net.complete(); }, std::chrono::seconds(1)));
  CHECK(net.approved("another", second) == package);
}

TEST_CASE("an organization with one peer has nobody to ask, and nothing is missing there") {
  network net(2, config::dev_topology({}));
  CHECK(net.complete());
  CHECK(net.approved("mycc", first).starts_with("mycc"));
}

TEST_CASE("until the private data are there, a peer says so; blocks go on meanwhile, and questions are asked one at a time") {
  network net(3);
  REQUIRE(net.run([&] { return net.complete(); }));
  const auto link = part(net);
  for (const auto how : {script::refusing, script::broken, script::tampering, script::silent}) {
    CAPTURE(static_cast<int>(how));
    link->how = how;
    const auto contract = "contract" + std::to_string(static_cast<int>(how));
    const auto asked = link->asked;
    net.approve(contract);
    REQUIRE(net.run([&] { return link->asked > asked + (how == script::silent ? 0 : 3); }));  // it does not give up
    CHECK(net.missing(second).size() == 1);
    const auto told = net.approved(contract, second);
    CHECK_MESSAGE(told.find("private data matching public hash version is not available") != std::string::npos, told);
    const auto height = net.site(second).channel("mychannel")->ledger->height();
    CHECK(net.invoke("User1@org1.example.com", "kv", {"put", "k", contract}, net.index(second)).code == 0);
    CHECK(net.site(second).channel("mychannel")->ledger->height() > height);
    link->how = script::honest;
    REQUIRE(net.run([&] { return net.complete(); }));
    CHECK(net.approved(contract, second) == package);
  }
  CHECK(link->open_most == 1);
}

TEST_CASE("a puller that dies begins anew with what is missing; so does one that finds no link at first") {
  network net(4);
  REQUIRE(net.run([&] { return net.complete(); }));
  const auto link = part(net);
  link->how = script::refusing;
  net.approve("another");
  net.kill(second + "/private_puller/mychannel");
  const auto handle = net.node().where()->find(private_link_name(second));
  net.node().where()->erase(private_link_name(second));
  net.run([] { return false; }, std::chrono::seconds(5));
  CHECK(net.missing(second).size() == 1);
  link->how = script::honest;
  net.node().where()->put(private_link_name(second), handle);
  REQUIRE(net.run([&] { return net.complete(); }));
  CHECK(net.approved("another", second) == package);
}

TEST_CASE("a writer that dies while sets are on their way is asked again") {
  network net(5);
  REQUIRE(net.run([&] { return net.complete(); }));
  const auto link = part(net);
  link->how = script::refusing;
  net.approve("another");
  link->how = script::honest;
  net.kill(second + "/ledger_writer/mychannel");
  REQUIRE(net.run([&] { return net.complete(); }));
  CHECK(net.approved("another", second) == package);
  CHECK(net.invoke("User1@org1.example.com", "kv", {"put", "k", "v"}, net.index(second)).code == 0);
}

TEST_CASE("a peer gives private data to peers of its organization alone") {
  network net(6);
  REQUIRE(net.run([&] { return net.complete(); }));
  // What the first peer holds: all of the organization's approvals.
  const auto& chain = *net.site(first).channel("mychannel")->ledger;
  std::vector<ledger::missing_private_data> wanted;
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
  REQUIRE(wanted.size() >= 2);
  REQUIRE(wanted.size() <= cluster::wanted_max);
  const auto& own = net.site(second);
  const auto now = own.clock->now();
  const auto request = [&](const crypto::signing_identity& who, const std::string& to, const std::string& channel = "mychannel") {
    return cluster::make_fetch({channel, to, wanted}, who, "nonce", now).value();
  };
  const auto good = net.ask_server(first, request(*own.identity, first));
  REQUIRE_MESSAGE(good.status.ok(), good.status.message);
  const auto read = cluster::read_fetched(good.response, wanted).value();
  CHECK(read.wrong == 0);
  CHECK_FALSE(read.found.empty());
  for (const auto& f : read.found) CHECK(f.collection == "_implicit_org_Org1MSP");  // the other organization's stay with it
  const auto of_other = std::count_if(wanted.begin(), wanted.end(), [](const auto& w) { return w.collection == "_implicit_org_Org2MSP"; });
  CHECK(read.found.size() + static_cast<std::size_t>(of_other) == wanted.size());
  auto spoilt = wanted;
  for (auto& w : spoilt) w.hash.back() ^= 1;
  const auto nothing = net.ask_server(first, cluster::make_fetch({"mychannel", first, spoilt}, *own.identity, "nonce", now).value());
  REQUIRE(nothing.status.ok());
  CHECK(nothing.response.empty());
  struct row { const char* name; bytes request; rpc_code code; const char* why; };
  const row rows[] = {
      {"a peer of another organization", request(*net.site(foreign).identity, first), rpc_code::permission_denied, "is not of Org1MSP"},
      {"a client", request(*net.node().user("User1@org1.example.com"), first), rpc_code::permission_denied, "is no peer"},
      {"an administrator", request(*net.node().user("Admin@org1.example.com"), first), rpc_code::permission_denied, "is no peer"},
      {"for somebody else", request(*own.identity, second), rpc_code::permission_denied, "another peer"},
      {"another channel", request(*own.identity, first, "other"), rpc_code::permission_denied, "not in the channel"},
      {"junk", "junk", rpc_code::invalid_argument, "malformed"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const auto reply = net.ask_server(first, r.request);
    CHECK(reply.status.code == static_cast<std::int32_t>(r.code));
    CHECK_MESSAGE(reply.status.message.find(r.why) != std::string::npos, reply.status.message);
    CHECK(reply.response.empty());
  }
  net.wall().advance(std::chrono::minutes(16));
  const auto stale = net.ask_server(first, request(*own.identity, first));
  CHECK_MESSAGE(stale.status.message.find("15 minutes") != std::string::npos, stale.status.message);
}
