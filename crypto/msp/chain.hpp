// Path building over one organization's CAs, with the verdicts of Go's verifier that Fabric relies on. interop/03 §2.
#pragma once

#include <vector>

#include "crypto/msp/facts.hpp"
#include "crypto/x509/certificate.hpp"

namespace weft::crypto {

/// A certificate and what its extensions say; the facts' views live in the certificate.
struct examined_certificate {
  certificate cert;
  certificate_facts facts;
  [[nodiscard]] static result<examined_certificate> from(certificate cert);
};

/// Leaf first, root last; a root alone is a chain of one.
using certificate_chain = std::vector<const examined_certificate*>;

/// Trust anchors and the intermediates below them. Immutable, thread-safe.
/// Names and signatures decide who issued whom; key identifiers are hints that a verifier may ignore, and so are ignored.
/// The clock is the certificate's own: notBefore + 1 s. So expiry never matters, but a CA must have been valid at that moment.
class trust_pool {
 public:
  /// Duplicates are dropped. Nothing is checked here: ask `unique_chain` of every member.
  trust_pool(std::vector<examined_certificate> roots, std::vector<examined_certificate> intermediates);
  trust_pool(const trust_pool&) = delete;  // chains point into the pool
  trust_pool& operator=(const trust_pool&) = delete;

  /// The one chain from `leaf` to a root. `leaf` must outlive the result. Errors: `permission_denied` when there is none, or more than
  /// one, or the search takes more than 100 signature checks.
  [[nodiscard]] result<certificate_chain> unique_chain(const examined_certificate& leaf) const;
  [[nodiscard]] const std::vector<examined_certificate>& roots() const noexcept { return roots_; }
  [[nodiscard]] const std::vector<examined_certificate>& intermediates() const noexcept { return intermediates_; }
  /// The member that is this certificate, or null. Compared by canonical DER.
  [[nodiscard]] const examined_certificate* find_root(const certificate& cert) const noexcept;
  [[nodiscard]] const examined_certificate* find_intermediate(const certificate& cert) const noexcept;

 private:
  std::vector<examined_certificate> roots_, intermediates_;
};

/// SHA-256 over the canonical DER of `chain` from `first` on: with first = 1, the certifiers identifier of the leaf.
[[nodiscard]] bytes certifiers_identifier(const certificate_chain& chain, std::size_t first);

}  // namespace weft::crypto
