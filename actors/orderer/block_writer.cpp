// BLOCK_WRITER: signs, appends, syncs, then tells. The order of these lines is the promise that an acknowledged envelope survives.
#include <spdlog/spdlog.h>

#include <optional>

#include "actors/orderer/rules.hpp"
#include "cluster/ordering/assembly.hpp"
#include "cluster/ordering/config_admission.hpp"

namespace weft::actors {

namespace {

struct block_writer_state {
  orderer_ptr site;
  ordered_channel_ptr channel;
  route<deliver_actor> deliver;
  std::optional<block_number> last_config;  ///< Of the newest block; read from it once, as nobody else writes here.
  static inline const char* name = "block_writer";
};
using block_writer_self = role_self<block_writer_actor, block_writer_state>;

/// What the block says of the raft group behind it. A fetched one says what it said where it came from.
result<cluster::group_metadata> group_behind(const orderer_channel& channel, const ledger::block& b, std::uint64_t entry, const ledger::channel_bundle& before,
                                             const ledger::channel_bundle* after) {
  if (entry == 0) {
    WEFT_TRY(const auto said, ledger::consenter_metadata(b));
    return cluster::group_metadata::decode(said);
  }
  const auto known = channel.group.get();
  auto group = known ? *known : cluster::group_metadata{};
  if (after && before.raft() && after->raft()) {
    WEFT_TRY(auto step, cluster::change_group(group, before.raft()->consenters, after->raft()->consenters));
    group = std::move(step.after);
  }
  group.index = entry;
  return group;
}

/// What every kind of consenter's block passes before it is stored. `entry`: nothing for a consenter without a log.
result<void> store(block_writer_state& s, ledger::block& b, std::optional<std::uint64_t> entry) {
  auto& channel = *s.channel;
  const auto& site = *s.site;
  const auto next = channel.blocks->height();
  if (b.number() != next) return fail(errc::failed_precondition, "expected block " + std::to_string(next.value));
  if (!s.last_config) {
    WEFT_TRY(s.last_config, last_config_of(channel));
  }
  const auto before = channel.bundle.get();
  std::shared_ptr<const ledger::channel_bundle> after;
  if (cluster::is_config_block(b)) {
    WEFT_TRY(after, cluster::bundle_behind(b, *before, *site.verifier));
    s.last_config = b.number();
  }
  std::shared_ptr<const cluster::group_metadata> group;
  if (entry) {
    WEFT_TRY(auto found, group_behind(channel, b, *entry, *before, after.get()));
    group = std::make_shared<const cluster::group_metadata>(std::move(found));
  }
  WEFT_CHECK(cluster::sign_block(b, *s.last_config, group ? group->encode() : bytes{}, *site.identity, *site.random, *site.verifier));
  WEFT_CHECK(channel.blocks->append(b));
  if (!entry) WEFT_CHECK(channel.blocks->sync());
  if (group) channel.group.set(std::move(group));
  if (after) channel.bundle.set(std::move(after));  // whoever hears of the block finds its configuration
  return {};
}

void write(block_writer_self self, const ledger::block& ordered, std::optional<std::uint64_t> entry, const consenter_actor& consenter) {
  auto& s = self->state;
  auto b = ordered;
  const auto done = store(s, b, entry);
  if (!done) {
    s.last_config.reset();
    spdlog::error("{}: block {} of {} not written: {}", self->seat(), b.number().value, s.channel->id, done.error().context);
  } else {
    spdlog::info("{}: block {} of {} written, {} transactions", self->seat(), b.number().value, s.channel->id, b.envelopes().size());
  }
  self->send(consenter, atom::written::value, b.number().value, done ? std::string{} : done.error().context);
  const deliver_actor deliver = s.deliver.get();  // asked once: it may stop at any moment
  if (done && deliver) self->send(deliver, atom::written::value, s.channel->id, std::move(b));
}

block_writer_actor::behavior_type block_writer(block_writer_self self, orderer_ptr site, ordered_channel_ptr channel) {
  auto& s = self->state;
  s.deliver = site->to<deliver_actor>("deliver");
  s.site = std::move(site);
  s.channel = std::move(channel);
  return {
      [self](atom::write, const ledger::block& b, const consenter_actor& consenter) { write(self, b, std::nullopt, consenter); },
      [self](atom::write, const ledger::block& b, std::uint64_t entry, const consenter_actor& consenter) { write(self, b, entry, consenter); },
      [self](atom::sync) {
        const auto done = self->state.channel->blocks->sync();
        return done ? std::string{} : done.error().context;
      },
  };
}

}  // namespace

role_spec block_writer_role(seat s, orderer_ptr site, ordered_channel_ptr channel, bool own_thread) {
  return own_thread ? make_spec<caf::detached>(std::move(s), &block_writer, std::move(site), std::move(channel))
                    : make_spec(std::move(s), &block_writer, std::move(site), std::move(channel));
}

}  // namespace weft::actors
