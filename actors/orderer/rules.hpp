// The configuration in force, as an orderer's consenter sees it: a look into the channel's bundle.
#pragma once

#include "actors/orderer/roles.hpp"
#include "cluster/consenter/raft_chain.hpp"
#include "cluster/ordering/config_admission.hpp"

namespace weft::actors {

/// Who makes configurations of updates at this orderer now, and what its raft group asks of them. Borrows both.
[[nodiscard]] cluster::config_author author_of(const orderer_site& site, const orderer_channel& channel);

/// Number of the newest block of the channel that holds a configuration.
[[nodiscard]] result<block_number> last_config_of(const orderer_channel& channel);

class orderer_rules final : public cluster::raft_rules {
 public:
  orderer_rules(orderer_ptr site, ordered_channel_ptr channel) : site_(std::move(site)), channel_(std::move(channel)) {}
  [[nodiscard]] cluster::cut_limits limits() const override;
  [[nodiscard]] std::uint64_t sequence() const override { return channel_->bundle.get()->sequence().value; }
  [[nodiscard]] cluster::config_admission judge_again(const ledger::envelope& e) const override;
  [[nodiscard]] result<std::optional<cluster::raft::conf_change>> change_in(const ledger::envelope& config) const override;

 private:
  orderer_ptr site_;
  ordered_channel_ptr channel_;
};

}  // namespace weft::actors
