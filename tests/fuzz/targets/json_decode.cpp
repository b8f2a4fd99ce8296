// Messages to JSON, whatever the bytes: a text that leads back to itself, or a refusal that says why. And the update from one configuration to another.
#include "common/configtx.pb.h"
#include "ledger/channel/compute_update.hpp"
#include "proto/encode.hpp"
#include "tests/fuzz/json_types.hpp"

using namespace weft;
using namespace weft::fuzz;

namespace {

void check_update(bytes_view raw) {
  ::common::Config config;
  if (!proto::decode(raw, config)) return;
  const auto& known = golden_world().raft->config();
  using both = std::pair<const ::common::Config*, const ::common::Config*>;
  for (const auto& [from, to] : {both{&known, &config}, both{&config, &known}}) {
    const auto update = ledger::compute_update(*from, *to);
    if (!update) {
      FUZZ_CHECK(!update.error().context.empty());
      continue;
    }
    FUZZ_CHECK(update->read_set().version() == from->channel_group().version());
    FUZZ_CHECK(proto::encode(*update) == proto::encode(*ledger::compute_update(*from, *to)));
  }
  FUZZ_CHECK(!ledger::compute_update(config, config));
}

int fuzz_one(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto raw = view(data, size);
  const auto* type = json_type_of(raw);
  const auto text = ledger::decode_to_json(type, raw.substr(1), json_fuzz_limits);
  if (text) check_json_is_stable(type, *text);
  else FUZZ_CHECK(!text.error().context.empty());
  if (std::string_view(type) == "common.Config") check_update(raw.substr(1));
  return 0;
}

std::vector<bytes> seeds() { return json_seeds(); }

}  // namespace

WEFT_FUZZ_TARGET(json_decode, 1'000);
