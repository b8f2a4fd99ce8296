// A network's material: identities and genesis blocks, made anew or taken from the network's folder.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "actors/membership/roles.hpp"
#include "config/topology/topology.hpp"
#include "crypto/ca/imported_material.hpp"
#include "crypto/msp/msp.hpp"
#include "ledger/block/block.hpp"

namespace weft::actors {

/// The seams that material is made with.
struct material_seams {
  std::shared_ptr<const weft::clock> clock;
  std::shared_ptr<random_source> random;
  crypto::nonce_rule nonces = crypto::nonce_rule::random;
};

/// A node's TLS certificate: its file, which channels hold byte for byte, and what it says.
struct tls_certificate {
  bytes pem;
  crypto::certificate cert;
};

/// What the folder `<network>/crypto` and `<network>/channels` hold, loaded. Immutable.
struct material {
  std::map<std::string, std::shared_ptr<const crypto::signing_identity>> members;  ///< By "peer0.org1.example.com", "User1@org1.example.com".
  /// Of orderer hosts, by "orderer0.example.com": how a consenter finds itself in a channel. Missing where another tool made no TLS folder.
  std::map<std::string, tls_certificate> tls_certs;
  std::map<std::string, std::shared_ptr<const ::msp::FabricMSPConfig>> msps;       ///< By MSP id.
  std::map<std::string, std::shared_ptr<const ca_site>> authorities;               ///< By "ca.org1.example.com".
  std::map<std::string, ledger::block> genesis;                                    ///< By channel.
};

/// What a folder that `org.material` names must hold.
[[nodiscard]] crypto::import_request import_request_of(const config::organization& org);

/// Makes what is missing and loads everything. Keys are written with mode 0600. Errors: `io`, `invalid_argument` naming the file at fault.
[[nodiscard]] result<material> make_or_load_material(const std::filesystem::path& folder, const config::topology& t, const material_seams& seams,
                                                     const std::function<void(const std::string&, const std::string&)>& progress);

/// What the folder of one node of a cluster holds: definitions of all organizations, identities of its own members, genesis blocks. Nothing is made.
/// Errors: `not_found` naming what this node cannot do without; `io`, `invalid_argument`, `corruption`.
[[nodiscard]] result<material> load_node_material(const std::filesystem::path& folder, const config::topology& t, const config::node& node,
                                                  const material_seams& seams);

/// The genesis block of a channel that is made later: what an earlier attempt left in the folder, or a new one, which is kept there.
/// Errors: `invalid_argument` for a name or organizations that make no channel, also when the stored one has other organizations; `io`.
[[nodiscard]] result<ledger::block> stored_or_new_genesis(const std::filesystem::path& folder, const material& m, const config::topology& t,
                                                          const std::string& channel, const std::vector<const config::organization*>& peers,
                                                          const material_seams& seams);

}  // namespace weft::actors
