// JSON to messages, whatever the text: a message whose JSON leads back to itself, or a refusal that says why.
#include "tests/fuzz/json_types.hpp"

using namespace weft;
using namespace weft::fuzz;

namespace {

int fuzz_one(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto raw = view(data, size);
  const auto* type = json_type_of(raw);
  const auto message = ledger::encode_from_json(type, raw.substr(1), json_fuzz_limits);
  if (!message) {
    FUZZ_CHECK(!message.error().context.empty());
    return 0;
  }
  // Bytes given in base64 under a lowerCamelCase name are taken unseen, so that what was read may be nothing that can be shown.
  const auto text = ledger::decode_to_json(type, *message, json_fuzz_limits);
  if (text) check_json_is_stable(type, *text);
  else FUZZ_CHECK(!text.error().context.empty());
  return 0;
}

std::vector<bytes> seeds() {
  std::vector<bytes> out;
  for (const auto& seed : json_seeds()) {
    const auto text = ledger::decode_to_json(json_type_of(seed), bytes_view(seed).substr(1), json_fuzz_limits);
    FUZZ_CHECK(text.has_value());
    out.push_back(seed.front() + *text);
  }
  return out;
}

}  // namespace

WEFT_FUZZ_TARGET(json_encode, 1'500);
