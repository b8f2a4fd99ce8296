#include "cli/configtxgen.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include "cli/console.hpp"
#include "cli/go_flags.hpp"
#include "cli/tool_log.hpp"
#include "common/common.pb.h"
#include "common/configtx.pb.h"
#include "config/base/clock.hpp"
#include "edge/version.hpp"
#include "ledger/channel/channel_creation.hpp"
#include "ledger/channel/genesis_tree.hpp"
#include "ledger/json/fabric_json.hpp"
#include "ledger/profile/profile.hpp"
#include "proto/encode.hpp"

namespace weft::cli {
namespace {

namespace configtx = config::configtx;
namespace fs = std::filesystem;

constexpr std::size_t document_bytes_max = 4 * MiB;
constexpr std::size_t block_bytes_max = 256 * MiB;

struct flags {
  std::string output_block, channel_id, output_create_tx, base_profile, profile, config_path, inspect_block, inspect_create_tx, output_anchors, as_org,
      print_org;
  bool version = false;
};

go_flags declare(flags& f) {
  go_flags all;
  all.add("outputBlock", &f.output_block, "The path to write the genesis block to (if set)");
  all.add("channelID", &f.channel_id, "The channel ID to use in the configtx");
  all.add("outputCreateChannelTx", &f.output_create_tx, "[DEPRECATED] The path to write a channel creation configtx to (if set)");
  all.add("channelCreateTxBaseProfile", &f.base_profile,
          "[DEPRECATED] Specifies a profile to consider as the orderer system channel current state to allow modification of non-application "
          "parameters during channel create tx generation. Only valid in conjunction with 'outputCreateChannelTx'.");
  all.add("profile", &f.profile, "The profile from configtx.yaml to use for generation.");
  all.add("configPath", &f.config_path, "The path containing the configuration to use (if set)");
  all.add("inspectBlock", &f.inspect_block, "Prints the configuration contained in the block at the specified path");
  all.add("inspectChannelCreateTx", &f.inspect_create_tx, "[DEPRECATED] Prints the configuration contained in the transaction at the specified path");
  all.add("outputAnchorPeersUpdate", &f.output_anchors,
          "[DEPRECATED] Creates a config update to update an anchor peer (works only with the default channel creation, and only for the first update)");
  all.add("asOrg", &f.as_org,
          "Performs the config generation as a particular organization (by name), only including values in the write set that org (likely) has "
          "privilege to set");
  all.add("printOrg", &f.print_org, "Prints the definition of an organization as JSON. (useful for adding an org to a channel manually)");
  all.add("version", &f.version, "Show version information");
  return all;
}

constexpr const char* examples =
    "\nExample:\n"
    "  configtxgen -configPath . -profile TwoOrgs -channelID mychannel -outputBlock mychannel.block\n"
    "  configtxgen -inspectBlock mychannel.block\n\n"
    "configtx.yaml is looked for in -configPath, or in the folder that FABRIC_CFG_PATH names. A key of it is overridden by an environment\n"
    "variable: CONFIGTX_PROFILES_TWOORGS_ORDERER_BATCHTIMEOUT=1s\n";

/// Ends the tool; everything was said.
struct stop {
  int code;
};

class configtxgen_tool {
 public:
  explicit configtxgen_tool(flags f) : f_(std::move(f)) {}

