#include "crypto/msp/units_file.hpp"

#include "config/yaml/document.hpp"
#include "msp/msp_config.pb.h"

namespace weft::crypto {
namespace {

namespace yaml = config::yaml;
using ::msp::FabricNodeOUs;
using ::msp::FabricOUIdentifier;

/// One unit, as it stands for a role and in the list of required ones.
struct unit {
  std::string name, certificate;  ///< The certificate's file; either may be empty.
};
unit read_unit(const yaml::value& v) {
  unit out;
  if (!v.map({"Certificate", "OrganizationalUnitIdentifier"})) return out;
  v["Certificate"].read(out.certificate);
  v["OrganizationalUnitIdentifier"].read(out.name);
  return out;
}

struct role {
  const char* key;
  FabricOUIdentifier* (FabricNodeOUs::*into)();
};
constexpr role roles[] = {
    {"ClientOUIdentifier", &FabricNodeOUs::mutable_client_ou_identifier},
    {"PeerOUIdentifier", &FabricNodeOUs::mutable_peer_ou_identifier},
    {"AdminOUIdentifier", &FabricNodeOUs::mutable_admin_ou_identifier},
    {"OrdererOUIdentifier", &FabricNodeOUs::mutable_orderer_ou_identifier},
};

/// A role without a unit's name stays unset; an unreadable certificate restricts nothing.
void read_roles(const yaml::value& v, const msp_file_reader& file, ::msp::FabricMSPConfig& config) {
  if (!v.map({"Enable", "ClientOUIdentifier", "PeerOUIdentifier", "AdminOUIdentifier", "OrdererOUIdentifier"})) return;
  bool enable = false;
  v["Enable"].read(enable);
  FabricNodeOUs out;
  out.set_enable(true);
  for (const auto& r : roles) {
    const auto said = read_unit(v[r.key]);
    if (said.name.empty()) continue;
    auto& set = *(out.*r.into)();
    set.set_organizational_unit_identifier(said.name);
    if (said.certificate.empty()) continue;
    if (auto pem = file(said.certificate)) set.set_certificate(std::move(*pem));
  }
  if (enable) *config.mutable_fabric_node_ous() = std::move(out);
}

}  // namespace

result<void> read_units_file(std::string_view text, std::string_view name, const msp_file_reader& file, ::msp::FabricMSPConfig& config) {
  yaml::options o;
  o.unknown_keys = config::problem::severity::warning;
  o.may_be_empty = true;
  auto document = yaml::document::parse(text, o);
  const auto root = document.root();
  std::vector<unit> required;
  if (root.map({"OrganizationalUnitIdentifiers", "NodeOUs"})) {
    root["OrganizationalUnitIdentifiers"].each([&](const yaml::value& v) { required.push_back(read_unit(v)); });
    read_roles(root["NodeOUs"], file, config);
  }
  if (auto problems = document.problems(); config::any_error(problems)) {
    std::erase_if(problems, [](const config::problem& p) { return !p.is_error(); });
    return config::refuse(problems, name);
  }
  for (const auto& u : required) {
    WEFT_TRY(auto pem, file(u.certificate));
    auto& out = *config.add_organizational_unit_identifiers();
    out.set_certificate(std::move(pem));
    out.set_organizational_unit_identifier(u.name);
  }
  return {};
}

}  // namespace weft::crypto
