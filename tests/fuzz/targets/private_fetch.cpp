// Requests for private data, and answers to them: only what a golden peer asked for is heard, only what a hash says is believed.
#include <algorithm>
#include <filesystem>

#include "cluster/private_data/fetch.hpp"
#include "crypto/hash/sha256.hpp"
#include "crypto/msp/folder.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/golden.hpp"

using namespace weft;
using namespace weft::fuzz;

namespace {

constexpr timestamp now{std::chrono::seconds{1'767'225'600}};  // 2026-01-01

const crypto::signing_identity& golden_peer() {
  static const auto who = [] {
    auto read = crypto::read_signing_identity(
        std::filesystem::path(WEFT_GOLDEN_DIR) / "crypto/peerOrganizations/org1.example.com/peers/peer0.org1.example.com/msp", "Org1MSP",
        crypto::nonce_rule::deterministic);
    FUZZ_CHECK(read.has_value());
    return *std::move(read);
  }();
  return who;
}

const std::vector<bytes> sets{"one", "two", "three"};
std::vector<ledger::missing_private_data> page() {
  std::vector<ledger::missing_private_data> out;
  for (std::uint64_t i = 0; i < sets.size(); ++i) out.push_back({{block_number(i + 1), tx_number(0)}, "_lifecycle", "_implicit_org_Org1MSP", crypto::to_bytes(crypto::sha256(sets[i]))});
  return out;
}

const std::vector<cluster::fetch>& requests() {
  static const std::vector<cluster::fetch> all{{"mychannel", "peer0.org1.example.com", {}}, {"mychannel", "peer0.org1.example.com", page()}};
  return all;
}

void check_request(bytes_view raw) {
  const auto& world = golden_world();
  const auto judged = cluster::check_fetch(raw, {*world.raft->msps(), *world.verifier, "Org1MSP", "peer0.org1.example.com", now});
  const auto channel = cluster::channel_of_fetch(raw);
  if (!judged) {
    FUZZ_CHECK(!judged.error().context.empty());
    FUZZ_CHECK(judged.error().code == errc::invalid_argument || judged.error().code == errc::permission_denied);
    return;
  }
  FUZZ_CHECK(channel && *channel == judged->channel);
  FUZZ_CHECK(std::any_of(requests().begin(), requests().end(), [&](const auto& r) { return r.channel == judged->channel && r.asked == judged->asked && r.wanted == judged->wanted; }));
}

void check_answer(bytes_view raw) {
  const auto wanted = page();
  const auto read = cluster::read_fetched(raw, wanted);
  if (!read) return;
  FUZZ_CHECK(read->found.size() <= wanted.size());
  for (const auto& f : read->found) FUZZ_CHECK(std::find(sets.begin(), sets.end(), f.set) != sets.end());
}

int fuzz_one(const std::uint8_t* data, std::size_t size) {
  check_request(view(data, size));
  check_answer(view(data, size));
  return 0;
}

std::vector<bytes> seeds() {
  std::vector<bytes> out;
  for (const auto& r : requests()) out.push_back(*cluster::make_fetch(r, golden_peer(), "a nonce of 24 bytes here", now));
  out.push_back(*cluster::make_fetch(requests().back(), golden_user(), "a nonce of 24 bytes here", now));  // no peer
  const auto wanted = page();
  out.push_back(cluster::make_fetched(wanted, [](const auto& w) { return std::optional(sets.at(w.at.block.value - 1)); }));
  return out;
}

}  // namespace

WEFT_FUZZ_TARGET(private_fetch, 60'000);
