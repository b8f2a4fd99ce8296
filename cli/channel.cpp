// weft channel info: height, hashes and configuration of a channel.
#include <nlohmann/json.hpp>

#include "cli/channel_verbs.hpp"
#include "cli/console.hpp"
#include "cli/network.hpp"
#include "cli/verbs.hpp"

namespace weft::cli {

namespace {

using nlohmann::json;

template <class Repeated>
std::string join(const Repeated& items) {
  std::string out;
  for (const auto& i : items) out.append(out.empty() ? "" : ", ").append(i);
  return out;
}

void print_json(const control::ChannelInfoResponse& r) {
  json out{{"channel", r.channel_id()}, {"peer", r.peer()}, {"height", r.height()}, {"current_block_hash", to_hex(r.current_block_hash())},
           {"previous_block_hash", to_hex(r.previous_block_hash())}, {"commit_hash", to_hex(r.commit_hash())},
           {"config_sequence", r.config_sequence()}, {"last_config_block", r.last_config_block()}, {"consensus", r.consensus()},
           {"application_msp_ids", json::array()}, {"orderer_msp_ids", json::array()}, {"contracts", json::array()}};
  for (const auto& m : r.application_msp_ids()) out["application_msp_ids"].push_back(m);
  for (const auto& m : r.orderer_msp_ids()) out["orderer_msp_ids"].push_back(m);
  for (const auto& c : r.contracts()) out["contracts"].push_back({{"name", c.name()}, {"version", c.version()}, {"sequence", c.sequence()}});
  std::printf("%s\n", out.dump().c_str());
}

void print_text(const control::ChannelInfoResponse& r) {
  rows out;
  out.add("channel", r.channel_id() + ", as " + r.peer() + " knows it").add("height", std::to_string(r.height()));
  out.add("block hash", to_hex(r.current_block_hash())).add_some("previous", to_hex(r.previous_block_hash()));
  out.add_some("commit hash", to_hex(r.commit_hash()));
  out.add("configured", "sequence " + std::to_string(r.config_sequence()) + ", in block " + std::to_string(r.last_config_block()));
  out.add("members", join(r.application_msp_ids())).add("ordered by", join(r.orderer_msp_ids()) + " with " + r.consensus());
  std::vector<std::string> contracts;
  for (const auto& c : r.contracts()) contracts.push_back(c.name() + " " + c.version());
  out.add("contracts", join(contracts));
  std::printf("%s", out.text().c_str());
}

}  // namespace

void add_channel_verb(CLI::App& app) {
  auto* noun = app.add_subcommand("channel", "Look at channels, change their configuration, make more of them")->require_subcommand(1);
  auto* verb = noun->add_subcommand("info", "Show a channel's height, hashes and configuration");
  auto o = std::make_shared<network_options>();
  o->add_dir(*verb);
  o->add_channel(*verb);
  o->add_json(*verb);
  verb->callback([o] {
    network n(*o);
    control::ChannelInfoRequest request;
    request.set_channel_id(o->channel);
    request.set_peer(o->peer);
    const auto r = n.ask<control::ChannelInfoResponse>("ChannelInfo", request);
    o->json ? print_json(r) : print_text(r);
  });
  example(*verb, "weft channel info --peer peer0.org2.example.com");
  add_channel_config_verbs(*noun);
  add_channel_member_verbs(*noun);
  example(*noun, "weft channel info\n  weft channel fetch config config.block\n  weft channel update update.pb --sign-as Admin@org2.example.com\n  weft channel create trade --orgs Org1,Org2");
}

}  // namespace weft::cli
