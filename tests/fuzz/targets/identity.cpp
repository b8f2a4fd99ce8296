// Serialized identities under the golden organizations' rules: only certificates that the golden CAs issued are members.
#include <set>

#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/golden.hpp"

using namespace weft;
using namespace weft::fuzz;

namespace {

std::vector<bytes> seeds() {
  std::vector<bytes> out = golden_identities();
  for (const auto& pem : golden_certificates())
    for (const char* msp_id : {"Org1MSP", "OrdererMSP"}) out.push_back(crypto::serialize_identity(msp_id, pem));
  return out;
}

bool is_golden(const std::string& id) {
  static const auto known = [] {
    std::set<std::string> out;
    for (const auto& raw : golden_identities())
      if (const auto who = golden_world().raft->msps()->validate(raw)) out.insert((*who)->id);
    FUZZ_CHECK(out.size() > 6);
    return out;
  }();
  return known.contains(id);
}

int fuzz_one(const std::uint8_t* data, std::size_t size) {
  const auto raw = view(data, size);
  for (const auto& bundle : {golden_world().raft, golden_world().bft}) {
    const auto who = bundle->msps()->validate(raw);
    if (!who) {
      FUZZ_CHECK(!who.error().context.empty());
      continue;
    }
    FUZZ_CHECK((*who)->serialized == raw && is_golden((*who)->id));
    FUZZ_CHECK(bundle->msps()->find((*who)->msp_id) != nullptr);
  }
  return 0;
}

}  // namespace

WEFT_FUZZ_TARGET(identity, 40'000);
