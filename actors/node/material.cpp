#include "actors/node/material.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "actors/node/files.hpp"
#include "actors/node/node.hpp"
#include "crypto/ca/imported_material.hpp"
#include "crypto/ca/network_material.hpp"
#include "crypto/msp/folder.hpp"
#include "ledger/channel/bundle.hpp"
#include "ledger/channel/config_tree.hpp"
#include "ledger/channel/consensus_metadata.hpp"
#include "ledger/channel/duration.hpp"
#include "ledger/channel/genesis.hpp"
#include "ledger/store/block_store.hpp"
#include "ledger/store/env.hpp"
#include "msp/msp_config.pb.h"

namespace weft::actors {

namespace fs = std::filesystem;
using config::org_kind;
using config::organization;

namespace {

fs::path org_folder(const fs::path& network, const organization& org) {
  return network / "crypto" / (org.kind == org_kind::peer ? "peerOrganizations" : "ordererOrganizations") / org.domain;
}

crypto::organization_description::kind kind_of(const organization& org) {
  return org.kind == org_kind::peer ? crypto::organization_description::kind::peer : crypto::organization_description::kind::orderer;
}

/// `addresses` are the names that clients know the hosts by.
crypto::organization_description describe(const organization& org, const std::map<std::string, std::string>& addresses) {
  crypto::organization_description d;
  d.role = kind_of(org);
  d.name = org.name;
  d.domain = org.domain;
  d.users = static_cast<std::uint32_t>(org.users);
  for (const auto& host : org.hosts) {
    auto sans = crypto::local_sans();
    if (const auto it = addresses.find(host + "." + org.domain); it != addresses.end()) {
      auto name = it->second.substr(0, it->second.rfind(':'));
      if (name.starts_with('[')) name = name.substr(1, name.size() - 2);
      if (name != it->first && std::find(sans.begin(), sans.end(), name) == sans.end()) sans.push_back(name);
    }
    d.nodes.push_back({host, {}, std::move(sans)});
  }
  return d;
}

/// Adds the files of an organization that another tool made. Errors: `invalid_argument` with every problem.
result<void> import_into(crypto::network_material& into, const organization& org, const material_seams& seams,
                         const std::function<void(const std::string&, const std::string&)>& progress) {
  auto imported = crypto::import_organization(org.material, import_request_of(org), seams.clock->now());
  if (config::any_error(imported.problems)) {
    return fail(errc::invalid_argument, "the material of " + org.name + " in " + org.material + " cannot be used:\n" + config::to_text(imported.problems, ""));
  }
  progress("identities of " + org.name, "taken from " + org.material);
  auto& files = imported.files;
  into.files.insert(into.files.end(), std::make_move_iterator(files.files.begin()), std::make_move_iterator(files.files.end()));
  into.empty_directories.insert(into.empty_directories.end(), files.empty_directories.begin(), files.empty_directories.end());
  return {};
}

/// Makes the tree, or what a grown topology lacks of it. What was taken from elsewhere once is the network's own from then on.
result<void> make_identities(const fs::path& folder, const config::topology& t, const material_seams& seams,
                             const std::function<void(const std::string&, const std::string&)>& progress) {
  const auto root = folder / "crypto";
  const bool fresh = !fs::exists(root);
  constexpr std::size_t quick = 16;  // fewer members than that are there before anybody reads a line
  const auto addresses = config::member_addresses(t);
  std::vector<crypto::organization_description> organizations;
  std::size_t members = 0;
  for (const auto& org : t.organizations) {
    if (!org.material.empty()) continue;
    organizations.push_back(describe(org, addresses));
    members += org.hosts.size() + org.users + 1;
  }
  if (fresh && members > quick) progress("identities", "making those of " + std::to_string(members) + " members");
  WEFT_TRY(auto made, crypto::make_network_material(organizations, *seams.clock, *seams.random, seams.nonces,
                                                    fresh ? crypto::existing_files{} : crypto::files_below(root)));
  crypto::network_material imported;
  for (const auto& org : t.organizations)
    if (!org.material.empty() && !fs::exists(org_folder(folder, org))) WEFT_CHECK(import_into(imported, org, seams, progress));
  if (fresh) {
    for (const auto& f : imported.files) made.files.push_back(f);
    for (const auto& f : imported.empty_directories) made.empty_directories.push_back(f);
    WEFT_CHECK(crypto::write_files(root, made));
  } else {
    if (!imported.files.empty()) WEFT_CHECK(crypto::add_organizations(root, imported));
    if (!made.files.empty()) WEFT_CHECK(crypto::add_files(root, made));
  }
  if (!organizations.empty() || !fresh) progress("identities", fresh ? "made anew" : "reused from " + root.string());
  return {};
}

result<void> load_member(material& m, const fs::path& msp_folder, const organization& org, const std::string& name, crypto::nonce_rule rule) {
  WEFT_TRY(auto identity, crypto::read_signing_identity(msp_folder, org.msp_id, rule));
  m.members.emplace(name, std::make_shared<crypto::signing_identity>(std::move(identity)));
  return {};
}

/// The TLS certificate of an orderer, if it has one: the first of its file.
result<void> load_tls(material& m, const fs::path& tls_folder, const std::string& name) {
  const auto file = tls_folder / "server.crt";
  if (!fs::exists(file)) return {};
  WEFT_TRY(auto text, read_file(file));
  auto chain = crypto::certificate::all_from_pem(text);
  if (!chain || chain->empty()) return fail(errc::invalid_argument, file.string() + (chain ? " holds no certificate" : ": " + chain.error().context));
  m.tls_certs.emplace(name, tls_certificate{std::move(text), chain->front()});
  return {};
}

result<void> load_organization(material& m, const fs::path& folder, const organization& org, const material_seams& seams) {
  WEFT_TRY(auto definition, crypto::read_msp_folder(org_folder(folder, org) / "msp", org.msp_id));
  m.msps.emplace(org.msp_id, std::make_shared<::msp::FabricMSPConfig>(std::move(definition)));
  for (const auto& host : org.hosts) {
    WEFT_CHECK(load_member(m, member_folders::host(folder, org, host) / "msp", org, host + "." + org.domain, seams.nonces));
    if (org.kind == org_kind::orderer) WEFT_CHECK(load_tls(m, member_folders::host(folder, org, host) / "tls", host + "." + org.domain));
  }
  for (const auto& user : member_folders::users(org)) {
    WEFT_CHECK(load_member(m, member_folders::user(folder, org, user) / "msp", org, user + "@" + org.domain, seams.nonces));
  }
  const auto ca = "ca." + org.domain;
  if (!org.material.empty() && !fs::exists(org_folder(folder, org) / "ca" / "priv_sk")) return {};  // an authority that stays where it is
  WEFT_TRY(auto cert, read_file(org_folder(folder, org) / "ca" / (ca + "-cert.pem")));
  WEFT_TRY(auto key, read_file(org_folder(folder, org) / "ca" / "priv_sk"));
  WEFT_TRY(auto authority, crypto::authority::from_pem(cert, key, seams.nonces));
  m.authorities.emplace(ca, std::make_shared<ca_site>(ca_site{ca, org.msp_id, std::move(authority), seams.clock, seams.random}));
  return {};
}

/// ConsensusType.metadata of a raft channel: who orders it, known by their TLS certificates, and how they work together.
result<bytes> raft_metadata(const material& m, const config::topology& t, const config::channel& c) {
  const auto endpoints = config::member_addresses(t);
  std::vector<ledger::raft_consenter> consenters;
  for (const auto& name : config::consenters_of(c, t)) {
    const auto tls = m.tls_certs.find(name);
    if (tls == m.tls_certs.end())
      return fail(errc::invalid_argument, "channel " + c.name + ": the consenter " + name + " has no TLS certificate (tls/server.crt in its folder)");
    const auto& address = endpoints.at(name);
    const auto colon = address.rfind(':');
    const auto port = static_cast<std::uint32_t>(std::stoul(address.substr(colon + 1)));  // checked with the topology
    consenters.push_back({address.substr(0, colon), port, tls->second.pem, tls->second.pem});
  }
  config::raft_options options;
  options.tick_interval = ledger::format_duration(c.raft.tick_interval);
  options.election_tick = c.raft.election_tick;
  options.heartbeat_tick = c.raft.heartbeat_tick;
  options.max_inflight_blocks = c.raft.max_inflight_blocks;
  options.snapshot_interval_size = c.raft.snapshot_interval_size;
  return ledger::encode_raft_metadata(consenters, options);
}

/// `peers`: the organizations with peers that take part.
result<ledger::block> make_genesis(const material& m, const config::topology& t, const config::channel& c, const material_seams& seams,
                                   const std::function<bool(const organization&)>& takes_part = [](const organization&) { return true; }) {
  ledger::genesis_request request;
  request.channel_id = c.name;
  request.consensus_type = c.ordering == "raft" ? "etcdraft" : c.ordering;
  if (c.ordering == "raft") {
    WEFT_TRY(request.consensus_metadata, raft_metadata(m, t, c));
  }
  request.batching = {c.batch.max_message_count, c.batch.absolute_max_bytes, c.batch.preferred_max_bytes, c.batch.timeout};
  const auto endpoints = config::member_addresses(t);
  for (const auto& org : t.organizations) {
    ledger::genesis_org g;
    g.name = org.name;
    g.msp = m.msps.at(org.msp_id);
    if (org.kind == org_kind::orderer) {
      for (const auto& host : org.hosts) g.endpoints.push_back(endpoints.at(host + "." + org.domain));
      request.orderers.push_back(std::move(g));
    } else if (takes_part(org)) {
      request.application.push_back(std::move(g));
    }
  }
  return ledger::make_genesis(request, *seams.random, seams.clock->now());
}

/// Everything on a channel rests on its genesis block, so what the folder holds must be whole and of this channel.
result<ledger::block> read_genesis(const fs::path& path, const std::string& channel) {
  WEFT_TRY(auto raw, read_file(path));
  const auto damaged = [&](const std::string& why) {
    return fail(errc::corruption, path.string() + ", the genesis block of channel " + channel + ", is damaged: " + why +
                                      ". Put it back from a copy, or remove it: it is then taken from the members' block files");
  };
  auto stored = ledger::block::parse(shared_bytes{std::move(raw)});
  if (!stored) return damaged(stored.error().context);
  if (auto whole = ledger::check_links(*stored, block_number{0}, {}, false); !whole) return damaged(whole.error().context);
  const auto bundle = ledger::channel_bundle::from_block(*stored);
  if (!bundle) return damaged(bundle.error().context);
  if ((*bundle)->channel_id() != channel) return damaged("it is that of channel " + (*bundle)->channel_id());
  return stored;
}

/// Block 0 as some member's block files hold it; nothing when no member has blocks of the channel yet.
std::optional<ledger::block> genesis_of_members(const fs::path& folder, const std::string& channel) {
  std::error_code ec;
  for (const auto& member : fs::directory_iterator(folder / "data", ec)) {
    const auto blocks = member.path() / channel / "blocks";
    if (!fs::exists(blocks, ec)) continue;
    auto files = ledger::open_disk_env(blocks);
    auto store = files ? ledger::open_block_store(*files, ledger::make_memory_kv()) : tl::unexpected<error>(files.error());
    if (!store || (*store)->height() == block_number{0}) continue;
    if (auto first = (*store)->read(block_number{0})) return std::move(*first);
  }
  return std::nullopt;
}

result<void> load_channels(material& m, const fs::path& folder, const config::topology& t, const material_seams& seams,
                           const std::function<void(const std::string&, const std::string&)>& progress) {
  WEFT_TRY(auto files, ledger::open_disk_env(folder / "channels"));
  for (const auto& c : t.channels) {
    const auto name = c.name + ".block";
    if (fs::exists(folder / "channels" / name)) {
      WEFT_TRY(auto stored, read_genesis(folder / "channels" / name, c.name));
      m.genesis.emplace(c.name, std::move(stored));
      continue;
    }
    auto kept = genesis_of_members(folder, c.name);
    result<ledger::block> made = kept ? std::move(*kept) : make_genesis(m, t, c, seams);
    if (!made) return tl::unexpected<error>(made.error());
    WEFT_CHECK(files->replace(name, made->encode()));
    progress("channel " + c.name, kept ? "genesis block taken from a member's block files" : "genesis block made");
    m.genesis.emplace(c.name, std::move(*made));
  }
  return {};
}

}  // namespace

result<ledger::block> stored_or_new_genesis(const fs::path& folder, const material& m, const config::topology& t, const std::string& channel,
                                            const std::vector<const organization*>& peers, const material_seams& seams) {
  if (peers.empty()) return fail(errc::invalid_argument, "a channel needs an organization with peers");
  if (auto ok = ledger::check_channel_id(channel); !ok) return fail(errc::invalid_argument, "channel name: " + ok.error().context);
  const auto same = [&](const organization& org) { return std::find(peers.begin(), peers.end(), &org) != peers.end(); };
  const auto name = channel + ".block";
  if (!folder.empty() && fs::exists(folder / "channels" / name)) {
    WEFT_TRY(auto raw, read_file(folder / "channels" / name));
    WEFT_TRY(auto stored, ledger::block::parse(shared_bytes{std::move(raw)}));
    WEFT_TRY(const auto bundle, ledger::channel_bundle::from_block(stored));
    std::set<std::string> wanted, has;
    for (const auto* org : peers) wanted.insert(org->msp_id);
    for (const auto& org : bundle->application_orgs()) has.insert(org.msp_id);
    if (wanted == has) return stored;
    return fail(errc::invalid_argument, "channel " + channel + " exists already, with other organizations");
  }
  config::channel c = t.channels.empty() ? config::channel{} : t.channels.front();
  c.name = channel;
  WEFT_TRY(auto made, make_genesis(m, t, c, seams, same));
  if (!folder.empty()) {
    WEFT_TRY(auto files, ledger::open_disk_env(folder / "channels"));
    WEFT_CHECK(files->replace(name, made.encode()));
  }
  return made;
}

crypto::import_request import_request_of(const organization& org) {
  crypto::import_request r{kind_of(org), org.msp_id, org.domain, org.hosts, member_folders::users(org), {}};
  for (const auto& [host, address] : org.addresses) r.addresses[host] = address.substr(0, address.rfind(':'));
  return r;
}

result<material> load_node_material(const fs::path& folder, const config::topology& t, const config::node& node, const material_seams& seams) {
  material m;
  const auto lives_here = [&](const std::string& member) { return std::find(node.members.begin(), node.members.end(), member) != node.members.end(); };
  for (const auto& org : t.organizations) {
    WEFT_TRY(auto definition, crypto::read_msp_folder(org_folder(folder, org) / "msp", org.msp_id));
    m.msps.emplace(org.msp_id, std::make_shared<::msp::FabricMSPConfig>(std::move(definition)));
    for (const auto& host : org.hosts) {
      const auto name = host + "." + org.domain;
      if (org.kind == org_kind::orderer) WEFT_CHECK(load_tls(m, member_folders::host(folder, org, host) / "tls", name));
      if (lives_here(name)) WEFT_CHECK(load_member(m, member_folders::host(folder, org, host) / "msp", org, name, seams.nonces));
    }
    for (const auto& user : member_folders::users(org)) {
      const auto at = member_folders::user(folder, org, user) / "msp";
      if (fs::exists(at)) WEFT_CHECK(load_member(m, at, org, user + "@" + org.domain, seams.nonces));
    }
  }
  for (const auto& c : t.channels) {
    const auto path = folder / "channels" / (c.name + ".block");
    if (!fs::exists(path)) return fail(errc::not_found, path.string() + " is missing: the genesis block of " + c.name + ". `weft topology init` writes it");
    WEFT_TRY(auto stored, read_genesis(path, c.name));
    m.genesis.emplace(c.name, std::move(stored));
  }
  return m;
}

result<material> make_or_load_material(const fs::path& folder, const config::topology& t, const material_seams& seams,
                                       const std::function<void(const std::string&, const std::string&)>& progress) {
  WEFT_CHECK(make_identities(folder, t, seams, progress));
  material m;
  for (const auto& org : t.organizations) WEFT_CHECK(load_organization(m, folder, org, seams));
  WEFT_CHECK(load_channels(m, folder, t, seams, progress));
  return m;
}

}  // namespace weft::actors
