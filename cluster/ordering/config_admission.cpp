#include "cluster/ordering/config_admission.hpp"

#include "common/common.pb.h"
#include "common/configtx.pb.h"
#include "proto/encode.hpp"

namespace weft::cluster {

using ledger::header_type;

namespace {

admission prefixed(const char* where, admission judged) {
  if (judged.status != status_success) judged.info = std::string(where) + ": " + judged.info;
  return judged;
}

config_admission refuse(int status, std::string why) { return {{status, std::move(why)}, {}}; }

/// The CONFIG envelope around a new configuration: no transaction id, the time in whole seconds, as Fabric's orderers write it.
result<ledger::envelope> wrap(::common::Config config, const ledger::envelope& update, const ledger::channel_bundle& bundle, const config_author& author) {
  ::common::ConfigEnvelope envelope;
  *envelope.mutable_config() = std::move(config);
  if (!proto::decode(update.raw().view(), *envelope.mutable_last_update())) return fail(errc::internal, "the update does not parse again");
  ::common::ChannelHeader channel;
  channel.set_type(static_cast<std::int32_t>(header_type::config));
  channel.set_channel_id(bundle.channel_id());
  channel.mutable_timestamp()->set_seconds(std::chrono::floor<std::chrono::seconds>(author.now).time_since_epoch().count());
  ::common::SignatureHeader signer;
  signer.set_creator(author.identity.serialized());
  signer.set_nonce(author.random.make_bytes(24));
  ::common::Payload payload;
  payload.mutable_header()->set_channel_header(proto::encode(channel));
  payload.mutable_header()->set_signature_header(proto::encode(signer));
  payload.set_data(proto::encode(envelope));
  auto encoded = proto::encode(payload);
  WEFT_TRY(auto signature, author.identity.sign(encoded));
  return ledger::envelope::make(std::move(encoded), std::move(signature));
}

}  // namespace

config_admission admit_update(const ledger::envelope& update, const ledger::channel_bundle& bundle, const config_author& author) {
  if (auto judged = apply_filters(update, bundle, author.verifier, author.now); judged.status != status_success) {
    return {prefixed("config update for existing channel did not pass initial checks", std::move(judged)), {}};
  }
  auto next = bundle.propose_update(update.data(), author.verifier);
  const auto refused = [&](const error& e) {
    return refuse(status_bad_request, "error applying config update to existing channel '" + bundle.channel_id() + "': " + e.context);
  };
  if (!next) return refused(next.error());
  if (author.step_rule) {
    const auto after = ledger::channel_bundle::create(bundle.channel_id(), *next);
    if (!after) return refused(after.error());
    if (const auto allowed = author.step_rule(bundle, **after); !allowed) return refused(allowed.error());
  }
  auto config = wrap(std::move(*next), update, bundle, author);
  if (!config) return refuse(status_internal, config.error().context);
  auto judged = apply_filters(*config, bundle, author.verifier, author.now);
  return {prefixed("config update for existing channel did not pass final checks", std::move(judged)), std::move(*config)};
}

config_admission admit_again(const ledger::envelope& config, const ledger::channel_bundle& bundle, const config_author& author) {
  ::common::ConfigEnvelope envelope;
  if (!proto::decode(config.data(), envelope) || !envelope.has_last_update()) return refuse(status_bad_request, "bad config message: it holds no update");
  auto update = ledger::envelope::parse(shared_bytes{proto::encode(envelope.last_update())});
  if (!update) return refuse(status_bad_request, "bad config message: " + update.error().context);
  return admit_update(*update, bundle, author);
}

bool is_config_block(const ledger::block& b) {
  if (b.envelopes().size() != 1) return false;
  const auto& h = b.envelopes().front().header();
  return h && h->type == static_cast<std::int32_t>(header_type::config);
}

result<std::shared_ptr<const ledger::channel_bundle>> bundle_behind(const ledger::block& config_block, const ledger::channel_bundle& before,
                                                                    const crypto::verifier& verifier) {
  if (!is_config_block(config_block)) return fail(errc::invalid_argument, "the block holds no configuration");
  ::common::ConfigEnvelope envelope;
  if (!proto::decode(config_block.envelopes().front().data(), envelope)) return fail(errc::invalid_argument, "not a ConfigEnvelope");
  return before.apply(envelope, verifier);
}

}  // namespace weft::cluster
