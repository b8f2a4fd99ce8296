// Inside the tunnel: a connection and a peer, as the files of the tunnel know them.
#pragma once

#include <optional>

#include "actors/remoting/byte_queue.hpp"
#include "actors/remoting/tunnel.hpp"

namespace weft::actors::remoting {

/// What an accepting node says once it has admitted the other: with TLS 1.3 the dialler cannot know otherwise.
inline constexpr bytes_view greeting = "weft/1\n";
/// What it says instead to a second process of a node whose first one is linked and alive.
inline constexpr bytes_view greeting_of_twins = "twin/1\n";
static_assert(greeting.size() == greeting_of_twins.size());
/// After the greeting everything travels in pieces: their size in four bytes, big end first, then so many bytes of BASP. An empty piece says
/// "I am here": BASP's own heartbeats come from the thread that also turns messages into bytes, which for a block of 100 MiB takes a second.
inline constexpr std::size_t piece_header = 4, piece_max = 64 * KiB - piece_header;

struct tunnel::peer_state {
  tunnel_peer settings;
  redial next;
  link_fault fault = link_fault::none;
  bool knocked = false;            ///< For one that dials us: it was told that we are here.
  connection* current = nullptr;   ///< Its link, or our attempt at one.
  std::string twin;                ///< Where another process calls from that claims to be this node …
  steady_time twin_came{};         ///< … and when it did last; until that was logged, or turned out to be none.
  bool twin_told = false;          ///< It stands in the report.
};

struct tunnel::connection {
  enum class phase : std::uint8_t { shaking_hands, awaiting_greeting, open, draining } now = phase::shaking_hands;
  std::uint64_t serial = 0;
  std::unique_ptr<stream> far;
  descriptor near;
  std::string source, peer;        ///< peer: known from the start when we dialled, else from admission on.
  bool dialled = false, told = false, marked = false;
  bool knock = false;              ///< Only says that its node is here.
  byte_queue in, out;
  std::optional<frame_guard> guard;
  bytes greeted;                   ///< What came of the greeting.
  std::size_t piece_left = 0;      ///< Of the piece that is coming in …
  std::size_t header_have = 0;     ///< … or bytes of the next one's header …
  std::uint32_t header = 0;        ///< … and their value so far.
  steady_time born{}, up{}, last_in{}, last_out{}, last_basp{};
  unsigned watched[2] = {0, 0};
  bool far_blocked = false, near_blocked = false;

  explicit connection(std::size_t buffer) : in(buffer + frame_guard::held_max), out(buffer) {}
  [[nodiscard]] bool stranger() const noexcept { return !dialled && now == phase::shaking_hands; }
  [[nodiscard]] bool settled() const noexcept { return now == phase::open || now == phase::draining; }
  [[nodiscard]] bool may_read_far() const noexcept {
    return now == phase::awaiting_greeting || (settled() && in.room() > frame_guard::held_max);
  }
  [[nodiscard]] bool may_read_near() const noexcept { return now == phase::open && out.room() > piece_header; }
  void append_header(std::size_t size) {
    const char raw[piece_header] = {static_cast<char>(size >> 24), static_cast<char>(size >> 16), static_cast<char>(size >> 8), static_cast<char>(size)};
    out.append({raw, sizeof raw});
  }
  [[nodiscard]] result<void> take_pieces(bytes_view arrived);
};

}  // namespace weft::actors::remoting
