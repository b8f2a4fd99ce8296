// Inside `weft up` and `weft node`: the ports of the members that live here, what their clients are given, and the operations service.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "cli/up.hpp"
#include "edge/member_doors.hpp"
#include "edge/operations/server.hpp"

namespace weft::cli {

/// Used by one thread.
class member_ports {
 public:
  member_ports(caf::actor_system& system, actors::node& node, const up_options& options);
  /// Opens a port for every member here, with a line for each, and writes profiles, wallet and environments into the folder. A dev network goes on without
  /// a port that is taken, and says so: it is a convenience there. Errors: `unavailable`, `not_found`, `invalid_argument` for a port that was asked
  /// for by name (--ports, --operations, or an address in the topology of a cluster); `io`.
  [[nodiscard]] result<void> open(const actors::progress_fn& progress);
  /// Of the members whose ports are open.
  [[nodiscard]] const std::map<std::string, std::string>& addresses() const noexcept { return open_; }
  void close(std::chrono::milliseconds grace);

 private:
  [[nodiscard]] result<void> open_members(const actors::progress_fn& progress);
  void open_contracts(const std::string& peer, const std::string& address);
  [[nodiscard]] result<void> open_operations(const actors::progress_fn& progress);
  [[nodiscard]] bool must_open(const std::string& member) const;

  actors::node& node_;
  const up_options& options_;
  std::unique_ptr<edge::member_doors> doors_;
  std::map<std::string, std::string> open_;
  std::unique_ptr<edge::operations::server> operations_;
};

}  // namespace weft::cli
