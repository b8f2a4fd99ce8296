#include "actors/node/node.hpp"

#include <spdlog/spdlog.h>
#include <stdlib.h>  // mkdtemp
#include <unistd.h>  // environ

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>

#include "actors/node/cluster_layout.hpp"
#include "actors/node/deployer.hpp"
#include "actors/node/folder_lock.hpp"
#include "actors/node/material.hpp"
#include "actors/node/orderers_report.hpp"
#include "actors/node/participation.hpp"
#include "actors/node/role_list.hpp"
#include "actors/node/sites.hpp"
#include "actors/node/supervisor.hpp"
#include "chaincode/process/contract_keeper.hpp"

namespace weft::actors {

namespace fs = std::filesystem;

namespace {

/// A folder of its own for a network in memory; gone when it goes.
struct scratch_folder {
  fs::path path;
  scratch_folder() {
    auto name = (fs::temp_directory_path() / "weft-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) path = name;
  }
  ~scratch_folder() {
    std::error_code ignored;  // what is left in the temporary folder harms nobody
    if (!path.empty()) fs::remove_all(path, ignored);
  }
};

/// Keys whose tables are waited for; others come again (key_tables).
constexpr std::size_t tables_waiting_max = 16;

/// Tells once that everything is deployed, to whoever asks, before or after.
class readiness {
 public:
  explicit readiness(std::size_t parts) : left_(parts) {}
  void part_done(const result<void>& r) {
    std::unique_lock lock(mutex_);
    if (outcome_) return;
    if (r && --left_ > 0) return;
    outcome_ = r;
    auto waiting = std::exchange(waiting_, {});
    lock.unlock();
    for (auto& f : waiting) f(r);
  }
  void when(std::function<void(const result<void>&)> f) {
    std::unique_lock lock(mutex_);
    if (!outcome_) return waiting_.push_back(std::move(f));
    const auto r = *outcome_;
    lock.unlock();
    f(r);
  }

 private:
  std::mutex mutex_;
  std::size_t left_;
  std::optional<result<void>> outcome_;
  std::vector<std::function<void(const result<void>&)>> waiting_;
};

/// What each channel's deployment waits for. Thread-safe.
class deployment_notes {
 public:
  void set(const std::string& channel, const std::string& text) {
    std::lock_guard lock(mutex_);
    notes_[channel] = text;
  }
  [[nodiscard]] std::string of(const std::string& channel) const {
    std::lock_guard lock(mutex_);
    const auto it = notes_.find(channel);
    return it == notes_.end() ? std::string() : it->second;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string> notes_;
};

class running_node final : public node {
 public:
  running_node(caf::actor_system& system, config::topology t, node_settings settings)
      : system_(system), topology_(std::move(t)), settings_(std::move(settings)) {}
  ~running_node() override { stop(); }

  result<void> open(const progress_fn& progress);
  result<void> open_links();
  result<void> start_contracts();
  [[nodiscard]] contract_processes processes() const;
  [[nodiscard]] std::string only_organization() const;

  void when_ready(std::function<void(const result<void>&)> done) override { ready_->when(std::move(done)); }
  const directory_ptr& where() const override { return where_; }
  const std::vector<std::shared_ptr<const peer_site>>& peers() const override { return sites_.peers; }
  const std::vector<std::shared_ptr<const orderer_site>>& orderers() const override { return sites_.orderers; }
  const config::topology& topology() const override { return topology_; }
  const node_settings& settings() const override { return settings_; }
  result<crypto::signing_identity> user(const std::string& name) const override;
  std::vector<role_report> roles() const override { return table_->list(); }
  std::string deployment_of(const std::string& channel) const override { return notes_->of(channel); }
  std::map<std::string, remoting::link_report> links() const override { return links_ ? links_->report().peers : std::map<std::string, remoting::link_report>{}; }
  chaincode::contract_keeper* contracts() const override { return contracts_.get(); }
  std::shared_ptr<contract_papers> papers_of(const std::string& peer) const override;
  std::map<std::string, std::uint64_t> cpu_by_role() const override;
  void kill(const std::string& role_name) override { caf::anon_send(supervisor_, atom::kill::value, role_name); }
  void stop() override;

 private:
  std::vector<role_spec> role_specs(const progress_fn& progress);
  void add_deployers(std::vector<role_spec>& specs, const progress_fn& progress);

