#include "crypto/msp/chain.hpp"

#include <algorithm>

#include "crypto/hash/sha256.hpp"
#include "crypto/msp/name_constraints.hpp"

namespace weft::crypto {
namespace {

constexpr int signature_checks_max = 100;

bool same_certificate(const certificate& a, const certificate& b) { return a.canonical_der() == b.canonical_der(); }
bool same_holder(const certificate& a, const certificate& b) { return a.subject_der() == b.subject_der() && a.key() == b.key(); }

void append_new(std::vector<examined_certificate>& to, std::vector<examined_certificate> from) {
  for (auto& c : from)
    if (std::none_of(to.begin(), to.end(), [&](const auto& known) { return same_certificate(known.cert, c.cert); })) to.push_back(std::move(c));
}

/// Depth-first search for every chain of one certificate; stops at the second.
class search {
 public:
  search(const trust_pool& pool, const examined_certificate& leaf) : pool_(pool), when_(leaf.cert.not_before() + std::chrono::seconds(1)) {
    chain_.push_back(&leaf);
  }

  void run() { extend(*chain_.back()); }

  std::vector<certificate_chain> found;
  std::string rejected;   ///< Why the most promising issuer was refused.
  bool exhausted = false;

 private:
  void extend(const examined_certificate& child) {
    for (const auto& root : pool_.roots()) consider(child, root, true);
    for (const auto& intermediate : pool_.intermediates()) consider(child, intermediate, false);
  }

  void consider(const examined_certificate& child, const examined_certificate& issuer, bool is_root) {
    if (found.size() > 1 || exhausted || child.cert.issuer_der() != issuer.cert.subject_der()) return;
    if (std::any_of(chain_.begin(), chain_.end(), [&](const auto* c) { return same_holder(c->cert, issuer.cert); })) return;
    if (++checks_ > signature_checks_max) {
      exhausted = true;
      return;
    }
    if (auto why = refusal(child, issuer); !why.empty()) {
      rejected = issuer.cert.subject() + " " + why;
      return;
    }
    chain_.push_back(&issuer);
    if (is_root) found.push_back(chain_);
    else extend(issuer);
    chain_.pop_back();
  }

  // Empty: `issuer` issued `child` and may stand in this chain.
  std::string refusal(const examined_certificate& child, const examined_certificate& issuer) const {
    if (!issuer.cert.is_ca()) return "is no CA";
    if (!issuer.cert.may_sign_certificates()) return "may not sign certificates (key usage)";
    if (issuer.facts.has_unknown_critical) return "has a critical extension that is not understood";
    if (when_ < issuer.cert.not_before() || when_ > issuer.cert.not_after()) return "was not valid when the certificate was issued";
    const std::size_t intermediates_below = chain_.size() - 1;
    if (const auto most = issuer.cert.path_length_max(); most && intermediates_below > *most) return "allows no CA below it (path length)";
    if (!child.cert.signed_by(issuer.cert)) return "has this name but did not sign it";
    return name_constraint_violation(*chain_.front(), issuer);
  }

  const trust_pool& pool_;
  timestamp when_;
  certificate_chain chain_;
  int checks_ = 0;
};

}  // namespace

result<examined_certificate> examined_certificate::from(certificate cert) {
  auto facts = read_facts(cert.der());
  if (!facts) return fail(within(cert.subject(), facts.error()));
  return examined_certificate{std::move(cert), *facts};
}

trust_pool::trust_pool(std::vector<examined_certificate> roots, std::vector<examined_certificate> intermediates) {
  append_new(roots_, std::move(roots));
  append_new(intermediates_, std::move(intermediates));
}

result<certificate_chain> trust_pool::unique_chain(const examined_certificate& leaf) const {
  const auto& who = leaf.cert.subject();
  if (leaf.facts.has_unknown_critical) return fail(errc::permission_denied, who + " has a critical extension that is not understood");
  if (leaf.cert.not_after() < leaf.cert.not_before() + std::chrono::seconds(1)) return fail(errc::permission_denied, who + " was never valid");
  if (const auto* root = find_root(leaf.cert)) return certificate_chain{root};
  search s(*this, leaf);
  s.run();
  if (s.exhausted) return fail(errc::permission_denied, who + ": the chain takes more than " + std::to_string(signature_checks_max) + " signature checks");
  if (s.found.size() > 1) return fail(errc::permission_denied, who + " has more than one chain to the roots; exactly one is allowed");
  if (s.found.empty())
    return fail(errc::permission_denied,
                who + " has no chain to a root: " + (s.rejected.empty() ? "no CA here is named " + leaf.cert.issuer() : s.rejected));
  if (auto why = host_name_without_alternative(s.found.front()); !why.empty()) return fail(errc::permission_denied, who + " " + why);
  return std::move(s.found.front());
}

const examined_certificate* trust_pool::find_root(const certificate& cert) const noexcept {
  const auto at = std::find_if(roots_.begin(), roots_.end(), [&](const auto& r) { return same_certificate(r.cert, cert); });
  return at == roots_.end() ? nullptr : &*at;
}

const examined_certificate* trust_pool::find_intermediate(const certificate& cert) const noexcept {
  const auto at = std::find_if(intermediates_.begin(), intermediates_.end(), [&](const auto& i) { return same_certificate(i.cert, cert); });
  return at == intermediates_.end() ? nullptr : &*at;
}

bytes certifiers_identifier(const certificate_chain& chain, std::size_t first) {
  sha256_stream stream;
  for (std::size_t i = first; i < chain.size(); ++i) stream.add(chain[i]->cert.canonical_der());
  return to_bytes(stream.finish());
}

}  // namespace weft::crypto
