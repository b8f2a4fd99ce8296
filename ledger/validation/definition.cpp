#include "ledger/validation/definition.hpp"

#include <algorithm>

#include "common/policies.pb.h"
#include "ledger/validation/application_policy.hpp"
#include "ledger/validation/text.hpp"
#include "msp/msp_principal.pb.h"
#include "peer/lifecycle/chaincode_definition.pb.h"
#include "peer/lifecycle/db.pb.h"
#include "peer/policy.pb.h"
#include "proto/encode.hpp"

namespace weft::ledger {
namespace {

constexpr std::string_view definition_type = "ChaincodeDefinition";
constexpr std::string_view lifecycle_policy_path = "/Channel/Application/LifecycleEndorsement";

/// A field of the definition, as lifecycle.StateData. Errors: `corruption` when it is missing or unreadable.
result<::lifecycle::StateData> read_field(const state_view& state, std::string_view name, std::string_view field) {
  const std::string key = "namespaces/fields/" + std::string(name) + "/" + std::string(field);
  WEFT_TRY(const auto stored, state.get(lifecycle_namespace, key));
  ::lifecycle::StateData data;
  if (!stored || !proto::decode(stored->value, data))
    return fail(errc::corruption, "definition of '" + printable(name) + "': no readable " + std::string(field));
  return data;
}

result<bytes> read_bytes_field(const state_view& state, std::string_view name, std::string_view field) {
  WEFT_TRY(auto data, read_field(state, name, field));
  if (data.Type_case() != ::lifecycle::StateData::kBytes)
    return fail(errc::corruption, "definition of '" + printable(name) + "': " + std::string(field) + " holds no bytes");
  return bytes(data.bytes());
}

/// Whether `name` is defined at all. Errors: `corruption` for a namespace of another type.
result<bool> is_defined(const state_view& state, std::string_view name) {
  WEFT_TRY(const auto stored, state.get(lifecycle_namespace, "namespaces/metadata/" + std::string(name)));
  if (!stored) return false;
  ::lifecycle::StateMetadata metadata;
  if (!proto::decode(stored->value, metadata))
    return fail(errc::corruption, "definition of '" + printable(name) + "': unreadable metadata");
  if (metadata.datatype() != definition_type) {
    return fail(errc::corruption,
                "namespace '" + printable(name) + "' is no chaincode but '" + printable(metadata.datatype()) + "'");
  }
  return true;
}

/// "n of a member each" of the organizations, in the order given.
crypto::policy_ptr members_policy(const channel_bundle& bundle, const std::vector<std::string>& msp_ids, int n) {
  ::common::SignaturePolicyEnvelope policy;
  auto* out_of = policy.mutable_rule()->mutable_n_out_of();
  out_of->set_n(n);
  for (std::size_t i = 0; i < msp_ids.size(); ++i) {
    ::common::MSPRole role;
    role.set_msp_identifier(msp_ids[i]);
    role.set_role(::common::MSPRole::MEMBER);
    auto* principal = policy.add_identities();
    principal->set_principal_classification(::common::MSPPrincipal::ROLE);
    principal->set_principal(proto::encode(role));
    out_of->add_rules()->set_signed_by(static_cast<int>(i));
  }
  auto compiled = bundle.compile(proto::encode(policy));
  return compiled ? *compiled : crypto::reject_all("members of the channel's organizations");
}

}  // namespace

result<std::optional<chaincode_definition>> read_definition(const state_view& state, std::string_view name) {
  WEFT_TRY(const bool defined, is_defined(state, name));
  if (!defined) return std::optional<chaincode_definition>{};
  chaincode_definition d;
  d.name = name;
  WEFT_TRY(const auto sequence, read_field(state, name, "Sequence"));
  if (sequence.Type_case() != ::lifecycle::StateData::kInt64)
    return fail(errc::corruption, "definition of '" + printable(name) + "': Sequence holds no number");
  d.sequence = sequence.int64();
  ::lifecycle::ChaincodeEndorsementInfo endorsement;
  ::lifecycle::ChaincodeValidationInfo validation;
  WEFT_TRY(const bytes endorsement_info, read_bytes_field(state, name, "EndorsementInfo"));
  WEFT_TRY(const bytes validation_info, read_bytes_field(state, name, "ValidationInfo"));
  if (!proto::decode(endorsement_info, endorsement) || !proto::decode(validation_info, validation)) {
    return fail(errc::corruption, "definition of '" + printable(name) + "': unreadable EndorsementInfo or ValidationInfo");
  }
  WEFT_TRY(d.collections, read_bytes_field(state, name, "Collections"));
  d.version = endorsement.version();
  d.init_required = endorsement.init_required();
  d.endorsement_plugin = endorsement.endorsement_plugin();
  d.validation_plugin = validation.validation_plugin();
  d.validation_parameter = validation.validation_parameter();
  return std::optional<chaincode_definition>(std::move(d));
}

result<crypto::policy_ptr> application_policy(const ::protos::ApplicationPolicy& policy, const channel_bundle& bundle,
                                              std::string* text) {
  switch (policy.Type_case()) {
    case ::protos::ApplicationPolicy::kSignaturePolicy:
      if (text) *text = crypto::to_text(policy.signature_policy());
      return bundle.compile(proto::encode(policy.signature_policy()));
    case ::protos::ApplicationPolicy::kChannelConfigPolicyReference: {
      std::string path = policy.channel_config_policy_reference();
      if (path.empty() || path.front() != '/') path = "/Channel/" + path;  // relative names start at the root group
      if (text) *text = path;
      if (!bundle.has_policy(path)) return fail(errc::invalid_argument, "the channel has no policy " + printable(path));
      return bundle.policy(path);
    }
    default:
      return fail(errc::invalid_argument, "neither a signature policy nor a reference to a channel policy");
  }
}

result<crypto::policy_ptr> application_policy(bytes_view raw, const channel_bundle& bundle, std::string* text) {
  ::protos::ApplicationPolicy policy;
  if (!proto::decode(raw, policy)) return fail(errc::invalid_argument, "not an ApplicationPolicy");
  return application_policy(policy, bundle, text);
}

result<crypto::policy_ptr> endorsement_policy(const chaincode_definition& d, const channel_bundle& bundle, std::string* text) {
  auto policy = application_policy(d.validation_parameter, bundle, text);
  if (!policy) return fail(within("endorsement policy of '" + printable(d.name) + "'", policy.error()));
  return policy;
}

crypto::policy_ptr lifecycle_policy(const channel_bundle& bundle) {
  if (bundle.has_policy(lifecycle_policy_path)) return bundle.policy(lifecycle_policy_path);
  std::vector<std::string> msp_ids;
  for (const auto& org : bundle.application_orgs()) msp_ids.push_back(org.msp_id);
  return members_policy(bundle, msp_ids, static_cast<int>(msp_ids.size() / 2 + 1));
}

result<crypto::policy_ptr> implicit_collection_policy(const channel_bundle& bundle, std::string_view collection) {
  if (collection.substr(0, implicit_collection_prefix.size()) != implicit_collection_prefix) {
    return fail(errc::not_found, "'" + printable(collection) + "' is no implicit collection");
  }
  const std::string_view msp_id = collection.substr(implicit_collection_prefix.size());
  const auto& orgs = bundle.application_orgs();
  const auto org = std::find_if(orgs.begin(), orgs.end(), [&](const channel_org& o) { return o.msp_id == msp_id; });
  if (org == orgs.end())
    return fail(errc::not_found, "no organization of the channel has the MSP id '" + printable(msp_id) + "'");
  const std::string path = "/Channel/Application/" + org->group + "/Endorsement";
  if (bundle.has_policy(path)) return bundle.policy(path);
  return members_policy(bundle, {org->msp_id}, 1);
}

}  // namespace weft::ledger
