#include "tests/support/config_changes.hpp"

#include <stdexcept>

#include "common/common.pb.h"
#include "common/policies.pb.h"
#include "crypto/policy/policy.hpp"
#include "ledger/channel/compute_update.hpp"
#include "msp/msp_config.pb.h"

namespace weft::testing {

using group = ::common::ConfigGroup;

::common::ConfigUpdate update_by(const ledger::channel_bundle& now, const config_edit& edit) {
  auto wanted = now.config();
  edit(*wanted.mutable_channel_group());
  auto update = ledger::compute_update(now.config(), wanted).value_or(::common::ConfigUpdate{});  // nothing differs: an empty update
  update.set_channel_id(now.channel_id());
  return update;
}

bytes sign_update(const ::common::ConfigUpdate& update, const std::vector<crypto::signing_identity>& signers) {
  ::common::ConfigUpdateEnvelope envelope;
  envelope.set_config_update(proto::encode(update));
  for (const auto& signer : signers) {
    ::common::SignatureHeader header;
    header.set_creator(signer.serialized());
    header.set_nonce("a nonce of a test");
    auto& signature = *envelope.add_signatures();
    signature.set_signature_header(proto::encode(header));
    signature.set_signature(signer.sign(signature.signature_header() + envelope.config_update()).value());
  }
  return proto::encode(envelope);
}

ledger::envelope update_envelope(const std::string& channel_id, const bytes& config_update_envelope, const crypto::signing_identity& submitter) {
  ::common::ChannelHeader channel;
  channel.set_type(::common::CONFIG_UPDATE);
  channel.set_channel_id(channel_id);
  ::common::SignatureHeader signer;
  signer.set_creator(submitter.serialized());
  signer.set_nonce("a nonce of a test");
  ::common::Payload payload;
  payload.mutable_header()->set_channel_header(proto::encode(channel));
  payload.mutable_header()->set_signature_header(proto::encode(signer));
  payload.set_data(config_update_envelope);
  auto encoded = proto::encode(payload);
  auto signature = submitter.sign(encoded).value();
  return ledger::envelope::make(std::move(encoded), std::move(signature));
}

group& group_at(group& root, const std::vector<std::string>& path) {
  group* at = &root;
  for (const auto& name : path) at = &at->mutable_groups()->at(name);
  return *at;
}

void put_policy(group& g, const std::string& name, const std::string& rule) {
  auto& p = (*g.mutable_policies())[name];
  if (p.mod_policy().empty()) p.set_mod_policy("Admins");
  if (const auto meta = crypto::parse_implicit_meta(rule)) {
    ::common::ImplicitMetaPolicy implicit;
    implicit.set_sub_policy(meta->second);
    implicit.set_rule(meta->first == crypto::meta_rule::any ? ::common::ImplicitMetaPolicy::ANY
                      : meta->first == crypto::meta_rule::all ? ::common::ImplicitMetaPolicy::ALL : ::common::ImplicitMetaPolicy::MAJORITY);
    p.mutable_policy()->set_type(::common::Policy::IMPLICIT_META);
    p.mutable_policy()->set_value(proto::encode(implicit));
    return;
  }
  p.mutable_policy()->set_type(::common::Policy::SIGNATURE);
  p.mutable_policy()->set_value(proto::encode(crypto::parse_policy(rule).value()));
}

group application_org(const std::string& msp_id, const bytes& fabric_msp_config) {
  group g;
  g.set_mod_policy("Admins");
  ::msp::MSPConfig config;
  config.set_config(fabric_msp_config);
  put_value(g, "MSP", config);
  const auto any = [&](std::initializer_list<const char*> roles) {
    std::string rule;
    for (const char* role : roles) rule += (rule.empty() ? "OR('" : ", '") + msp_id + "." + role + "'";
    return rule + ")";
  };
  put_policy(g, "Readers", any({"admin", "peer", "client"}));
  put_policy(g, "Writers", any({"admin", "client"}));
  put_policy(g, "Admins", any({"admin"}));
  put_policy(g, "Endorsement", any({"peer"}));
  return g;
}

}  // namespace weft::testing
