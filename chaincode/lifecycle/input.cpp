#include "chaincode/lifecycle/input.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "common/policies.pb.h"
#include "msp/msp_principal.pb.h"
#include "peer/collection.pb.h"
#include "proto/encode.hpp"

namespace weft::chaincode {
namespace {

bool alphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// ^[a-zA-Z0-9]+([-_][a-zA-Z0-9]+)*$
bool is_name(std::string_view text) {
  bool after_alphanumeric = false;
  for (char c : text) {
    if (!alphanumeric(c) && !(after_alphanumeric && (c == '-' || c == '_'))) return false;
    after_alphanumeric = alphanumeric(c);
  }
  return after_alphanumeric;
}

/// ^[A-Za-z0-9-]+([A-Za-z0-9_-]+)*$
bool is_collection_name(std::string_view text) {
  return !text.empty() && text.front() != '_' && std::all_of(text.begin(), text.end(), [](char c) { return alphanumeric(c) || c == '-' || c == '_'; });
}

tl::unexpected<error> refuse(const std::string& collection, const std::string& why) {
  return fail(errc::invalid_argument, "collection-name: " + collection + " -- " + why);
}

/// Only an OR over identities makes sense: every member alone must be able to hold the data.
result<void> check_or(const ::common::SignaturePolicy& rule, const std::string& collection, int depth) {
  if (!rule.has_n_out_of()) return {};
  if (rule.n_out_of().n() != 1) {
    return refuse(collection, "error in member org policy: signature policy is not an OR concatenation, NOutOf " + std::to_string(rule.n_out_of().n()));
  }
  if (depth == 0) return refuse(collection, "error in member org policy: nested too deep");
  for (const auto& part : rule.n_out_of().rules()) WEFT_CHECK(check_or(part, collection, depth - 1));
  return {};
}

result<void> check_member(const ::common::MSPPrincipal& principal, const std::string& collection, const ledger::channel_bundle& bundle) {
  std::string msp_id;
  switch (principal.principal_classification()) {
    case ::common::MSPPrincipal::ROLE: {
      ::common::MSPRole role;
      if (!proto::decode(principal.principal(), role)) return refuse(collection, "cannot unmarshal identity bytes into MSPRole");
      msp_id = role.msp_identifier();
      break;
    }
    case ::common::MSPPrincipal::ORGANIZATION_UNIT: {
      ::common::OrganizationUnit unit;
      if (!proto::decode(principal.principal(), unit)) return refuse(collection, "cannot unmarshal identity bytes into OrganizationUnit");
      msp_id = unit.msp_identifier();
      break;
    }
    case ::common::MSPPrincipal::IDENTITY:
      if (!bundle.msps()->validate(principal.principal())) return refuse(collection, "contains an identity that is not part of the channel");
      return {};
    default:
      return refuse(collection, "principal type " + std::to_string(principal.principal_classification()) + " is not supported");
  }
  if (!bundle.msps()->find(msp_id)) return refuse(collection, "collection member '" + msp_id + "' is not part of the channel");
  return {};
}

result<void> check_members(const ::protos::StaticCollectionConfig& c, const ledger::channel_bundle& bundle) {
  if (!c.has_member_orgs_policy()) return fail(errc::invalid_argument, "collection member policy is not set for collection '" + c.name() + "'");
  if (!c.member_orgs_policy().has_signature_policy()) {
    return fail(errc::invalid_argument, "collection member org policy is empty for collection '" + c.name() + "'");
  }
  const auto& policy = c.member_orgs_policy().signature_policy();
  if (auto compiled = bundle.compile(proto::encode(policy)); !compiled) {
    return fail(within("invalid member org policy for collection '" + c.name() + "'", compiled.error()));
  }
  constexpr int depth_max = 64;
  WEFT_CHECK(check_or(policy.rule(), c.name(), depth_max));
  for (const auto& principal : policy.identities()) WEFT_CHECK(check_member(principal, c.name(), bundle));
  return {};
}

}  // namespace

result<void> check_chaincode_name(std::string_view name) {
  if (!is_name(name)) {
    return fail(errc::invalid_argument, "invalid chaincode name '" + std::string(name) +
                                            "'. Names can only consist of alphanumerics, '_', and '-' and can only begin with alphanumerics");
  }
  static constexpr std::array<std::string_view, 5> reserved{"cscc", "escc", "lscc", "qscc", "vscc"};
  if (std::find(reserved.begin(), reserved.end(), name) != reserved.end()) {
    return fail(errc::invalid_argument, "chaincode name '" + std::string(name) + "' is the name of a system chaincode");
  }
  return {};
}

result<void> check_chaincode_version(std::string_view version) {
  const auto allowed = [](char c) { return alphanumeric(c) || c == '_' || c == '.' || c == '+' || c == '-'; };
  if (version.empty() || !std::all_of(version.begin(), version.end(), allowed)) {
    return fail(errc::invalid_argument,
                "invalid chaincode version '" + std::string(version) + "'. Versions can only consist of alphanumerics, '_', '-', '+', and '.'");
  }
  return {};
}

result<void> check_collections(const ::protos::CollectionConfigPackage& collections, const ledger::channel_bundle& bundle) {
  std::set<std::string> names;
  for (const auto& config : collections.config()) {
    if (!config.has_static_collection_config()) return fail(errc::invalid_argument, "collection config contains unexpected payload type");
    const auto& c = config.static_collection_config();
    if (!is_collection_name(c.name())) {
      return fail(errc::invalid_argument, "invalid collection name '" + c.name() +
                                              "'. Names can only consist of alphanumerics, '_', and '-' and cannot begin with '_'");
    }
    if (!names.insert(c.name()).second) return refuse(c.name(), "found duplicate in collection configuration");
    if (c.maximum_peer_count() < c.required_peer_count()) {
      return refuse(c.name(), "maximum peer count (" + std::to_string(c.maximum_peer_count()) + ") cannot be less than the required peer count (" +
                                  std::to_string(c.required_peer_count()) + ")");
    }
    if (c.required_peer_count() < 0) {
      return refuse(c.name(), "requiredPeerCount (" + std::to_string(c.required_peer_count()) + ") cannot be less than zero");
    }
    WEFT_CHECK(check_members(c, bundle));
  }
  return {};
}

result<void> check_collections_kept(const ::protos::CollectionConfigPackage& proposed, const ::protos::CollectionConfigPackage& committed) {
  if (committed.config().empty()) return {};
  if (proposed.config().empty()) {
    return fail(errc::invalid_argument, "the proposed collection config does not contain previously defined collections");
  }
  for (const auto& old : committed.config()) {
    const auto& was = old.static_collection_config();
    const auto it = std::find_if(proposed.config().begin(), proposed.config().end(),
                                 [&](const auto& p) { return p.static_collection_config().name() == was.name(); });
    if (it == proposed.config().end()) {
      return fail(errc::invalid_argument, "existing collection [" + was.name() + "] missing in the proposed collection configuration");
    }
    if (it->static_collection_config().block_to_live() != was.block_to_live()) {
      return fail(errc::invalid_argument, "the BlockToLive in an existing collection [" + was.name() + "] modified. Existing value [" +
                                              std::to_string(was.block_to_live()) + "]");
    }
  }
  return {};
}

}  // namespace weft::chaincode
