// From signatures to the identities that count.
#include <unordered_set>

#include "crypto/policy/policy.hpp"

namespace weft::crypto {

std::vector<identity_ptr> valid_signers(const std::vector<signed_data>& set, const msp_manager& msps, const verifier& verifier,
                                        std::vector<std::string>* why_dropped) {
  std::vector<identity_ptr> out;
  std::unordered_set<std::string_view> seen;  // ids inside `out`
  const auto drop = [&](std::size_t index, const std::string& why) {
    if (why_dropped != nullptr) why_dropped->push_back("signature " + std::to_string(index) + ": " + why);
  };
  for (std::size_t i = 0; i < set.size(); ++i) {
    auto who = msps.validate(set[i].identity);
    if (!who) {
      drop(i, who.error().context);
      continue;
    }
    if (seen.contains((*who)->id)) {  // asked before the signature is: repetition must not cost verifications
      drop(i, (*who)->cert.subject() + " of " + (*who)->msp_id + " already counts");
      continue;
    }
    if (!verifier.verify((*who)->cert.key(), set[i].data, set[i].signature)) {
      drop(i, (*who)->cert.subject() + " of " + (*who)->msp_id + ": the signature is wrong");
      continue;
    }
    out.push_back(std::move(*who));
    seen.insert(out.back()->id);
  }
  return out;
}

}  // namespace weft::crypto
