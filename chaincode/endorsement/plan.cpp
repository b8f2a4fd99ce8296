#include "chaincode/endorsement/plan.hpp"

#include <algorithm>

namespace weft::chaincode {

std::optional<std::vector<std::size_t>> plan_endorsers(const std::vector<crypto::policy_ptr>& policies, const std::vector<candidate>& candidates,
                                                       std::string_view own_msp, std::size_t spread) {
  std::vector<std::size_t> kept(candidates.size());
  for (std::size_t i = 0; i < kept.size(); ++i) kept[i] = (i + spread) % candidates.size();
  // The gateway's own organization stands in front and is therefore asked first and dropped last.
  std::stable_partition(kept.begin(), kept.end(), [&](std::size_t i) { return candidates[i].who->msp_id == own_msp; });
  const auto satisfied = [&](const std::vector<std::size_t>& set) {
    std::vector<crypto::identity_ptr> signers;
    for (auto i : set) signers.push_back(candidates[i].who);
    return std::all_of(policies.begin(), policies.end(), [&](const auto& p) { return p->evaluate(signers); });
  };
  if (!satisfied(kept)) return std::nullopt;
  // Drops what can be dropped of kept[first, last), the last ones first. Who signs more never satisfies less, so a stretch that can be left out as
  // a whole is exactly what one by one would leave out: with many candidates, of whom few are needed, that saves nearly all evaluations.
  const auto drop = [&](const auto& again, std::size_t first, std::size_t last) -> void {
    auto fewer = kept;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(first), fewer.begin() + static_cast<std::ptrdiff_t>(last));
    if (!fewer.empty() && satisfied(fewer)) {
      kept = std::move(fewer);
      return;
    }
    if (last - first == 1) return;
    const auto middle = first + (last - first) / 2;
    again(again, middle, last);
    again(again, first, middle);
  };
  drop(drop, 0, kept.size());
  return kept;
}

}  // namespace weft::chaincode