  caf::actor_system& system_;
  config::topology topology_;
  node_settings settings_;
  std::shared_ptr<folder_lock> lock_;
  std::optional<scratch_folder> scratch_;
  std::shared_ptr<executor> background_;  ///< Builds tables of keys.
  material material_;
  node_sites sites_;
  directory_ptr where_ = std::make_shared<directory>();
  std::shared_ptr<role_table> table_ = std::make_shared<role_table>();
  std::map<std::string, std::shared_ptr<role_meter>> meters_;
  std::shared_ptr<const node_parts> parts_;
  std::shared_ptr<readiness> ready_;
  std::shared_ptr<deployment_notes> notes_ = std::make_shared<deployment_notes>();
  std::unique_ptr<remoting::node_links> links_;  ///< To the other nodes of a cluster.
  std::unique_ptr<chaincode::contract_keeper> contracts_;
  supervisor_actor supervisor_;
};

result<void> running_node::open(const progress_fn& progress) {
  if (const auto problems = config::check(topology_); !problems.empty()) {
    std::string all = "the topology has problems:";
    for (const auto& p : problems) all += "\n  " + config::to_text(p, "");
    return fail(errc::invalid_argument, all);
  }
  auto folder = settings_.folder;
  if (folder.empty()) {
    scratch_.emplace();
    folder = scratch_->path;
  } else {
    WEFT_TRY(lock_, folder_lock::take(folder));
  }
  const material_seams seams{settings_.clock,
                             settings_.seed ? std::shared_ptr<random_source>(std::make_shared<seeded_random>(*settings_.seed))
                                            : std::make_shared<system_random>(),
                             settings_.seed ? crypto::nonce_rule::deterministic : crypto::nonce_rule::random};
  const auto* self = settings_.node.empty() ? nullptr : config::find_node(topology_, settings_.node);
  if (!settings_.node.empty() && !self) return fail(errc::not_found, "the topology has no node " + settings_.node);
  result<material> found = self ? load_node_material(folder, topology_, *self, seams) : make_or_load_material(folder, topology_, seams, progress);
  if (!found) return tl::unexpected<error>(found.error());
  material_ = std::move(*found);
  scratch_.reset();
  background_ = settings_.threads_for_disks ? make_background_executor(tables_waiting_max) : make_inline_executor();
  WEFT_CHECK(start_contracts());
  WEFT_TRY(sites_, open_sites(topology_, material_, settings_, seams, where_, crypto::make_key_tables(background_), progress, processes()));
  ready_ = std::make_shared<readiness>(std::max<std::size_t>(topology_.channels.size(), 1));
  if (topology_.channels.empty()) ready_->part_done({});
  parts_ = std::make_shared<const node_parts>(node_parts{topology_, settings_, seams, material_, sites_, where_, meters_,
                                                          [notes = notes_](const std::string& channel, const std::string& text) { notes->set(channel, text); }});
  auto specs = role_specs(progress);
  if (self) {
    WEFT_CHECK(open_links());
    specs.push_back(links_->entry_role());
    progress("node " + self->name, "listens at " + links_->address());
  }
  supervisor_ = system_.spawn(supervisor, where_, std::move(specs), table_);
  return {};
}

/// The keeper lives longer than the roles that ask.
contract_processes running_node::processes() const {
  if (!contracts_) return {};
  contract_processes out;
  out.last_words = [keeper = contracts_.get()](const std::string& package_id) { return keeper->last_lines_of(package_id); };
  std::error_code ec;
  if (settings_.run_packages) out.runner = std::make_shared<package_runner>(fs::absolute(settings_.folder, ec) / "contracts" / "packages", *contracts_, background_);
  return out;
}

std::shared_ptr<contract_papers> running_node::papers_of(const std::string& peer) const {
  const auto it = sites_.papers.find(peer);
  return it == sites_.papers.end() ? nullptr : it->second;
}

/// The one whose peers are here; empty when there are several, which a contract's process cannot tell from one another.
std::string running_node::only_organization() const {
  const auto* self = settings_.node.empty() ? nullptr : config::find_node(topology_, settings_.node);
  std::set<std::string> found;
  for (const auto& org : topology_.organizations) {
    if (org.kind != config::org_kind::peer) continue;
    for (const auto& host : org.hosts) {
      const auto member = host + "." + org.domain;
      if (!self || std::find(self->members.begin(), self->members.end(), member) != self->members.end()) found.insert(org.msp_id);
    }
  }
  return found.size() == 1 ? *found.begin() : std::string();
}

result<void> running_node::start_contracts() {
  if (settings_.folder.empty()) return {};
  std::vector<std::string> environment;
  for (char** entry = ::environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  std::error_code ec;
  const auto folder = fs::absolute(settings_.folder, ec) / "contracts";
  fs::create_directories(folder, ec);
  if (ec) return fail(errc::io, "cannot create " + folder.string() + ": " + ec.message());
  WEFT_TRY(contracts_, chaincode::contract_keeper::open({folder, {}, std::move(environment), only_organization()}));
  return {};
}

result<void> running_node::open_links() {
  WEFT_TRY(auto link, read_link_settings(settings_.folder, topology_, *config::find_node(topology_, settings_.node)));
  link.clock = settings_.clock;
  link.report = [orderers = sites_.orderers] { return orderers_report(orderers); };
  WEFT_TRY(links_, remoting::start(system_, std::move(link), where_, config::placement_of(topology_)));
  return {};
}

std::vector<role_spec> running_node::role_specs(const progress_fn& progress) {
  role_list list{topology_, sites_, material_, settings_, meters_};
  auto specs = list.make();
  specs.push_back(participation_role({"node/participation", nullptr}, parts_, settings_.threads_for_disks));
  add_deployers(specs, progress);
  return specs;
}

void running_node::add_deployers(std::vector<role_spec>& specs, const progress_fn& progress) {
  for (const auto& c : topology_.channels) {
    auto what = make_deployment(*parts_, c.name, c.contracts);
    // All organizations were removed from it; or this node starts again, and need not wait for others.
    if (what.orgs.empty() || (what.shared && nothing_to_deploy(what))) {
      ready_->part_done({});
      continue;
    }
    if (what.shared) {
      const auto absent = what.absent();
      what.noted = absent.empty() ? "waiting: they are being deployed" : "waiting for " + absent;
      notes_->set(c.name, what.noted);
      progress("contracts of " + c.name, what.noted);
    }
    specs.push_back(deployer_role({"deployer/" + c.name, nullptr}, std::move(what), progress, [r = ready_](const result<void>& outcome) { r->part_done(outcome); }));
  }
}

result<crypto::signing_identity> running_node::user(const std::string& name) const {
  if (const auto it = material_.members.find(name); it != material_.members.end()) return *it->second;
  std::string known;
  for (const auto& [n, identity] : material_.members) if (n.find('@') != std::string::npos) known += (known.empty() ? "" : ", ") + n;
  return fail(errc::not_found, "no identity " + name + " in this network; there are " + known);
}

std::map<std::string, std::uint64_t> running_node::cpu_by_role() const {
  std::map<std::string, std::uint64_t> out;
  for (const auto& [kind, meter] : meters_) out[kind] = meter->cpu_nanos.load();
  return out;
}

void running_node::stop() {
  if (background_) background_->stop();
  if (links_) links_->stop();
  if (!supervisor_) return;
  if (contracts_) contracts_->stop_all();
  if (settings_.threads_for_disks) {
    caf::scoped_actor self{system_};
    self->request(supervisor_, std::chrono::seconds(60), atom::stop::value)
        .receive([](bool) {}, [](const caf::error&) { spdlog::error("some roles did not stop within 60 s"); });
  } else {
    caf::anon_send(supervisor_, atom::stop::value);  // the driver of the testing scheduler delivers it
  }
  supervisor_ = nullptr;
}

}  // namespace

result<std::unique_ptr<node>> node::start(caf::actor_system& system, const config::topology& t, node_settings settings, progress_fn progress) {
  if (!progress) progress = [](const std::string&, const std::string&) {};
  auto made = std::make_unique<running_node>(system, t, std::move(settings));
  WEFT_CHECK(made->open(progress));
  return std::unique_ptr<node>(std::move(made));
}

fs::path member_folders::user(const fs::path& network, const config::organization& org, const std::string& name) {
  const auto kind = org.kind == config::org_kind::peer ? "peerOrganizations" : "ordererOrganizations";
  return network / "crypto" / kind / org.domain / "users" / (name + "@" + org.domain);
}

std::vector<std::string> member_folders::users(const config::organization& org) {
  std::vector<std::string> out{"Admin"};
  for (std::size_t i = 1; org.kind == config::org_kind::peer && i <= org.users; ++i) out.push_back("User" + std::to_string(i));
  return out;
}

fs::path member_folders::host(const fs::path& network, const config::organization& org, const std::string& host) {
  const bool peer = org.kind == config::org_kind::peer;
  return network / "crypto" / (peer ? "peerOrganizations" : "ordererOrganizations") / org.domain / (peer ? "peers" : "orderers") / (host + "." + org.domain);
}

}  // namespace weft::actors
