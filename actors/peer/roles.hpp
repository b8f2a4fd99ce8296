// The roles of a peer. Each function is the behaviour of one actor; a node spawns them and gives them their site.
#pragma once

#include "actors/interfaces.hpp"
#include "actors/role.hpp"
#include "actors/site.hpp"

namespace weft::actors {

using peer_ptr = std::shared_ptr<const peer_site>;
using channel_ptr = std::shared_ptr<peer_channel>;


/// Proposals in flight at one endorser and its pool: the pool's members count down what the front counted up.
using in_flight = std::shared_ptr<std::atomic<std::size_t>>;

struct endorser_state {
  peer_ptr site;
  std::vector<endorser_actor> pool;
  std::size_t next = 0;
  in_flight busy;
  static inline const char* name = "endorser";
};
/// The front: bounds what is in flight and spreads proposals over its pool, which lives and dies with it.
endorser_actor::behavior_type endorser(role_self<endorser_actor, endorser_state> self, peer_ptr site, std::shared_ptr<role_meter> meter);

struct chaincode_host_state {
  static inline const char* name = "chaincode_host";
};
chaincode_host_actor::behavior_type chaincode_host(role_self<chaincode_host_actor, chaincode_host_state> self, peer_ptr site);

struct validation_worker_state {
  static inline const char* name = "validation_worker";
};
validation_worker_actor::behavior_type validation_worker(role_self<validation_worker_actor, validation_worker_state> self, peer_ptr site);

struct ledger_writer_state {
  static inline const char* name = "ledger_writer";
};
ledger_writer_actor::behavior_type ledger_writer(role_self<ledger_writer_actor, ledger_writer_state> self, peer_ptr site, channel_ptr channel);

struct committer_state;
committer_actor::behavior_type committer(role_self<committer_actor, committer_state> self, peer_ptr site, channel_ptr channel);

struct block_source_state;
block_source_actor::behavior_type block_source(role_self<block_source_actor, block_source_state> self, peer_ptr site, channel_ptr channel);

struct gateway_state;
gateway_actor::behavior_type gateway(role_self<gateway_actor, gateway_state> self, peer_ptr site);

}  // namespace weft::actors
