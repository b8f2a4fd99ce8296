#include "actors/orderer/rules.hpp"

#include "cluster/ordering/config_admission.hpp"

namespace weft::actors {

cluster::cut_limits orderer_rules::limits() const {
  const auto& b = channel_->bundle.get()->batching();
  return {b.max_message_count, b.preferred_max_bytes, b.timeout, channel_->cut_when_idle, site_->options.idle_spacing, site_->options.idle_gap};
}

cluster::config_admission orderer_rules::judge_again(const ledger::envelope& e) const {
  const auto now = site_->clock->now();
  const auto bundle = channel_->bundle.get();
  if (cluster::is_config(e)) return cluster::admit_again(e, *bundle, {*site_->identity, *site_->verifier, *site_->random, now});
  return {cluster::admit(e, *bundle, *site_->verifier, now), e};
}

result<std::optional<cluster::raft::conf_change>> orderer_rules::change_in(const ledger::envelope& config) const {
  const auto before = channel_->bundle.get();
  const auto block = ledger::block::make(channel_->blocks->height(), {}, {config});
  WEFT_TRY(const auto after, cluster::bundle_behind(block, *before, *site_->verifier));
  const auto group = channel_->group.get();
  if (before->raft() == nullptr || after->raft() == nullptr || !group) return std::nullopt;
  WEFT_TRY(auto step, cluster::change_group(*group, before->raft()->consenters, after->raft()->consenters));
  return std::move(step.members);
}

}  // namespace weft::actors
