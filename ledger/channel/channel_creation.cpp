#include "ledger/channel/channel_creation.hpp"

#include "common/common.pb.h"
#include "common/configtx.pb.h"
#include "common/configuration.pb.h"
#include "ledger/channel/compute_update.hpp"
#include "ledger/channel/genesis_tree.hpp"
#include "proto/encode.hpp"

namespace weft::ledger {
namespace {

using group = ::common::ConfigGroup;


result<::common::ConfigUpdate> difference(const group& from, const group& to, const std::string& channel_id) {
  ::common::Config original, updated;
  *original.mutable_channel_group() = from;
  *updated.mutable_channel_group() = to;
  auto update = compute_update(original, updated);
  if (!update) return fail(within("could not compute update", std::move(update).error()));
  update->set_channel_id(channel_id);
  return update;
}

/// Nobody's transaction yet: no creator, no nonce, no signature.
bytes wrap(const ::common::ConfigUpdate& update, timestamp now) {
  ::common::ConfigUpdateEnvelope signable;
  signable.set_config_update(proto::encode(update));
  ::common::ChannelHeader channel;
  channel.set_type(::common::CONFIG_UPDATE);
  channel.mutable_timestamp()->set_seconds(std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count());
  channel.set_channel_id(update.channel_id());
  ::common::Payload payload;
  payload.mutable_header()->set_channel_header(proto::encode(channel));
  payload.mutable_header()->set_signature_header(proto::encode(::common::SignatureHeader()));
  payload.set_data(proto::encode(signable));
  ::common::Envelope envelope;
  envelope.set_payload(proto::encode(payload));
  return proto::encode(envelope);
}

void put_consortium(group& g, const std::string& name, const char* guard) {
  ::common::Consortium consortium;
  consortium.set_name(name);
  ::common::ConfigValue& value = (*g.mutable_values())["Consortium"];
  value.set_value(proto::encode(consortium));
  value.set_mod_policy(guard);
}

/// What the orderer is assumed to begin with when nothing is known about it: the very channel, with an Application that holds organizations only.
group blank_template(group wanted) {
  group& application = wanted.mutable_groups()->at("Application");
  application.clear_values();
  application.clear_policies();
  return wanted;
}

/// What an orderer of that system channel begins with.
result<group> system_template(group system, const genesis_request& channel) {
  const auto consortiums = system.groups().find("Consortiums");
  if (consortiums == system.groups().end())
    return invalid("supplied system channel group does not appear to be system channel (missing consortiums group)");
  if (consortiums->second.groups().empty()) return invalid("system channel consortiums group appears to have no consortiums defined");
  const auto consortium = consortiums->second.groups().find(channel.consortium);
  if (consortium == consortiums->second.groups().end())
    return invalid("supplied system channel group is missing '" + channel.consortium + "' consortium");
  group application;
  (*application.mutable_policies())["Admins"];
  for (const genesis_org& org : channel.application) {
    const auto member = consortium->second.groups().find(org.name);
    if (member == consortium->second.groups().end())
      return invalid("consortium " + channel.consortium + " does not contain member org " + org.name);
    (*application.mutable_groups())[org.name] = member->second;
  }
  system.mutable_groups()->erase("Consortiums");
  (*system.mutable_groups())["Application"] = std::move(application);
  put_consortium(system, channel.consortium, "Admins");
  return system;
}

}  // namespace

result<bytes> make_channel_creation(const genesis_request& channel, const genesis_request* system, timestamp now) {
  if (!channel.has_application) return invalid("cannot define a new channel with no Application section");
  if (channel.consortium.empty()) return invalid("cannot define a new channel with no Consortium value");
  auto wanted = make_channel_group(channel);
  if (!wanted) return fail(within("could not turn parse profile into channel group", std::move(wanted).error()));
  group base;
  if (!system) {
    base = blank_template(*wanted);
  } else {
    auto drawn = make_channel_group(*system);
    if (!drawn) return fail(within("could not parse system channel config", std::move(drawn).error()));
    auto made = system_template(*std::move(drawn), channel);
    if (!made) return fail(within("could not create config template", std::move(made).error()));
    base = *std::move(made);
  }
  auto update = difference(base, *wanted, channel.channel_id);
  if (!update) return fail(within("config update generation failure", std::move(update).error()));
  (*update->mutable_read_set()->mutable_values())["Consortium"] = ::common::ConfigValue();
  ::common::ConfigGroup& write = *update->mutable_write_set();
  put_consortium(write, channel.consortium, "");
  return wrap(*update, now);
}

result<bytes> make_anchor_update(const genesis_request& channel, const std::string& org, timestamp now) {
  if (!channel.has_application) return invalid("cannot update anchor peers without an application section");
  auto updated = make_channel_group(channel);
  if (!updated) return fail(within("error parsing profile as channel group", std::move(updated).error()));
  updated->mutable_groups()->at("Application").set_version(1);
  group original = *updated;
  auto& orgs = *original.mutable_groups()->at("Application").mutable_groups();
  const auto found = orgs.find(org);
  if (found == orgs.end()) return invalid("org with name '" + org + "' does not exist in config");
  if (found->second.mutable_values()->erase("AnchorPeers") == 0) return invalid("org '" + org + "' does not have any anchor peers defined");
  WEFT_TRY(const ::common::ConfigUpdate update, difference(original, *updated, channel.channel_id));
  return wrap(update, now);
}

}  // namespace weft::ledger
