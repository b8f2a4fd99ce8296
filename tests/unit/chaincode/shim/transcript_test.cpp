// A session between a Fabric 3.1 peer and Fabric's Node shim, recorded on the golden channel: our peer's side has to say the same bytes.
#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <nlohmann/json.hpp>
#include <sstream>

#include "peer/chaincode.pb.h"
#include "peer/chaincode_shim.pb.h"
#include "proto/encode.hpp"
#include "tests/unit/chaincode/shim/board_fixture.hpp"
#include "tests/unit/chaincode/support/golden_contract.hpp"
#include "tests/unit/chaincode/support/memory_ledger.hpp"

using namespace weft;
using namespace weft::chaincode;
using namespace weft::chaincode::shim;
using namespace weft::chaincode::testing;

namespace {

struct line {
  bool from_peer = false;
  std::string type, channel, txid;
  bytes payload;
  std::optional<std::pair<std::string, bytes>> event;
};

std::vector<line> transcript() {
  std::vector<line> out;
  std::istringstream in(read_golden("chaincode/shim_transcript.jsonl"));
  for (std::string text; std::getline(in, text);) {
    const auto j = nlohmann::json::parse(text);
    line l{j.at("dir") == "peer->cc", j.at("type"), j.at("channel"), j.at("txid"), from_hex(j.at("payload_hex").get<std::string>()).value(), {}};
    if (j.contains("event_hex")) {
      ::protos::ChaincodeEvent e;
      REQUIRE(proto::decode(from_hex(j["event_hex"].get<std::string>()).value(), e));
      l.event.emplace(e.event_name(), e.payload());
    }
    out.push_back(std::move(l));
  }
  return out;
}

message_type type_of(const std::string& name) {
  for (int t = 0; t < 26; ++t) {
    if (to_string(static_cast<message_type>(t)) == name) return static_cast<message_type>(t);
  }
  FAIL(name);
  return {};
}

/// The golden channel behind its last block, with the private values that its first organization holds.
struct golden_peer {
  golden_peer() : ledger(make_golden_ledger(26)), bundle(golden_bundle()) {
    state.advance_to(10);
    auto writer = golden_transaction(10);
    const auto made = simulate(context_of(writer.proposal, [](std::string_view) { return make_golden_contract(); }));
    REQUIRE_MESSAGE(made, made.error().context);
    state.keep(made->privates);
    state.advance_to(26);
  }
  simulation_context context_of(const ledger::proposal& p, std::function<contract_ptr(std::string_view)> find) {
    simulation_context c;
    c.proposal = &p;
    c.state = state.view();
    c.history = ledger.get();
    c.bundle = bundle.get();
    c.local_msp_id = "Org1MSP";
    c.find_contract = std::move(find);
    c.installed_package = [](std::string_view) { return std::string(golden_package_id); };
    c.defined_collections = true;
    return c;
  }
  golden_state state;
  std::shared_ptr<const ledger::channel_ledger> ledger;
  std::shared_ptr<const ledger::channel_bundle> bundle;
};

/// Iterators have names of their peer's choice: "1", "2" here, UUIDs in the recording.
struct names {
  std::map<std::string, std::string> ours;
  bytes to_ours(const std::string& type, const bytes& payload) {
    if (type != "QUERY_STATE_NEXT" && type != "QUERY_STATE_CLOSE") return payload;
    ::protos::QueryStateNext q;  // the same message by another name
    REQUIRE(proto::decode(payload, q));
    if (ours.contains(q.id())) q.set_id(ours[q.id()]);
    return proto::encode(q);
  }
  /// The recorded answer with our name of the iterator in it.
  bytes expected(const bytes& recorded, const bytes& made) {
    ::protos::QueryResponse theirs, mine;
    if (!proto::decode(recorded, theirs) || !proto::decode(made, mine)) return recorded;
    if (theirs.id().size() != 36 || mine.id().empty()) return recorded;
    ours[theirs.id()] = mine.id();
    theirs.set_id(mine.id());
    return proto::encode(theirs);
  }
};

}  // namespace