  void run() {
    const bool makes = !f_.output_block.empty() || !f_.output_create_tx.empty() || !f_.output_anchors.empty();
    if (f_.channel_id.empty() && makes) fatal("main", "Missing channelID, please specify it with '-channelID'");
    if (f_.version) {
      std::printf("configtxgen:\n Version: %s (weft)\n OS/Arch: linux/amd64\n", std::string(edge::version()).c_str());
      return;
    }
    log_.info("main", "Loading configuration");
    if (makes && f_.profile.empty())
      fatal("main", "The '-profile' is required when '-outputBlock', '-outputChannelCreateTx', or '-outputAnchorPeersUpdate' is specified");
    if (makes) load(f_.profile);
    if (!f_.base_profile.empty()) {
      if (f_.output_create_tx.empty())
        log_.warn("main", "Specified 'channelCreateTxBaseProfile', but did not specify 'outputChannelCreateTx', 'channelCreateTxBaseProfile' will not affect output.");
      load(f_.base_profile);
    }
    if (!f_.output_block.empty()) output_block();
    if (!f_.output_create_tx.empty()) output_create_tx();
    if (!f_.inspect_block.empty()) inspect_block();
    if (!f_.inspect_create_tx.empty()) inspect_create_tx();
    if (!f_.output_anchors.empty()) output_anchors();
    if (!f_.print_org.empty()) print_org();
    if (!makes && f_.inspect_block.empty() && f_.inspect_create_tx.empty() && f_.print_org.empty())
      log_.warn("main", "nothing was asked for; configtxgen -help shows what is possible");
  }

 private:
  [[noreturn]] void fatal(const char* function, const std::string& text) {
    log_.fatal(function, text);
    throw stop{exit_failed};
  }

  // -- the document ------------------------------------------------------------------------------------------------------------------

  [[nodiscard]] std::string find_document() const {
    std::vector<fs::path> folders;
    const char* from_environment = std::getenv("FABRIC_CFG_PATH");
    if (!f_.config_path.empty()) folders = {f_.config_path};
    else if (from_environment && *from_environment) folders = {from_environment};
    else folders = {".", "/etc/hyperledger/fabric"};
    std::error_code ec;
    for (const auto& folder : folders)
      for (const char* name : {"configtx.yaml", "configtx.yml"})
        if (fs::exists(folder / name, ec)) return (folder / name).lexically_normal().string();
    return {};
  }

  configtx::document& document() {
    if (document_) return *document_;
    const std::string file = find_document();
    const auto text = file.empty() ? result<std::string>(fail(errc::not_found, "")) : config::yaml::read_file(file, document_bytes_max);
    if (!text && text.error().code == errc::not_found) {
      log_.error("main", "Could not find configtx.yaml. Please make sure that FABRIC_CFG_PATH or -configPath is set to a path which contains configtx.yaml");
      throw stop{exit_failed};
    }
    if (!text) {
      load_log_.panic("Load", "Error reading configuration: " + text.error().context);
      throw stop{exit_usage};
    }
    configtx::read_options o;
    o.file = file;
    o.folder = fs::absolute(file).parent_path();
    o.environment = [](const std::string& name) -> std::optional<std::string> {
      const char* value = std::getenv(name.c_str());
      return value ? std::optional<std::string>(value) : std::nullopt;
    };
    document_ = configtx::read(*text, o);
    if (config::any_error(configtx::problems(*document_))) refuse_document();
    return *document_;
  }

  /// Something in the document cannot be read. What is wrong besides with the part that was asked for is told in the same list.
  [[noreturn]] void refuse_document() {
    auto& d = *document_;
    for (const auto& name : {f_.profile, f_.base_profile})
      if (const auto* p = d.find(name)) static_cast<void>(ledger::make_request(d, *p, f_.channel_id));
    for (const auto& org : d.organizations)
      if (org.name == f_.print_org) static_cast<void>(ledger::make_org(d, org));
    load_log_.panic("Load", "Error loading config from config cache: " + d.file + " cannot be used:");
    std::fprintf(stderr, "%s\n", config::to_text(configtx::problems(d), d.file).c_str());
    throw stop{exit_usage};
  }

  /// Fabric's words about a profile that is about to be used. Unknown names end the tool.
  const configtx::profile& load(const std::string& name) {
    auto& d = document();
    const auto* found = d.find(name);
    if (!found) {
      const auto all = d.profile_names();
      log_.error("main", "Could not find profile: " + name +
                             ". Please make sure that FABRIC_CFG_PATH or -configPath is set to a path which contains configtx.yaml with the specified profile; " +
                             (all.empty() ? d.file + " has none" : config::suggest(name, all)));
      throw stop{exit_failed};
    }
    if (found->orderer) {
      for (const auto& line : found->orderer->defaults_taken) load_log_.info("completeInitialization", line);
      load_log_.info("completeInitialization", "orderer type: " + found->orderer->type);
    }
    load_log_.info("Load", "Loaded configuration: " + d.file);
    return *found;
  }

