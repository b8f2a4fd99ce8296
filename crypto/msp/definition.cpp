// Reading and checking an MSP definition, when a configuration is applied.
#include "crypto/hash/sha256.hpp"
#include "crypto/msp/fabric_msp.hpp"
#include "crypto/msp/wellformed.hpp"
#include "msp/msp_config.pb.h"
#include "proto/encode.hpp"

namespace weft::crypto {
namespace {

error bad(error e) {
  if (e.code == errc::permission_denied) e.code = errc::invalid_argument;  // a definition cannot be denied, only wrong
  return e;
}

std::string nth(std::string_view what, int i) { return std::string(what) + " " + std::to_string(i); }

}  // namespace

result<std::shared_ptr<const msp>> msp::create(const ::msp::FabricMSPConfig& config, msp_level level) {
  auto made = std::make_shared<fabric_msp>(config.name(), level);
  if (auto ok = made->set_up(config); !ok) return fail(within("MSP " + (config.name().empty() ? "(unnamed)" : config.name()), bad(ok.error())));
  return std::shared_ptr<const msp>(std::move(made));
}

result<void> fabric_msp::set_up(const ::msp::FabricMSPConfig& config) {
  const char level = static_cast<char>(level_);
  fingerprint_ = sha256_stream{}.add({&level, 1}).add(weft::proto::encode(config)).finish();
  if (name_.empty()) return fail(errc::invalid_argument, "a definition needs a name");
  WEFT_CHECK(check_crypto_config(config));
  WEFT_CHECK(set_up_cas(config));
  WEFT_CHECK(set_up_crls(config));
  for (const auto* cas : {&cas_->roots(), &cas_->intermediates()})
    for (const auto& ca : *cas) WEFT_CHECK(check_ca(ca, *cas_));
  WEFT_CHECK(mark_inner_cas());
  WEFT_CHECK(set_up_tls_cas(config));
  WEFT_CHECK(set_up_required_units(config));
  WEFT_CHECK(set_up_node_units(config));
  return set_up_admins(config);
}

result<void> fabric_msp::check_crypto_config(const ::msp::FabricMSPConfig& config) const {
  const auto& crypto = config.crypto_config();  // absent or empty means the defaults
  const auto check = [](std::string_view what, const std::string& value, std::string_view only) -> result<void> {
    if (value.empty() || value == only) return {};
    return fail(errc::unsupported, std::string(what) + " " + value + "; only " + std::string(only) + " is supported");
  };
  WEFT_CHECK(check("crypto_config: signature hash family", crypto.signature_hash_family(), "SHA2"));
  return check("crypto_config: identity hash function", crypto.identity_identifier_hash_function(), "SHA256");
}

result<examined_certificate> fabric_msp::examine(bytes_view pem) const {
  WEFT_TRY(auto cert, certificate_of_first_pem(pem));
  return examined_certificate::from(std::move(cert));
}

result<void> fabric_msp::set_up_cas(const ::msp::FabricMSPConfig& config) {
  if (config.root_certs().empty()) return fail(errc::invalid_argument, "expected at least one CA certificate");
  std::vector<examined_certificate> roots, intermediates;
  const auto read = [this](const auto& pems, std::string_view what, std::vector<examined_certificate>& into) -> result<void> {
    for (int i = 0; i < pems.size(); ++i) {
      auto ca = examine(pems[i]);
      if (!ca) return fail(within(nth(what, i), ca.error()));
      if (auto ok = check_key(ca->cert); !ok) return fail(within(nth(what, i), ok.error()));
      into.push_back(std::move(*ca));
    }
    return {};
  };
  WEFT_CHECK(read(config.root_certs(), "root CA", roots));
  WEFT_CHECK(read(config.intermediate_certs(), "intermediate CA", intermediates));
  cas_ = std::make_unique<const trust_pool>(std::move(roots), std::move(intermediates));
  return {};
}

result<void> fabric_msp::set_up_crls(const ::msp::FabricMSPConfig& config) {
  for (int i = 0; i < config.revocation_list_size(); ++i) {
    auto list = revocation_list::from_pem_or_der(config.revocation_list(i));
    if (!list) return fail(within(nth("revocation list", i), list.error()));
    crls_.push_back(std::move(*list));
  }
  return {};
}

result<void> fabric_msp::check_ca(const examined_certificate& ca, const trust_pool& pool) const {
  const auto& who = ca.cert.subject();
  if (!ca.cert.is_ca()) return fail(errc::invalid_argument, "CA " + who + " is no CA (basic constraints)");
  if (ca.cert.subject_key_id().empty()) return fail(errc::invalid_argument, "CA " + who + " has no subject key identifier");
  WEFT_TRY(const auto chain, pool.unique_chain(ca));
  if (chain.size() > 1) return check_not_revoked(ca.cert, chain[1]->cert);
  if (!ca.cert.signed_by(ca.cert)) return fail(errc::invalid_argument, "root CA " + who + " is not signed by itself");
  return {};
}

// An identity's issuer must be a leaf of the tree of CAs: whoever issued a configured intermediate is an inner node.
result<void> fabric_msp::mark_inner_cas() {
  for (const auto& intermediate : cas_->intermediates()) {
    WEFT_TRY(const auto chain, cas_->unique_chain(intermediate));
    for (std::size_t i = 1; i < chain.size(); ++i) inner_cas_.emplace(chain[i]->cert.canonical_der());
  }
  return {};
}

result<void> fabric_msp::set_up_tls_cas(const ::msp::FabricMSPConfig& config) {
  std::vector<examined_certificate> roots, intermediates;
  const auto read = [this](const auto& pems, std::string_view what, std::vector<examined_certificate>& into) -> result<void> {
    for (int i = 0; i < pems.size(); ++i) {
      auto ca = examine(pems[i]);
      if (!ca) return fail(within(nth(what, i), ca.error()));
      tls_roots_.push_back(ca->cert);
      into.push_back(std::move(*ca));
    }
    return {};
  };
  WEFT_CHECK(read(config.tls_root_certs(), "TLS root CA", roots));
  WEFT_CHECK(read(config.tls_intermediate_certs(), "TLS intermediate CA", intermediates));
  const trust_pool pool(std::move(roots), std::move(intermediates));
  for (const auto* cas : {&pool.roots(), &pool.intermediates()})
    for (const auto& ca : *cas)
      if (auto ok = check_ca(ca, pool); !ok) return fail(within("TLS", ok.error()));
  return {};
}

result<bytes> fabric_msp::certifiers_of_ca(bytes_view ca_pem) const {
  WEFT_TRY(const auto ca, examine(ca_pem));
  if (const auto* root = cas_->find_root(ca.cert)) return certifiers_identifier({root}, 0);
  const auto* intermediate = cas_->find_intermediate(ca.cert);
  if (intermediate == nullptr) return fail(errc::invalid_argument, "certificate " + ca.cert.subject() + " is no CA of this MSP");
  if (inner_cas_.contains(std::string(intermediate->cert.canonical_der())))
    return fail(errc::invalid_argument, "certificate " + ca.cert.subject() + " issues other CAs, so it vouches for no identity");
  WEFT_TRY(const auto chain, cas_->unique_chain(*intermediate));
  return certifiers_identifier(chain, 0);
}

result<void> fabric_msp::set_up_required_units(const ::msp::FabricMSPConfig& config) {
  for (const auto& unit : config.organizational_unit_identifiers()) {
    auto certifiers = certifiers_of_ca(unit.certificate());
    if (!certifiers) return fail(within("OU " + unit.organizational_unit_identifier(), certifiers.error()));
    required_units_[unit.organizational_unit_identifier()].insert(std::move(*certifiers));
  }
  return {};
}

result<std::optional<node_unit>> fabric_msp::read_node_unit(bool present, const ::msp::FabricOUIdentifier& wire) const {
  if (!present) return std::optional<node_unit>{};
  node_unit unit{wire.organizational_unit_identifier(), {}};
  if (!wire.certificate().empty()) {
    auto certifiers = certifiers_of_ca(wire.certificate());
    if (!certifiers) return fail(within("NodeOU " + unit.name, certifiers.error()));
    unit.certifiers_id = std::move(*certifiers);
  }
  return std::optional<node_unit>(std::move(unit));
}

result<void> fabric_msp::set_up_node_units(const ::msp::FabricMSPConfig& config) {
  if (level_ < msp_level::v1_1 || !config.has_fabric_node_ous()) return {};
  const auto& wire = config.fabric_node_ous();
  if (!tells_admins_and_orderers() &&
      (wire.client_ou_identifier().organizational_unit_identifier().empty() || wire.peer_ou_identifier().organizational_unit_identifier().empty()))
    return fail(errc::invalid_argument, "NodeOUs below MSP level 1.4.3 need the OUs of clients and of peers");
  WEFT_TRY(units_.client, read_node_unit(wire.has_client_ou_identifier(), wire.client_ou_identifier()));
  WEFT_TRY(units_.peer, read_node_unit(wire.has_peer_ou_identifier(), wire.peer_ou_identifier()));
  if (tells_admins_and_orderers()) {
    WEFT_TRY(units_.admin, read_node_unit(wire.has_admin_ou_identifier(), wire.admin_ou_identifier()));
    WEFT_TRY(units_.orderer, read_node_unit(wire.has_orderer_ou_identifier(), wire.orderer_ou_identifier()));
  }
  node_units_on_ = wire.enable() && (units_.client || units_.peer || units_.admin || units_.orderer);
  return {};
}

result<void> fabric_msp::set_up_admins(const ::msp::FabricMSPConfig& config) {
  std::vector<examined_certificate> admins;
  for (int i = 0; i < config.admins_size(); ++i) {
    auto admin = examine(config.admins(i));
    if (!admin) return fail(within(nth("admin", i), admin.error()));
    admins_.emplace(admin->cert.canonical_der());
    admins.push_back(std::move(*admin));
  }
  if (tells_admins_and_orderers() && admins.empty() && !(node_units_on_ && units_.admin))
    return fail(errc::invalid_argument, "administrators must be declared when no admin ou classification is set");
  for (std::size_t i = 0; i < admins.size(); ++i)
    if (auto ok = check_admin(admins[i]); !ok) return fail(within(nth("admin", static_cast<int>(i)), ok.error()));
  return {};
}

result<void> fabric_msp::check_admin(const examined_certificate& admin) const {
  const auto& who = admin.cert.subject();
  if (!node_units_on_ || !tells_admins_and_orderers()) {
    WEFT_TRY([[maybe_unused]] const auto certifiers, validate_member(admin));
    if (node_units_on_ && !carries(admin.cert, units_.client)) return fail(errc::invalid_argument, who + " does not carry the OU of clients");
    return {};
  }
  WEFT_CHECK(check_key(admin.cert));
  WEFT_TRY([[maybe_unused]] const auto chain, chain_of(admin));
  if (!carries(admin.cert, units_.client) && !carries(admin.cert, units_.admin))
    return fail(errc::invalid_argument, who + " carries neither the OU of clients nor that of admins");
  return {};
}

}  // namespace weft::crypto
