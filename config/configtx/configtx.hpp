// configtx.yaml: the document that configtxgen makes channels from (interop/02 §7). Organizations, and profiles that put them together.
//
// Reading never fails: what is wrong is noted with line, path and suggestion, and all of it is told at once. Two steps, because a file holds
// many profiles and one that nobody asked for may be unfinished:
//   auto d = configtx::read(text, {.file = "configtx.yaml", .folder = dir});     // shapes: unknown keys, numbers, durations, sizes
//   if (const auto* p = d.find("TwoOrgsRaft")) check(d, *p);                     // meaning: what this profile needs to become a channel
//   for (const auto& problem : problems(d)) …
// Keys have any case; names (of profiles, policies, capabilities, organizations) have theirs. Anchors and merge keys are resolved.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/configtx/consensus.hpp"
#include "config/yaml/document.hpp"

namespace weft::config::configtx {

/// `path` is where a thing stands in the document, so that problems found later (a missing file, a policy's text) have a line, too.
struct policy {
  std::string name, type, rule, path;
};

struct host_port {
  std::string host;
  std::uint16_t port = 0;
};

struct organization {
  std::string path;
  std::string name;                    ///< Group name in the channel.
  std::string id;                      ///< MSP id.
  std::string msp_dir;                 ///< Resolved against the document's folder.
  std::string msp_type = "bccsp";
  bool skip_as_foreign = false;        ///< Known by name only; see genesis_org::foreign.
  std::vector<policy> policies;
  std::vector<host_port> anchor_peers;
  std::vector<std::string> orderer_endpoints;  ///< "host:port"
};

struct raft_consenter {
  std::string path, host;
  std::uint16_t port = 0;
  std::string client_tls_cert, server_tls_cert;  ///< Files, resolved.
};

struct bft_consenter {
  std::string path, host, msp_id;
  std::uint32_t id = 0;
  std::uint16_t port = 0;
  std::string identity, client_tls_cert, server_tls_cert;  ///< Files, resolved.
};

struct orderer {
  std::string path;
  std::string type = "solo";                       ///< solo, kafka, etcdraft, BFT.
  std::vector<std::string> addresses;              ///< Of old channels; organizations have endpoints now.
  std::chrono::milliseconds batch_timeout{2000};
  std::uint32_t max_message_count = 500;
  std::uint32_t absolute_max_bytes = 10 * MiB, preferred_max_bytes = 2 * MiB;
  std::uint64_t max_channels = 0;                  ///< 0: no limit.
  std::vector<std::string> kafka_brokers{"127.0.0.1:9092"};
  bool has_raft = false;
  std::vector<raft_consenter> raft_consenters;
  raft_options raft;
  std::vector<bft_consenter> consenter_mapping;
  smartbft_options smartbft = default_smartbft_options();
  std::vector<organization> organizations;
  std::vector<std::string> capabilities;           ///< Names that are true.
  std::vector<policy> policies;
  std::vector<std::string> defaults_taken;         ///< "Orderer.BatchTimeout unset, setting to 2s": as configtxgen logs them.
};

struct application {
  std::string path;
  std::vector<organization> organizations;
  std::vector<std::string> capabilities;
  std::vector<policy> policies;
  std::vector<std::pair<std::string, std::string>> acls;  ///< Resource → policy.
};

struct consortium {
  std::string path, name;
  std::vector<organization> organizations;
};

struct profile {
  std::string path, name;
  std::string consortium;
  std::optional<configtx::application> application;
  std::optional<configtx::orderer> orderer;
  std::optional<std::vector<configtx::consortium>> consortiums;  ///< Present: a system channel (1.4, 2.x).
  std::vector<std::string> capabilities;
  std::vector<policy> policies;
};

struct document {
  std::string file;                         ///< As problems name it.
  std::vector<organization> organizations;  ///< The list at the top: for -printOrg.
  std::vector<profile> profiles;
  yaml::document source;                    ///< Holds the problems.
  std::vector<problem> in_shape;            ///< Those that reading found: what `check` says of the same places only follows from them.

  [[nodiscard]] const profile* find(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> profile_names() const;
};

struct read_options {
  std::string file = "configtx.yaml";
  std::filesystem::path folder = ".";  ///< What relative paths are relative to.
  /// Value of an environment variable, or nothing: CONFIGTX_PROFILES_TWOORGSRAFT_ORDERER_BATCHTIMEOUT=1s overrides the key of that path if the
  /// document has it. Lists are overridden whole ("[a, b]"), not their members, as in Fabric. Absent: nothing is overridden.
  std::function<std::optional<std::string>(const std::string& name)> environment;
};

[[nodiscard]] document read(std::string_view text, const read_options& o = {});

/// Notes what keeps a profile from becoming a channel, as far as the document alone can tell; files and policy texts are ledger/profile's.
void check(document& d, const profile& p);
/// The same for one organization alone.
void check(document& d, const organization& org);

/// Everything noted so far, by line; what stands in a section that several profiles merge is told once.
[[nodiscard]] std::vector<problem> problems(const document& d);

/// Names that Fabric knows, by level.
[[nodiscard]] const std::vector<std::string>& channel_capabilities();
[[nodiscard]] const std::vector<std::string>& orderer_capabilities();
[[nodiscard]] const std::vector<std::string>& application_capabilities();

}  // namespace weft::config::configtx