  /// The request of a profile; what is wrong with it is told in one list, warnings included.
  ledger::genesis_request request(const std::string& name, const std::string& channel, const std::string& doing) {
    auto& d = document();
    auto made = ledger::make_request(d, *d.find(name), channel);
    const auto problems = configtx::problems(d);
    if (!made) {
      log_.fatal("main", doing + ": profile " + name + " of " + d.file + " cannot be used:");
      std::fprintf(stderr, "%s\n", config::to_text(problems, d.file).c_str());
      throw stop{exit_failed};
    }
    if (!problems.empty() && !warned_) std::fprintf(stderr, "%s\n", config::to_text(problems, d.file).c_str());
    warned_ = true;
    return *std::move(made);
  }

  // -- what is asked for -------------------------------------------------------------------------------------------------------------

  void output_block() {
    const std::string doing = "Error on outputBlock";
    const auto& p = *document().find(f_.profile);
    refuse_foreign(p, doing + ": could not create bootstrapper: all org definitions must be local during bootstrapping: ");
    const auto r = request(f_.profile, f_.channel_id, doing);
    log_.info("doOutputBlock", "Generating genesis block");
    if (!r.has_orderer) fatal("main", doing + ": refusing to generate block which is missing orderer section");
    if (r.consortiums) log_.warn("doOutputBlock", "'Consortiums' should be nil since system channel is no longer supported in Fabric v3.x");
    else if (!r.has_application) fatal("main", doing + ": refusing to generate application channel block which is missing application section");
    log_.info("doOutputBlock", r.consortiums ? "Creating system channel genesis block" : "Creating application channel genesis block");
    system_random random;
    const auto made = ledger::make_genesis(r, random, system_clock().now());
    if (!made) fatal("main", doing + ": could not create bootstrapper: could not create channel group: " + made.error().context);
    log_.info("doOutputBlock", "Writing genesis block");
    write(f_.output_block, made->encode(), doing + ": error writing genesis block: ");
  }

  void refuse_foreign(const configtx::profile& p, const std::string& doing) {
    const auto look = [&](const std::vector<configtx::organization>& orgs) {
      for (const auto& org : orgs)
        if (org.skip_as_foreign) fatal("main", doing + "organization '" + org.name + "' is marked to be skipped as foreign");
    };
    if (p.orderer) look(p.orderer->organizations);
    if (p.application) look(p.application->organizations);
    if (!p.consortiums) return;
    for (const auto& c : *p.consortiums) look(c.organizations);
  }

  void output_create_tx() {
    const std::string doing = "Error on outputChannelCreateTx";
    log_.info("doOutputChannelCreateTx", "Generating new channel configtx");
    const auto channel = request(f_.profile, f_.channel_id, doing);
    std::optional<ledger::genesis_request> system;
    if (!f_.base_profile.empty()) system = request(f_.base_profile, f_.channel_id, doing);
    const auto made = ledger::make_channel_creation(channel, system ? &*system : nullptr, system_clock().now());
    if (!made) fatal("main", doing + ": " + made.error().context);
    log_.info("doOutputChannelCreateTx", "Writing new channel tx");
    write(f_.output_create_tx, *made, doing + ": error writing channel create tx: ");
  }

  void output_anchors() {
    const std::string doing = "Error on outputAnchorPeersUpdate";
    log_.info("doOutputAnchorPeersUpdate", "Generating anchor peer update");
    if (f_.as_org.empty()) fatal("main", doing + ": must specify an organization to update the anchor peer for");
    const auto made = ledger::make_anchor_update(request(f_.profile, f_.channel_id, doing), f_.as_org, system_clock().now());
    if (!made) fatal("main", doing + ": " + made.error().context);
    log_.info("doOutputAnchorPeersUpdate", "Writing anchor peer update");
    write(f_.output_anchors, *made, doing + ": Error writing channel anchor peer update: ");
  }

