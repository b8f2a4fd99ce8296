// Follows BASP's framing in what another node sends, and lets pass only what a well-behaved node has a reason to send.
#pragma once

#include <array>
#include <cstdint>

#include "actors/remoting/byte_queue.hpp"
#include "config/base/result.hpp"

namespace weft::actors::remoting {

/// Who sends what a guard reads: the node that dialled (BASP's client) or the one that was dialled (BASP's server).
enum class speaker : std::uint8_t { dialler, listener };

/// How BASP writes the id of a process: implementation (8 bytes), process id (4), host (20).
inline constexpr std::size_t node_mark_size = 32;

/// One direction of one link. BASP allocates what a header claims, believes every source and forwards for everybody; the guard therefore
/// - ends the link (feed() fails) at: an unknown operation, a frame above `payload_max`, a handshake that is missing, repeated by a listener,
///   empty, or of another process than the first; frames to be forwarded; monitors and downs in the name of other nodes;
/// - passes over, and counts: messages to CAF's named servers (SpawnServ, ConfigServ), messages without a sender, messages with a type that does
///   not travel (travels.hpp). A node of another version loses those messages, not its link.
/// Pure, owned by one thread. What passes keeps its bytes and its order, however the input is cut into pieces.
class frame_guard {
 public:
  static constexpr std::size_t header_size = 32;
  static constexpr std::size_t peek_max = 512;      ///< Of a payload, held until it is judged: stages and type names stand there.
  static constexpr std::size_t held_max = header_size + peek_max;
  static constexpr std::size_t handshake_max = 64 * KiB;

  /// `own_mark`: this process, as BASP writes it.
  frame_guard(speaker from, bytes own_mark, std::size_t payload_max)
      : from_(from), own_mark_(std::move(own_mark)), payload_max_(payload_max) {}

  /// Requires: `out` has room for `in` and `held_max` more. Errors: `invalid_argument`: end the link; nothing may be fed afterwards.
  [[nodiscard]] result<void> feed(bytes_view in, byte_queue& out);
  /// The process at the other end; empty before its handshake.
  [[nodiscard]] const bytes& peer_mark() const noexcept { return peer_mark_; }
  /// Frames that were passed over since the last call.
  [[nodiscard]] std::uint64_t take_dropped() noexcept { return std::exchange(dropped_, 0); }

 private:
  struct header {
    std::uint8_t operation = 0, flags = 0;
    std::uint32_t payload = 0;
    std::uint64_t data = 0, source = 0, destination = 0;
  };
  [[nodiscard]] bytes_view peeked() const noexcept { return {held_.data() + header_size, have_ - header_size}; }
  [[nodiscard]] result<std::size_t> judge_header();
  [[nodiscard]] result<bool> judge_frame();
  [[nodiscard]] result<bool> judge_handshake();
  [[nodiscard]] bool names_both_ends() const;

  speaker from_;
  bytes own_mark_, peer_mark_;
  std::size_t payload_max_;
  std::array<char, held_max> held_{};
  std::size_t have_ = 0, need_ = header_size;  ///< Bytes in held_; how many are needed for the next judgement.
  header header_;
  std::uint64_t rest_ = 0;                     ///< Payload that is still to come of a frame that was judged …
  bool pass_ = false;                          ///< … and what becomes of it.
  std::uint64_t dropped_ = 0;
};

}  // namespace weft::actors::remoting
