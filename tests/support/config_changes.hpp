// Configuration updates for tests: what an administrator's tools would make of "before" and "after".
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/configtx.pb.h"
#include "ledger/channel/bundle.hpp"
#include "ledger/tx/envelope.hpp"
#include "proto/encode.hpp"

namespace weft::testing {

using config_edit = std::function<void(::common::ConfigGroup&)>;

/// The update from `now` to what `edit` makes of its tree.
[[nodiscard]] ::common::ConfigUpdate update_by(const ledger::channel_bundle& now, const config_edit& edit);

/// pb(ConfigUpdateEnvelope), signed by each of `signers`.
[[nodiscard]] bytes sign_update(const ::common::ConfigUpdate& update, const std::vector<crypto::signing_identity>& signers);

/// The CONFIG_UPDATE envelope that `submitter` sends.
[[nodiscard]] ledger::envelope update_envelope(const std::string& channel_id, const bytes& config_update_envelope,
                                               const crypto::signing_identity& submitter);

/// A group by names below the root.
[[nodiscard]] ::common::ConfigGroup& group_at(::common::ConfigGroup& root, const std::vector<std::string>& path);

/// Encodes `message` as the value `name` of `group`.
template <class Message>
void put_value(::common::ConfigGroup& group, const std::string& name, const Message& message) {
  auto& value = (*group.mutable_values())[name];
  value.set_value(proto::encode(message));
  if (value.mod_policy().empty()) value.set_mod_policy("Admins");
}
/// A signature policy by its text, an implicit one as "ANY Writers".
void put_policy(::common::ConfigGroup& group, const std::string& name, const std::string& rule);

/// An application organization as configtxgen would draw it, with the usual policies of NodeOUs.
[[nodiscard]] ::common::ConfigGroup application_org(const std::string& msp_id, const bytes& fabric_msp_config);

}  // namespace weft::testing
