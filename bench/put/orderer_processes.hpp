// Orderers as processes of their own beside the bench, over the tunnel on 127.0.0.1: what distribution costs.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "actors/node/node.hpp"
#include "config/base/result.hpp"
#include "config/topology/topology.hpp"

namespace weft::bench {

inline const std::string bench_node = "bench";

/// Puts each orderer on a node of its own and everything else on the node `bench`, with free ports of 127.0.0.1. Errors: `io` when there is none.
[[nodiscard]] result<void> spread_orderers(config::topology& t);

/// Children of this process, one for each orderer's node. They are forked without a new program, so start them while this process has one thread.
/// They end when this object does, or when this process dies. Threads: none of its own; one owner.
class orderer_processes {
 public:
  /// `nodes`: the folder that `lay_out_nodes` filled.
  [[nodiscard]] static result<std::unique_ptr<orderer_processes>> start(const config::topology& t, const std::filesystem::path& nodes,
                                                                        const actors::node_settings& like);
  ~orderer_processes();
  orderer_processes(const orderer_processes&) = delete;
  orderer_processes& operator=(const orderer_processes&) = delete;
  /// Until all of them have said that they are ready. Errors: what one of them said, or `timeout`.
  [[nodiscard]] result<void> wait_until_ready(std::chrono::milliseconds patience);
  /// CPU time of all of them so far. Thread-safe.
  [[nodiscard]] std::uint64_t cpu_nanos() const;

 private:
  struct child {
    pid_t pid = 0;
    int line = -1;  ///< It tells how its start went; it stops when this is closed.
    clockid_t clock{};
  };
  orderer_processes() = default;
  std::vector<child> children_;
};

}  // namespace weft::bench
