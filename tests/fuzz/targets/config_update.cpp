// Configuration updates that every administrator signs, so that nothing but their content can be refused: an edited configuration becomes an
// update and leads to what was meant, or is refused with a text; an update that is made by hand leads to a sound configuration or nowhere.
// The first byte chooses: an edited pb(Config) or a pb(ConfigUpdate), of the raft or the BFT channel.
#include <algorithm>

#include "common/configtx.pb.h"
#include "crypto/msp/folder.hpp"
#include "ledger/channel/compute_update.hpp"
#include "ledger/channel/update_file.hpp"
#include "proto/encode.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/golden.hpp"

using namespace weft;
using namespace weft::fuzz;

namespace {

using ::common::ConfigGroup;

enum kind : unsigned char { edited_config, made_update, kinds };

const std::vector<crypto::signing_identity>& administrators() {
  static const auto all = [] {
    std::vector<crypto::signing_identity> out;
    const auto add = [&](const std::string& folder, const char* domain, const char* msp_id) {
      auto who = crypto::read_signing_identity(std::string(WEFT_GOLDEN_DIR "/crypto/") + folder + "/" + domain + "/users/Admin@" + domain + "/msp", msp_id,
                                               crypto::nonce_rule::deterministic);
      FUZZ_CHECK(who.has_value());
      out.push_back(std::move(*who));
    };
    add("peerOrganizations", "org1.example.com", "Org1MSP");
    add("peerOrganizations", "org2.example.com", "Org2MSP");
    add("ordererOrganizations", "example.com", "OrdererMSP");
    return out;
  }();
  return all;
}

/// The update signed by all; nothing if its bytes are no update.
std::optional<bytes> signed_by_all(const bytes& update) {
  auto document = ledger::read_update(update);
  if (!document) {
    FUZZ_CHECK(!document.error().context.empty());
    return std::nullopt;
  }
  seeded_random random(1);
  for (const auto& who : administrators()) FUZZ_CHECK(ledger::sign_update(*document, who, random).has_value());
  FUZZ_CHECK(document->signers.size() >= administrators().size());
  return document->envelope;
}

/// Versions mean nothing where meanings are compared; what has no mod_policy keeps none.
void forget_versions(ConfigGroup& g) {
  g.set_version(0);
  for (auto& [name, v] : *g.mutable_values()) v.set_version(0);
  for (auto& [name, p] : *g.mutable_policies()) p.set_version(0);
  for (auto& [name, inner] : *g.mutable_groups()) forget_versions(inner);
}

/// No element that stayed lost a version.
void check_versions(const ConfigGroup& before, const ConfigGroup& after) {
  FUZZ_CHECK(after.version() == before.version() || after.version() == before.version() + 1);
  const auto step = [](const auto& from, const auto& to) {
    for (const auto& [name, element] : from) {
      const auto it = to.find(name);
      if (it != to.end()) FUZZ_CHECK(it->second.version() == element.version() || it->second.version() == element.version() + 1);
    }
  };
  step(before.values(), after.values());
  step(before.policies(), after.policies());
  for (const auto& [name, group] : before.groups()) {
    const auto it = after.groups().find(name);
    if (it != after.groups().end()) check_versions(group, it->second);
  }
}

/// Where a signed update leads: nowhere with a reason, or to a configuration that stands by itself and that an orderer's envelope reaches too.
std::optional<::common::Config> admitted(const bytes& update, const ledger::channel_bundle& now) {
  const auto& verifier = *golden_world().verifier;
  const auto envelope = signed_by_all(update);
  if (!envelope) return std::nullopt;
  const auto unmet = now.unmet_policies(*envelope, verifier);
  auto next = now.propose_update(*envelope, verifier);
  FUZZ_CHECK(next.has_value() == now.propose_update(*envelope, verifier).has_value());
  if (!next) {
    FUZZ_CHECK(!next.error().context.empty());
    return std::nullopt;
  }
  FUZZ_CHECK(unmet.empty());
  FUZZ_CHECK(next->sequence() == now.sequence().value + 1);
  check_versions(now.config().channel_group(), next->channel_group());
  const auto bundle = ledger::channel_bundle::create(now.channel_id(), *next);
  FUZZ_CHECK(bundle.has_value());

  seeded_random random(2);
  auto document = ledger::read_update(*envelope);
  FUZZ_CHECK(document.has_value());
  const auto request = ledger::wrap_update(*document, administrators().front(), random, timestamp{});
  FUZZ_CHECK(request.has_value());
  ::common::ConfigEnvelope ordered;
  *ordered.mutable_config() = *next;
  FUZZ_CHECK(proto::decode(request->raw().to_bytes(), *ordered.mutable_last_update()));
  const auto applied = now.apply(ordered, verifier);
  FUZZ_CHECK(applied.has_value() && proto::encode((*applied)->config()) == proto::encode(*next));
  return std::move(*next);
}

void check_edited(bytes_view raw, const ledger::channel_bundle& now) {
  ::common::Config wanted;
  if (!proto::decode(raw, wanted)) return;
  auto update = ledger::compute_update(now.config(), wanted);
  if (!update) {
    FUZZ_CHECK(!update.error().context.empty());
    return;
  }
  update->set_channel_id(now.channel_id());
  auto next = admitted(proto::encode(*update), now);
  if (!next) return;
  forget_versions(*next->mutable_channel_group());
  forget_versions(*wanted.mutable_channel_group());
  FUZZ_CHECK(proto::encode(next->channel_group()) == proto::encode(wanted.channel_group()));
}

int fuzz_one(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto raw = view(data, size).substr(1);
  const auto& now = data[0] < 128 ? *golden_world().raft : *golden_world().bft;
  if (data[0] % kinds == edited_config) check_edited(raw, now);
  else (void)admitted(bytes(raw), now);
  return 0;
}

// ---- seeds: what administrators do

using edit = void (*)(ConfigGroup&);

ConfigGroup& at(ConfigGroup& root, std::initializer_list<const char*> path) {
  auto* g = &root;
  for (const auto* name : path) g = &(*g->mutable_groups())[name];
  return *g;
}

const edit edits[] = {
    [](ConfigGroup& g) { (*at(g, {"Orderer"}).mutable_values())["BatchTimeout"].set_value("\x0a\x02""5s"); },
    [](ConfigGroup& g) { (*at(g, {"Orderer"}).mutable_values())["BatchSize"].set_value(std::string("\x08\x0a\x10\x80\x80\x40\x18\x80\x80\x20", 10)); },
    [](ConfigGroup& g) { at(g, {"Application"}).mutable_groups()->erase("Org2MSP"); at(g, {"Application"}).mutable_groups()->erase("Org2"); },
    [](ConfigGroup& g) { auto& app = at(g, {"Application"}); (*app.mutable_groups())["Third"] = app.groups().begin()->second; },
    [](ConfigGroup& g) { at(g, {"Application"}).mutable_policies()->erase("Endorsement"); },
    [](ConfigGroup& g) { (*at(g, {"Application"}).mutable_policies())["Mine"] = at(g, {"Application"}).policies().at("Readers"); },
    [](ConfigGroup& g) { at(g, {"Application"}).set_mod_policy("/Channel/Orderer/Admins"); },
    [](ConfigGroup& g) { (*at(g, {"Application"}).mutable_values())["ACLs"].set_mod_policy("Admins"); },
    [](ConfigGroup& g) { (*at(g, {"Orderer"}).mutable_values())["ConsensusType"].set_value(std::string("\x0a\x08""etcdraft\x18\x01", 12)); },
    [](ConfigGroup& g) { (*g.mutable_values())["Capabilities"].set_value("\x0a\x08\x0a\x04V9_9\x12\x00"); },
};

std::vector<bytes> seeds() {
  std::vector<bytes> out;
  const auto add = [&](unsigned char what, const bytes& content) { out.push_back(static_cast<char>(what) + content); };
  for (const unsigned char channel : {0, 128}) {
    const auto& now = channel == 0 ? *golden_world().raft : *golden_world().bft;
    for (const auto& change : edits) {
      auto wanted = now.config();
      change(*wanted.mutable_channel_group());
      add(static_cast<unsigned char>(channel + edited_config), proto::encode(wanted));
      auto update = ledger::compute_update(now.config(), wanted);
      if (!update) continue;
      update->set_channel_id(now.channel_id());
      add(static_cast<unsigned char>(channel + made_update), proto::encode(*update));
    }
  }
  add(edited_config, golden_file("config/anchor-update.modified-config.pb"));
  add(made_update, golden_file("config/anchor-update.configupdate.pb"));
  return out;
}

}  // namespace

WEFT_FUZZ_TARGET(config_update, 600);
