#include "crypto/msp/principal.hpp"

#include "crypto/msp/wellformed.hpp"
#include "msp/identities.pb.h"
#include "msp/msp_principal.pb.h"
#include "proto/encode.hpp"

namespace weft::crypto {
namespace {

using kind = principal::kind;

principal nobody(std::string why) {
  principal p;
  p.text = std::move(why);
  return p;
}

result<principal> parse_role(bytes_view content) {
  ::common::MSPRole wire;
  if (!weft::proto::decode(content, wire)) return fail(errc::invalid_argument, "principal: malformed MSPRole");
  if (wire.role() < ::common::MSPRole::MEMBER || wire.role() > ::common::MSPRole::ORDERER)
    return nobody(wire.msp_identifier() + ", unknown role " + std::to_string(static_cast<int>(wire.role())));
  principal p;
  p.what = kind::role;
  p.msp_id = wire.msp_identifier();
  p.role = static_cast<member_role>(wire.role());
  p.text = p.msp_id + "." + std::string(to_string(p.role));
  return p;
}

result<principal> parse_unit(bytes_view content) {
  ::common::OrganizationUnit wire;
  if (!weft::proto::decode(content, wire)) return fail(errc::invalid_argument, "principal: malformed OrganizationUnit");
  principal p;
  p.what = kind::organizational_unit;
  p.msp_id = wire.msp_identifier();
  p.unit = wire.organizational_unit_identifier();
  p.certifiers_id = wire.certifiers_identifier();
  p.text = p.msp_id + ", OU " + p.unit;
  return p;
}

result<principal> parse_identity(bytes_view content) {
  ::msp::SerializedIdentity wire;
  if (!weft::proto::decode(content, wire)) return fail(errc::invalid_argument, "principal: malformed SerializedIdentity");
  auto cert = certificate_of_first_pem(wire.id_bytes());
  if (!cert) return nobody("identity of " + wire.mspid() + " without a readable certificate");
  principal p;
  p.what = kind::identity;
  p.msp_id = wire.mspid();
  p.identity_id = identity_id(wire.mspid(), *cert);
  p.text = "certificate " + cert->subject() + " of " + wire.mspid();
  return p;
}

result<principal> parse(const ::common::MSPPrincipal& wire, int depth, int& budget);

result<principal> parse_combined(bytes_view content, int depth, int& budget) {
  if (depth >= principal_depth_max)
    return fail(errc::invalid_argument, "principal: combined deeper than " + std::to_string(principal_depth_max));
  ::common::CombinedPrincipal wire;
  if (!weft::proto::decode(content, wire)) return fail(errc::invalid_argument, "principal: malformed CombinedPrincipal");
  if (wire.principals().empty()) return nobody("a combination of nothing");
  principal p;
  p.what = kind::combined;
  for (const auto& part : wire.principals()) {
    if (--budget < 0) return fail(errc::invalid_argument, "principal: more than " + std::to_string(principal_parts_max) + " combined parts");
    WEFT_TRY(auto parsed, parse(part, depth + 1, budget));
    p.text += (p.parts.empty() ? "(" : " and ") + parsed.text;
    p.parts.push_back(std::move(parsed));
  }
  p.text += ")";
  return p;
}

result<principal> parse(const ::common::MSPPrincipal& wire, int depth, int& budget) {
  switch (wire.principal_classification()) {
    case ::common::MSPPrincipal::ROLE: return parse_role(wire.principal());
    case ::common::MSPPrincipal::ORGANIZATION_UNIT: return parse_unit(wire.principal());
    case ::common::MSPPrincipal::IDENTITY: return parse_identity(wire.principal());
    case ::common::MSPPrincipal::COMBINED: return parse_combined(wire.principal(), depth, budget);
    case ::common::MSPPrincipal::ANONYMITY: return nobody("anonymity, which X.509 identities cannot offer");
    default: return nobody("principal of unknown class " + std::to_string(static_cast<int>(wire.principal_classification())));
  }
}

}  // namespace

result<principal> parse_principal(const ::common::MSPPrincipal& wire) {
  int budget = principal_parts_max;
  return parse(wire, 0, budget);
}

std::string_view to_string(member_role role) noexcept {
  switch (role) {
    case member_role::member: return "member";
    case member_role::admin: return "admin";
    case member_role::client: return "client";
    case member_role::peer: return "peer";
    case member_role::orderer: return "orderer";
  }
  return "unknown";
}

std::string identity_id(std::string_view msp_id, const certificate& cert) {
  return std::string(msp_id) + to_hex(view(sha256(cert.canonical_der())));
}

}  // namespace weft::crypto
