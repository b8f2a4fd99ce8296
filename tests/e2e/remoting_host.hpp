// A node with its tunnel and a role or two, for tests and measurements of remoting.
#pragma once

#include <atomic>
#include <caf/actor_system.hpp>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "actors/interfaces.hpp"
#include "actors/remoting/remoting.hpp"
#include "tests/unit/actors/remoting/hosts.hpp"

namespace weft::testing {

/// "host1" … with certificates for "host1.example.com" … of one authority; member "m1" lives on host1, and so on.
struct plan {
  static constexpr int nodes = 3;
  tls_authority authority{11};
  std::map<std::string, host_certificate> certificates;
  std::map<std::string, std::string> addresses;
  actors::remoting::placement placement;
  actors::remoting::tunnel_limits limits;
  plan();
  /// Settings of a node; `peers` of the plan that have an address, or call.
  [[nodiscard]] actors::remoting::settings settings(const std::string& node) const;
};

[[nodiscard]] std::unique_ptr<caf::actor_system_config> make_test_config();
/// Such an orderer in any system.
[[nodiscard]] caf::strong_actor_ptr spawn_orderer(caf::actor_system& system, const std::string& role, const std::string& answer);
/// Kills it, as a fault would, and waits until it is gone.
void kill(caf::actor_system& system, const caf::strong_actor_ptr& who);

class host {
 public:
  /// Starts it, and notes its address in the plan.
  host(plan& p, const std::string& name, const std::string& listen = "127.0.0.1:0");
  ~host();
  host(const host&) = delete;

  /// Spawns the member's orderer, which answers every envelope with 200 and `answer`.
  void start_orderer(const std::string& answer);
  void stop_orderer();
  [[nodiscard]] const actors::directory_ptr& where() const { return where_; }
  [[nodiscard]] caf::strong_actor_ptr find(const std::string& role) const { return where_->find(role); }
  /// Asks m<n>'s orderer through a route; the status, 0 when there is none, or -1 when no answer comes in time.
  [[nodiscard]] std::int32_t ask(const std::string& member, std::string* info = nullptr, std::size_t size = 100,
                                 std::chrono::milliseconds patience = std::chrono::milliseconds(5000));
  void kill(const caf::strong_actor_ptr& who) { testing::kill(*system, who); }

  std::string name;
  std::unique_ptr<caf::actor_system_config> config;
  std::unique_ptr<caf::actor_system> system;
  std::unique_ptr<actors::remoting::node_links> links;
  caf::strong_actor_ptr entry;

 private:
  actors::directory_ptr where_ = std::make_shared<actors::directory>();
  std::map<std::string, caf::strong_actor_ptr> roles_;
};

/// Waits until it holds; false after `patience`.
[[nodiscard]] bool eventually(const std::function<bool()>& holds, std::chrono::milliseconds patience = std::chrono::seconds(20));
[[nodiscard]] ledger::envelope envelope_of(std::size_t size);
/// Resident memory of this process, bytes.
[[nodiscard]] std::size_t resident();

}  // namespace weft::testing
