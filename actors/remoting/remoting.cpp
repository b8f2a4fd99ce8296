#include "actors/remoting/remoting.hpp"

#include "actors/remoting/socket_address.hpp"

namespace weft::actors::remoting {

namespace {

constexpr std::size_t lookups_waiting_max = 64;

class running_links final : public node_links {
 public:
  running_links(caf::actor_system& system, std::unique_ptr<carrier> over, settings s, directory_ptr where, placement members,
                std::shared_ptr<executor> resolver)
      : resolver_(std::move(resolver)) {
    tunnel_settings t;
    t.self = s.node;
    t.own_mark = mark_of(system, system.node());
    for (const auto& [name, p] : s.peers) t.peers[name] = {p.address, dials(s.node, name)};
    t.limits = s.limits;
    t.random = s.random;
    auto port = std::make_shared<entry_port>();
    auto tunnel = std::make_shared<remoting::tunnel>(std::move(t), std::move(over), [port](link_event e) { port->deliver(std::move(e)); });
    where->on_change([port] { port->poke(); });
    parts_ = std::make_shared<const entry_parts>(entry_parts{s.node, std::move(where), std::move(members), tunnel, port, std::move(s.report)});
  }
  ~running_links() override { stop(); }

  role_spec entry_role(std::shared_ptr<role_meter> meter) const override {
    return node_entry_role({parts_->self + "/entry", std::move(meter)}, parts_);
  }
  const std::string& address() const override { return parts_->tunnel->address(); }
  tunnel_report report() const override { return parts_->tunnel->report(); }
  void set_fault(const std::string& peer, link_fault fault) override { parts_->tunnel->set_fault(peer, fault); }
  void stop() override {
    parts_->tunnel->stop();
    if (resolver_) resolver_->stop();
  }

 private:
  std::shared_ptr<executor> resolver_;
  std::shared_ptr<const entry_parts> parts_;
};

}  // namespace

std::unique_ptr<node_links> start_over(caf::actor_system& system, std::unique_ptr<carrier> over, settings s, directory_ptr where, placement members) {
  erase_named_servers(system);
  return std::make_unique<running_links>(system, std::move(over), std::move(s), std::move(where), std::move(members), nullptr);
}

result<std::unique_ptr<node_links>> start(caf::actor_system& system, settings s, directory_ptr where, placement members) {
  erase_named_servers(system);
  std::map<std::string, node_identity> identities;
  for (const auto& [name, p] : s.peers) {
    identities[name] = p.identity;
    if (dials(s.node, name)) {
      if (auto at = parse_host_port(p.address); !at) return fail(within("node " + name, std::move(at.error())));
    }
  }
  WEFT_TRY(auto admission, make_topology_admission(identities, s.clock));
  auto resolver = make_background_executor(lookups_waiting_max);
  WEFT_TRY(auto over, make_tls_carrier({s.listen, s.certificate_pem, s.key_pem, std::move(admission), resolver}));
  return std::make_unique<running_links>(system, std::move(over), std::move(s), std::move(where), std::move(members), std::move(resolver));
}

}  // namespace weft::actors::remoting
