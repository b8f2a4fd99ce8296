// What the tests of channel configurations share: golden files, golden identities, hand-made updates.
#pragma once

#include <memory>
#include <string>

#include "common/configtx.pb.h"
#include "crypto/msp/folder.hpp"
#include "ledger/block/block.hpp"
#include "ledger/channel/bundle.hpp"

namespace weft::channel_test {

using ledger::block;
using ledger::channel_bundle;
using bundle_ptr = std::shared_ptr<const channel_bundle>;

/// A file of tests/golden; the test fails when it cannot be read.
[[nodiscard]] bytes golden_file(const std::string& path);
[[nodiscard]] block golden_block(const std::string& path);
/// The genesis block of "mychannel" or "bftchannel".
[[nodiscard]] block golden_genesis(const std::string& channel);
[[nodiscard]] bundle_ptr golden_bundle(const std::string& channel);
/// The configuration inside a config block.
[[nodiscard]] ::common::ConfigEnvelope config_of(const block& b);
/// Decodes a golden file or bytes into a message.
template <class Message>
[[nodiscard]] Message decoded(bytes_view data) {
  Message m;
  if (!m.ParseFromArray(data.data(), static_cast<int>(data.size()))) throw std::runtime_error("malformed test data");
  return m;
}

/// "Admin@org1.example.com", "User1@org2.example.com", "Admin@example.com", …
[[nodiscard]] crypto::signing_identity golden_user(const std::string& name);
/// A signing identity of a golden orderer: "orderer0".
[[nodiscard]] crypto::signing_identity golden_orderer(const std::string& name);

[[nodiscard]] const crypto::verifier& verifier();

/// pb(ConfigUpdateEnvelope) around an update, signed by each of `signers`.
[[nodiscard]] bytes signed_update(const ::common::ConfigUpdate& update, const std::vector<crypto::signing_identity>& signers);

/// An update of `channel` whose read and write set carry the groups on the way to `path`, at their current versions and without content.
/// `*write` is the group of `path` in the write set.
[[nodiscard]] ::common::ConfigUpdate update_at(const channel_bundle& channel, const std::vector<std::string>& path, ::common::ConfigGroup** write);

/// Any group of a configuration, by names below /Channel.
[[nodiscard]] ::common::ConfigGroup& group_at(::common::ConfigGroup& root, const std::vector<std::string>& path);
[[nodiscard]] const ::common::ConfigGroup& group_at(const ::common::ConfigGroup& root, const std::vector<std::string>& path);

/// Encodes `message` into the value `name` of `group`; its mod_policy stays, or is "Admins" for a new value.
void set_value(::common::ConfigGroup& group, const std::string& name, const google::protobuf::Message& message);

/// Error text of a result, "" for a value.
template <class T>
[[nodiscard]] std::string why(const result<T>& r) {
  return r ? std::string() : r.error().context;
}

}  // namespace weft::channel_test
