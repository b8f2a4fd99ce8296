// What crosses nodes, through its wire form and back; and wire forms that nobody made by saving.
#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>
#include <doctest/doctest.h>

#include <sstream>

#include "actors/interfaces.hpp"
#include "actors/remoting/node_entry.hpp"
#include "actors/remoting/travels.hpp"
#include "actors/role.hpp"

using namespace weft;
using namespace weft::actors;

namespace {

struct config final : caf::actor_system_config {
  config() {
    add_message_type<rpc_status>("weft.status");
    add_message_type<endorse_reply>("weft.endorsed");
    add_message_type<signed_proposal>("weft.proposal");
    add_message_type<broadcast_reply>("weft.broadcast");
    add_message_type<ledger::envelope>("weft.envelope");
    add_message_type<ledger::block>("weft.block");
    add_message_type<raft_batch>("weft.raft");
    add_message_type<block_sink_actor>("weft.sink");
    add_message_type<remoting::role_handle>("weft.role");
    set("scheduler.policy", caf::atom("testing"));
  }
};

struct world {
  config settings;
  caf::actor_system system{settings};

  template <class T>
  T through(const T& x) {
    return through_wire(system, caf::make_message(x)).template get_as<T>(0);
  }
  /// Whether T can be loaded from these bytes.
  template <class T>
  bool loads(const std::vector<char>& raw) {
    caf::binary_deserializer in{system, raw};
    T x;
    return !in(x);
  }
  /// A count, then `each` so often.
  std::vector<char> list(std::uint32_t claimed, std::size_t present, std::string_view each) {
    std::vector<char> raw;
    caf::binary_serializer out{system, raw};
    CHECK_FALSE(out(claimed));
    for (std::size_t i = 0; i < present; ++i) raw.insert(raw.end(), each.begin(), each.end());
    return raw;
  }
};

ledger::envelope envelope(const char* payload) { return ledger::envelope::make(payload, "signature"); }

}  // namespace

