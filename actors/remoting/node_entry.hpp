// NODE_ENTRY: the one actor of a node that others know before they have been told of any. Two entries that met tell each other their shared roles;
// the directory of each node then holds the other's roles beside its own, for as long as the link stands.
#pragma once

#include <caf/all.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "actors/directory.hpp"
#include "actors/role_spec.hpp"
#include "actors/remoting/shared_roles.hpp"
#include "actors/remoting/tunnel.hpp"

namespace weft::actors::remoting {

namespace atom {
using hello = caf::atom_constant<caf::atom("hello")>;
using whois = caf::atom_constant<caf::atom("whois")>;
using here = caf::atom_constant<caf::atom("here")>;
using changed = caf::atom_constant<caf::atom("changed")>;
using link = caf::atom_constant<caf::atom("link_event")>;
using expired = caf::atom_constant<caf::atom("expired")>;
using report = caf::atom_constant<caf::atom("report")>;
using collect = caf::atom_constant<caf::atom("collect")>;
}  // namespace atom

/// A role and who plays it now; nobody: a null handle.
struct role_handle {
  std::string name;
  caf::strong_actor_ptr who;
};
template <class Inspector> typename Inspector::result_type inspect(Inspector& f, role_handle& x) {
  return f(caf::meta::type_name("role"), x.name, x.who);
}

using link_event_ptr = std::shared_ptr<link_event>;
/// By node, as each encoded it: to be read with the care that others' bytes deserve.
using node_reports_ptr = std::shared_ptr<const std::map<std::string, bytes>>;
inline constexpr std::size_t report_bytes_max = MiB;
/// What is said of the protocol between entries; nodes that differ do not talk.
inline constexpr std::uint32_t entry_version = 1;

using node_entry_actor = caf::typed_actor<
    // From the entry of a node that dialled this one, with its version. Reply: ours. From now on each tells the other its shared roles.
    caf::replies_to<atom::hello, std::uint32_t>::with<std::uint32_t>,
    // Who plays ROLE NAME on this node? Nobody, for names that are not shared.
    caf::replies_to<atom::whois, std::string>::with<role_handle>,
    // What this node tells the others of itself, for whoever shows it (entry_parts::report).
    caf::replies_to<atom::report>::with<bytes>,
    // Within a node: what the linked nodes tell, by node; without those that do not answer in time.
    caf::replies_to<atom::collect>::with<node_reports_ptr>,
    // Between entries: this role of mine is played by that actor of mine from now on, or by nobody.
    caf::reacts_to<atom::here, role_handle>,
    // INTERNAL: the directory has changed.
    caf::reacts_to<atom::changed>,
    // INTERNAL: a link came up or went down.
    caf::reacts_to<atom::link, link_event_ptr>,
    // INTERNAL: this peer should have said hello over the link of this serial by now.
    caf::reacts_to<atom::expired, std::string, std::uint64_t>>;

/// How the tunnel and the directory reach the entry, whichever of its lives it is in. Thread-safe.
class entry_port {
 public:
  void attach(caf::actor_addr entry);
  /// The link event waits for nobody: without an entry its socket closes, and the link is made again later.
  void deliver(link_event e);
  /// The directory has changed. Several at once become one message.
  void poke();
  void poked() noexcept { poked_ = false; }

 private:
  std::mutex mutex_;
  caf::actor_addr entry_;
  std::atomic<bool> poked_{false};
};

/// What every life of the entry needs.
struct entry_parts {
  std::string self;
  directory_ptr where;
  remoting::placement placement;
  std::shared_ptr<remoting::tunnel> tunnel;
  std::shared_ptr<entry_port> port;
  std::function<bytes()> report;   ///< Called from the entry's thread; none: nothing is told.
};

/// "NODE/entry": never shared, like everything else that names a node instead of a member.
[[nodiscard]] role_spec node_entry_role(seat s, std::shared_ptr<const entry_parts> parts);

}  // namespace weft::actors::remoting

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::remoting::link_event_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::remoting::node_reports_ptr)
