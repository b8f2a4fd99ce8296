// Blocks with real endorser transactions on top of a golden genesis, and their commit as a peer does it, verdicts given.
#pragma once

#include <doctest/doctest.h>

#include "crypto/hash/sha256.hpp"
#include "ledger/chain/channel_ledger.hpp"
#include "ledger/state/apply.hpp"
#include "proto/wire_write.hpp"
#include "tests/unit/ledger/tx/golden.hpp"

namespace weft::testing {

inline ledger::block golden_block(const std::string& channel, std::uint64_t n) {
  return ledger::block::parse(shared_bytes(golden::file(golden::block_path(channel, n)))).value();
}

/// A transaction whose results are `sets`; the nonce makes its id.
inline ledger::envelope endorsed(const ledger::rwset& sets, std::string_view nonce) {
  const auto proposal = ledger::make_proposal({"ch", "cc", {"f"}, {}, false}, "creator", nonce, timestamp{std::chrono::seconds{1'700'000'000}});
  const auto p = ledger::parse_signed_proposal(ledger::make_signed_proposal(proposal.proposal_bytes, "signature")).value();
  bytes response, endorsement, answer;
  proto::put_varint(response, 1, 200);
  const bytes payload = ledger::make_response_payload(ledger::proposal_hash(p.header, p.input), sets.encode(), "", response, "cc", "1.0");
  proto::put_bytes(endorsement, 1, "endorser");
  proto::put_bytes(endorsement, 2, "signature");
  proto::put_varint(answer, 1, 1);
  proto::put_present(answer, 4, response);
  proto::put_bytes(answer, 5, payload);
  proto::put_present(answer, 6, endorsement);
  return ledger::envelope::make(ledger::make_transaction_payload(p, {answer}).value(), "signature");
}

inline ledger::rwset writing(std::vector<ledger::kv_write> writes, std::vector<ledger::metadata_write> metadata = {}) {
  ledger::namespace_rwset ns{.name = "cc"};
  ns.writes = std::move(writes);
  ns.metadata_writes = std::move(metadata);
  return {{ns}};
}

/// Adds the hashed half of private writes to a read/write set.
inline void add_private(ledger::rwset& sets, const ledger::private_writes& writes) {
  ledger::collection_rwset c{.name = writes.collection};
  for (const auto& w : writes.writes)
    c.writes.push_back({crypto::to_bytes(crypto::sha256(w.key)), w.is_delete ? bytes() : crypto::to_bytes(crypto::sha256(w.value)), w.is_delete, false});
  c.private_hash = crypto::to_bytes(crypto::sha256(writes.encode()));
  for (auto& ns : sets.namespaces)
    if (ns.name == writes.ns) ns.collections.push_back(c);
}

struct sealed_block {
  ledger::block block;
  ledger::judged_block judged;
};
/// Judges by decree: `codes` are the verdicts. `previous` is the hash of the block before.
inline sealed_block sealed(const ledger::channel_ledger& l, ledger::block b, const std::vector<std::uint8_t>& codes) {
  sealed_block out{std::move(b), {}};
  for (const auto code : codes) {
    out.judged.verdicts.push_back(static_cast<ledger::verdict>(code));
    out.judged.reasons.push_back({.text = code == 0 ? "" : "because " + std::to_string(code)});
  }
  out.judged.next_bundle = l.bundle();
  auto updates = ledger::updates_of(out.block, out.judged.filter(), *l.view());
  REQUIRE(updates.has_value());
  out.judged.updates = std::move(*updates);
  static_cast<void>(ledger::seal(out.block, out.judged, l.last_commit_hash()));
  return out;
}
/// The same for transactions that were just ordered.
inline sealed_block sealed(const ledger::channel_ledger& l, std::vector<ledger::envelope> txs, const std::vector<std::uint8_t>& codes) {
  return sealed(l, ledger::block::make(l.height(), l.last_hash(), std::move(txs)), codes);
}

inline std::shared_ptr<ledger::channel_ledger> opened(const std::shared_ptr<ledger::env>& files, const std::shared_ptr<ledger::kv_store>& kv,
                                                      const ledger::block& genesis, ledger::ledger_open_report* report = nullptr,
                                                      std::uint64_t segment_bytes = 64 * MiB) {
  auto l = ledger::open_channel_ledger(files, kv, genesis, {}, report, segment_bytes);
  REQUIRE_MESSAGE(l.has_value(), l.error().context);
  return *l;
}

}  // namespace weft::testing
