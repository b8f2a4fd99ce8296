// CHAINCODE_HOST and CONTRACT_RUNNER around a contract that a test plays: under CAF's testing scheduler, with streams that are none.
#include <caf/scheduler/test_coordinator.hpp>
#include <doctest/doctest.h>

#include "actors/peer/contracts.hpp"
#include "tests/unit/chaincode/shim/board_fixture.hpp"

using namespace weft;
using namespace weft::actors;
using namespace std::chrono_literals;
namespace shim = weft::chaincode::shim;
using weft::chaincode::testing::outside;
using weft::chaincode::testing::say;

namespace {

struct fake_stream final : contract_stream {
  void send(bytes m) override { sent.push_back(shim::parse_message(m).value()); }
  void read() override { ++reads; }
  void close(const std::string& why) override { closed = why; }
  std::vector<shim::message> sent;
  int reads = 0;
  std::string closed;
};
struct fake_dialler final : contract_dialler {
  contract_stream_ptr dial(const chaincode::connection& to, contract_listener_ptr listener) override {
    addresses.push_back(to.address);
    listeners.push_back(std::move(listener));
    streams.push_back(std::make_shared<fake_stream>());
    return streams.back();
  }
  std::vector<std::string> addresses;
  std::vector<contract_listener_ptr> listeners;
  std::vector<std::shared_ptr<fake_stream>> streams;
};

bytes registers(const std::string& package) {
  return shim::encode(say(shim::message_type::register_contract, {}, bytes("\x12") + static_cast<char>(package.size()) + package));
}

struct peer_world {
  peer_world() {
    config.set("scheduler.policy", caf::atom("testing"));
    system = std::make_unique<caf::actor_system>(config);
    channel.deploy("a", outside("a:1"));
    channel.deploy("native", chaincode::testing::make_contract([](chaincode::stub&) { return chaincode::success("in place"); }));
    site->name = "peer0";
    site->where = std::make_shared<directory>();
    auto packages = std::make_shared<installed_packages>();
    packages->code_of = [](const std::string& id) { return id == "a:1" ? outside(id) : nullptr; };
    packages->connection_of = [](const std::string& id) {
      chaincode::connection c;
      c.address = "host:1";
      return id == "a:1" ? std::optional(c) : std::nullopt;
    };
    packages->last_words = [](const std::string&) { return std::string("its last words"); };
    runner = contract_runner_role(seat{contract_runner_name("peer0"), nullptr}, site, packages, dialler).spawn(*system);
    host = chaincode_host_role(seat{"peer0/chaincode_host", nullptr}, site, packages).spawn(*system);
    site->where->put(contract_runner_name("peer0"), runner);
    scheduler().run();
  }
  ~peer_world() {
    caf::scoped_actor self{*system};
    for (auto& p : {runner, host}) self->send_exit(caf::actor_cast<caf::actor>(p), caf::exit_reason::user_shutdown);
    scheduler().run();
    site->where->clear();
    runner = host = nullptr;
  }
  caf::scheduler::test_coordinator& scheduler() { return dynamic_cast<caf::scheduler::test_coordinator&>(system->scheduler()); }

  /// Proposes; what comes of it is added to `said` some time.
  void propose(const std::string& contract, const std::string& txid) {
    struct held {
      ledger::proposal proposal;
      chaincode::testing::test_context context;
    };
    auto h = std::make_shared<held>(held{chaincode::testing::make_test_proposal(contract, {"f"}), {}});
    h->proposal.header.tx_id = txid;
    h->context = channel.context_of(h->proposal, "Org1MSP");
    auto job = std::make_shared<simulation_job>();
    job->context = h->context.value;
    job->keep_alive = h;
    auto asker = system->spawn([this, job](caf::event_based_actor* self) {
      self->request(caf::actor_cast<chaincode_host_actor>(host), caf::infinite, atom::simulate::value, std::shared_ptr<const simulation_job>(job))
          .then([this](const std::shared_ptr<const simulation_outcome>& o) { said.push_back(o->value ? o->value->answer.payload : o->value.error().context); },
                [this](const caf::error&) { said.push_back("no answer"); });
    });
    scheduler().run();
  }
  void connect() {
    dialler->listeners.back()->opened();
    hear(registers("a:1"));
  }
  void hear(bytes raw) {
    dialler->listeners.back()->message(std::move(raw));
    scheduler().run();
  }
  void after(std::chrono::milliseconds t) {
    scheduler().advance_time(t);
    scheduler().run();
  }

  caf::actor_system_config config;
  std::unique_ptr<caf::actor_system> system;
  chaincode::testing::test_channel channel;
  std::shared_ptr<peer_site> site = std::make_shared<peer_site>();
  std::shared_ptr<fake_dialler> dialler = std::make_shared<fake_dialler>();
  caf::strong_actor_ptr runner, host;
  std::vector<std::string> said;
};

}  // namespace