TEST_CASE("the golden session, replayed") {
  golden_peer peer;
  surroundings around;
  around.connection_of = [](const std::string&) { return connection{"golden:9999"}; };
  switchboard board({}, around);
  const instant now{};
  std::optional<link_id> link;
  std::deque<message> sent;
  std::map<ticket, result<simulation_result>> outcomes;
  const auto take = [&](board_effects effects) {
    for (auto& e : effects) {
      if (auto* d = std::get_if<dial>(&e)) link = d->link;
      if (auto* m = std::get_if<send_message>(&e)) sent.push_back(parse_message(m->raw).value());
      if (auto* r = std::get_if<simulated>(&e)) outcomes.emplace(r->id, std::move(r->outcome));
      CHECK_FALSE(std::holds_alternative<close_link>(e));
    }
  };
  struct held {
    ledger::proposal proposal;
    simulation_context context;
  };
  ticket next = 0;
  const auto propose = [&](const std::string& txid, const bytes& input) {
    ::protos::ChaincodeInput in;
    REQUIRE(proto::decode(input, in));
    auto h = std::make_shared<held>(held{make_test_proposal("golden", {in.args().begin(), in.args().end()}), {}});
    h->proposal.header.tx_id = txid;
    h->context = peer.context_of(h->proposal, [](std::string_view) { return outside(golden_package_id); });
    auto sim = std::make_unique<simulation>(h->context);
    auto first = sim->start();
    take(board.step(simulate_job{++next, std::move(sim), std::move(first), h}, now));
  };
  const auto lines = transcript();
  names iterators;
  std::size_t compared = 0;
  std::string full_id;  // the recording cuts transaction ids to eight digits, except within a text
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto& l = lines[i];
    CAPTURE(i);
    CAPTURE(l.type);
    if (l.type == "TRANSACTION") {
      full_id = l.txid;
      for (std::size_t k = i; k < lines.size() && lines[k].txid == l.txid; ++k) {
        if (const auto at = lines[k].payload.find(l.txid); lines[k].type == "ERROR" && at != bytes::npos) full_id = lines[k].payload.substr(at, 64);
      }
    }
    if (i == 0) {  // the call that makes the peer dial
      const auto first = std::find_if(lines.begin(), lines.end(), [](const line& x) { return x.type == "TRANSACTION"; });
      propose(first->txid, first->payload);
      take(board.step(link_up{link.value()}, now));
    } else if (l.type == "TRANSACTION" && next != 0 && sent.empty()) {
      propose(full_id, l.payload);
    }
    if (l.from_peer) {
      REQUIRE_FALSE(sent.empty());
      const auto made = sent.front();
      sent.pop_front();
      CHECK(to_string(made.type) == l.type);
      CHECK(made.call.channel == l.channel);
      CHECK(made.call.txid.substr(0, 8) == l.txid);
      CHECK(to_hex(made.payload) == to_hex(l.type == "RESPONSE" ? iterators.expected(l.payload, made.payload) : l.payload));
      ++compared;
    } else {
      message m{type_of(l.type), {l.channel, l.txid.empty() ? "" : full_id}, iterators.to_ours(l.type, l.payload), {}, {}, l.event};
      take(board.step(link_message{link.value(), encode(m)}, now));
    }
  }
  CHECK(compared == static_cast<std::size_t>(std::count_if(lines.begin(), lines.end(), [](const line& l) { return l.from_peer; })));
  CHECK(sent.empty());
  CHECK(outcomes.size() == next);
  CHECK(next == static_cast<ticket>(std::count_if(lines.begin(), lines.end(), [](const line& l) { return l.type == "TRANSACTION"; })));
  for (const auto& [t, outcome] : outcomes) CHECK_MESSAGE(outcome, outcome.error().context);
}
