// The one MSP that there is: X.509 certificates under the rules of Fabric's "bccsp" MSP. Internal to this folder.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <unordered_set>

#include "crypto/msp/chain.hpp"
#include "crypto/msp/msp.hpp"

namespace msp {
class FabricOUIdentifier;
}

namespace weft::crypto {

/// An organizational unit that tells a role. Without a certifiers id any chain may vouch for it.
struct node_unit {
  std::string name;
  bytes certifiers_id;
};

class fabric_msp final : public msp {
 public:
  fabric_msp(std::string name, msp_level level) : name_(std::move(name)), level_(level) {}
  /// Reads and checks a definition; the object is of no use after an error.
  [[nodiscard]] result<void> set_up(const ::msp::FabricMSPConfig& config);

  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] result<identity_ptr> validate(bytes_view serialized_identity) const override;
  [[nodiscard]] bool satisfies(const identity& who, const principal& whom) const override;
  [[nodiscard]] const std::vector<certificate>& tls_roots() const override { return tls_roots_; }
  [[nodiscard]] const digest& fingerprint() const override { return fingerprint_; }

 private:
  struct node_units {
    std::optional<node_unit> client, peer, admin, orderer;
  };

  // set-up, in Fabric's order (definition.cpp)
  [[nodiscard]] result<void> check_crypto_config(const ::msp::FabricMSPConfig& config) const;
  [[nodiscard]] result<void> set_up_cas(const ::msp::FabricMSPConfig& config);
  [[nodiscard]] result<void> set_up_crls(const ::msp::FabricMSPConfig& config);
  [[nodiscard]] result<void> check_ca(const examined_certificate& ca, const trust_pool& pool) const;
  [[nodiscard]] result<void> mark_inner_cas();
  [[nodiscard]] result<void> set_up_tls_cas(const ::msp::FabricMSPConfig& config);
  [[nodiscard]] result<void> set_up_required_units(const ::msp::FabricMSPConfig& config);
  [[nodiscard]] result<void> set_up_node_units(const ::msp::FabricMSPConfig& config);
  [[nodiscard]] result<std::optional<node_unit>> read_node_unit(bool present, const ::msp::FabricOUIdentifier& wire) const;
  [[nodiscard]] result<void> set_up_admins(const ::msp::FabricMSPConfig& config);
  [[nodiscard]] result<void> check_admin(const examined_certificate& admin) const;
  [[nodiscard]] result<bytes> certifiers_of_ca(bytes_view ca_pem) const;
  [[nodiscard]] result<examined_certificate> examine(bytes_view pem) const;

  // validation (validation.cpp)
  [[nodiscard]] result<void> check_key(const certificate& cert) const;
  [[nodiscard]] result<certificate_chain> chain_of(const examined_certificate& leaf) const;
  [[nodiscard]] result<void> check_not_revoked(const certificate& cert, const certificate& issuer) const;
  [[nodiscard]] result<void> check_units(const certificate& cert, bytes_view certifiers_id) const;
  [[nodiscard]] result<void> check_node_units(const certificate& cert, bytes_view certifiers_id) const;
  [[nodiscard]] result<bytes> validate_member(const examined_certificate& cert) const;
  [[nodiscard]] bool carries(const certificate& cert, const std::optional<node_unit>& unit) const;
  [[nodiscard]] bool is_admin(const certificate& cert) const;
  [[nodiscard]] bool tells_admins_and_orderers() const { return level_ >= msp_level::v1_4_3; }

  std::string name_;
  msp_level level_;
  std::unique_ptr<const trust_pool> cas_;
  std::unordered_set<std::string> inner_cas_;  ///< Canonical DER of CAs that issued a configured intermediate: they issue no identities.
  std::vector<revocation_list> crls_;
  std::map<std::string, std::set<bytes>, std::less<>> required_units_;  ///< OU → certifiers ids; empty: none required.
  bool node_units_on_ = false;
  node_units units_;
  std::unordered_set<std::string> admins_;  ///< Canonical DER of the certificates named as administrators.
  std::vector<certificate> tls_roots_;
  digest fingerprint_{};
};

}  // namespace weft::crypto
