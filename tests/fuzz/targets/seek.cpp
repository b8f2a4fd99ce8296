// Deliver requests: a stream opens only for payloads that a golden user signed, and within the chain.
#include <algorithm>

#include "cluster/deliver/seek.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/golden.hpp"

using namespace weft;
using namespace weft::fuzz;

namespace {

constexpr timestamp now{std::chrono::seconds{1'767'225'600}};  // 2026-01-01
constexpr block_number height{5};

const std::vector<bytes>& payloads() {
  static const auto all = [] {
    std::vector<bytes> out;
    const auto add = [&](std::uint64_t start, std::optional<block_number> stop) {
      out.push_back(cluster::make_seek_payload("mychannel", block_number(start), stop, golden_user().serialized(), "a nonce of 24 bytes here", now));
    };
    add(0, std::nullopt);
    add(2, block_number(4));
    add(5, block_number(1000));
    add(6, std::nullopt);
    add(3, block_number(1));
    return out;
  }();
  return all;
}

int fuzz_one(const std::uint8_t* data, std::size_t size) {
  const auto request = ledger::envelope::keep(shared_bytes(bytes(view(data, size))));
  const auto& world = golden_world();
  const auto session = cluster::check_seek(request, *world.raft, "/Channel/Readers", height, now, *world.verifier);
  if (!session) {
    FUZZ_CHECK(session.error().status >= 400 && session.error().status < 500 && !session.error().why.empty());
    return 0;
  }
  FUZZ_CHECK(std::find(payloads().begin(), payloads().end(), request.payload()) != payloads().end());
  FUZZ_CHECK(session->who != nullptr && session->range.start <= height);
  FUZZ_CHECK(!session->range.stop || *session->range.stop >= session->range.start);
  return 0;
}

std::vector<bytes> seeds() {
  std::vector<bytes> out;
  for (const auto& payload : payloads()) out.push_back(ledger::envelope::make(payload, *golden_user().sign(payload)).raw().to_bytes());
  return out;
}

}  // namespace

WEFT_FUZZ_TARGET(seek, 100'000);
