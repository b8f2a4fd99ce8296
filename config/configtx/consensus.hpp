// What a channel tells its raft or BFT consenters: the options of configtx.yaml that become ConsensusType.metadata. interop/02 §7.
#pragma once

#include <cstdint>
#include <string>

#include "config/base/bytes.hpp"

namespace weft::config {

/// The defaults are configtxgen's.
struct raft_options {
  std::string tick_interval = "500ms";  ///< A Go duration.
  std::uint32_t election_tick = 10, heartbeat_tick = 1;
  std::uint32_t max_inflight_blocks = 5;
  std::uint32_t snapshot_interval_size = 16 * MiB;
};

enum class leader_rotation : std::uint8_t { unspecified, off, on };

/// Zero and empty are written as nothing: the consenter then takes its own default. Durations are Go's.
struct smartbft_options {
  std::uint64_t request_batch_max_count = 0, request_batch_max_bytes = 0;
  std::string request_batch_max_interval;
  std::uint64_t incoming_message_buffer_size = 0, request_pool_size = 0;
  std::string request_forward_timeout, request_complain_timeout, request_auto_remove_timeout;
  std::uint64_t request_max_bytes = 0;
  std::string view_change_resend_interval, view_change_timeout, leader_heartbeat_timeout;
  std::uint64_t leader_heartbeat_count = 0;
  std::string collect_timeout;
  bool sync_on_start = false, speed_up_view_change = false;
  leader_rotation rotation = leader_rotation::unspecified;
  std::uint64_t decisions_per_leader = 0;
};

/// What configtxgen writes when a BFT orderer has no SmartBFT section. (With one, what it leaves out stays zero.)
[[nodiscard]] smartbft_options default_smartbft_options();

}  // namespace weft::config
