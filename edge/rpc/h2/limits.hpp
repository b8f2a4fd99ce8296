// What clients of a port may take. The values that ports have; tests use smaller ones.
#pragma once

#include <chrono>
#include <cstddef>

#include "actors/messages.hpp"
#include "edge/rpc/server.hpp"

namespace weft::edge::h2 {

struct limits {
  std::size_t streams_max = static_cast<std::size_t>(server::streams_max);  ///< Calls of one connection.
  std::size_t message_bytes_max = actors::message_bytes_max;
  /// What clients have begun to send and have not ended, of one server. Anybody who reaches a port may begin a message; beyond this the largest ends.
  std::size_t unread_bytes_max = 512 * MiB;
  std::size_t stream_window = 1 * MiB;       ///< Bytes of a call that nobody has asked for.
  std::size_t connection_window = 4 * MiB;   ///< Bytes on their way to us.
  std::size_t unsent_frames_max = 8'000;     ///< Of a client that makes us answer and does not read.
  std::chrono::milliseconds handshake{10'000};   ///< TLS and HTTP/2's greeting.
  std::chrono::milliseconds ping_every{120'000}, ping_wait{20'000};  ///< Of a client that says nothing; its host may be gone.
  /// Fabric's command pings every 10 s, calls or not; somewhat less is asked for, since clocks and networks jitter.
  std::chrono::milliseconds pings_apart{8'000};
  double resets_at_once = 5'000, resets_per_second = 500;  ///< Calls that a client begins and drops: the work for them has begun.
  double idle_frames_at_once = 5'000, idle_frames_per_second = 500;  ///< Frames that say nothing: priorities, settings, data without data.
};

}  // namespace weft::edge::h2
