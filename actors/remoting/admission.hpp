// The admission rule: from the certificate that a host presents to the node it is, or to a refusal.
// One rule now, from the topology; another, from the consenters pinned in a channel's configuration, can take its place.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/base/bytes.hpp"
#include "config/base/clock.hpp"

namespace weft::actors::remoting {

/// What the other side of a handshake showed, and proved to have the key of.
struct presented {
  bytes leaf;                  ///< DER.
  std::vector<bytes> others;   ///< DER; what it sent besides: intermediate authorities, or anything.
  bool dialled = false;        ///< It answered our call (a server's certificate), rather than calling us (a client's).
};

/// Thread-safe and quick: runs inside handshakes.
class admission_rule {
 public:
  virtual ~admission_rule() = default;
  /// The node whose certificate this is. `expected`: the node that was dialled; empty for whoever calls.
  /// Errors: `permission_denied` with the check that failed, for our log; the other side learns nothing but "refused".
  [[nodiscard]] virtual result<std::string> admit(const presented& who, const std::string& expected) const = 0;
};

/// How one node is recognized: by exactly one of its certificates, or by a host name under one of the authorities.
struct node_identity {
  std::vector<std::string> certificates_pem;  ///< Pinned: nothing else of them is checked but their dates.
  std::string host;                           ///< Must be a DNS name or address of the certificate (no wildcards, no common name) …
  std::vector<std::string> roots_pem;         ///< … that a chain leads from to one of these.
};

/// Errors: `invalid_argument`: unreadable PEM, a node without any identity, or two nodes that the same certificate would be.
[[nodiscard]] result<std::shared_ptr<const admission_rule>> make_topology_admission(const std::map<std::string, node_identity>& nodes,
                                                                                    std::shared_ptr<const weft::clock> clock);

/// The twin in memory: a table from what is presented to names. Accepts any bytes as certificate.
[[nodiscard]] std::shared_ptr<const admission_rule> make_table_admission(std::map<bytes, std::string> nodes);

}  // namespace weft::actors::remoting
