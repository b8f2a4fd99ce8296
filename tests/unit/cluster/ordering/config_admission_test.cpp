#include "cluster/ordering/config_admission.hpp"

#include <doctest/doctest.h>

#include "common/common.pb.h"
#include "common/configtx.pb.h"
#include "orderer/configuration.pb.h"
#include "proto/encode.hpp"
#include "tests/unit/ledger/channel/support.hpp"

using namespace weft;
using namespace weft::cluster;
using namespace weft::channel_test;

namespace {

/// A CONFIG_UPDATE of the golden raft channel that sets the batch timeout, signed by the orderers' administrator.
ledger::envelope update_of(const channel_bundle& channel, const char* timeout) {
  const auto admin = golden_user("Admin@example.com");
  ::common::ConfigGroup* write = nullptr;
  auto update = update_at(channel, {"Orderer"}, &write);
  ::orderer::BatchTimeout value;
  value.set_timeout(timeout);
  set_value(*write, "BatchTimeout", value);
  write->mutable_values()->at("BatchTimeout").set_version(1);
  ::common::ChannelHeader header;
  header.set_type(static_cast<std::int32_t>(ledger::header_type::config_update));
  header.set_channel_id(channel.channel_id());
  ::common::SignatureHeader signer;
  signer.set_creator(admin.serialized());
  signer.set_nonce("a nonce of 24 bytes here");
  ::common::Payload payload;
  payload.mutable_header()->set_channel_header(proto::encode(header));
  payload.mutable_header()->set_signature_header(proto::encode(signer));
  payload.set_data(signed_update(update, {admin}));
  auto encoded = proto::encode(payload);
  auto signature = admin.sign(encoded).value();
  return ledger::envelope::make(std::move(encoded), std::move(signature));
}

}  // namespace

TEST_CASE("a consenter's own rule has its say about the next configuration, in front of a client") {
  const auto channel = golden_bundle("mychannel");
  const auto orderer = golden_orderer("orderer0");
  seeded_random random(7);
  const timestamp now = orderer.cert().not_before() + std::chrono::hours{24};
  config_author author{orderer, verifier(), random, now};
  const auto update = update_of(*channel, "750ms");
  CHECK_MESSAGE(admit_update(update, *channel, author).verdict.status == status_success, admit_update(update, *channel, author).verdict.info);

  int asked = 0;
  author.step_rule = [&](const channel_bundle& before, const channel_bundle& next) -> result<void> {
    ++asked;
    CHECK(before.batching().timeout == std::chrono::seconds{2});
    CHECK(next.batching().timeout == std::chrono::milliseconds{750});
    CHECK(next.sequence() == config_sequence{1});
    if (asked > 1) return fail(errc::invalid_argument, "no");
    return {};
  };
  const auto allowed = admit_update(update, *channel, author);
  CHECK(allowed.verdict.status == status_success);
  const auto again = admit_again(allowed.config, *channel, author);  // the group may have changed while it waited
  CHECK(again.verdict.status == status_bad_request);
  CHECK(again.verdict.info == "error applying config update to existing channel 'mychannel': no");
  CHECK(asked == 2);

  CHECK(admit_update(update_of(*channel, "never"), *channel, author).verdict.status == status_bad_request);
  CHECK(asked == 2);  // what everybody refuses is not asked
}
