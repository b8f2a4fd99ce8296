#include "cli/network.hpp"

#include "actors/node/folder_lock.hpp"
#include "cli/console.hpp"
#include "config/yaml/document.hpp"
#include "crypto/msp/folder.hpp"
#include "crypto/x509/certificate.hpp"
#include "edge/door.hpp"
#include "edge/quoted.hpp"
#include "edge/services.hpp"

namespace weft::cli {

namespace fs = std::filesystem;
using edge::in_quotes;

namespace {

constexpr std::chrono::seconds control_timeout{30};
/// Longer than those of a gateway and its endorsers (30 s), who say what they waited for.
const edge::gateway_timeouts step_timeouts{.evaluate = std::chrono::seconds(40), .endorse = std::chrono::seconds(40)};
/// A server greets whoever connects; a process that stands still does not.
constexpr std::chrono::milliseconds greeting_expected{200}, greeting_patience{2'800};

fs::path users_folder(const fs::path& network, const control::Organization& org) {
  return network / "crypto" / (org.orders() ? "ordererOrganizations" : "peerOrganizations") / org.domain() / "users";
}

std::string list_users(const fs::path& network, const control::StatusResponse& status) {
  std::vector<std::string> names;
  for (const auto& org : status.organizations()) {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(users_folder(network, org), ignored)) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  std::string out;
  for (const auto& n : names) out += "\n  " + n;
  return out;
}

void list(std::string& names, const std::string& name) { names.append(names.empty() ? "" : ", ").append(name); }

/// An identity that is none of the network's own: somebody of an organization that was added to a channel. Without access to the channel it is
/// refused as any stranger's.
crypto::signing_identity identity_in(fs::path folder, const std::string& msp_id) {
  if (msp_id.empty() || folder.empty()) quit(exit_usage, "an identity of a folder is written MSPID:FOLDER, such as Org3MSP:users/User1@org3.example.com/msp");
  std::error_code ignored;
  if (fs::is_directory(folder / "msp", ignored)) folder /= "msp";
  auto who = crypto::read_signing_identity(folder, msp_id);
  if (!who) quit(exit_failed, who.error().context);
  return std::move(*who);
}

/// How what lives in a folder is started: a network, or one node of a cluster, whose certificate says which.
std::string start_command(const fs::path& dir) {
  const auto pem = config::yaml::read_file((dir / "node" / "server.crt").string());
  if (pem) {
    const auto cert = crypto::certificate::from_pem(*pem);
    if (cert && !cert->dns_names().empty()) return "weft node " + cert->dns_names().front() + " --dir " + dir.string();
  }
  return "weft up" + (dir == "weft-network" ? std::string() : " --dir " + dir.string());
}

/// One part of a path: an identity's name must not lead out of the folder.
bool is_plain_name(const std::string& name) { return !name.empty() && name.find('/') == std::string::npos && name.front() != '.'; }

}  // namespace

void network_options::add_dir(CLI::App& verb) {
  verb.add_option("--dir", dir, "The network's folder")->envname("WEFT_DIR")->capture_default_str();
}
void network_options::add_json(CLI::App& verb) { verb.add_flag("--json", json, "Print one JSON object"); }
void network_options::add_channel(CLI::App& verb) {
  verb.add_option("--channel", channel, "Channel (default: the first)");
  verb.add_option("--peer", peer, "Peer to ask, such as peer0.org2.example.com (default: the first)");
}
void network_options::add_identity(CLI::App& verb) {
  verb.add_option("--as", as, "Who signs, such as User1@org2.example.com (default: User1 of the first organization); or MSPID:FOLDER with an MSP\n"
                              "folder of another tool, such as Org3MSP:crypto-config/.../users/User1@org3.example.com/msp");
}

network::network(const network_options& options) : options_(options) {
  const auto socket = fs::absolute(edge::socket_path(options_.dir));
  if (!edge::answers(socket)) unreachable();
  if (!edge::speaks(socket, greeting_expected)) {
    const auto pid = actors::lock_holder(options_.dir);
    if ((pid && actors::process_stands_still(*pid)) || !edge::speaks(socket, greeting_patience)) silent();
  }
  connection_ = edge::rpc_client::connect(edge::socket_address(options_.dir));
}

void network::unreachable() const {
  if (const auto pid = actors::lock_holder(options_.dir)) {
    quit(exit_unreachable, "process " + std::to_string(*pid) + " runs the network in " + options_.dir + ", but does not answer at " +
                               edge::socket_path(options_.dir).string() + ": it is still starting, or the socket was taken away; `weft down` stops it");
  }
  quit(exit_unreachable, "no network answers in " + options_.dir + "; start one with: " + start_command(options_.dir));
}
void network::silent() const {
  const auto pid = actors::lock_holder(options_.dir);
  const std::string who = pid ? "process " + std::to_string(*pid) : std::string("the process behind it");
  quit(exit_unreachable, "no answer from the network in " + options_.dir + ": " + who + (pid && actors::process_stands_still(*pid) ? " is stopped" : " is stopped or overloaded") +
                             (pid ? "; `kill -CONT " + std::to_string(*pid) + "` lets it go on, `kill -KILL` ends it, which loses nothing that was committed" : ""));
}

void network::malformed() { quit(exit_failed, "the network's answer is malformed; is it another version of weft?"); }

tl::expected<bytes, actors::rpc_status> network::try_ask(const char* method, bytes request) const {
  return try_call(std::string("/weft.control.Control/") + method, std::move(request), control_timeout);
}

tl::expected<bytes, actors::rpc_status> network::try_call(const std::string& method, bytes request, std::chrono::milliseconds timeout, const std::string& peer) const {
  auto answer = connection_->call(method, std::move(request), {timeout, ask_peer(peer)});
  if (answer.status.ok()) return std::move(answer.response);
  if (!edge::answers(fs::absolute(edge::socket_path(options_.dir)))) unreachable();
  // The system took the connection for a process that does not.
  if (answer.status.code == static_cast<int>(actors::rpc_code::unavailable) && answer.status.message.find("timed out before receiving") != std::string::npos) {
    silent();
  }
  return tl::unexpected<actors::rpc_status>(std::move(answer.status));
}

bytes network::ask_raw(const char* method, bytes request) const {
  auto answer = try_ask(method, std::move(request));
  if (!answer) quit(exit_failed, answer.error().message);
  return std::move(*answer);
}

const control::StatusResponse& network::status() {
  if (!status_) status_ = std::make_unique<control::StatusResponse>(ask<control::StatusResponse>("Status", control::StatusRequest()));
  return *status_;
}

const control::ChannelStatus& network::channel_status() {
  if (status().channels().empty()) quit(exit_failed, "the network has no channel");
  if (options_.channel.empty()) return status().channels(0);
  std::string known;
  for (const auto& c : status().channels()) {
    if (c.channel_id() == options_.channel) return c;
    list(known, c.channel_id());
  }
  quit(exit_failed, "no channel " + in_quotes(options_.channel) + " in this network; there are: " + known);
}

std::string network::channel() { return channel_status().channel_id(); }

const std::string& network::contract(const std::string& name) {
  constexpr std::string_view system_contracts[] = {"_lifecycle", "cscc", "lscc", "qscc"};
  if (!status().no_peers().empty()) quit(exit_failed, status().no_peers());
  if (std::find(std::begin(system_contracts), std::end(system_contracts), name) != std::end(system_contracts)) return name;
  std::string known;
  for (const auto& c : channel_status().contracts()) {
    if (c.name() == name) return name;
    list(known, c.name());
  }
  const auto& coming = channel_status().deployment();
  quit(exit_failed, "no contract " + in_quotes(name) + " on channel " + channel() + "; there are: " + (known.empty() ? "none" : known) +
                        (coming.empty() ? "" : (coming.starts_with("waiting") ? ". More may come, " : ". ") + coming));
}

crypto::signing_identity network::identity() {
  if (const auto colon = options_.as.find(':'); colon != std::string::npos) return identity_in(options_.as.substr(colon + 1), options_.as.substr(0, colon));
  const auto at = options_.as.find('@');
  const auto domain = at == std::string::npos ? std::string{} : options_.as.substr(at + 1);
  if (!options_.as.empty() && !is_plain_name(options_.as)) quit(exit_usage, "--as needs a name such as User1@org1.example.com, or an MSP id and a folder such as " +
                                                                                in_quotes("Org3MSP:users/User1@org3.example.com/msp"));
  for (const auto& org : status().organizations()) {
    if (options_.as.empty() ? org.orders() : org.domain() != domain) continue;
    const auto name = options_.as.empty() ? "User1@" + org.domain() : options_.as;
    auto folder = users_folder(options_.dir, org) / name / "msp";
    std::error_code ignored;
    // A node's folder has no users: they are with the operator, whose folder may lie beside it.
    if (!fs::exists(folder, ignored)) folder = users_folder(fs::absolute(options_.dir).lexically_normal().parent_path() / "operator", org) / name / "msp";
    if (!fs::exists(folder, ignored)) break;
    auto who = crypto::read_signing_identity(folder, org.msp_id());
    if (!who) quit(exit_failed, who.error().context);
    return std::move(*who);
  }
  quit(exit_failed, "no identity " + (options_.as.empty() ? std::string("User1") : in_quotes(options_.as)) + " in " + options_.dir + "; there are:" +
                        list_users(options_.dir, status()));
}

edge::gateway_client network::gateway() {
  std::map<std::string, std::string> metadata;
  if (!options_.peer.empty()) {
    const auto& peers = channel_status().peers();
    std::string known;
    for (const auto& p : peers) list(known, p.peer());
    if (std::none_of(peers.begin(), peers.end(), [&](const auto& p) { return p.peer() == options_.peer; }))
      quit(exit_failed, "no peer " + in_quotes(options_.peer) + " on channel " + channel() + "; there are: " + known);
    metadata[edge::peer_metadata] = options_.peer;
  }
  return {connection_, identity(), std::make_shared<system_clock>(), std::make_shared<system_random>(), step_timeouts, std::move(metadata)};
}

crypto::signing_identity network::identity_of(const std::string& name) {
  const auto kept = std::exchange(options_.as, name);
  auto who = identity();
  options_.as = kept;
  return who;
}

std::map<std::string, std::string> network::ask_peer(const std::string& peer) {
  return peer.empty() ? std::map<std::string, std::string>{} : std::map<std::string, std::string>{{edge::peer_metadata, peer}};
}

edge::deliver_client network::reader(crypto::signing_identity who, const std::string& peer) const {
  return {connection_, std::move(who), std::make_shared<system_clock>(), std::make_shared<system_random>(), ask_peer(peer.empty() ? options_.peer : peer)};
}

edge::gateway_client network::gateway_as(crypto::signing_identity who) const {
  return {connection_, std::move(who), std::make_shared<system_clock>(), std::make_shared<system_random>(), step_timeouts, ask_peer(options_.peer)};
}

edge::gateway_client network::gateway_at(const std::string& peer, crypto::signing_identity who) const {
  return {connection_, std::move(who), std::make_shared<system_clock>(), std::make_shared<system_random>(), step_timeouts, ask_peer(peer)};
}

std::string_view rpc_code_name(std::int32_t code) noexcept {
  constexpr std::string_view names[] = {"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
                                        "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE",
                                        "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"};
  return code >= 0 && static_cast<std::size_t>(code) < std::size(names) ? names[code] : "UNKNOWN";
}

}  // namespace weft::cli
