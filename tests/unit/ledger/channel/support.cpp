#include "tests/unit/ledger/channel/support.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "common/common.pb.h"
#include "proto/encode.hpp"

namespace weft::channel_test {
namespace {

crypto::signing_identity identity_in(const std::string& folder, const std::string& msp_id) {
  auto who = crypto::read_signing_identity(std::string(WEFT_GOLDEN_DIR "/crypto/") + folder, msp_id, crypto::nonce_rule::deterministic);
  REQUIRE_MESSAGE(who.has_value(), why(who));
  return *std::move(who);
}

}  // namespace

bytes golden_file(const std::string& path) {
  std::ifstream in(std::string(WEFT_GOLDEN_DIR "/") + path, std::ios::binary);
  REQUIRE_MESSAGE(in.good(), path);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

block golden_block(const std::string& path) {
  auto b = block::parse(shared_bytes(golden_file(path)));
  REQUIRE_MESSAGE(b.has_value(), path << ": " << why(b));
  return *std::move(b);
}

block golden_genesis(const std::string& channel) { return golden_block("config/" + channel + ".genesis.block"); }

bundle_ptr golden_bundle(const std::string& channel) {
  auto bundle = channel_bundle::from_block(golden_genesis(channel));
  REQUIRE_MESSAGE(bundle.has_value(), why(bundle));
  return *std::move(bundle);
}

::common::ConfigEnvelope config_of(const block& b) { return decoded<::common::ConfigEnvelope>(b.envelopes().at(0).data()); }

crypto::signing_identity golden_user(const std::string& name) {
  const std::string domain = name.substr(name.find('@') + 1);
  const bool orders = domain == "example.com";
  return identity_in((orders ? "ordererOrganizations/" : "peerOrganizations/") + domain + "/users/" + name + "/msp",
                     orders ? "OrdererMSP" : domain.starts_with("org1") ? "Org1MSP" : "Org2MSP");
}

crypto::signing_identity golden_orderer(const std::string& name) {
  return identity_in("ordererOrganizations/example.com/orderers/" + name + ".example.com/msp", "OrdererMSP");
}

const crypto::verifier& verifier() {
  static const auto plain = crypto::make_verifier();
  return *plain;
}

bytes signed_update(const ::common::ConfigUpdate& update, const std::vector<crypto::signing_identity>& signers) {
  ::common::ConfigUpdateEnvelope envelope;
  envelope.set_config_update(proto::encode(update));
  for (const auto& signer : signers) {
    ::common::SignatureHeader header;
    header.set_creator(signer.serialized());
    header.set_nonce("nonce");
    auto& signature = *envelope.add_signatures();
    signature.set_signature_header(proto::encode(header));
    const auto made = signer.sign(signature.signature_header() + envelope.config_update());
    REQUIRE(made.has_value());
    signature.set_signature(*made);
  }
  return proto::encode(envelope);
}

::common::ConfigUpdate update_at(const channel_bundle& channel, const std::vector<std::string>& path, ::common::ConfigGroup** write) {
  ::common::ConfigUpdate update;
  update.set_channel_id(channel.channel_id());
  const ::common::ConfigGroup* current = &channel.config().channel_group();
  ::common::ConfigGroup* read = update.mutable_read_set();
  *write = update.mutable_write_set();
  read->set_version(current->version());
  (*write)->set_version(current->version());
  for (const std::string& name : path) {
    current = &current->groups().at(name);
    read = &(*read->mutable_groups())[name];
    *write = &(*(*write)->mutable_groups())[name];
    read->set_version(current->version());
    (*write)->set_version(current->version());
  }
  return update;
}

::common::ConfigGroup& group_at(::common::ConfigGroup& root, const std::vector<std::string>& path) {
  ::common::ConfigGroup* at = &root;
  for (const std::string& name : path) at = &at->mutable_groups()->at(name);
  return *at;
}

const ::common::ConfigGroup& group_at(const ::common::ConfigGroup& root, const std::vector<std::string>& path) {
  const ::common::ConfigGroup* at = &root;
  for (const std::string& name : path) at = &at->groups().at(name);
  return *at;
}

void set_value(::common::ConfigGroup& group, const std::string& name, const google::protobuf::Message& message) {
  ::common::ConfigValue& value = (*group.mutable_values())[name];
  value.set_value(proto::encode(message));
  if (value.mod_policy().empty()) value.set_mod_policy("Admins");
}

}  // namespace weft::channel_test
