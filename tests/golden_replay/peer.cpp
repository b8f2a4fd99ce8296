#include "tests/golden_replay/peer.hpp"

#include <doctest/doctest.h>

#include "ledger/store/kv.hpp"
#include "tests/unit/ledger/tx/golden.hpp"

namespace weft::test {
namespace {

ledger::block parse(const std::string& path) {
  auto b = ledger::block::parse(shared_bytes(golden::file(path)));
  REQUIRE_MESSAGE(b.has_value(), path);
  return *std::move(b);
}

template <class T>
T value_of(result<T> r) {
  REQUIRE_MESSAGE(r.has_value(), (r ? "" : r.error().context));
  return *std::move(r);
}

}  // namespace

golden_chain load_chain(const std::string& channel) {
  golden_chain out{channel, {}};
  const auto& recorded = golden::items(golden::at(golden::vectors(), "blocks", channel));
  for (const auto& v : recorded) out.blocks.push_back(parse(golden::block_path(channel, golden::number(v, "number"))));
  return out;
}

bytes as_delivered(const ledger::block& stored) { return stored.without_peer_metadata().encode(); }

peer::peer(const ledger::block& genesis)
    : bundle(value_of(ledger::channel_bundle::from_block(genesis))),
      state(value_of(ledger::open_state_store(ledger::make_memory_kv()))),
      verifier(crypto::make_verifier()),
      last_hash_(genesis.hash()) {
  REQUIRE(state->apply(block_number(0), {}).has_value());
}

result<ledger::block> peer::verify(const bytes& from_orderer) const {
  WEFT_TRY(auto b, ledger::block::parse(shared_bytes(from_orderer)));
  WEFT_CHECK(ledger::check_links(b, height(), last_hash_));
  WEFT_CHECK(ledger::check_block_signatures(b, *bundle, *verifier));
  return b;
}

result<ledger::judged_block> peer::judge(const ledger::block& b) const {
  const auto seen = [this](std::string_view id) -> result<bool> { return seen_.count(id) != 0; };
  const auto winner = [this](version v) {
    const auto found = ids_.find(v);
    return found == ids_.end() ? std::string() : found->second;
  };
  return ledger::judge(ledger::prepare_all(b, bundle, *verifier), *state->view(), seen, *verifier, winner);
}

result<ledger::block> peer::accept(const bytes& from_orderer) {
  WEFT_TRY(auto b, verify(from_orderer));
  WEFT_TRY(auto judged, judge(b));
  commit_hash = ledger::seal(b, judged, commit_hash);
  WEFT_CHECK(state->apply(b.number(), judged.updates));
  last_hash_ = b.hash();
  bundle = judged.next_bundle;
  reasons = std::move(judged.reasons);
  for (std::size_t i = 0; i < b.envelopes().size(); ++i) {
    const auto& header = b.envelopes()[i].header();
    if (!header || header->tx_id.empty()) continue;
    const version at{b.number(), tx_number(i)};
    seen_.emplace(header->tx_id, at);
    ids_.emplace(at, header->tx_id);
  }
  return b;
}

}  // namespace weft::test
