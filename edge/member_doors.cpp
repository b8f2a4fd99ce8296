#include "edge/member_doors.hpp"

#include <algorithm>
#include <mutex>

#include "actors/node/files.hpp"
#include "edge/equipment.hpp"
#include "edge/private_data_service.hpp"

namespace weft::edge {

namespace fs = std::filesystem;

namespace {

/// Who may have issued the certificates of clients: the TLS authorities of all organizations.
result<std::string> client_roots(const actors::node& node, const fs::path& folder) {
  std::string out;
  for (const auto& org : node.topology().organizations) {
    const auto roots = actors::member_folders::host(folder, org, "x").parent_path().parent_path() / "msp" / "tlscacerts";
    std::error_code ec;
    for (const auto& entry : fs::directory_iterator(roots, ec)) {
      WEFT_TRY(const auto pem, actors::read_file(entry.path()));
      out += pem + "\n";
    }
  }
  if (out.empty()) return fail(errc::not_found, "no organization has a TLS authority (msp/tlscacerts), so no client could be served");
  return out;
}

/// `<folder of the member>/tls/server.{crt,key}`.
result<server_tls> tls_of(const actors::node& node, const fs::path& folder, const std::string& member) {
  for (const auto& org : node.topology().organizations) {
    for (const auto& host : org.hosts) {
      if (host + "." + org.domain != member) continue;
      const auto tls = actors::member_folders::host(folder, org, host) / "tls";
      server_tls out;
      WEFT_TRY(out.certificate_pem, actors::read_file(tls / "server.crt"));
      WEFT_TRY(out.key_pem, actors::read_file(tls / "server.key"));
      if (org.client_certificates) {
        WEFT_TRY(out.client_roots_pem, client_roots(node, folder));
      }
      return out;
    }
  }
  return fail(errc::not_found, "the topology has no member " + member);
}

template <class Site>
std::shared_ptr<const Site> find(const std::vector<std::shared_ptr<const Site>>& sites, const std::string& name) {
  const auto it = std::find_if(sites.begin(), sites.end(), [&](const auto& s) { return s->name == name; });
  return it == sites.end() ? nullptr : *it;
}

/// A server with what belongs to it; the services ask how many calls are open.
struct member_door {
  explicit member_door(caf::actor_system& system) : equipped(system) {}
  equipment equipped;
  std::unique_ptr<edge::server> server;
};

/// Where members are found: those of other nodes as the topology says, those of this one where they listen. Thread-safe.
class address_book {
 public:
  explicit address_book(const actors::node& node) {
    const auto addresses = config::member_addresses(node.topology());
    for (const auto& org : node.topology().organizations) {
      for (const auto& host : org.hosts) {
        const auto name = host + "." + org.domain;
        const auto at = addresses.find(name);
        const bool here = find(node.peers(), name) || find(node.orderers(), name);
        entries_[name] = {here || at == addresses.end() ? std::string() : at->second, org.msp_id};
      }
    }
  }
  void opened(const std::string& member, const std::string& address) {
    std::lock_guard lock(mutex_);
    entries_[member].address = address;
  }
  [[nodiscard]] std::optional<member_location> find_member(const std::string& name) const {
    std::lock_guard lock(mutex_);
    const auto it = entries_.find(name);
    if (it == entries_.end()) return std::nullopt;
    return member_location{it->second.address.empty() ? name : it->second.address, it->second.msp_id};
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, member_location> entries_;
};

class tls_doors final : public member_doors {
 public:
  tls_doors(caf::actor_system& system, actors::node& node, fs::path folder)
      : system_(system), node_(node), folder_(std::move(folder)), book_(std::make_shared<address_book>(node)) {}
  ~tls_doors() override { tls_doors::close(std::chrono::milliseconds(0)); }

  result<void> open(const std::string& member, const std::string& address) override {
    WEFT_TRY(const auto tls, tls_of(node_, folder_, member));
    auto made = std::make_unique<member_door>(system_);
    WEFT_TRY(auto services, services_of(*made, member));
    WEFT_TRY(made->server, server::start(config::listening_address(address), std::move(services), tls));
    book_->opened(member, address.substr(0, address.rfind(':') + 1) + std::to_string(made->server->port()));
    doors_[member] = std::move(made);
    return {};
  }
  result<void> open_contracts(const std::string& peer, const std::string& address) override {
    const auto papers = node_.papers_of(peer);
    const auto site = find(node_.peers(), peer);
    if (!papers || !site) return fail(errc::not_found, peer + " lives on another node, or in memory");
    auto host = address.substr(0, address.rfind(':'));
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    WEFT_TRY(const auto shown, papers->listen_as(host));
    auto made = std::make_unique<member_door>(system_);
    door_context context;
    context.system = &system_;
    context.node = &node_;
    context.opened = node_.settings().clock->now();
    context.peers = std::make_shared<const peer_choice>(std::vector<peer_ptr>{site});
    context.papers = papers;
    auto services = made->equipped.make(context, {make_chaincode_support_service});
    WEFT_TRY(made->server, server::start(config::listening_address(address), std::move(services), server_tls{shown.certificate, shown.key, shown.client_roots}));
    const auto port = made->server->port();
    contract_doors_[peer] = std::move(made);
    return papers->open(address.substr(0, address.rfind(':') + 1) + std::to_string(port));
  }
  std::map<std::string, int> ports() const override {
    std::map<std::string, int> out;
    for (const auto& [member, d] : doors_) out.emplace(member, d->server->port());
    return out;
  }
  doors_usage usage() const override {
    doors_usage out;
    for (const auto& [member, d] : doors_) out.emplace(member, d->server->usage());
    return out;
  }
  void close(std::chrono::milliseconds grace) override {
    for (auto* doors : {&contract_doors_, &doors_}) {
      for (auto& [member, d] : *doors) {
        d->server->stop(grace);
        d->equipped.stop();
      }
      doors->clear();
    }
  }

 private:
  result<std::vector<service>> services_of(member_door& door, const std::string& member) {
    door_context context;
    context.system = &system_;
    context.node = &node_;
    context.opened = node_.settings().clock->now();
    context.locate = [book = book_](const std::string& name) { return book->find_member(name); };
    context.open_calls = [&door] { return door.server ? door.server->open_calls() : 0; };
    if (const auto peer = find(node_.peers(), member)) {
      context.peers = std::make_shared<const peer_choice>(std::vector<peer_ptr>{peer});
      return door.equipped.make(context, {make_gateway_service, make_endorser_service, make_deliver_service, make_private_data_service});
    }
    if ((context.orderer = find(node_.orderers(), member))) return door.equipped.make(context, {make_atomic_broadcast_service});
    return fail(errc::not_found, member + " lives on another node");
  }

  caf::actor_system& system_;
  actors::node& node_;
  fs::path folder_;
  std::shared_ptr<address_book> book_;
  std::map<std::string, std::unique_ptr<member_door>> doors_, contract_doors_;
};

}  // namespace

std::unique_ptr<member_doors> member_doors::make(caf::actor_system& system, actors::node& node, const fs::path& folder) {
  return std::make_unique<tls_doors>(system, node, folder);
}

}  // namespace weft::edge
