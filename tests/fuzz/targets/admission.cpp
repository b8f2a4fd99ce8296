// What arrives at Broadcast: an orderer orders only what a golden user signed, and says of everything else what is wrong with it.
#include <algorithm>

#include "cluster/ordering/admission.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/golden.hpp"

using namespace weft;
using namespace weft::fuzz;

namespace {

constexpr timestamp now{std::chrono::seconds{1'767'225'600}};  // 2026-01-01

bool was_signed(bytes_view payload) {
  const auto& all = golden_envelopes();
  return std::any_of(all.begin(), all.end(), [&](const auto& e) { return e.payload() == payload; });
}

int fuzz_one(const std::uint8_t* data, std::size_t size) {
  const auto e = ledger::envelope::parse(shared_bytes(bytes(view(data, size))));
  if (!e) return 0;
  const auto channel = cluster::channel_of(*e);
  if (!channel) FUZZ_CHECK(channel.error().context.starts_with("could not determine channel ID: "));
  const auto& world = golden_world();
  for (const auto* bundle : {world.raft.get(), world.bft.get()}) {
    const auto a = cluster::admit(*e, *bundle, *world.verifier, now);
    if (a.status == cluster::status_success) FUZZ_CHECK(channel && was_signed(e->payload()) && e->canonical());
    else FUZZ_CHECK((a.status == 400 || a.status == 403 || a.status == 503) && !a.info.empty());
  }
  return 0;
}

std::vector<bytes> seeds() {
  std::vector<bytes> out;
  for (const auto& e : golden_envelopes()) out.push_back(e.raw().to_bytes());
  return out;
}

}  // namespace

WEFT_FUZZ_TARGET(admission, 20'000);
