// COMMITTER: a pipeline over successive blocks. Links and signatures of block n+1 are checked while block n is being written; order is kept.
#include <spdlog/spdlog.h>

#include <deque>

#include "actors/peer/roles.hpp"
#include "ledger/channel/bundle.hpp"

namespace weft::actors {

/// One block between arrival and commit.
struct pipeline_entry {
  ledger::block block;
  std::shared_ptr<ledger::prepared_block> prepared;  ///< Null until the block may be prepared.
  std::size_t slices_left = 0;
  std::uint64_t epoch = 0;
  caf::typed_response_promise<broadcast_reply> promise;
  [[nodiscard]] bool ready() const { return prepared && slices_left == 0; }
};

struct committer_state {
  peer_ptr site;
  channel_ptr channel;
  route<ledger_writer_actor> writer;
  std::vector<route<validation_worker_actor>> workers;
  std::size_t next_worker = 0;
  route<gateway_actor> gateway;
  route<deliver_actor> deliver;
  std::deque<pipeline_entry> pipeline;
  bool writing = false;
  std::uint64_t epoch = 0;
  static inline const char* name = "committer";
};

namespace {

using committer_self = role_self<committer_actor, committer_state>;

bool is_config(const ledger::block& b) {
  if (b.envelopes().empty()) return false;
  const auto& h = b.envelopes().front().header();
  return h && h->type == static_cast<std::int32_t>(ledger::header_type::config);
}

void advance(committer_self self);

void refuse_all(committer_self self, const std::string& why) {
  auto pipeline = std::exchange(self->state.pipeline, {});
  for (auto& e : pipeline) e.promise.deliver(broadcast_reply{503, why});
}

/// Spreads the stateless work of a block over the pool.
void prepare(committer_self self, pipeline_entry& entry, std::shared_ptr<const ledger::channel_bundle> bundle) {
  auto& s = self->state;
  entry.prepared = std::make_shared<ledger::prepared_block>();
  entry.prepared->source = entry.block;
  entry.prepared->bundle = std::move(bundle);
  const auto count = entry.block.envelopes().size();
  entry.prepared->txs.resize(count);
  entry.epoch = ++s.epoch;
  for (std::size_t first = 0; first < count; first += s.site->options.slice) {
    auto job = std::make_shared<prepare_job>();
    *job = {entry.prepared, s.site->verifier, first, std::min(first + s.site->options.slice, count), entry.epoch};
    ++entry.slices_left;
    auto& worker = s.workers[s.next_worker++ % s.workers.size()];
    const auto done = [self](std::uint64_t epoch) {
      for (auto& e : self->state.pipeline) if (e.epoch == epoch && e.slices_left > 0) --e.slices_left;
      advance(self);
    };
    const auto lost = [self](const caf::error&) { refuse_all(self, "a validation worker stopped; the block will be asked for again"); };
    if (!worker.get()) return refuse_all(self, "validation workers are restarting");
    self->request(worker.get(), std::chrono::seconds(60), atom::prepare::value, std::shared_ptr<const prepare_job>(std::move(job))).then(done, lost);
  }
}

/// Number of the block at `position`, counted from the pipeline itself: behind the first entry the ledger's height may already include that
/// entry, whose writer has stored it and whose outcome has not arrived here yet.
block_number number_at(const committer_state& s, std::size_t position) {
  return position == 0 ? s.channel->ledger->height() : s.pipeline[position - 1].block.number().next();
}

/// Checks that need only the chain and the configuration. Gives the reason of a refusal.
result<void> verify(const committer_state& s, const ledger::block& b, std::size_t position, const ledger::channel_bundle& bundle) {
  const auto previous = position == 0 ? s.channel->ledger->last_hash() : s.pipeline[position - 1].block.hash();
  WEFT_CHECK(ledger::check_links(b, number_at(s, position), previous));
  return ledger::check_block_signatures(b, bundle, *s.site->verifier);
}

/// Verifies and prepares what may be: nothing behind a config block that has not been committed, because it may change every rule.
void start_preparing(committer_self self) {
  auto& s = self->state;
  const auto snapshot = s.channel->now.get();
  for (std::size_t i = 0; i < s.pipeline.size(); ++i) {
    auto& entry = s.pipeline[i];
    if (!entry.prepared) {
      if (auto ok = verify(s, entry.block, i, *snapshot->bundle); !ok) {
        spdlog::warn("{}: block {} of {} refused: {}", self->seat(), entry.block.number().value, s.channel->id, ok.error().context);
        while (s.pipeline.size() > i) {
          s.pipeline.back().promise.deliver(broadcast_reply{400, ok.error().context});
          s.pipeline.pop_back();
        }
        return;
      }
      prepare(self, entry, snapshot->bundle);
      if (s.pipeline.empty()) return;  // refused meanwhile
    }
    if (is_config(entry.block)) return;
  }
}

void announce(committer_self self, const write_outcome& outcome) {
  auto& s = self->state;
  if (s.gateway.get()) self->send(s.gateway.get(), atom::committed::value, commit_notice{s.channel->id, outcome.number, outcome.txs});
  if (s.deliver.get()) self->send(s.deliver.get(), atom::written::value, s.channel->id, outcome.sealed);
}

void on_written(committer_self self, const write_outcome& outcome) {
  auto& s = self->state;
  s.writing = false;
  if (!outcome.failure.empty()) return refuse_all(self, outcome.failure);
  if (s.pipeline.empty() || s.pipeline.front().block.number().value != outcome.number) return;
  auto entry = std::move(s.pipeline.front());
  s.pipeline.pop_front();
  announce(self, outcome);
  entry.promise.deliver(broadcast_reply{200, {}});
  for (const auto& tx : outcome.txs) s.channel->waiting->forget(tx.tx_id);
  advance(self);
}

void write_head(committer_self self) {
  auto& s = self->state;
  if (s.writing || s.pipeline.empty() || !s.pipeline.front().ready()) return;
  if (!s.writer.get()) return refuse_all(self, "the ledger writer is restarting");
  auto job = std::make_shared<write_job>();
  job->block = s.pipeline.front().prepared;
  for (const auto& tx : job->block->txs) {
    for (auto& w : s.channel->waiting->find(tx.tx_id)) job->privates.emplace_back(tx.tx_id, std::move(w));
  }
  s.writing = true;
  self->request(s.writer.get(), std::chrono::seconds(120), atom::write::value, std::shared_ptr<const write_job>(std::move(job)))
      .then([self](const std::shared_ptr<const write_outcome>& o) { on_written(self, *o); },
            [self](const caf::error&) {
              self->state.writing = false;
              refuse_all(self, "the ledger writer stopped; the block will be asked for again");
            });
}

void advance(committer_self self) {
  start_preparing(self);
  write_head(self);
}

caf::result<broadcast_reply> commit(committer_self self, const ledger::block& b) {
  auto& s = self->state;
  if (!b) return broadcast_reply{400, "an empty message is no block"};
  const auto next = number_at(s, s.pipeline.size()).value;
  if (b.number().value < s.channel->ledger->height().value) return broadcast_reply{200, "already committed"};
  if (b.number().value != next) return broadcast_reply{409, "expected block " + std::to_string(next)};
  if (s.pipeline.size() >= s.site->options.pipeline_blocks) return broadcast_reply{503, "the pipeline is full"};
  pipeline_entry entry;
  entry.block = b;
  entry.promise = self->make_response_promise<broadcast_reply>();
  auto promise = entry.promise;
  s.pipeline.push_back(std::move(entry));
  advance(self);
  return promise;
}

committer_actor::behavior_type committer(committer_self self, peer_ptr site, channel_ptr channel) {
  auto& s = self->state;
  s.writer = site->to<ledger_writer_actor>("ledger_writer/" + channel->id);
  for (std::size_t i = 0; i < site->options.workers; ++i) {
    s.workers.push_back(site->to<validation_worker_actor>("validation_worker/" + std::to_string(i)));
  }
  s.gateway = site->to<gateway_actor>("gateway");
  s.deliver = site->to<deliver_actor>("deliver");
  s.site = std::move(site);
  s.channel = std::move(channel);
  return {
      [self](atom::commit, const ledger::block& b) { return commit(self, b); },
  };
}

}  // namespace

role_spec committer_role(seat s, peer_ptr site, channel_ptr channel) {
  return make_spec(std::move(s), &committer, std::move(site), std::move(channel));
}

}  // namespace weft::actors