TEST_CASE("messages between nodes come out as they went in") {
  world w;
  const rpc_status s{14, "no", {{"a", "Org1MSP", "x"}, {"b", "Org2MSP", "y"}}};
  const auto r = w.through(endorse_reply{s, "payload"});
  CHECK(r.response == "payload");
  CHECK(r.status.code == 14);
  CHECK(r.status.message == "no");
  REQUIRE(r.status.details.size() == 2);
  CHECK(r.status.details[1].msp_id == "Org2MSP");
  CHECK(w.through(signed_proposal("any bytes")).raw() == "any bytes");
  const std::vector<ledger::envelope> all{envelope("1"), envelope("2"), envelope("3")};
  const auto back = w.through(all);
  REQUIRE(back.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK(back[i].raw() == all[i].raw());
  CHECK(w.through(std::vector<ledger::envelope>{}).empty());
  const auto replies = w.through(std::vector<broadcast_reply>{{200, "", ""}, {503, "busy", ""}});
  REQUIRE(replies.size() == 2);
  CHECK(replies[1].info == "busy");
  CHECK(w.through(remoting::role_handle{"o1/orderer", nullptr}).name == "o1/orderer");
}

TEST_CASE("lists that are longer than allowed, or than their bytes, are not loaded") {
  world w;
  using envelopes = std::vector<ledger::envelope>;
  using replies = std::vector<broadcast_reply>;
  const std::string_view empty_envelope("\0", 1), empty_reply("\0\0\0\0\0\0", 6), empty_detail("\0\0\0", 3), status("\0\0\0\0\0", 5);
  CHECK(w.loads<envelopes>(w.list(batch_elements_max, batch_elements_max, empty_envelope)));
  CHECK_FALSE(w.loads<envelopes>(w.list(batch_elements_max + 1, batch_elements_max + 1, empty_envelope)));
  CHECK_FALSE(w.loads<envelopes>(w.list(0xffff'ffff, 10, empty_envelope)));
  CHECK_FALSE(w.loads<envelopes>(w.list(3, 2, empty_envelope)));
  CHECK_FALSE(w.loads<envelopes>({}));
  CHECK(w.loads<replies>(w.list(2, 2, empty_reply)));
  CHECK_FALSE(w.loads<replies>(w.list(0x4000'0000, 2, empty_reply)));
  const auto with_details = [&](std::uint32_t count) {
    std::vector<char> raw(status.begin(), status.end());
    const auto rest = w.list(count, count, empty_detail);
    raw.insert(raw.end(), rest.begin(), rest.end());
    return raw;
  };
  CHECK(w.loads<rpc_status>(with_details(error_details_max)));
  CHECK_FALSE(w.loads<rpc_status>(with_details(error_details_max + 1)));
}

TEST_CASE("what roles take from other nodes") {
  world w;
  const auto verdict = [](const caf::message& m) { return may_come_from_afar(nullptr, caf::make_message_id(), m); };
  CHECK(verdict(caf::make_message(atom::broadcast::value, envelope("x"))));
  CHECK(verdict(caf::make_message(atom::whois::value)));
  CHECK(verdict(caf::make_message(atom::block::value, std::string("ch"), ledger::block())));
  const auto before = refused_from_afar();
  CHECK_FALSE(verdict(caf::make_message(atom::block::value, ledger::block())));  // what a raft consenter takes from its own fetcher
  CHECK_FALSE(verdict(caf::make_message(atom::written::value, std::string("ch"), ledger::block())));
  CHECK_FALSE(verdict(caf::make_message(atom::tick::value)));
  CHECK_FALSE(verdict(caf::make_message(atom::kill::value, std::string("o1/orderer"))));
  CHECK_FALSE(verdict(caf::make_message(caf::exit_msg{nullptr, caf::exit_reason::kill})));
  CHECK_FALSE(verdict(caf::make_message(1)));
  CHECK_FALSE(verdict(caf::message{}));
  CHECK(refused_from_afar() == before + 7);
  CHECK(may_come_from_afar(nullptr, caf::make_message_id(1).response_id(), caf::make_message(1)));
}

namespace {

/// The types of a message as BASP's frames name them: "@<>+@atom+weft.block".
std::string names_on_the_wire(world& w, const caf::message& m) {
  std::vector<char> raw;
  caf::binary_serializer out{w.system, raw};
  CHECK_FALSE(caf::message::save(out, m));
  caf::binary_deserializer in{w.system, raw};
  std::uint16_t zero = 1;
  std::string names;
  CHECK_FALSE(in(zero, names));
  CHECK(zero == 0);
  return names;
}

void check_travels(world& w, const caf::message& m) {
  std::istringstream names(names_on_the_wire(w, m).substr(3));
  std::string name;
  std::getline(names, name, '+');
  while (std::getline(names, name, '+')) CHECK_MESSAGE(remoting::travels(name), name);
}

}  // namespace

TEST_CASE("what nodes say to each other travels under the names that messages really have") {
  world w;
  for (const auto& m : {
           caf::make_message(atom::endorse::value, signed_proposal("x")), caf::make_message(endorse_reply{}), caf::make_message(broadcast_reply{}),
           caf::make_message(std::vector<broadcast_reply>(2)), caf::make_message(atom::broadcast::value, envelope("x")),
           caf::make_message(atom::broadcast::value, std::vector<ledger::envelope>{envelope("x")}),
           caf::make_message(atom::order::value, std::vector<ledger::envelope>{envelope("x")}, std::uint64_t{1}),
           caf::make_message(atom::seek::value, block_sink_actor{}, envelope("x"), std::uint32_t{4}, std::string()),
           caf::make_message(atom::block::value, std::string("ch"), ledger::block()),
           caf::make_message(atom::step::value, raft_batch{"ch", {}}), caf::make_message(remoting::role_handle{"o1/orderer", nullptr}),
       }) {
    check_travels(w, m);
    const bool answer = !m.match_element<caf::atom_value>(0);
    CHECK((answer || may_come_from_afar(nullptr, caf::make_message_id(), m)));
  }
}

TEST_CASE("a raft message arrives with the block that its channel begins with") {
  cluster::raft::message m;
  m.kind = cluster::raft::message_kind::heartbeat;
  m.from = 2;
  m.to = 1;
  for (const auto& genesis : {bytes(), bytes(32, '\0'), bytes("not a hash at all")}) {
    CAPTURE(genesis.size());
    const raft_batch sent{"ch", {m}, genesis};
    caf::actor_system_config cfg;
    caf::actor_system sys{cfg};
    std::vector<char> wire;
    caf::binary_serializer sink{sys, wire};
    REQUIRE_FALSE(sink(const_cast<raft_batch&>(sent)));
    raft_batch got;
    caf::binary_deserializer source{sys, wire};
    REQUIRE_FALSE(source(got));
    CHECK(got.channel == "ch");
    CHECK(got.genesis == genesis);
    REQUIRE(got.messages.size() == 1);
    CHECK(got.messages.front().from == 2);
    for (std::size_t size = 0; size < wire.size(); ++size) {
      caf::binary_deserializer torn{sys, wire.data(), size};
      raft_batch none;
      CHECK(torn(none));
    }
  }
}

TEST_CASE("nothing of CAF's that trusts its input is among what travels") {
  for (const auto* name : {"weft.proposal", "@atom", "@error"}) CHECK(remoting::travels(name));
  for (const auto* name : {"@charbuf", "@message", "@exit", "@down", "@strong_actor_ptr", "@actorvec", "@u16str", "@u32str", "weft.enroll", ""})
    CHECK_FALSE(remoting::travels(name));
}
