#include "ledger/channel/consensus_metadata.hpp"

#include <set>

#include "crypto/keys/pem.hpp"
#include "crypto/x509/certificate.hpp"
#include "ledger/channel/duration.hpp"
#include "orderer/etcdraft/configuration.pb.h"
#include "orderer/smartbft/configuration.pb.h"
#include "proto/encode.hpp"

namespace weft::ledger {
namespace {

std::string text(std::uint32_t n) { return std::to_string(n); }

/// "2d 2d 61": bytes as Go prints them in an error; of a long value the beginning.
std::string spaced_hex(bytes_view raw) {
  constexpr std::size_t shown_max = 64;
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (const char c : raw.substr(0, shown_max)) {
    const auto byte = static_cast<unsigned char>(c);
    if (!out.empty()) out += ' ';
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return raw.size() > shown_max ? out + " ..." : out;
}

/// A certificate that parsed, for an error text: its PEM block without what a file may hold around it.
std::string shown(bytes_view pem) {
  constexpr std::size_t shown_max = 4 * KiB;
  const auto block = crypto::pem::next(pem);
  return block && *block ? crypto::pem::encode((*block)->label, (*block)->der).substr(0, shown_max) : std::string();
}

/// The first PEM block is a certificate; what follows is nobody's business. One with a key of a kind that weft has no use for is a certificate too.
result<void> check_certificate(bytes_view pem) {
  auto rest = pem;
  const auto block = crypto::pem::next(rest);
  if (!block || !*block) return invalid("no PEM data found in cert[" + spaced_hex(pem) + "]");
  const auto parsed = crypto::certificate::from_der((*block)->der);
  if (parsed || parsed.error().code == errc::unsupported) return {};
  return invalid(parsed.error().context + " TLS certificate has invalid ASN1 structure");
}

result<raft_consenter> read_consenter(const ::etcdraft::Consenter& c) {
  const std::string who = c.host() + ":" + text(c.port());
  const auto check = [&](const char* role, const std::string& pem) -> result<void> {
    if (auto ok = check_certificate(pem); !ok)
      return invalid("consenter " + who + " has invalid certificate: parsing tls " + role + " cert of " + who + ": " + ok.error().context);
    return {};
  };
  WEFT_CHECK(check("client", c.client_tls_cert()));
  WEFT_CHECK(check("server", c.server_tls_cert()));
  return raft_consenter{c.host(), c.port(), c.client_tls_cert(), c.server_tls_cert()};
}

result<raft_settings::timing> read_options(const ::etcdraft::Options& o) {
  if (o.heartbeat_tick() == 0 || o.election_tick() == 0 || o.max_inflight_blocks() == 0)
    return invalid("none of HeartbeatTick (" + text(o.heartbeat_tick()) + "), ElectionTick (" + text(o.election_tick()) + ") and MaxInflightBlocks (" +
               text(o.max_inflight_blocks()) + ") can be zero");
  if (o.election_tick() <= o.heartbeat_tick())
    return invalid("ElectionTick (" + text(o.election_tick()) + ") must be greater than HeartbeatTick (" + text(o.heartbeat_tick()) + ")");
  const auto tick = parse_duration(o.tick_interval());
  if (!tick) return invalid("failed to parse TickInterval (" + o.tick_interval() + ") to time duration: " + tick.error().context);
  if (tick->count() == 0) return invalid("TickInterval cannot be zero");
  if (tick->count() < 0) return invalid("TickInterval (" + o.tick_interval() + ") cannot be negative");
  raft_settings::timing out;
  out.tick_interval = std::chrono::ceil<std::chrono::milliseconds>(*tick);
  out.election_tick = o.election_tick();
  out.heartbeat_tick = o.heartbeat_tick();
  out.max_inflight_blocks = o.max_inflight_blocks();
  if (o.snapshot_interval_size() != 0) out.snapshot_interval_size = o.snapshot_interval_size();  // 0: the default, as in Fabric
  return out;
}

}  // namespace

result<raft_settings> read_raft_metadata(bytes_view metadata) {
  ::etcdraft::ConfigMetadata decoded;
  if (!proto::decode(metadata, decoded)) return invalid("failed to unmarshal etcdraft metadata configuration");
  if (!decoded.has_options()) return invalid("nil Raft config metadata options");
  raft_settings out;
  WEFT_TRY(out.options, read_options(decoded.options()));
  if (decoded.consenters().empty()) return invalid("empty consenter set");
  if (decoded.consenters_size() > raft_consenters_max)
    return invalid(std::to_string(decoded.consenters_size()) + " consenters; a channel may have " + std::to_string(raft_consenters_max));
  std::set<bytes_view> seen;
  for (const ::etcdraft::Consenter& c : decoded.consenters()) {
    WEFT_TRY(auto consenter, read_consenter(c));
    out.consenters.push_back(std::move(consenter));
  }
  for (const raft_consenter& c : out.consenters) {  // a consenter may use one certificate for both; two consenters may share none
    if (seen.contains(c.server_tls_cert) || seen.contains(c.client_tls_cert))
      return invalid("duplicate consenter: server cert: " + shown(c.server_tls_cert) + ", client cert: " + shown(c.client_tls_cert));
    seen.insert(c.server_tls_cert);
    seen.insert(c.client_tls_cert);
  }
  return out;
}

bytes encode_raft_metadata(const std::vector<raft_consenter>& consenters, const config::raft_options& options) {
  ::etcdraft::ConfigMetadata metadata;
  for (const raft_consenter& c : consenters) {
    ::etcdraft::Consenter& listed = *metadata.add_consenters();
    listed.set_host(c.host);
    listed.set_port(c.port);
    listed.set_client_tls_cert(c.client_tls_cert);
    listed.set_server_tls_cert(c.server_tls_cert);
  }
  ::etcdraft::Options& o = *metadata.mutable_options();
  o.set_tick_interval(options.tick_interval);
  o.set_election_tick(options.election_tick);
  o.set_heartbeat_tick(options.heartbeat_tick);
  o.set_max_inflight_blocks(options.max_inflight_blocks);
  o.set_snapshot_interval_size(options.snapshot_interval_size);
  return proto::encode(metadata);
}

bytes encode_smartbft_options(const config::smartbft_options& options) {
  ::orderer::smartbft::Options o;
  o.set_request_batch_max_count(options.request_batch_max_count);
  o.set_request_batch_max_bytes(options.request_batch_max_bytes);
  o.set_request_batch_max_interval(options.request_batch_max_interval);
  o.set_incoming_message_buffer_size(options.incoming_message_buffer_size);
  o.set_request_pool_size(options.request_pool_size);
  o.set_request_forward_timeout(options.request_forward_timeout);
  o.set_request_complain_timeout(options.request_complain_timeout);
  o.set_request_auto_remove_timeout(options.request_auto_remove_timeout);
  o.set_request_max_bytes(options.request_max_bytes);
  o.set_view_change_resend_interval(options.view_change_resend_interval);
  o.set_view_change_timeout(options.view_change_timeout);
  o.set_leader_heartbeat_timeout(options.leader_heartbeat_timeout);
  o.set_leader_heartbeat_count(options.leader_heartbeat_count);
  o.set_collect_timeout(options.collect_timeout);
  o.set_sync_on_start(options.sync_on_start);
  o.set_speed_up_view_change(options.speed_up_view_change);
  o.set_leader_rotation(static_cast<::orderer::smartbft::Options::Rotation>(options.rotation));
  o.set_decisions_per_leader(options.decisions_per_leader);
  return proto::encode(o);
}

}  // namespace weft::ledger