  void inspect_block() {
    const std::string doing = "Error on inspectBlock: ";
    log_.info("doInspectBlock", "Inspecting block");
    const auto data = config::yaml::read_file(f_.inspect_block, block_bytes_max);
    if (!data) fatal("main", doing + "could not read block " + f_.inspect_block + ": " + data.error().context);
    log_.info("doInspectBlock", "Parsing genesis block");
    ::common::Block block;
    if (!proto::decode(*data, block)) fatal("main", doing + "error unmarshalling to block: " + f_.inspect_block + " is no block");
    print(block, ledger::config_level::none, doing + "malformed block contents: ");
  }

  void inspect_create_tx() {
    const std::string doing = "Error on inspectChannelCreateTx: ";
    log_.info("doInspectChannelCreateTx", "Inspecting transaction");
    const auto data = config::yaml::read_file(f_.inspect_create_tx, block_bytes_max);
    if (!data) fatal("main", doing + "could not read channel create tx: " + data.error().context);
    log_.info("doInspectChannelCreateTx", "Parsing transaction");
    ::common::Envelope envelope;
    if (!proto::decode(*data, envelope)) fatal("main", doing + "Error unmarshalling envelope: " + f_.inspect_create_tx + " is no envelope");
    print(envelope, ledger::config_level::none, doing + "malformed transaction contents: ");
  }

  void print_org() {
    auto& d = document();
    load_log_.info("LoadTopLevel", "Loaded configuration: " + d.file);
    std::vector<std::string> names;
    for (const auto& org : d.organizations) {
      names.push_back(org.name);
      if (org.name != f_.print_org) continue;
      const auto made = ledger::make_org(d, org);
      if (!made) fatal("main", "Error on printOrg: bad org definition for org " + org.name + ":\n" + made.error().context);
      const auto group = ledger::make_org_group(*made);
      if (!group) fatal("main", "Error on printOrg: bad org definition for org " + group.error().context);
      return print(*group, ledger::config_level::orderer_org, "Error on printOrg: malformed org definition for org: " + org.name + ": ");
    }
    fatal("main", "Error on printOrg: organization " + f_.print_org + " not found; " + config::suggest(f_.print_org, names));
  }

  void print(const google::protobuf::Message& message, ledger::config_level level, const std::string& failing) {
    const auto json = ledger::to_json(message, level);
    if (!json) fatal("main", failing + json.error().context);
    std::fwrite(json->data(), 1, json->size(), stdout);
  }

  void write(const std::string& file, const bytes& content, const std::string& failing) {
    std::error_code ec;
    const auto folder = fs::absolute(file).parent_path();
    if (!fs::exists(folder, ec) && fs::create_directories(folder, ec)) fs::permissions(folder, fs::perms(0750), ec);
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    out.write(content.data(), static_cast<std::streamsize>(content.size()));
    out.close();
    if (!out) fatal("main", failing + file + " cannot be written");
    fs::permissions(file, fs::perms(0640), ec);
  }

  const flags f_;
  tool_log log_{"common.tools.configtxgen"}, load_log_{"common.tools.configtxgen.localconfig"};
  std::optional<configtx::document> document_;
  bool warned_ = false;
};

}  // namespace

int configtxgen(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  flags f;
  auto known = declare(f);
  const auto parsed = known.parse(words);
  if (!parsed) {
    std::fprintf(stderr, "%s\nUsage of configtxgen:\n%s", parsed.error().context.c_str(), known.usage().c_str());
    return exit_usage;
  }
  if (*parsed == go_flags::outcome::help) {
    std::printf("Usage of configtxgen:\n%s%s", known.usage().c_str(), examples);
    return exit_ok;
  }
  try {
    configtxgen_tool(std::move(f)).run();
    return exit_ok;
  } catch (const stop& s) {
    return s.code;
  }
}

}  // namespace weft::cli
