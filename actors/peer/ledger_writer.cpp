// LEDGER_WRITER: judges a prepared block against the state before it, seals it, stores it, publishes the snapshot after it.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>

#include "actors/peer/private_data.hpp"
#include "crypto/hash/sha256.hpp"
#include "ledger/validation/definition.hpp"

namespace weft::actors {

namespace {

struct ledger_writer_state {
  route<private_puller_actor> puller;
  static inline const char* name = "ledger_writer";
};

/// The kept private writes that a valid transaction of the block claims, each checked against the hash in the block.
std::vector<ledger::block_private_data> claimed(const write_job& job, const ledger::judged_block& judged) {
  std::vector<ledger::block_private_data> out;
  for (const auto& claim : judged.claims) {
    for (const auto& [tx_id, writes] : job.privates) {
      if (tx_id != claim.tx_id || writes.ns != claim.ns || writes.collection != claim.collection) continue;
      if (crypto::view(crypto::sha256(writes.encode())) != bytes_view(claim.hash)) continue;
      out.push_back({claim.tx, writes});
      break;
    }
  }
  return out;
}

/// Whether the ledger noted that something of the organization's own is missing.
bool lacks(const peer_site& site, const ledger::judged_block& judged, const std::vector<ledger::block_private_data>& privates) {
  const auto own = std::string(ledger::implicit_collection_prefix) + site.msp_id;
  const auto wanted = std::count_if(judged.claims.begin(), judged.claims.end(), [&](const auto& c) { return c.collection == own; });
  return wanted > std::count_if(privates.begin(), privates.end(), [&](const auto& d) { return d.writes.collection == own; });
}

std::shared_ptr<const write_outcome> failed(std::uint64_t number, std::string why) {
  auto out = std::make_shared<write_outcome>();
  out->number = number;
  out->failure = std::move(why);
  return out;
}

/// What a block brought, for the operations service: transactions by kind, contract and verdict.
void book(tallies& counted, const std::string& channel, const ledger::prepared_block& block, const ledger::judged_block& judged) {
  std::map<tallies::labels, std::uint64_t> by;
  for (std::size_t i = 0; i < block.txs.size(); ++i) {
    const auto& tx = block.txs[i];
    const bool endorsed = tx.type == ledger::header_type::endorser_transaction;
    ++by[{{"channel", channel}, {"transaction_type", endorsed ? "ENDORSER_TRANSACTION" : "CONFIG"}, {"chaincode", endorsed ? tx.tx.chaincode_name : std::string()},
          {"validation_code", std::string(ledger::to_string(judged.verdicts[i]))}}];
  }
  for (const auto& [l, n] : by) counted.count("ledger_transaction_count", "Transactions that were committed, valid or not", l, n);
}

void publish(peer_channel& channel) {
  auto& ledger = *channel.ledger;
  channel.now.set(std::make_shared<channel_snapshot>(channel_snapshot{ledger.bundle(), ledger.view(), ledger.height()}));
}

std::shared_ptr<const write_outcome> store(const peer_site& site, peer_channel& channel, const write_job& job, const caf::actor_clock& clock, bool& gap) {
  const auto begun = clock.now();
  const auto& prepared = *job.block;
  const auto number = prepared.source.number();
  auto& ledger = *channel.ledger;
  const auto view = ledger.view();
  const auto seen = [&](std::string_view id) -> result<bool> {
    WEFT_TRY(auto where, ledger.blocks().find_tx(id));
    return where.has_value();
  };
  const auto winner = [&](version at) -> std::string {
    const auto b = ledger.blocks().read(at.block);
    if (!b || at.tx.value >= b->envelopes().size()) return {};
    const auto& h = b->envelopes()[at.tx.value].header();
    return h ? h->tx_id : std::string{};
  };
  auto judged = ledger::judge(prepared, *view, seen, *site.verifier, winner);
  if (!judged) return failed(number.value, judged.error().context);
  const auto privates = claimed(job, *judged);
  auto out = std::make_shared<write_outcome>();
  out->number = number.value;
  out->sealed = prepared.source;
  static_cast<void>(ledger::seal(out->sealed, *judged, ledger.last_commit_hash()));
  const auto before_commit = clock.now();
  if (auto stored = ledger.commit(out->sealed, *judged, privates); !stored) return failed(number.value, stored.error().context);
  site.counted->took("ledger_blockstorage_and_pvtdata_commit_time", "Seconds to store a block, its private data and its changes to the state", {{"channel", channel.id}},
                     clock.now() - before_commit);
  book(*site.counted, channel.id, prepared, *judged);
  for (std::size_t i = 0; i < prepared.txs.size(); ++i) {
    out->txs.push_back({prepared.txs[i].tx_id, static_cast<std::uint8_t>(judged->verdicts[i])});
  }
  // Before the snapshot: whoever sees the new configuration finds its orderers.
  if (const auto before = channel.now.get(); channel.orderers_in && before && before->bundle != judged->next_bundle) {
    channel.orderers.set(std::make_shared<const std::vector<std::string>>(channel.orderers_in(*judged->next_bundle)));
  }
  publish(channel);
  gap = lacks(site, *judged, privates);
  if (spdlog::should_log(spdlog::level::info)) {
    const auto valid = std::count(judged->verdicts.begin(), judged->verdicts.end(), ledger::verdict::valid);
    spdlog::info("{}: block {} of {} committed, {} transactions, {} of them valid", site.name, number.value, channel.id, out->txs.size(), valid);
  }
  site.counted->took("ledger_block_processing_time", "Seconds to judge and store a block", {{"channel", channel.id}}, clock.now() - begun);
  return out;
}

std::shared_ptr<const late_outcomes> store_late(const std::string& seat, peer_channel& channel, const late_job& job) {
  auto out = std::make_shared<late_outcomes>();
  const auto gaps = ledger::gaps_of(channel.ledger);
  if (!gaps) return out;
  auto stored = gaps->reconcile(job.found);
  if (!stored) {
    spdlog::error("{}: private data not stored: {}", seat, stored.error().context);
    return out;
  }
  out->of = std::move(*stored);
  publish(channel);
  return out;
}

late_writer_actor::behavior_type ledger_writer(role_self<late_writer_actor, ledger_writer_state> self, peer_ptr site, channel_ptr channel) {
  self->state.puller = site->to<private_puller_actor>("private_puller/" + channel->id);
  return {
      [self, site, channel](atom::write, const std::shared_ptr<const write_job>& job) -> std::shared_ptr<const write_outcome> {
        bool gap = false;
        auto out = store(*site, *channel, *job, self->clock(), gap);
        if (!out->failure.empty()) spdlog::error("{}: block {} of {} not stored: {}", self->seat(), out->number, channel->id, out->failure);
        if (gap && self->state.puller.get()) self->send(self->state.puller.get(), atom::committed::value, out->number);
        return out;
      },
      [self, channel](atom::reconcile, const std::shared_ptr<const late_job>& job) { return store_late(self->seat(), *channel, *job); },
  };
}

}  // namespace

role_spec ledger_writer_role(seat s, peer_ptr site, channel_ptr channel, bool own_thread) {
  return own_thread ? make_spec<caf::detached>(std::move(s), &ledger_writer, std::move(site), std::move(channel))
                    : make_spec(std::move(s), &ledger_writer, std::move(site), std::move(channel));
}

}  // namespace weft::actors
