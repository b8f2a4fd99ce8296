// BLOCK_WRITER: signs, appends, syncs, then tells. The order of these lines is the promise that an acknowledged envelope survives.
#include <spdlog/spdlog.h>

#include <optional>

#include "actors/orderer/roles.hpp"
#include "cluster/ordering/assembly.hpp"
#include "cluster/ordering/config_admission.hpp"

namespace weft::actors {

namespace {

struct block_writer_state {
  std::optional<block_number> last_config;  ///< Of the newest block; read from it once, as nobody else writes here.
  static inline const char* name = "block_writer";
};

result<block_number> last_config_of(const orderer_channel& channel, block_number newest) {
  WEFT_TRY(const auto last, channel.blocks->read(newest));
  return ledger::last_config_index(last);
}

result<void> write(const orderer_site& site, orderer_channel& channel, std::optional<block_number>& last_config, ledger::block& b) {
  const auto next = channel.blocks->height();
  if (b.number() != next) return fail(errc::failed_precondition, "expected block " + std::to_string(next.value));
  if (!last_config) {
    WEFT_TRY(last_config, last_config_of(channel, block_number{next.value - 1}));
  }
  std::shared_ptr<const ledger::channel_bundle> next_bundle;
  if (cluster::is_config_block(b)) {
    WEFT_TRY(next_bundle, cluster::bundle_behind(b, *channel.bundle.get(), *site.verifier));
    last_config = b.number();
  }
  WEFT_CHECK(cluster::sign_block(b, *last_config, {}, *site.identity, *site.random, *site.verifier));
  WEFT_CHECK(channel.blocks->append(b));
  WEFT_CHECK(channel.blocks->sync());
  if (next_bundle) channel.bundle.set(std::move(next_bundle));  // whoever hears of the block finds its configuration
  return {};
}

block_writer_actor::behavior_type block_writer(role_self<block_writer_actor, block_writer_state> self, orderer_ptr site,
                                               ordered_channel_ptr channel) {
  return {
      [self, site, channel, deliver = site->to<deliver_actor>("deliver")](atom::write, const ledger::block& ordered,
                                                                          const consenter_actor& consenter) mutable {
        auto b = ordered;
        auto& last_config = self->state.last_config;
        const auto done = write(*site, *channel, last_config, b);
        if (!done) last_config.reset();
        if (!done) spdlog::error("{}: block {} of {} not written: {}", self->seat(), b.number().value, channel->id, done.error().context);
        else spdlog::info("{}: block {} of {} written, {} transactions", self->seat(), b.number().value, channel->id, b.envelopes().size());
        self->send(consenter, atom::written::value, b.number().value, done ? std::string{} : done.error().context);
        if (done && deliver.get()) self->send(deliver.get(), atom::written::value, channel->id, std::move(b));
      },
  };
}

}  // namespace

role_spec block_writer_role(seat s, orderer_ptr site, ordered_channel_ptr channel, bool own_thread) {
  return own_thread ? make_spec<caf::detached>(std::move(s), &block_writer, std::move(site), std::move(channel))
                    : make_spec(std::move(s), &block_writer, std::move(site), std::move(channel));
}

}  // namespace weft::actors
