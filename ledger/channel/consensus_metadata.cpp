#include "ledger/channel/consensus_metadata.hpp"

#include "orderer/etcdraft/configuration.pb.h"
#include "orderer/smartbft/configuration.pb.h"
#include "proto/encode.hpp"

namespace weft::ledger {

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
