// SUPERVISOR of one node: spawns roles, starts them again when they die, and knows how often and why.
#pragma once

#include <caf/all.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "actors/directory.hpp"
#include "actors/interfaces.hpp"
#include "actors/node/node.hpp"
#include "actors/role_spec.hpp"

namespace weft::actors {

/// What the supervisor knows, for `weft status`. Thread-safe.
class role_table {
 public:
  void set(const std::string& name, bool alive, bool died, std::string why);
  /// A role that has done what it was there for is no longer listed.
  void forget(const std::string& name);
  [[nodiscard]] std::vector<role_report> list() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, role_report> rows_;
};

using supervisor_actor = caf::typed_actor<
    // Kills a role as a fault would: false when there is none of that name.
    caf::replies_to<atom::kill, std::string>::with<bool>,
    // Stops every role; the reply (true) comes when all are gone.
    caf::replies_to<atom::stop>::with<bool>,
    // Spawns more roles, in order; those whose names exist are passed over. False when the node is stopping.
    caf::replies_to<atom::adopt, std::shared_ptr<const std::vector<role_spec>>>::with<bool>,
    // INTERNAL: time to start a role again.
    caf::reacts_to<atom::restart, std::string>>;

/// Where the directory has it.
inline constexpr const char* supervisor_name = "node/supervisor";

struct supervisor_state {
  directory_ptr where;
  std::shared_ptr<role_table> table;
  std::map<std::string, role_spec> specs;
  std::map<std::string, caf::actor_addr> alive;
  std::map<std::string, std::uint32_t> deaths_in_a_row;
  std::map<std::string, caf::actor_clock::time_point> born;
  bool stopping = false;
  std::vector<caf::typed_response_promise<bool>> waiting;
  static inline const char* name = "supervisor";
};
/// Spawns all `specs`, in order, before it takes its first message.
supervisor_actor::behavior_type supervisor(role_self<supervisor_actor, supervisor_state> self, directory_ptr where, std::vector<role_spec> specs,
                                           std::shared_ptr<role_table> table);

}  // namespace weft::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::shared_ptr<const std::vector<weft::actors::role_spec>>)
