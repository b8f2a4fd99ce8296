// weft channel fetch, update, signconfigtx: a channel's configuration, read and changed.
#include <charconv>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <thread>

#include "cli/channel_verbs.hpp"
#include "cli/console.hpp"
#include "cli/network.hpp"
#include "cli/verbs.hpp"
#include "cli/view.hpp"
#include "common/configtx.pb.h"
#include "config/yaml/document.hpp"
#include "ledger/channel/bundle.hpp"
#include "ledger/channel/differences.hpp"
#include "ledger/channel/update_file.hpp"

namespace weft::cli {

namespace {

using nlohmann::json;
namespace fs = std::filesystem;

bytes read_file(const std::string& path) {
  auto out = config::yaml::read_file(path, 100 * MiB);
  if (!out) quit(exit_usage, out.error().context);
  return *std::move(out);
}
/// Whole or not at all. A link stays one, and a device or pipe is written to.
void write_file(const std::string& path, bytes_view content) {
  std::error_code ec;
  fs::path real = path;
  for (int links = 0; links < 16 && fs::is_symlink(real, ec); ++links) real = real.parent_path() / fs::read_symlink(real, ec);
  const bool in_place = fs::exists(real, ec) && !fs::is_regular_file(real, ec);
  auto fresh = real;
  if (!in_place) fresh += ".new";
  {
    std::ofstream out(fresh, std::ios::binary);
    out.write(content.data(), static_cast<std::streamsize>(content.size()));
    if (!out.flush()) {
      const std::error_code why(errno, std::generic_category());
      if (!in_place) fs::remove(fresh, ec);
      quit(exit_failed, "cannot write " + path + ": " + why.message());
    }
  }
  if (in_place) return;
  fs::rename(fresh, real, ec);
  if (ec) quit(exit_failed, "cannot write " + path + ": " + ec.message());
}

template <class T>
T or_quit(result<T> r) {
  if (!r) quit(exit_failed, r.error().context);
  if constexpr (!std::is_void_v<T>) return std::move(*r);
}

// ---- fetch

struct fetch_options : network_options {
  std::string which, file;
};

ledger::block fetch(const edge::deliver_client& reader, const std::string& channel, const std::string& which) {
  if (which == "config") return or_quit(reader.config(channel));
  if (which == "newest") return or_quit(reader.newest(channel));
  if (which == "oldest") return or_quit(reader.oldest(channel));
  std::uint64_t number = 0;
  const auto end = which.data() + which.size();
  if (const auto r = std::from_chars(which.data(), end, number); r.ec != std::errc{} || r.ptr != end) {
    quit(exit_usage, "'" + which + "' is neither a block number nor one of config, newest, oldest");
  }
  return or_quit(reader.number(channel, block_number{number}));
}

void run_fetch(const fetch_options& o) {
  network n(o);
  const auto channel = n.channel();
  const auto b = fetch(n.reader(n.identity()), channel, o.which);
  const auto file = o.file.empty() ? channel + "_" + o.which + ".block" : o.file;
  const auto raw = b.encode();
  write_file(file, raw);
  if (o.json) {
    std::printf("%s\n", json{{"channel", channel}, {"block", b.number().value}, {"hash", to_hex(b.hash())}, {"file", file}, {"bytes", raw.size()}}.dump().c_str());
  } else {
    std::printf("block %llu of %s is in %s (%s)\n", static_cast<unsigned long long>(b.number().value), channel.c_str(), file.c_str(), count(raw.size(), "byte").c_str());
  }
}

// ---- update

struct update_options : network_options {
  std::string file;
  std::vector<std::string> sign_as;
};

ledger::update_document read_document(const std::string& path) {
  auto update = ledger::read_update(read_file(path));
  if (!update) quit(exit_usage, path + ": " + update.error().context);
  return std::move(*update);
}

/// Domain of the organization with an MSP id; empty when it is none of this network.
std::string domain_of(network& n, const std::string& msp_id) {
  for (const auto& org : n.status().organizations()) if (org.msp_id() == msp_id) return org.domain();
  return {};
}
std::string first_admin(network& n) {
  for (const auto& org : n.status().organizations()) if (!org.orders()) return "Admin@" + org.domain();
  quit(exit_failed, "the network has no organization with peers; say who signs with --as");
}

std::string join(const std::vector<std::string>& parts, const char* between) {
  std::string out;
  for (const auto& p : parts) out.append(out.empty() ? "" : between).append(p);
  return out;
}

struct refusal {
  std::string status, info;
  std::vector<ledger::unmet_policy> unmet;
};

std::vector<std::string> names(const std::vector<ledger::unmet_policy::org>& orgs) {
  std::vector<std::string> out;
  for (const auto& o : orgs) out.push_back(o.msp_id.empty() ? o.group : o.msp_id);
  return out;
}

/// Whose signature would help, as words and as options.
std::string hint(network& n, const refusal& r) {
  std::string out;
  std::set<std::string> options;
  for (const auto& u : r.unmet) {
    const auto signed_by = join(names(u.satisfied), ", "), missing = join(names(u.missing), ", ");
    out += (out.empty() ? "" : "\n") + u.element + " is guarded by " + u.policy + " (" + u.rule + "): signed by " + (signed_by.empty() ? "nobody" : signed_by) +
           ", missing " + (missing.empty() ? "nobody" : missing);
    for (const auto& org : u.missing) {
      if (const auto domain = domain_of(n, org.msp_id); !domain.empty()) options.insert("--sign-as Admin@" + domain);
    }
  }
  if (!options.empty()) out += "\ntry it with " + join({options.begin(), options.end()}, " ");
  return out;
}

/// The orderer's own words, out of what the gateway says.
refusal refused(const edge::call_failure& f) {
  auto text = f.status.message;
  if (!f.status.details.empty() && !f.status.details.front().message.empty()) text = f.status.details.front().message;
  constexpr std::string_view status_mark = "status=", info_mark = ", info=";
  const auto status = text.find(status_mark), info = text.find(info_mark);
  if (status == std::string::npos || info == std::string::npos) return {std::string(rpc_code_name(f.status.code)), text, {}};
  const auto from = status + status_mark.size();
  return {text.substr(from, info - from), text.substr(info + info_mark.size()), {}};
}

[[noreturn]] void print_refusal(network& n, const refusal& r, bool as_json) {
  if (as_json) {
    json out{{"ok", false}, {"status", r.status}, {"message", r.info}, {"unmet", json::array()}};
    for (const auto& u : r.unmet) {
      out["unmet"].push_back({{"element", u.element}, {"policy", u.policy}, {"rule", u.rule}, {"signed", names(u.satisfied)}, {"missing", names(u.missing)}});
    }
    std::printf("%s\n", out.dump().c_str());
  } else {
    rows out;
    out.add("refused", r.status).add("why", r.info).add_some("hint", hint(n, r));
    std::fprintf(stderr, "%s", out.text().c_str());
  }
  quit(exit_failed);
}

using bundle_ptr = std::shared_ptr<const ledger::channel_bundle>;

/// A member's configuration, read as the admin of `domain`.
result<bundle_ptr> config_of(network& n, const std::string& channel, const std::string& member, const std::string& domain) {
  WEFT_TRY(const auto block, n.reader(n.identity_of("Admin@" + domain), member).config(channel));
  return ledger::channel_bundle::from_block(block);
}

/// The organization's domain is the end of its hosts' names.
std::string domain_of_host(const std::string& host) {
  const auto dot = host.find('.');
  return dot == std::string::npos ? std::string() : host.substr(dot + 1);
}

/// The newest configuration that a member of this network has. A peer whose organization was removed stands still, and all peers do in
/// maintenance, which only orderers' organizations may read; so orderers are asked too.
bundle_ptr newest_config(network& n, const std::string& channel) {
  bundle_ptr newest;
  std::string why = "no peer of this network has a channel " + channel;
  const auto ask = [&](const std::string& member, const std::string& domain) {
    auto bundle = config_of(n, channel, member, domain);
    if (!bundle) why = member + ": " + bundle.error().context;
    else if (!newest || newest->sequence() < (*bundle)->sequence()) newest = std::move(*bundle);
  };
  for (const auto& c : n.status().channels()) {
    if (c.channel_id() != channel) continue;
    for (const auto& p : c.peers()) ask(p.peer(), domain_of(n, p.msp_id()));
    for (const auto& o : c.orderers()) if (o.node().empty()) ask(o.orderer(), domain_of_host(o.orderer()));
  }
  if (!newest) quit(exit_failed, why);
  return newest;
}

/// Peers of the channel that the new configuration still has members for.
std::vector<std::string> peers_to_wait_for(network& n, const std::string& channel, const ledger::channel_bundle& after) {
  std::vector<std::string> out;
  for (const auto& c : n.status().channels()) {
    if (c.channel_id() != channel) continue;
    for (const auto& p : c.peers()) {
      for (const auto& org : after.application_orgs()) if (org.msp_id == p.msp_id()) out.push_back(p.peer());
    }
  }
  return out;
}

/// Asks until there is an answer. A client waits here; nothing in the network does.
std::uint64_t wait_for(const std::string& member, const std::function<std::optional<std::uint64_t>()>& block_of_it) {
  constexpr std::chrono::milliseconds pause{5}, patience{60'000};
  const auto until = std::chrono::steady_clock::now() + patience;  // the answers take time too
  while (std::chrono::steady_clock::now() < until) {
    if (const auto block = block_of_it()) return *block;
    std::this_thread::sleep_for(pause);
  }
  quit(exit_failed, "the update is ordered, but " + member + " did not commit it within a minute; look at `weft status`");
}

/// Waits until a peer goes by configuration `sequence`; the block that holds it.
std::uint64_t wait_for_peer(const network& n, const std::string& channel, const std::string& peer, std::uint64_t sequence) {
  return wait_for(peer, [&]() -> std::optional<std::uint64_t> {
    control::ChannelInfoRequest request;
    request.set_channel_id(channel);
    request.set_peer(peer);
    control::ChannelInfoResponse info;
    const auto raw = n.try_ask("ChannelInfo", proto::encode(request));
    if (raw && proto::decode(*raw, info) && info.config_sequence() >= sequence) return info.last_config_block();
    return std::nullopt;
  });
}

/// The same where peers may not read what was ordered: in maintenance.
std::uint64_t wait_for_orderers(network& n, const std::string& channel, std::uint64_t sequence) {
  std::uint64_t number = 0;
  for (const auto& c : n.status().channels()) {
    if (c.channel_id() != channel) continue;
    for (const auto& o : c.orderers()) {
      if (!o.node().empty()) continue;  // its socket is on its own node
      number = wait_for(o.orderer(), [&]() -> std::optional<std::uint64_t> {
        const auto block = n.reader(n.identity_of("Admin@" + domain_of_host(o.orderer())), o.orderer()).config(channel);
        const auto bundle = block ? ledger::channel_bundle::from_block(*block) : tl::unexpected<error>(block.error());
        if (!bundle || (*bundle)->sequence().value < sequence) return std::nullopt;
        return block->number().value;
      });
    }
  }
  return number;
}

void print_changes(const std::vector<ledger::config_difference>& changes) {
  for (const auto& c : changes) {
    using kind = ledger::config_difference::kind;
    std::printf("  %s %s\n", c.what == kind::added ? "added   " : c.what == kind::removed ? "removed " : "changed ", c.element.c_str());
    for (const auto& d : c.details) std::printf("             %s\n", d.c_str());
  }
}

json changes_json(const std::vector<ledger::config_difference>& changes) {
  json out = json::array();
  for (const auto& c : changes) {
    using kind = ledger::config_difference::kind;
    out.push_back({{"what", c.what == kind::added ? "added" : c.what == kind::removed ? "removed" : "changed"}, {"element", c.element}, {"details", c.details}});
  }
  return out;
}

/// Adds the signatures that the command line asks for; the submitter's is always one of them, as with Fabric's own command.
crypto::signing_identity sign(network& n, const update_options& o, ledger::update_document& update) {
  system_random random;
  for (const auto& name : o.sign_as) or_quit(ledger::sign_update(update, n.identity_of(name), random));
  const auto submitter = !o.as.empty() ? o.as : !o.sign_as.empty() ? o.sign_as.front() : first_admin(n);
  auto who = n.identity_of(submitter);
  or_quit(ledger::sign_update(update, who, random));
  return who;
}

void run_update(const update_options& o) {
  auto update = read_document(o.file);
  if (!o.channel.empty() && o.channel != update.channel_id) {
    quit(exit_usage, o.file + " is an update of channel " + update.channel_id + ", not of " + o.channel);
  }
  network n(o);
  const auto who = sign(n, o, update);
  const auto verifier = crypto::make_verifier();
  const auto before = newest_config(n, update.channel_id);
  system_random random;
  const auto envelope = or_quit(ledger::wrap_update(update, who, random, system_clock().now()));
  if (const auto sent = n.gateway_as(who).submit({{}, update.channel_id, envelope.raw().to_bytes(), {}}); !sent) {
    auto r = refused(sent.error());
    if (r.status == "BAD_REQUEST") r.unmet = before->unmet_policies(update.envelope, *verifier);
    print_refusal(n, r, o.json);
  }
  // The orderer has applied it to the same configuration, or refused it.
  const auto next = or_quit(before->propose_update(update.envelope, *verifier));
  const auto after = or_quit(ledger::channel_bundle::create(update.channel_id, next));
  const bool for_orderers = after->maintenance();
  std::uint64_t block = for_orderers ? wait_for_orderers(n, update.channel_id, after->sequence().value) : 0;
  if (!for_orderers)
    for (const auto& peer : peers_to_wait_for(n, update.channel_id, *after)) block = wait_for_peer(n, update.channel_id, peer, after->sequence().value);
  const auto changes = ledger::differences(before->config().channel_group(), next.channel_group());
  if (o.json) {
    std::printf("%s\n", json{{"ok", true}, {"channel", update.channel_id}, {"sequence", after->sequence().value}, {"block", block}, {"changes", changes_json(changes)}}.dump().c_str());
  } else {
    std::printf("committed in block %llu: configuration %llu of %s is in force\n", static_cast<unsigned long long>(block),
                static_cast<unsigned long long>(after->sequence().value), update.channel_id.c_str());
    print_changes(changes);
    if (for_orderers)
      std::printf("maintenance: transactions are refused, and peers follow when it is left; until then only orderers' organizations read the channel:\n"
                  "  weft channel fetch config --peer ORDERER --as ADMIN\n");
  }
}

// ---- signconfigtx

void run_sign(const update_options& o) {
  auto update = read_document(o.file);
  network n(o);
  const auto who = sign(n, o, update);
  system_random random;
  write_file(o.file, or_quit(ledger::wrap_update(update, who, random, system_clock().now())).raw().to_bytes());
  std::vector<std::string> msps;
  for (const auto& s : update.signers) msps.push_back(member_of(s).text());
  if (o.json) std::printf("%s\n", json{{"channel", update.channel_id}, {"file", o.file}, {"signed_by", msps}}.dump().c_str());
  else std::printf("%s is signed by %s\n", o.file.c_str(), join(msps, ", ").c_str());
}

void add_fetch(CLI::App& channel) {
  auto* verb = channel.add_subcommand("fetch", "Write a block of a channel to a file; its configuration is in the block called config");
  auto o = std::make_shared<fetch_options>();
  verb->add_option("which", o->which, "config, newest, oldest, or a block's number")->required();
  verb->add_option("file", o->file, "Where to write it (default: CHANNEL_WHICH.block)");
  o->add_dir(*verb);
  o->add_channel(*verb);
  o->add_identity(*verb);
  o->add_json(*verb);
  verb->callback([o] { run_fetch(*o); });
  example(*verb, "weft channel fetch config config.block\n  weft channel fetch 4 four.block --as User1@org2.example.com");
}

void add_update(CLI::App& channel) {
  auto* verb = channel.add_subcommand("update", "Sign a configuration update, submit it, and wait until every member goes by it");
  auto o = std::make_shared<update_options>();
  verb->add_option("file", o->file, "The update: an Envelope with a CONFIG_UPDATE or a ConfigUpdate, as configtxlator makes them")->required();
  verb->add_option("--sign-as", o->sign_as, "Who signs the update, such as Admin@org2.example.com or Org3MSP:FOLDER; may be given several times");
  verb->add_option("--as", o->as, "Who signs and submits (default: the first --sign-as, else Admin of the first organization)");
  o->add_dir(*verb);
  o->add_channel(*verb);
  o->add_json(*verb);
  verb->callback([o] { run_update(*o); });
  example(*verb, "weft channel update anchors.pb\n  weft channel update remove-org3.pb --sign-as Admin@org1.example.com --sign-as Admin@org2.example.com\n\n"
                 "A policy that is not satisfied is named, and who still has to sign. To make an update:\n  weft channel fetch config config.block\n"
                 "  configtxlator proto_decode, change the JSON, proto_encode, compute_update");
}

void add_sign(CLI::App& channel) {
  auto* verb = channel.add_subcommand("signconfigtx", "Add signatures to a configuration update in its file, for others to sign or submit");
  auto o = std::make_shared<update_options>();
  verb->add_option("file", o->file, "The update; it becomes an Envelope with a CONFIG_UPDATE")->required();
  verb->add_option("--sign-as", o->sign_as, "Who signs, such as Admin@org2.example.com or Org3MSP:FOLDER; may be given several times");
  verb->add_option("--as", o->as, "The same, once");
  o->add_dir(*verb);
  o->add_json(*verb);
  verb->callback([o] { run_sign(*o); });
  example(*verb, "weft channel signconfigtx update.pb --as Admin@org2.example.com");
}

}  // namespace

void add_channel_config_verbs(CLI::App& channel) {
  add_fetch(channel);
  add_update(channel);
  add_sign(channel);
}

}  // namespace weft::cli
