// Inside `weft up`: what the command line says, and running a node until somebody wants it to stop.
#pragma once

#include <filesystem>
#include <string>

#include "actors/node/node.hpp"
#include "config/topology/topology.hpp"

namespace weft::cli {

struct up_options {
  std::string dir = "weft-network", topology_file, durability = "full", trust = "shared", block_timeout;
  std::size_t orgs = 2, peers = 1, orderers = 1;
  std::uint32_t block_messages = 500;
  bool orgs_given = false, peers_given = false, orderers_given = false, block_messages_given = false, block_timeout_given = false;
  std::string ports;  ///< Base of the members' ports, "off", or empty: the standard ones if they are free.
  std::string packages = "run";  ///< Those of source code that admins install: "run", or "keep" and do nothing more.
  std::string operations;  ///< Address of the operations service, "off", or empty: the standard one if it is free.
  std::string node;  ///< Of a cluster's topology; empty: everything in this process.
  bool json = false, detach = false;
  std::string log_level = "warn";
};

/// The topology that the options ask for: a file's, else the one this folder was started with, else the dev network.
/// Errors: `invalid_argument` for options that contradict each other or a document that is unsound; `not_found`, `io`.
[[nodiscard]] result<config::topology> choose_topology(const up_options& o);
/// A topology with everything that can be said about it before it runs: form, rules, policies, and the material that other tools made, unless
/// `network` holds it already (a folder that may not exist, or empty). Paths of material are made absolute.
[[nodiscard]] config::topology_document examine_topology(std::string_view text, const std::filesystem::path& document_folder,
                                                         const std::filesystem::path& network);
/// The same from a file, for those who need a sound one. Errors: `not_found`, `io`, `invalid_argument` with every problem.
[[nodiscard]] result<config::topology> read_topology(const std::filesystem::path& path, const std::filesystem::path& network);
/// Where a folder keeps the topology that it was started with.
[[nodiscard]] std::filesystem::path topology_path(const std::filesystem::path& folder);

/// "250ms", "2s". Errors: `invalid_argument`.
[[nodiscard]] result<std::chrono::milliseconds> parse_duration(const std::string& text);

/// Runs the node until SIGINT, SIGTERM or `weft down`. Returns the exit code. `tell` is where a detached node says how its start went, or -1.
[[nodiscard]] int run_node(const up_options& o, const config::topology& t, std::chrono::steady_clock::time_point begun, int tell);

/// Runs the node in a child of its own session; returns when it is ready or has failed. Forks before there is any thread.
[[nodiscard]] int run_detached(const up_options& o, const config::topology& t, std::chrono::steady_clock::time_point begun);

}  // namespace weft::cli
