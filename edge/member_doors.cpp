#include "edge/member_doors.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "edge/equipment.hpp"

namespace weft::edge {

namespace fs = std::filesystem;

namespace {

result<std::string> read_text(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(errc::not_found, file.string() + " cannot be read");
  return std::string(std::istreambuf_iterator<char>(in), {});
}

/// `<folder of the member>/tls/server.{crt,key}`.
result<server_tls> tls_of(const actors::node& node, const fs::path& folder, const std::string& member) {
  for (const auto& org : node.topology().organizations) {
    for (const auto& host : org.hosts) {
      if (host + "." + org.domain != member) continue;
      const auto tls = actors::member_folders::host(folder, org, host) / "tls";
      server_tls out;
      WEFT_TRY(out.certificate_pem, read_text(tls / "server.crt"));
      WEFT_TRY(out.key_pem, read_text(tls / "server.key"));
      return out;
    }
  }
  return fail(errc::not_found, "the topology has no such member");
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

class tls_doors final : public member_doors {
 public:
  explicit tls_doors(caf::actor_system& system) : system_(system) {}
  ~tls_doors() override { tls_doors::close(std::chrono::milliseconds(0)); }

  [[nodiscard]] result<void> add(actors::node& node, const fs::path& folder, const member_port& port) {
    const auto opened = open_one(node, folder, port);
    return opened ? result<void>{} : fail(within(port.member, opened.error()));
  }
  std::map<std::string, int> ports() const override {
    std::map<std::string, int> out;
    for (const auto& [member, d] : doors_) out.emplace(member, d->server->port());
    return out;
  }
  void close(std::chrono::milliseconds grace) override {
    for (auto& [member, d] : doors_) {
      d->server->stop(grace);
      d->equipped.stop();
    }
    doors_.clear();
  }

 private:
  result<void> open_one(actors::node& node, const fs::path& folder, const member_port& port) {
    WEFT_TRY(const auto tls, tls_of(node, folder, port.member));
    auto made = std::make_unique<member_door>(system_);
    door_context context;
    context.system = &system_;
    context.node = &node;
    context.opened = node.settings().clock->now();
    context.open_calls = [d = made.get()] { return d->server ? d->server->open_calls() : 0; };
    std::vector<service> services;
    if (const auto peer = find(node.peers(), port.member)) {
      context.peers = std::make_shared<const peer_choice>(std::vector<peer_ptr>{peer});
      services = made->equipped.make(context, {make_gateway_service, make_endorser_service, make_deliver_service});
    } else if ((context.orderer = find(node.orderers(), port.member))) {
      services = made->equipped.make(context, {make_atomic_broadcast_service});
    } else {
      return fail(errc::not_found, "lives on another node");
    }
    WEFT_TRY(made->server, server::start(listening_address(port.address), std::move(services), tls));
    doors_.emplace(port.member, std::move(made));
    return {};
  }

  caf::actor_system& system_;
  std::map<std::string, std::unique_ptr<member_door>> doors_;
};

}  // namespace

std::string listening_address(const std::string& address) {
  const auto colon = address.rfind(':');
  const auto host = address.substr(0, colon), port = address.substr(std::min(colon, address.size()));
  if (host == "localhost" || host.starts_with("127.")) return (host == "localhost" ? "127.0.0.1" : host) + port;
  if (host == "[::1]") return address;
  return (host.starts_with("[") ? "[::]" : "0.0.0.0") + port;
}

result<std::unique_ptr<member_doors>> member_doors::open(caf::actor_system& system, actors::node& node, const fs::path& folder,
                                                         const std::vector<member_port>& ports) {
  auto made = std::make_unique<tls_doors>(system);
  for (const auto& p : ports) WEFT_CHECK(made->add(node, folder, p));
  return made;
}

}  // namespace weft::edge
