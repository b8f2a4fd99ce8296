// Membership service provider: who belongs to an organization, and as what. The rules of interop/03 §2.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "crypto/hash/sha256.hpp"
#include "crypto/x509/certificate.hpp"

namespace msp {
class FabricMSPConfig;
}  // namespace msp
namespace common {
class MSPPrincipal;  // Fabric declares principals in `common`, although the file lies in msp/.
}  // namespace common

namespace weft::crypto {

struct principal;

/// Which rules apply, from the channel's capabilities (interop/02 §2).
enum class msp_level : std::uint8_t { v1_0, v1_1, v1_3, v1_4_3, v3_0 };

enum class member_role : std::uint8_t { member, admin, client, peer, orderer };

/// A creator, endorser or block signer that was found valid in one MSP. Immutable and shared; thread-safe.
/// Validity does not include expiry: ask `expired_at` where Fabric asks.
struct identity {
  std::string msp_id;
  certificate cert;
  bytes serialized;            ///< pb(SerializedIdentity) as it arrived.
  std::string id;              ///< msp_id + hex(SHA-256(canonical DER)): equal for equal identities (interop/01 §4).
  bool client = false, peer = false, admin = false, orderer = false;  ///< NodeOU (or admincerts) classification.
  std::vector<std::string> organizational_units;
  bytes certifiers_id;         ///< SHA-256 of the chain above the certificate, issuer first.
  [[nodiscard]] bool expired_at(timestamp now) const { return now > cert.not_after(); }
};
using identity_ptr = std::shared_ptr<const identity>;

/// One organization's rules, immutable after creation. Thread-safe.
class msp {
 public:
  /// Checks the definition as Fabric does when a configuration is applied. Errors: `invalid_argument` naming the certificate at fault.
  [[nodiscard]] static result<std::shared_ptr<const msp>> create(const ::msp::FabricMSPConfig& config, msp_level level);
  virtual ~msp() = default;
  [[nodiscard]] virtual const std::string& name() const = 0;
  /// Parses and validates pb(SerializedIdentity). Errors: `permission_denied` that say which check failed (MSP id, PEM, chain, CRL, OU)
  /// with the certificate's subject; `invalid_argument` for bytes that are no identity.
  [[nodiscard]] virtual result<identity_ptr> validate(bytes_view serialized_identity) const = 0;
  /// Whether `who`, which this MSP validated, is whom the principal means. Malformed, anonymous and unknown principals mean nobody.
  [[nodiscard]] virtual bool satisfies(const identity& who, const principal& whom) const = 0;
  [[nodiscard]] bool satisfies(const identity& who, const ::common::MSPPrincipal& whom) const;
  /// TLS root CAs, then TLS intermediates: what connections of this organization are trusted by.
  [[nodiscard]] virtual const std::vector<certificate>& tls_roots() const = 0;
  /// Digest of definition and level: equal for equal rules.
  [[nodiscard]] virtual const digest& fingerprint() const = 0;
};

/// All MSPs of one channel bundle. Caches validated identities by bytes, bounded; a new bundle starts empty.
class msp_manager {
 public:
  /// Errors: `invalid_argument` for two definitions of one MSP id that differ.
  [[nodiscard]] static result<std::shared_ptr<const msp_manager>> create(std::vector<std::shared_ptr<const msp>> msps);
  virtual ~msp_manager() = default;
  /// As msp::validate, choosing the MSP by id. Errors: `permission_denied` for an unknown MSP id.
  [[nodiscard]] virtual result<identity_ptr> validate(bytes_view serialized_identity) const = 0;
  /// Asks the MSP that `who` belongs to; false when it is not of this channel.
  [[nodiscard]] virtual bool satisfies(const identity& who, const principal& whom) const = 0;
  [[nodiscard]] bool satisfies(const identity& who, const ::common::MSPPrincipal& whom) const;
  [[nodiscard]] virtual std::shared_ptr<const msp> find(std::string_view msp_id) const = 0;
  [[nodiscard]] virtual std::vector<std::string> ids() const = 0;
};

/// The identity of an own node or user: what it signs with and how it names itself.
class signing_identity {
 public:
  signing_identity(std::string msp_id, certificate cert, std::shared_ptr<const signer> key);
  [[nodiscard]] const std::string& msp_id() const noexcept { return msp_id_; }
  [[nodiscard]] const certificate& cert() const noexcept { return cert_; }
  [[nodiscard]] const bytes& serialized() const noexcept { return serialized_; }  ///< pb(SerializedIdentity)
  [[nodiscard]] result<bytes> sign(const hashed_message& message) const { return key_->sign(message); }
  [[nodiscard]] const signer& key() const noexcept { return *key_; }

 private:
  std::string msp_id_;
  certificate cert_;
  std::shared_ptr<const signer> key_;
  bytes serialized_;
};

/// pb(SerializedIdentity) of a certificate.
[[nodiscard]] bytes serialize_identity(std::string_view msp_id, std::string_view pem);

}  // namespace weft::crypto
