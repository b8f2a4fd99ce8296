#include "actors/orderer/rules.hpp"

#include "cluster/consenter/update_rules.hpp"

namespace weft::actors {

cluster::config_author author_of(const orderer_site& site, const orderer_channel& channel) {
  cluster::config_author author{*site.identity, *site.verifier, *site.random, site.clock->now()};
  author.step_rule = [&channel, now = author.now](const ledger::channel_bundle& before, const ledger::channel_bundle& next) {
    cluster::group_view view;
    view.now = now;
    if (const auto group = channel.group.get()) view.group = *group;
    if (const auto seen = channel.consensus.get()) {
      for (const auto& m : seen->members)
        if (m.reachable) view.active.push_back(m.id);
    }
    return cluster::check_raft_update(before, next, view);
  };
  return author;
}

result<block_number> last_config_of(const orderer_channel& channel) {
  WEFT_TRY(const auto newest, channel.blocks->read(block_number{channel.blocks->height().value - 1}));
  return ledger::last_config_index(newest);
}

cluster::cut_limits orderer_rules::limits() const {
  const auto& b = channel_->bundle.get()->batching();
  return {b.max_message_count, b.preferred_max_bytes, b.timeout, channel_->cut_when_idle, site_->options.idle_spacing, site_->options.idle_gap};
}

cluster::config_admission orderer_rules::judge_again(const ledger::envelope& e) const {
  const auto now = site_->clock->now();
  const auto bundle = channel_->bundle.get();
  if (cluster::is_config(e)) return cluster::admit_again(e, *bundle, author_of(*site_, *channel_));
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
