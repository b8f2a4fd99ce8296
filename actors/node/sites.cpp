#include "actors/node/sites.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "actors/node/peer_packages.hpp"
#include "chaincode/lifecycle/package.hpp"
#include "chaincode/lifecycle/package_store.hpp"
#include "chaincode/system/system.hpp"
#include "ledger/chain/private_gaps.hpp"
#include "ledger/validation/definition.hpp"
#include "msp/msp_config.pb.h"

namespace weft::actors {

namespace fs = std::filesystem;

namespace {

/// Where a channel of a member lives, or memory.
struct stores {
  std::shared_ptr<ledger::env> files;
  std::shared_ptr<ledger::kv_store> state;
};

/// Below a member's data: the blocks that it joined channels with. No channel is called so, for it begins with a capital letter.
constexpr const char* joined_folder = "Joined";

result<std::shared_ptr<ledger::kv_store>> open_state(const fs::path& folder) {
  auto opened = ledger::open_leveldb(folder);
  if (opened || opened.error().code != errc::corruption) return opened;
  spdlog::warn("{} cannot be read ({}); it is rebuilt from the block files", folder.string(), opened.error().context);
  std::error_code ec;
  fs::remove_all(folder, ec);
  if (ec) return fail(errc::io, "cannot remove " + folder.string() + ": " + ec.message());
  return ledger::open_leveldb(folder);
}

result<stores> open_stores(const node_settings& settings, const std::string& member, const std::string& channel) {
  if (settings.folder.empty()) return stores{ledger::make_memory_env(), ledger::make_memory_kv()};
  const auto folder = settings.folder / "data" / member / channel;
  std::error_code ec;
  fs::create_directories(folder, ec);
  if (ec) return fail(errc::io, "cannot create " + folder.string() + ": " + ec.message());
  WEFT_TRY(auto files, ledger::open_disk_env(folder / "blocks", settings.durability));
  WEFT_TRY(auto state, open_state(folder / "state"));
  return stores{std::move(files), std::move(state)};
}

/// Puts the system contracts and those that are compiled in onto a peer; adds what is installed on it to `out`.
result<void> install_contracts(const std::shared_ptr<peer_site>& site, const node_settings& settings, const contract_processes& processes, const material_seams& seams, node_sites& out) {
  std::shared_ptr<ledger::env> files = ledger::make_memory_env();
  if (!settings.folder.empty()) {
    const auto folder = settings.folder / "data" / site->name / "packages";
    std::error_code ec;
    fs::create_directories(folder.parent_path(), ec);
    WEFT_TRY(files, ledger::open_disk_env(folder, settings.durability));
  }
  std::vector<chaincode::builtin_contract> builtins;
  for (const auto& [name, code] : chaincode::sample_contracts()) builtins.push_back({name, chaincode::default_label(name)});
  auto values = chaincode::builder_values(site->name, std::getenv("CHAINCODE_AS_A_SERVICE_BUILDER_CONFIG"));
  WEFT_TRY(auto packages, chaincode::open_package_store(files, builtins, std::move(values)));
  std::shared_ptr<contract_papers> papers;
  if (!settings.folder.empty()) {
    papers = out.papers[site->name] = std::make_shared<contract_papers>(settings.folder / "contracts", site->name, site->msp_id, packages, seams);
    packages = with_papers(std::move(packages), papers);
  }
  if (processes.runner) packages = with_runner(std::move(packages), processes.runner);
  std::map<std::string, std::string> ids;
  for (const auto& p : packages->list()) if (p.type == chaincode::native_type) ids[p.path] = p.id;
  for (const auto& [name, code] : chaincode::sample_contracts()) site->contracts[name] = {code, ids[name]};
  const std::weak_ptr<peer_site> mine = site;  // the site owns the contracts
  const chaincode::peer_channels channels{
      [mine](std::string_view id) -> std::shared_ptr<const ledger::channel_ledger> {
        const auto s = mine.lock();
        const auto c = s ? s->channel(std::string(id)) : nullptr;
        return c ? c->ledger : nullptr;
      },
      [mine] {
        std::vector<std::string> names;
        if (const auto s = mine.lock()) {
          const auto all = s->channels->all();
          for (const auto& [id, c] : *all) names.push_back(id);
        }
        return names;
      }};
  site->contracts["_lifecycle"] = {chaincode::make_lifecycle_contract(packages, channels), {}};
  site->contracts["cscc"] = {chaincode::make_cscc(channels), {}};
  site->contracts["qscc"] = {chaincode::make_qscc(channels), {}};
  out.packages[site->name] = packages_of(packages, processes.last_words, papers, processes.runner);
  return {};
}

/// Verifiers by operator: organizations of one operator share what they verified, if that is wanted. All share the tables of keys, which
/// say nothing about any signature.
class verifiers {
 public:
  verifiers(trust t, std::shared_ptr<crypto::key_tables> tables) : trust_(t), plain_(crypto::make_table_verifier(std::move(tables))) {}
  std::shared_ptr<const crypto::verifier> of(const std::string& op) {
    if (trust_ == trust::each) return plain_;
    auto& v = by_operator_[op];
    if (!v) v = crypto::make_sharing_verifier(plain_);
    return v;
  }

