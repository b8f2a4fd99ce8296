// Judging one identity, and asking whom a principal means.
#include <algorithm>

#include "crypto/msp/fabric_msp.hpp"
#include "crypto/msp/principal.hpp"
#include "crypto/msp/wellformed.hpp"
#include "msp/identities.pb.h"
#include "msp/msp_principal.pb.h"
#include "proto/encode.hpp"

namespace weft::crypto {
namespace {

std::string list_of(const std::vector<std::string>& units) {
  if (units.empty()) return "none";
  std::string out;
  for (const auto& unit : units) out += (out.empty() ? "" : ", ") + unit;
  return out;
}

bytes_view without_leading_zeros(bytes_view number) {
  const auto first = number.find_first_not_of('\0');
  return first == bytes_view::npos ? bytes_view{} : number.substr(first);
}

}  // namespace

result<identity_ptr> fabric_msp::validate(bytes_view serialized_identity) const {
  if (serialized_identity.size() > pem_bytes_max + KiB) return fail(errc::invalid_argument, "too large for a serialized identity");
  ::msp::SerializedIdentity wire;
  if (!weft::proto::decode(serialized_identity, wire)) return fail(errc::invalid_argument, "not a serialized identity");
  const auto where = "MSP " + name_;
  if (wire.mspid() != name_) return fail(errc::permission_denied, where + ": the identity belongs to MSP " + wire.mspid());
  auto cert = certificate_of_identity(wire.id_bytes());
  if (!cert) return fail(within(where, cert.error()));
  auto leaf = examined_certificate::from(std::move(*cert));
  if (!leaf) return fail(errc::permission_denied, where + ": " + leaf.error().context);
  auto certifiers = validate_member(*leaf);
  if (!certifiers) return fail(within(where, certifiers.error()));
  auto id = identity_id(name_, leaf->cert);
  const auto& c = leaf->cert;
  return std::make_shared<const identity>(identity{
      .msp_id = name_,
      .cert = c,
      .serialized = bytes(serialized_identity),
      .id = std::move(id),
      .client = carries(c, units_.client),
      .peer = carries(c, units_.peer),
      .admin = is_admin(c),
      .orderer = carries(c, units_.orderer),
      .organizational_units = c.organizational_units(),
      .certifiers_id = std::move(*certifiers),
  });
}

result<void> fabric_msp::check_key(const certificate& cert) const {
  if (cert.key().kind() == key_kind::ed25519 && level_ < msp_level::v3_0)
    return fail(errc::permission_denied, cert.subject() + " has an Ed25519 key, which needs channel capability V3_0");
  return {};
}

result<certificate_chain> fabric_msp::chain_of(const examined_certificate& leaf) const {
  const auto& who = leaf.cert.subject();
  if (leaf.cert.is_ca()) return fail(errc::permission_denied, who + " is the certificate of a CA, which is no identity");
  WEFT_TRY(auto chain, cas_->unique_chain(leaf));
  if (chain.size() < 2) return fail(errc::permission_denied, who + " is a root of trust itself, which is no identity");
  if (inner_cas_.contains(std::string(chain[1]->cert.canonical_der())))
    return fail(errc::permission_denied, who + " was issued by " + chain[1]->cert.subject() +
                                             ", which issues other CAs; only a leaf of the tree of CAs may issue identities");
  return chain;
}

// A list counts if its issuer is the certificate's issuer, by key identifier and by signature. Dates of revocation do not matter.
result<void> fabric_msp::check_not_revoked(const certificate& cert, const certificate& issuer) const {
  if (issuer.subject_key_id().empty()) return fail(errc::permission_denied, "CA " + issuer.subject() + " has no subject key identifier");
  const auto serial = without_leading_zeros(cert.serial());
  for (const auto& crl : crls_) {
    if (crl.authority_key_id.empty())
      return fail(errc::permission_denied, cert.subject() + ": a revocation list of the MSP names no issuer (authority key identifier)");
    if (crl.authority_key_id != issuer.subject_key_id()) continue;
    const bool listed = std::any_of(crl.serials.begin(), crl.serials.end(), [&](const auto& s) { return without_leading_zeros(s) == serial; });
    if (listed && crl.signed_by(issuer))
      return fail(errc::permission_denied, cert.subject() + " was revoked by " + issuer.subject() + " (serial " + to_hex(serial) + ")");
  }
  return {};
}

result<bytes> fabric_msp::validate_member(const examined_certificate& cert) const {
  WEFT_CHECK(check_key(cert.cert));
  WEFT_TRY(const auto chain, chain_of(cert));
  WEFT_CHECK(check_not_revoked(cert.cert, chain[1]->cert));
  auto certifiers = certifiers_identifier(chain, 1);
  WEFT_CHECK(check_units(cert.cert, certifiers));
  WEFT_CHECK(check_node_units(cert.cert, certifiers));
  return certifiers;
}

result<void> fabric_msp::check_units(const certificate& cert, bytes_view certifiers_id) const {
  if (required_units_.empty()) return {};
  const auto& units = cert.organizational_units();
  const bool found = std::any_of(units.begin(), units.end(), [&](const auto& unit) {
    const auto at = required_units_.find(unit);
    return at != required_units_.end() && at->second.contains(bytes(certifiers_id));
  });
  if (found) return {};
  return fail(errc::permission_denied, cert.subject() + " carries none of the OUs that the MSP requires (its OUs: " + list_of(units) + ")");
}

// Exactly one role OU, each occurrence counted: an admin that is also a client is neither.
result<void> fabric_msp::check_node_units(const certificate& cert, bytes_view certifiers_id) const {
  if (!node_units_on_) return {};
  int roles = 0;
  for (const auto& unit : cert.organizational_units()) {
    const std::optional<node_unit>* role = nullptr;
    for (const auto* candidate : {&units_.client, &units_.peer, &units_.admin, &units_.orderer})
      if (role == nullptr && *candidate && (*candidate)->name == unit) role = candidate;
    if (role == nullptr) continue;
    if (!(*role)->certifiers_id.empty() && (*role)->certifiers_id != certifiers_id)
      return fail(errc::permission_denied, cert.subject() + ": OU " + unit + " is not vouched for by the CA that the MSP names for it (certifiers)");
    ++roles;
  }
  if (roles == 1) return {};
  const std::string known = tells_admins_and_orderers() ? "client, peer, admin or orderer" : "client or peer";
  return fail(errc::permission_denied, cert.subject() + (roles == 0 ? " carries no role OU (" : " carries more than one role OU (") + known +
                                           "); exactly one is needed. Its OUs: " + list_of(cert.organizational_units()));
}

bool fabric_msp::carries(const certificate& cert, const std::optional<node_unit>& unit) const {
  if (!node_units_on_ || !unit) return false;
  const auto& units = cert.organizational_units();
  return std::find(units.begin(), units.end(), unit->name) != units.end();
}

bool fabric_msp::is_admin(const certificate& cert) const {
  return admins_.contains(std::string(cert.canonical_der())) || carries(cert, units_.admin);
}

bool fabric_msp::satisfies(const identity& who, const principal& whom) const {
  if (who.msp_id != name_) return false;
  switch (whom.what) {
    case principal::kind::role:
      if (whom.msp_id != name_) return false;
      switch (whom.role) {
        case member_role::member: return true;
        case member_role::admin: return who.admin;
        case member_role::client: return who.client;
        case member_role::peer: return who.peer;
        case member_role::orderer: return who.orderer;
      }
      return false;
    case principal::kind::organizational_unit:
      return whom.msp_id == name_ && whom.certifiers_id == who.certifiers_id &&
             std::find(who.organizational_units.begin(), who.organizational_units.end(), whom.unit) != who.organizational_units.end();
    case principal::kind::identity: return whom.msp_id == name_ && whom.identity_id == who.id;
    case principal::kind::combined:
      return level_ >= msp_level::v1_3 && !whom.parts.empty() &&
             std::all_of(whom.parts.begin(), whom.parts.end(), [&](const auto& part) { return satisfies(who, part); });
    case principal::kind::nobody: return false;
  }
  return false;
}

bool msp::satisfies(const identity& who, const ::common::MSPPrincipal& whom) const {
  const auto parsed = parse_principal(whom);
  return parsed && satisfies(who, *parsed);
}

}  // namespace weft::crypto
