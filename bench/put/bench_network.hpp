// The network that a bench drives: a scratch folder, and all roles in this process or the orderers in others.
#pragma once

#include <caf/actor_system.hpp>
#include <filesystem>
#include <memory>
#include <optional>

#include "actors/node/node.hpp"
#include "bench/put/orderer_processes.hpp"
#include "bench/put/put_bench.hpp"
#include "crypto/msp/msp.hpp"

namespace weft::bench {

/// A folder that is gone when the bench is.
struct scratch {
  std::filesystem::path path;
  scratch() = default;
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;
  ~scratch();
  /// In `parent`; empty: where temporary files go. Errors: `io`.
  [[nodiscard]] result<void> make(const std::filesystem::path& parent);
};

/// The network of one run: all of it in this process, or the orderers in others.
struct bench_network {
  std::unique_ptr<orderer_processes> elsewhere;
  std::unique_ptr<caf::actor_system_config> config;
  std::unique_ptr<caf::actor_system> system;
  std::unique_ptr<actors::node> node;
  std::filesystem::path folder;           ///< Which holds the users.
  std::optional<crypto::signing_identity> client;
};

/// Whose transactions the load is: a user of the first organization.
[[nodiscard]] std::filesystem::path client_msp_folder(const std::filesystem::path& network, const config::topology& t);

/// Starts it and waits until transactions commit. `t` gets nodes when orderers live elsewhere. Errors: `timeout`, and whatever keeps it from starting.
[[nodiscard]] result<bench_network> start_network(const put_options& o, config::topology& t, const std::filesystem::path& folder, std::size_t threads);

}  // namespace weft::bench
