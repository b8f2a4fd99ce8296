// Configurations: config blocks become bundles or are refused, and only an update that was signed changes anything.
#include "common/configtx.pb.h"
#include "ledger/channel/differences.hpp"
#include "ledger/channel/update_file.hpp"
#include "proto/encode.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/golden.hpp"

using namespace weft;
using namespace weft::fuzz;

namespace {

bytes golden_update(const std::string& path) {
  return bytes(ledger::envelope::keep(shared_bytes(golden_file(path))).data());
}

/// The one update that Org1's administrator has signed.
const ::common::ConfigUpdateEnvelope& signed_update() {
  static const auto update = [] {
    ::common::ConfigUpdateEnvelope out;
    FUZZ_CHECK(proto::decode(golden_update("config/anchor-update.envelope-1sig.pb"), out) && out.signatures_size() == 1);
    return out;
  }();
  return update;
}

void check_bundle(const ledger::channel_bundle& bundle) {
  for (const char* path : {"/Channel/Readers", "/Channel/Application/Writers", "/Channel/Orderer/BlockValidation", "/Channel/Application/Org1MSP/Admins", ""})
    (void)bundle.policy(path)->explain({}).to_text();
  std::string path;
  (void)bundle.acl("peer/Propose", &path)->evaluate({});
  FUZZ_CHECK(!path.empty());
  FUZZ_CHECK(bundle.batching().max_message_count > 0);
  for (const auto& id : bundle.msps()->ids()) FUZZ_CHECK(bundle.msps()->find(id) != nullptr);
  const auto again = ledger::channel_bundle::create(bundle.channel_id(), bundle.config());
  FUZZ_CHECK(again && (*again)->sequence() == bundle.sequence());
}

void check_update(bytes_view raw) {
  const auto& world = golden_world();
  const auto next = world.raft->propose_update(raw, *world.verifier);
  if (!next) {
    FUZZ_CHECK(!next.error().context.empty());
    return;
  }
  FUZZ_CHECK(next->sequence() == world.raft->sequence().value + 1);
  FUZZ_CHECK(ledger::channel_bundle::create(world.raft->channel_id(), *next).has_value());
  ::common::ConfigUpdateEnvelope update;
  FUZZ_CHECK(proto::decode(raw, update));
  if (update.config_update() == signed_update().config_update()) return;
  // Without signatures one may name elements that are new to a group whose version stays: as on real peers they are dropped without a word.
  FUZZ_CHECK(proto::encode(next->channel_group()) == proto::encode(world.raft->config().channel_group()));
}

/// An update as a file: what is read can be written and read again, and asking whose signature is missing never fails.
void check_file(bytes_view raw) {
  const auto& world = golden_world();
  auto update = ledger::read_update(raw);
  if (!update) {
    FUZZ_CHECK(!update.error().context.empty());
    return;
  }
  const auto again = ledger::read_update(update->envelope);
  FUZZ_CHECK(again && again->envelope == update->envelope && again->signers == update->signers);
  (void)world.raft->unmet_policies(update->envelope, *world.verifier);
  ::common::ConfigUpdateEnvelope envelope;
  ::common::ConfigUpdate inner;
  if (proto::decode(update->envelope, envelope) && proto::decode(envelope.config_update(), inner)) {
    (void)ledger::differences(world.raft->config().channel_group(), inner.write_set());
  }
}

int fuzz_one(const std::uint8_t* data, std::size_t size) {
  const auto raw = view(data, size);
  if (const auto block = ledger::block::parse(shared_bytes(bytes(raw)))) {
    const auto bundle = ledger::channel_bundle::from_block(*block);
    if (bundle) check_bundle(**bundle);
    else FUZZ_CHECK(!bundle.error().context.empty());
  }
  check_update(raw);
  check_file(raw);
  return 0;
}

std::vector<bytes> seeds() {
  std::vector<bytes> out{golden_file("config/mychannel.genesis.block"), golden_file("config/bftchannel.genesis.block"),
                         golden_file("blocks/mychannel.1.block")};
  for (const char* path : {"config/anchor-update.envelope-1sig.pb", "config/anchor-update.envelope-unsigned.pb"}) {
    out.push_back(golden_update(path));
    out.push_back(golden_file(path));
  }
  out.push_back(golden_file("config/anchor-update.configupdate.pb"));
  return out;
}

}  // namespace

WEFT_FUZZ_TARGET(config, 2'500);
