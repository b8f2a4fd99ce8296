// The guard over BASP's frames: however its input is cut, it passes the same frames, whole, and nothing that it should not.
#include "actors/remoting/frame_guard.hpp"

#include "tests/fuzz/fuzz.hpp"
#include "tests/unit/actors/remoting/frames.hpp"

using namespace weft;
using namespace weft::fuzz;
using namespace weft::actors::remoting;
using namespace weft::testing;

namespace {

constexpr std::size_t limit = 4 * KiB;

struct outcome {
  bytes passed, peer;
  bool ended = false;
  std::uint64_t dropped = 0;
  friend bool operator==(const outcome&, const outcome&) = default;
};

/// Pieces of sizes that come from `sizes`, or all at once.
outcome feed(speaker from, bytes_view input, bytes_view sizes) {
  frame_guard guard(from, mark(1), limit);
  byte_queue out(input.size() + frame_guard::held_max);
  outcome o;
  for (std::size_t at = 0, i = 0; at < input.size() && !o.ended; ++i) {
    const auto n = sizes.empty() ? input.size() : 1 + static_cast<unsigned char>(sizes[i % sizes.size()]) % 97;
    const auto piece = input.substr(at, n);
    o.ended = !guard.feed(piece, out);
    at += piece.size();
  }
  o.passed = bytes(out.front());
  o.peer = guard.peer_mark();
  o.dropped = guard.take_dropped();
  return o;
}

/// What passed is a row of frames, the last of which may still be coming.
void check_frames(bytes_view passed, const bytes& peer) {
  for (bool first = true; passed.size() >= frame_guard::header_size; first = false) {
    const auto operation = static_cast<unsigned char>(passed[0]);
    std::size_t size = 0;
    for (int i = 4; i < 8; ++i) size = size << 8 | static_cast<unsigned char>(passed[static_cast<std::size_t>(i)]);
    FUZZ_CHECK(operation <= 6 && operation != 3 && size <= std::max(limit, frame_guard::handshake_max));
    FUZZ_CHECK(first == (operation <= 1) || operation == 1);
    const auto body = passed.substr(frame_guard::header_size, size);
    if (operation <= 1 || operation == 4 || operation == 5) FUZZ_CHECK(body.substr(0, node_mark_size) == peer);
    passed.remove_prefix(std::min(passed.size(), frame_guard::header_size + size));
  }
}

int fuzz_one(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto raw = view(data, size);
  const auto from = (data[0] & 1) != 0 ? speaker::dialler : speaker::listener;
  const auto input = raw.substr(1);
  const auto whole = feed(from, input, {}), parts = feed(from, input, raw);
  FUZZ_CHECK(whole == parts && whole.passed.size() <= input.size());
  check_frames(whole.passed, whole.peer);
  return 0;
}

std::vector<bytes> seeds() {
  const auto m = message("+@atom+weft.proposal", bytes(700, 'x')), e = message("+@error", bytes(9, 'e') + types("+@str") + "\x02hi");
  const auto down = frame(5, mark(2) + mark(1) + bytes(9, 'e') + types(""), {.source = 3, .destination = 0});
  const auto monitor = frame(4, mark(2) + mark(1), {.source = 0, .destination = 5});
  const auto rest = heartbeat() + m + monitor + e + message("+@charbuf", "x") + down + heartbeat();
  return {"\x01" + client_handshake(mark(2)) + client_handshake(mark(2)) + rest, bytes(1, '\0') + server_handshake(mark(2)) + rest,
          "\x01" + client_handshake(mark(2)) + header(2, 0x8000'0000, {0, 0, 9, 5})};
}

}  // namespace

WEFT_FUZZ_TARGET(frame_guard, 60'000);
