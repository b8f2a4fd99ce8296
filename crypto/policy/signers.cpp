// From signatures to the identities that count.
#include <algorithm>
#include <unordered_set>

#include "crypto/policy/policy.hpp"

namespace weft::crypto {

namespace {

/// One signature on its way to a verdict.
struct candidate {
  const signed_data* data = nullptr;
  identity_ptr who;
  std::string dropped;  ///< Why it does not count.
  enum class verdict : std::uint8_t { open, counts, dropped } found = verdict::open;

  void drop(std::string why) {
    dropped = std::move(why);
    found = verdict::dropped;
  }
  [[nodiscard]] std::string name() const { return who->cert.subject() + " of " + who->msp_id; }
};

/// The candidates of one set, in order.
class candidates {
 public:
  candidates(const std::vector<signed_data>& set, const msp_manager& msps) {
    all_.reserve(set.size());
    for (const auto& data : set) {
      auto& c = all_.emplace_back();
      c.data = &data;
      if (auto who = msps.validate(data.identity)) c.who = std::move(*who);
      else c.drop(who.error().context);
    }
  }

  /// What must be verified next: of each identity the first signature that is open. A repetition is not verified as long as one before it
  /// may count, and never once one does: repetition must not cost verifications.
  void add_open(std::vector<verify_job>& jobs, std::vector<candidate*>& asked) {
    if (std::none_of(all_.begin(), all_.end(), [](const candidate& c) { return c.found == verdict::open; })) return;
    std::unordered_set<std::string_view> counts, waiting;  // ids
    for (auto& c : all_) {
      if (c.found == verdict::counts) counts.insert(c.who->id);
      if (c.found != verdict::open) continue;
      if (counts.contains(c.who->id)) {
        c.drop(c.name() + " already counts");
      } else if (waiting.insert(c.who->id).second) {
        jobs.push_back({&c.who->cert.key(), c.data->data, c.data->signature});
        asked.push_back(&c);
      }
    }
  }

  [[nodiscard]] signer_set finish() && {
    signer_set out;
    for (std::size_t i = 0; i < all_.size(); ++i) {
      auto& c = all_[i];
      if (c.found == verdict::counts) out.signers.push_back(std::move(c.who));
      else out.dropped.push_back("signature " + std::to_string(i) + ": " + c.dropped);
    }
    return out;
  }

 private:
  using verdict = candidate::verdict;
  std::vector<candidate> all_;
};

}  // namespace

std::vector<signer_set> valid_signers_of_each(std::span<const std::vector<signed_data>> sets, const msp_manager& msps, const verifier& verifier) {
  std::vector<candidates> open;
  open.reserve(sets.size());
  for (const auto& set : sets) open.emplace_back(set, msps);
  // One round, unless an identity signed twice in a set and the first signature is wrong.
  for (;;) {
    std::vector<verify_job> jobs;
    std::vector<candidate*> asked;
    for (auto& c : open) c.add_open(jobs, asked);
    if (jobs.empty()) break;
    const auto good = verifier.verify_all(jobs);
    for (std::size_t i = 0; i < asked.size(); ++i) {
      if (good[i]) asked[i]->found = candidate::verdict::counts;
      else asked[i]->drop(asked[i]->name() + ": the signature is wrong");
    }
  }
  std::vector<signer_set> out;
  out.reserve(open.size());
  for (auto& c : open) out.push_back(std::move(c).finish());
  return out;
}

std::vector<identity_ptr> valid_signers(const std::vector<signed_data>& set, const msp_manager& msps, const verifier& verifier,
                                        std::vector<std::string>* why_dropped) {
  auto found = std::move(valid_signers_of_each({&set, 1}, msps, verifier).front());
  if (why_dropped != nullptr) why_dropped->insert(why_dropped->end(), found.dropped.begin(), found.dropped.end());
  return std::move(found.signers);
}

}  // namespace weft::crypto
