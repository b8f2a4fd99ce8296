// What BASP frames pass from one node to another, whole and cut into pieces.
#include "actors/remoting/frame_guard.hpp"

#include <doctest/doctest.h>

#include "actors/remoting/shared_roles.hpp"
#include "tests/unit/actors/remoting/frames.hpp"

using namespace weft;
using namespace weft::actors::remoting;
using namespace weft::testing;

namespace {

struct verdict {
  bool ends = false;          ///< The link.
  bytes passed;
  std::uint64_t dropped = 0;
  friend bool operator==(const verdict&, const verdict&) = default;
};

constexpr std::size_t limit = 1000;

verdict judge(speaker from, bytes_view input, std::size_t piece) {
  frame_guard guard(from, mark(1), limit);
  byte_queue out(input.size() + frame_guard::held_max);
  for (std::size_t at = 0; at < input.size(); at += piece) {
    if (!guard.feed(input.substr(at, piece), out)) return {true, bytes(out.front()), guard.take_dropped()};
  }
  return {false, bytes(out.front()), guard.take_dropped()};
}

enum class fate { passes, is_dropped, ends_the_link };

void check(const char* name, const bytes& f, fate expected, speaker from = speaker::dialler) {
  CAPTURE(name);
  const auto hello = from == speaker::dialler ? client_handshake(mark(2)) : server_handshake(mark(2));
  const auto before = hello + heartbeat();
  for (const std::size_t piece : {1u, 7u, 33u, 100'000u}) {
    CAPTURE(piece);
    const auto v = judge(from, before + f + heartbeat(), piece);
    CHECK(v.ends == (expected == fate::ends_the_link));
    const bytes whole = before + (expected == fate::passes ? f : "") + heartbeat();
    if (!v.ends) CHECK(v.passed == whole);
    if (v.ends) CHECK(v.passed.starts_with(before));
    CHECK(v.dropped == (expected == fate::is_dropped ? 1 : 0));
  }
}

}  // namespace

TEST_CASE("what a node has a reason to send passes, byte by byte the same") {
  check("a proposal", message("+@atom+weft.proposal", bytes(300, 'x')), fate::passes);
  check("a message without types is an empty answer", message("", ""), fate::passes);
  check("an error without context", message("+@error", bytes(9, 'e') + types("")), fate::passes);
  check("an error with a text", message("+@error", bytes(9, 'e') + types("+@str") + "\x02hi"), fate::passes);
  check("the largest frame there may be", message("+@atom+weft.block", bytes(limit - 24, 'b')), fate::passes);
  check("a monitor", frame(4, mark(2) + mark(1), {.source = 0, .destination = 5}), fate::passes);
  check("a down message", frame(5, mark(2) + mark(1) + bytes(9, 'e') + types(""), {.source = 3, .destination = 0}), fate::passes);
  check("CAF's client says its handshake twice", client_handshake(mark(2)), fate::passes);
}

TEST_CASE("messages that no node has a reason to send are passed over") {
  check("to a named server", message("+@atom+@atom+@str", "", {.flags = 1, .source = 9, .destination = 77}), fate::is_dropped);
  check("without a sender", message("+@atom", "", {.source = 0, .destination = 5}), fate::is_dropped);
  check("bytes, for which CAF would take whatever memory they claim", message("+@charbuf", "\xff\xff\xff\xff\x0f"), fate::is_dropped);
  check("a message in a message", message("+@message", ""), fate::is_dropped);
  check("an exit", message("+@exit", ""), fate::is_dropped);
  check("a link", message("+@atom+@strong_actor_ptr", ""), fate::is_dropped);
  check("what never travels", message("+@atom+weft.enroll", ""), fate::is_dropped);
  check("an error that carries more than words", message("+@error", bytes(9, 'e') + types("+@charbuf")), fate::is_dropped);
  check("an error inside another message, where nobody looks into it", message("+@atom+@error", bytes(9, 'e') + types("+@charbuf")), fate::is_dropped);
  check("in the name of a third actor", frame(2, bytes(1, '\x01') + bytes(40, 's') + types("+@atom"), {.source = 9, .destination = 5}), fate::is_dropped);
  check("no message at all", frame(2, "nonsense", {.source = 9, .destination = 5}), fate::is_dropped);
  check("type names longer than their bytes", frame(2, bytes("\0\0\0\x7f@<>", 7), {.source = 9, .destination = 5}), fate::is_dropped);
  check("a length that does not end", frame(2, bytes("\0\0\0\xff\xff\xff\xff\xff\xff", 9), {.source = 9, .destination = 5}), fate::is_dropped);
  check("type names that hide others behind 600 bytes", message("+@atom" + bytes(600, 'x'), ""), fate::is_dropped);
}

TEST_CASE("what breaks the protocol ends the link") {
  check("no such operation", frame(7, "x", {}), fate::ends_the_link);
  check("to be forwarded", frame(3, mark(2) + mark(3) + bytes("\0", 1) + types("+@atom"), {.source = 9, .destination = 5}), fate::ends_the_link);
  check("one byte above the limit", message("+@atom+weft.block", bytes(limit - 23, 'b')), fate::ends_the_link);
  check("a header that claims 2 GiB", header(2, 0x8000'0000, {.source = 9, .destination = 5}), fate::ends_the_link);
  check("a message to nobody", message("+@atom", "", {.source = 9, .destination = 0}), fate::ends_the_link);
  check("a message without payload", frame(2, "", {.source = 9, .destination = 5}), fate::ends_the_link);
  check("a handshake without payload, at which CAF reads a null pointer", header(1, 0, {}), fate::ends_the_link);
  check("another process than before", client_handshake(mark(3)), fate::ends_the_link);
  check("the other side's handshake", server_handshake(mark(2)), fate::ends_the_link);
  check("a monitor in another node's name", frame(4, mark(3) + mark(1), {.source = 0, .destination = 5}), fate::ends_the_link);
  check("a monitor of another node's actor", frame(4, mark(2) + mark(3), {.source = 0, .destination = 5}), fate::ends_the_link);
  check("another node's actors die", frame(5, mark(3) + mark(1) + bytes(9, 'e') + types(""), {.source = 3, .destination = 0}), fate::ends_the_link);
  check("a death for a reason that does not travel", frame(5, mark(2) + mark(1) + bytes(9, 'e') + types("+@charbuf"), {.source = 3, .destination = 0}),
        fate::ends_the_link);
  check("a heartbeat with content", frame(6, "x", {}), fate::ends_the_link);
  check("a listener that says its handshake twice", server_handshake(mark(2)), fate::ends_the_link, speaker::listener);
}

TEST_CASE("the first frame is the handshake") {
  for (const std::size_t piece : {1u, 1000u}) {
    CHECK(judge(speaker::dialler, heartbeat(), piece).ends);
    CHECK(judge(speaker::dialler, message("+@atom", ""), piece).ends);
    CHECK(judge(speaker::dialler, server_handshake(mark(2)), piece).ends);
    CHECK(judge(speaker::listener, client_handshake(mark(2)), piece).ends);
    CHECK(judge(speaker::dialler, client_handshake(mark(1)), piece).ends);  // claims to be us
    CHECK(judge(speaker::dialler, client_handshake(bytes(32, 'u')), piece).ends);
    CHECK_FALSE(judge(speaker::listener, server_handshake(mark(2)), piece).ends);
  }
}

TEST_CASE("names of roles that nodes tell each other") {
  struct row { const char* name; const char* member; };
  const row rows[] = {
      {"peer0.org1.example.com/endorser", "peer0.org1.example.com"}, {"o1/orderer", "o1"}, {"o1/deliver", "o1"}, {"o1/consenter/mychannel", "o1"},
      {"peer0/gateway", nullptr}, {"node/supervisor", nullptr}, {"node/participation", nullptr}, {"o1/block_writer/mychannel", nullptr},
      {"o1/consenter", nullptr}, {"o1/consenter/", nullptr}, {"o1/consenter/a/b", nullptr}, {"/endorser", nullptr}, {"endorser", nullptr},
      {"a/b/endorser", nullptr}, {"o1/endorser/x", nullptr}, {"o\n1/endorser", nullptr}, {"", nullptr}, {"ca.org1/ca", nullptr},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const auto member = member_of_shared(r.name);
    CHECK(member.has_value() == (r.member != nullptr));
    if (member && r.member != nullptr) CHECK(*member == r.member);
  }
  CHECK_FALSE(member_of_shared(std::string(600, 'a') + "/endorser"));
}