 private:
  trust trust_;
  std::shared_ptr<const crypto::verifier> plain_;
  std::map<std::string, std::shared_ptr<const crypto::verifier>> by_operator_;
};

/// Configurations by operator and block: reading one means judging every CA in it, and a wide network opens it hundreds of times. Those who
/// share verified signatures share these too, with the identities found valid under them.
class known_bundles {
 public:
  explicit known_bundles(trust t) : trust_(t) {}
  ledger::bundle_source of(const std::string& op) {
    if (trust_ == trust::each) return ledger::channel_bundle::from_block;
    return [this, op](const ledger::block& b) -> result<std::shared_ptr<const ledger::channel_bundle>> {
      auto& known = known_[{op, b.hash()}];
      if (!known) {
        WEFT_TRY(known, ledger::channel_bundle::from_block(b));
      }
      return known;
    };
  }

 private:
  trust trust_;
  std::map<std::pair<std::string, bytes>, std::shared_ptr<const ledger::channel_bundle>> known_;
};

void fill(site& s, const config::organization& org, const std::string& host, const material& m, const node_settings& settings,
          const material_seams& seams, const directory_ptr& where, verifiers& v) {
  s.name = host + "." + org.domain;
  s.address = s.name;
  s.msp_id = org.msp_id;
  s.org_group = org.name;
  s.identity = m.members.at(s.name);
  s.verifier = v.of(org.operated_by);
  s.clock = seams.clock;
  s.random = seams.random;
  s.where = where;
  s.options = settings.roles;
}

/// Who is where a channel's list of consenters says.
std::map<std::string, std::string> orderers_by_address(const config::topology& t) {
  std::map<std::string, std::string> out;
  const auto addresses = config::member_addresses(t);
  for (const auto& [member, address] : addresses) out.emplace(address, member);
  // Clusters that were laid out before members' hosts were those of their nodes say localhost.
  for (const auto& [member, address] : addresses) out.emplace("localhost" + address.substr(address.rfind(':')), member);
  return out;
}

/// Blocks that the member joined channels with, besides those of the topology.
result<std::vector<channel_opening>> remembered_joins(const node_settings& settings, const std::string& member) {
  std::vector<channel_opening> out;
  const auto folder = settings.folder / "data" / member / joined_folder;
  std::error_code ec;
  if (settings.folder.empty() || !fs::exists(folder, ec)) return out;
  WEFT_TRY(const auto files, ledger::open_disk_env(folder, settings.durability));
  WEFT_TRY(auto names, files->list());
  std::sort(names.begin(), names.end());
  for (const auto& name : names) {
    constexpr std::string_view suffix = ".block";
    if (!name.ends_with(suffix)) continue;
    WEFT_TRY(const auto file, files->open(name));
    WEFT_TRY(auto raw, file->read(0, file->size()));
    auto genesis = ledger::block::parse(shared_bytes{std::move(raw)});
    if (!genesis) return tl::unexpected<error>(within((folder / name).string(), genesis.error()));
    out.push_back({name.substr(0, name.size() - suffix.size()), true, std::move(*genesis)});
  }
  return out;
}

/// The consenters that the channel's configuration names, by where they are; else those that were thought of.
std::vector<std::string> serving(const ledger::channel_bundle& bundle, const std::map<std::string, std::string>& members, const std::vector<std::string>& thought_of) {
  if (!bundle.raft()) return thought_of;
  std::vector<std::string> out;
  for (const auto& c : bundle.raft()->consenters) {
    if (const auto at = members.find(c.host + ":" + std::to_string(c.port)); at != members.end()) out.push_back(at->second);
  }
  return out.empty() ? thought_of : out;
}

result<std::shared_ptr<peer_channel>> open_peer_channel(const channel_opening& c, const peer_site& site, const node_settings& settings,
                                                        const config::topology& network, const std::vector<std::string>& orderers, const progress_fn& progress,
                                                        const ledger::bundle_source& bundles) {
  const auto& member = site.name;
  WEFT_TRY(auto s, open_stores(settings, member, c.id));
  const auto told = [&](block_number done, block_number all) {
    constexpr std::uint64_t every = 1000;  // shorter rebuilds are over before anybody reads a line
    if (progress && done.value % every == 0) progress(member, "rebuilding state: block " + std::to_string(done.value) + " of " + std::to_string(all.value));
  };
  const auto member_of = [own = std::string(ledger::implicit_collection_prefix) + site.msp_id](std::string_view, std::string_view collection) { return collection == own; };
  auto opened = ledger::open_member_ledger(s.files, s.state, c.genesis, member_of, told, nullptr, ledger::segment_bytes_default, bundles);
  if (!opened) return tl::unexpected<error>(within(member + ", channel " + c.id, opened.error()));
  auto channel = std::make_shared<peer_channel>();
  std::shared_ptr<ledger::env> waiting = ledger::make_memory_env();
  if (!settings.folder.empty()) {
    WEFT_TRY(waiting, ledger::open_disk_env(settings.folder / "data" / member / c.id / "waiting", settings.durability));
  }
  WEFT_TRY(channel->waiting, ledger::transient_store::open(std::move(waiting), settings.roles.private_sets_max));
  channel->id = c.id;
  channel->ledger = std::move(*opened);
  channel->orderers_in = [members = orderers_by_address(network), orderers](const ledger::channel_bundle& bundle) { return serving(bundle, members, orderers); };
  channel->orderers.set(std::make_shared<const std::vector<std::string>>(channel->orderers_in(*channel->ledger->bundle())));
  channel->now.set(std::make_shared<channel_snapshot>(channel_snapshot{channel->ledger->bundle(), channel->ledger->view(), channel->ledger->height()}));
  return channel;
}

using raft_log = cluster::raft::write_ahead_log;

/// How a raft channel's log is opened, now and after a failed sync.
result<std::function<result<std::shared_ptr<raft_log>>()>> log_opener(const node_settings& settings, const std::string& member, const std::string& channel) {
  std::shared_ptr<ledger::env> files = ledger::make_memory_env();
  if (!settings.folder.empty()) {
    WEFT_TRY(files, ledger::open_disk_env(settings.folder / "data" / member / channel / "raft", settings.durability));
  }
  return [files, where = member + ", channel " + channel]() -> result<std::shared_ptr<raft_log>> {
    cluster::raft::wal_report report;
    auto opened = raft_log::open(files, {}, &report);
    if (!opened) return tl::unexpected<error>(within(where, opened.error()));
    if (!report.cut_file.empty()) spdlog::warn("{}: {} bytes of an unfinished write were cut off {}", where, report.cut_bytes, report.cut_file);
    return std::shared_ptr<raft_log>(std::move(*opened));
  };
}

/// The log is begun before the chain is: a chain without a log has lost it, and with it the votes that it gave.
result<void> open_raft_log(orderer_channel& channel, const channel_opening& c, const std::string& member, const node_settings& settings,
                           const ledger::bundle_source& bundles) {
  WEFT_TRY(const auto first, bundles(c.genesis));
  if (first->raft() == nullptr) return {};
  WEFT_TRY(channel.open_raft_log, log_opener(settings, member, c.id));
  WEFT_TRY(channel.raft_log, channel.open_raft_log());
  auto group = cluster::first_group(first->raft()->consenters.size());
  if (!channel.raft_log->begun()) {
    if (channel.blocks->height().value != 0) {
      return fail(errc::corruption, member + ", channel " + c.id + ": the raft log is gone, and with it the votes that this consenter gave. Put the folder 'raft' "
                                    "back from a copy, or replace the consenter by a channel update");
    }
    cluster::raft::conf_state members;
    members.voters = group.ids;
    WEFT_CHECK(channel.raft_log->begin(members));
  }
  channel.group.set(std::make_shared<const cluster::group_metadata>(std::move(group)));
  return {};
}

/// What the newest block says of the group; genesis says nothing.
result<void> read_group(orderer_channel& channel, const ledger::block& last) {
  WEFT_TRY(const auto said, ledger::consenter_metadata(last));
  if (!channel.raft_log || said.empty()) return {};
  WEFT_TRY(auto group, cluster::group_metadata::decode(said));
  channel.group.set(std::make_shared<const cluster::group_metadata>(std::move(group)));
  return {};
}

result<std::shared_ptr<orderer_channel>> open_orderer_channel(const channel_opening& c, const std::string& member, const node_settings& settings,
                                                              const ledger::bundle_source& bundles) {
  WEFT_TRY(auto s, open_stores(settings, member, c.id));
  auto opened = ledger::open_block_store(s.files, s.state, ledger::segment_bytes_default, nullptr, ledger::tx_index::none);
  if (!opened) return tl::unexpected<error>(within(member + ", channel " + c.id, opened.error()));
  auto channel = std::make_shared<orderer_channel>();
  channel->id = c.id;
  channel->blocks = std::move(*opened);
  channel->cut_when_idle = c.cut_when_idle;
  WEFT_CHECK(open_raft_log(*channel, c, member, settings, bundles));
  if (channel->blocks->height().value == 0) {
    WEFT_CHECK(channel->blocks->append(c.genesis));
    WEFT_CHECK(channel->blocks->sync());
  }
  WEFT_TRY(auto last, channel->blocks->read(block_number{channel->blocks->height().value - 1}));
  WEFT_TRY(auto config_index, ledger::last_config_index(last));
  WEFT_TRY(auto config_block, channel->blocks->read(config_index));
  WEFT_TRY(auto bundle, bundles(config_block));
  channel->bundle.set(std::move(bundle));
  WEFT_CHECK(read_group(*channel, last));
  return channel;
}

/// A solo orderer behind its peers, or any on another chain, would write other blocks at numbers that they have: a fork. Nothing may start then.
/// One of a raft group finds what it lacks in its log or at the others.
result<void> check_same_chain(const orderer_site& orderer, const orderer_channel& ordered, const peer_site& peer, const peer_channel& held) {
  const auto ours = ordered.blocks->height(), theirs = held.ledger->height();
  const auto where = "channel " + ordered.id + ": ";
  if (theirs > ours && !ordered.raft_log) {
    return fail(errc::corruption, where + orderer.name + " has " + std::to_string(ours.value) + " blocks, but " + peer.name + " has " +
                                      std::to_string(theirs.value) + ". An orderer must not order anew what peers hold already: put its block files back");
  }
  const block_number last{std::min(theirs, ours).value - 1};
  const auto here = ordered.blocks->read(last), there = held.ledger->blocks().read(last);
  if (!here || !there || here->hash() == there->hash()) return {};  // a damaged block is reported when somebody needs it
  return fail(errc::corruption, where + "block " + std::to_string(last.value) + " of " + orderer.name + " is not that of " + peer.name +
                                    ": one of them holds another chain");
}

result<void> check_chains(const node_sites& sites) {
  for (const auto& orderer : sites.orderers) {
    const auto all = orderer->channels->all();
    for (const auto& [id, ordered] : *all) {
      for (const auto& peer : sites.peers) {
        if (const auto held = peer->channel(id)) WEFT_CHECK(check_same_chain(*orderer, *ordered, *peer, *held));
      }
    }
  }
  return {};
}

/// Identities that the channel's configuration does not know could never commit anything.
result<void> check_membership(const node_sites& sites, const std::filesystem::path& folder) {
  for (const auto& peer : sites.peers) {
    const auto all = peer->channels->all();
    for (const auto& [id, channel] : *all) {
      const auto bundle = channel->ledger->bundle();
      if (!bundle->msps()->find(peer->msp_id)) continue;  // not invited yet, or removed
      const auto known = bundle->msps()->validate(peer->identity->serialized());
      if (known) continue;
      return fail(errc::failed_precondition, "channel " + id + " was made with other identities than those in " + (folder / "crypto").string() + ": " + peer->name + ": " +
                                                 known.error().context + "; put the old crypto folder back, or begin anew in another folder with --dir");
    }
  }
  return {};
}

}  // namespace

result<void> open_channel(const orderer_site& site, const channel_opening& what, const node_settings& settings, const ledger::bundle_source& bundles) {
  WEFT_TRY(auto channel, open_orderer_channel(what, site.name, settings, bundles));
  site.channels->add(what.id, std::move(channel));
  return {};
}

std::vector<std::string> orderers_of(const config::topology& t, const node_sites& here, const std::string& channel) {
  for (const auto& c : t.channels) if (c.name == channel) return config::consenters_of(c, t);
  std::vector<std::string> out;
  for (const auto& o : here.orderers) if (o->channel(channel)) out.push_back(o->name);
  if (!out.empty() && t.nodes.size() < 2) return out;
  for (const auto& org : t.organizations) {
    if (org.kind != config::org_kind::orderer) continue;
    for (const auto& host : org.hosts) {
      const auto name = host + "." + org.domain;
      if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
    }
  }
  return out;
}

result<void> open_channel(const peer_site& site, const channel_opening& what, const node_settings& settings, const config::topology& network,
                          const std::vector<std::string>& orderers,
                          const progress_fn& progress, const ledger::bundle_source& bundles) {
  WEFT_TRY(auto channel, open_peer_channel(what, site, settings, network, orderers, progress, bundles));
  site.channels->add(what.id, std::move(channel));
  return {};
}

result<void> remember_join(const node_settings& settings, const std::string& member, const channel_opening& what) {
  if (settings.folder.empty()) return {};
  const auto folder = settings.folder / "data" / member / joined_folder;
  std::error_code ec;
  fs::create_directories(folder, ec);
  if (ec) return fail(errc::io, "cannot create " + folder.string() + ": " + ec.message());
  WEFT_TRY(const auto files, ledger::open_disk_env(folder, settings.durability));
  return files->replace(what.id + ".block", what.genesis.encode());
}

result<node_sites> open_sites(const config::topology& t, const material& m, const node_settings& settings, const material_seams& seams,
                              const directory_ptr& where, std::shared_ptr<crypto::key_tables> tables, const progress_fn& progress, const contract_processes& processes) {
  node_sites out;
  verifiers v{settings.trust, std::move(tables)};
  known_bundles bundles{settings.trust};
  const auto openings = [&](const std::string& member) -> result<std::vector<channel_opening>> {
    std::vector<channel_opening> all;
    for (const auto& c : t.channels) all.push_back({c.name, c.batch.cut_when_idle, m.genesis.at(c.name)});
    WEFT_TRY(auto joined, remembered_joins(settings, member));
    std::move(joined.begin(), joined.end(), std::back_inserter(all));
    return all;
  };
  const auto* only = settings.node.empty() ? nullptr : config::find_node(t, settings.node);
  const auto elsewhere = [&](const std::string& member) {
    return only != nullptr && std::find(only->members.begin(), only->members.end(), member) == only->members.end();
  };
  for (const auto& org : t.organizations) {
    if (org.kind != config::org_kind::orderer) continue;
    for (const auto& host : org.hosts) {
      if (elsewhere(host + "." + org.domain)) continue;
      auto s = std::make_shared<orderer_site>();
      fill(*s, org, host, m, settings, seams, where, v);
      if (const auto tls = m.tls_certs.find(s->name); tls != m.tls_certs.end()) s->tls_certificate = tls->second.pem;
      s->members_by_address = orderers_by_address(t);
      WEFT_TRY(const auto channels, openings(s->name));
      for (const auto& c : channels) WEFT_CHECK(open_channel(*s, c, settings, bundles.of(org.operated_by)));
      progress("orderer " + s->name, std::to_string(channels.size()) + " channel" + (channels.size() == 1 ? "" : "s"));
      out.orderers.push_back(std::move(s));
    }
  }
  for (const auto& org : t.organizations) {
    if (org.kind != config::org_kind::peer) continue;
    for (const auto& host : org.hosts) {
      if (elsewhere(host + "." + org.domain)) continue;
      auto s = std::make_shared<peer_site>();
      fill(*s, org, host, m, settings, seams, where, v);
      WEFT_TRY(s->local_msp, crypto::msp::create(*m.msps.at(org.msp_id), crypto::msp_level::v1_4_3));
      WEFT_TRY(const auto channels, openings(s->name));
      for (const auto& c : channels) WEFT_CHECK(open_channel(*s, c, settings, t, orderers_of(t, out, c.id), progress, bundles.of(org.operated_by)));
      WEFT_CHECK(install_contracts(s, settings, processes, seams, out));
      progress("peer " + s->name, "height " + std::to_string(channels.empty() ? 0 : s->channel(channels.front().id)->ledger->height().value));
      out.peers.push_back(std::move(s));
    }
  }
  WEFT_CHECK(check_chains(out));
  WEFT_CHECK(check_membership(out, settings.folder));
  return out;
}

}  // namespace weft::actors
