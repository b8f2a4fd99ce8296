// A switchboard, a channel, and contracts at the other end that a test plays by hand.
#pragma once

#include <doctest/doctest.h>

#include "chaincode/shim/switchboard.hpp"
#include "tests/unit/chaincode/support/test_channel.hpp"

namespace weft::chaincode::testing {

using namespace std::chrono_literals;

inline contract_ptr outside(const std::string& package) { return std::make_shared<external_contract>(package); }
inline shim::message say(shim::message_type type, const shim::call_key& call = {}, bytes payload = {}) {
  return {type, call, std::move(payload), {}, {}, {}};
}

struct board_fixture {
  explicit board_fixture(shim::switchboard_options options = {}) : board(options, around()) {
    services["a:1"] = {"host:1"};
    services["b:1"] = {"host:2"};
    channel.deploy("a", outside("a:1"));
    channel.deploy("b", outside("b:1"));
    channel.deploy("self", outside("self:1"));
  }

  shim::surroundings around() {
    shim::surroundings out;
    out.connection_of = [this](const std::string& id) {
      const auto it = services.find(id);
      return it == services.end() ? std::nullopt : std::optional(it->second);
    };
    out.last_words = [this](const std::string&) { return words; };
    out.may_register = [this](const std::string& id) { return id != "stranger:1"; };
    return out;
  }

  /// Takes what came out apart by kind, in order of kinds' arrival.
  void take(shim::board_effects effects) {
    for (auto& e : effects) {
      if (auto* d = std::get_if<shim::dial>(&e)) dials.push_back(*d);
      if (auto* m = std::get_if<shim::send_message>(&e)) sent.emplace_back(m->link, shim::parse_message(m->raw).value());
      if (auto* c = std::get_if<shim::close_link>(&e)) closed.push_back(*c);
      if (auto* r = std::get_if<shim::simulated>(&e)) outcomes.emplace(r->id, std::move(r->outcome));
      if (std::holds_alternative<shim::read_more>(e)) ++reads;
      if (auto* l = std::get_if<shim::log_line>(&e)) log.push_back(l->text);
    }
  }
  void step(shim::board_event e) { take(board.step(std::move(e), now)); }
  void pass(std::chrono::milliseconds by) {
    now += by;
    step(shim::time_passes{});
  }

  /// Proposes; gives the ticket. The transaction id is `txid` when one is given.
  shim::ticket propose(const std::string& contract, const std::string& txid = {}, std::vector<bytes> args = {"f"}) {
    struct held {
      ledger::proposal proposal;
      test_context context;
    };
    auto h = std::make_shared<held>(held{make_test_proposal(contract, std::move(args)), {}});
    if (!txid.empty()) h->proposal.header.tx_id = txid;
    h->context = channel.context_of(h->proposal, "Org1MSP");
    auto sim = std::make_unique<simulation>(h->context.value);
    auto first = sim->start();
    step(shim::simulate_job{++tickets, std::move(sim), std::move(first), h});
    return tickets;
  }
  void message(shim::link_id link, const shim::message& m) { step(shim::link_message{link, shim::encode(m)}); }
  void registers(shim::link_id link, const std::string& package) {
    message(link, say(shim::message_type::register_contract, {}, bytes("\x12") + static_cast<char>(package.size()) + package));
  }
  /// Reaches the service of the newest dial and registers it.
  shim::link_id connect() {
    REQUIRE_FALSE(dials.empty());
    const auto d = dials.back();
    step(shim::link_up{d.link});
    registers(d.link, d.package_id);
    return d.link;
  }
  /// The newest message; its type is checked.
  const shim::message& last(shim::message_type type) {
    REQUIRE_FALSE(sent.empty());
    CHECK(shim::to_string(sent.back().second.type) == shim::to_string(type));
    return sent.back().second;
  }
  void completes(shim::link_id link, const shim::call_key& call, const response& r = {200, {}, {}}) {
    message(link, say(shim::message_type::completed, call, shim::encode_response(r)));
  }
  /// The text of a failed simulation.
  std::string failure(shim::ticket t) {
    const auto it = outcomes.find(t);
    if (it == outcomes.end()) return "still running";
    return it->second ? "done: " + it->second->answer.payload : it->second.error().context;
  }

  test_channel channel;
  std::map<std::string, connection> services;
  std::string words;
  shim::instant now{1h};
  shim::ticket tickets = 0;
  shim::switchboard board;
  std::vector<shim::dial> dials;
  std::vector<std::pair<shim::link_id, shim::message>> sent;
  std::vector<shim::close_link> closed;
  std::map<shim::ticket, result<simulation_result>> outcomes;
  std::vector<std::string> log;
  std::size_t reads = 0;
};

}  // namespace weft::chaincode::testing