TEST_CASE("contracts that are compiled in never see the runner; others are dialled and answer") {
  peer_world w;
  w.propose("native", "t0");
  CHECK(w.said == std::vector<std::string>{"in place"});
  CHECK(w.dialler->addresses.empty());
  w.propose("a", "t1");
  CHECK(w.dialler->addresses == std::vector<std::string>{"host:1"});
  w.connect();
  auto& s = *w.dialler->streams.back();
  REQUIRE(s.sent.size() == 3);
  CHECK(s.sent.back().type == shim::message_type::transaction);
  CHECK(s.reads == 2);
  w.hear(shim::encode(say(shim::message_type::completed, s.sent.back().call, shim::encode_response(chaincode::success("from outside")))));
  CHECK(w.said.back() == "from outside");
  w.propose("a", "t2");
  CHECK(w.dialler->addresses.size() == 1);
}

TEST_CASE("a contract that hangs, and one that crashes") {
  peer_world w;
  w.propose("a", "t1");
  w.connect();
  w.after(29s);
  CHECK(w.said.empty());
  w.after(1s);
  REQUIRE(w.said.size() == 1);
  CHECK(w.said[0] == "error in simulation: failed to execute transaction t1: error sending: timeout expired while executing transaction\n"
                     "the contract's last words:\nits last words");
  w.propose("a", "t2");
  w.dialler->listeners.back()->ended("reset");
  w.scheduler().run();
  REQUIRE(w.said.size() == 2);
  CHECK(w.said[1].find("t2: error sending: chaincode stream terminated (reset)") != std::string::npos);
  w.propose("a", "t3");
  CHECK(w.dialler->addresses.size() == 2);
  w.connect();
  CHECK(w.dialler->streams.back()->sent.back().call.txid == "t3");
}

TEST_CASE("a service that is not there is tried until the dial timeout") {
  peer_world w;
  w.propose("a", "t1");
  for (int i = 0; i < 100 && w.said.empty(); ++i) {
    w.dialler->listeners.back()->ended("connection refused");
    w.scheduler().run();
    w.after(100ms);
  }
  REQUIRE(w.said.size() == 1);
  CHECK(w.said[0].find("could not launch chaincode a:1") != std::string::npos);
  CHECK(w.said[0].find("connection refused") != std::string::npos);
  CHECK(w.dialler->addresses.size() > 5);
  CHECK(w.dialler->addresses.size() < 40);
}

TEST_CASE("a runner that dies closes its streams, and late news of them reach nobody") {
  peer_world w;
  w.propose("a", "t1");
  w.connect();
  const std::weak_ptr<fake_stream> stream = w.dialler->streams.back();
  w.dialler->streams.clear();
  CHECK_FALSE(stream.expired());
  caf::scoped_actor self{*w.system};
  self->send_exit(caf::actor_cast<caf::actor>(w.runner), caf::exit_reason::kill);
  w.scheduler().run();
  w.runner = nullptr;
  w.site->where->clear();
  w.scheduler().run();
  CHECK(stream.expired());
  REQUIRE(w.said.size() == 1);
  CHECK(w.said[0] == "error in simulation: failed to execute transaction t1: the contract runner of this peer stopped while the contract ran");
  w.dialler->listeners.back()->message("x");
  w.dialler->listeners.back()->ended("late");
  w.propose("a", "t2");
  CHECK(w.said.back().find("the contract runner of this peer is being restarted; try again") != std::string::npos);
  w.runner = w.host;  // for the destructor
}

TEST_CASE("a contract that dials the peer") {
  peer_world w;
  const auto handle = caf::actor_cast<contract_runner_actor>(w.runner);
  const auto ear = make_ear(handle);
  auto stream = std::make_shared<fake_stream>();
  caf::anon_send(handle, atom::arrived::value, ear.number, contract_stream_ptr(stream), std::string());
  w.scheduler().run();
  CHECK(stream->reads == 1);
  ear.listener->message(registers("a:1"));
  w.scheduler().run();
  REQUIRE(stream->sent.size() == 2);
  CHECK(stream->sent[1].type == shim::message_type::ready);
  w.propose("a", "t1");
  CHECK(w.dialler->addresses.empty());
  CHECK(stream->sent.back().call.txid == "t1");
  const auto stranger = make_ear(handle);
  auto second = std::make_shared<fake_stream>();
  caf::anon_send(handle, atom::arrived::value, stranger.number, contract_stream_ptr(second), std::string());
  w.scheduler().run();
  stranger.listener->message(registers("b:1"));
  w.scheduler().run();
  CHECK(second->closed == "package b:1 is not installed on this peer");
}
