// What clients of a network are given to find it and to speak for somebody: connection profiles, wallet entries and shell environments, in the
// forms of Fabric's SDKs and command line.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/topology/topology.hpp"

namespace weft::config {

/// A member that a client may talk to.
struct reachable_member {
  std::string name;           ///< "peer0.org1.example.com": the name in its TLS certificate.
  std::string organization;   ///< "Org1"
  std::string address;        ///< "localhost:7051"
  std::string tls_root_pem;   ///< Whoever issued its TLS certificate.
  std::string tls_root_file;  ///< The same as a file, absolute.
};

/// Somebody whom a client may speak for.
struct client_identity {
  std::string label;          ///< "User1@org1.example.com"
  std::string msp_id;
  std::string certificate_pem, key_pem;
  std::string msp_folder;     ///< Absolute.
  std::string tls_folder;     ///< With client.crt and client.key, for members that ask for them; empty: they do not.
};

/// The connection profile of one organization, version 1.0.0: its own peers first, those of others with the orderers after, so that clients without
/// service discovery find everybody whom a policy may ask for. `members` may be all of the network's.
struct profile_request {
  const topology* network = nullptr;
  std::string organization;
  std::vector<reachable_member> peers, orderers;
};
[[nodiscard]] std::string connection_profile_json(const profile_request& request);
/// The same as YAML.
[[nodiscard]] std::string connection_profile_yaml(const profile_request& request);

/// A file of fabric-network's file system wallet, to be named `<label>.id`.
[[nodiscard]] std::string wallet_entry(const client_identity& who);

/// Lines for a shell that is to speak for `admin` to `peer` with Fabric's `peer` command: CORE_PEER_…, ORDERER_CA and ORDERER_ADDRESS (when there is an
/// orderer). Values are quoted: a folder may have any name.
[[nodiscard]] std::string shell_environment(const client_identity& admin, const reachable_member& peer, const reachable_member* orderer);

/// What a contract is given that dials its peer. interop/05 §4.
struct dialling_contract {
  std::string package_id, peer_address, msp_id;
  std::string certificate_pem, key_pem;  ///< Its own, by which the peer knows it.
  std::string root_pem;                  ///< Who issued the peer's certificate for that port.
};
/// chaincode.json, as Fabric hands it to the `run` of an external builder.
[[nodiscard]] std::string contract_description(const dialling_contract& c);
/// Lines for a shell, with the variables that Fabric's shims read. `folder` (absolute) holds client.key and client.crt (base64 of PEM, as Fabric has it),
/// client_pem.key, client_pem.crt and peer.crt (PEM).
[[nodiscard]] std::string contract_environment(const dialling_contract& c, const std::string& folder);

}  // namespace weft::config
