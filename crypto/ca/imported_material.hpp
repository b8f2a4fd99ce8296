// MSP and TLS folders that another tool made, checked as a whole before a network relies on them.
#pragma once

#include <filesystem>
#include <map>

#include "config/base/clock.hpp"
#include "config/yaml/problem.hpp"
#include "crypto/ca/network_material.hpp"

namespace weft::crypto {

/// What is asked of an organization's folder: who must be in it.
struct import_request {
  organization_description::kind role = organization_description::kind::peer;
  std::string msp_id, domain;
  std::vector<std::string> hosts;      ///< "peer0": the folder peers/peer0.<domain>.
  std::vector<std::string> users;      ///< "Admin", "User1": the folder users/Admin@<domain>.
  std::map<std::string, std::string> addresses;  ///< By host: the name (without port) that its TLS certificate must carry, beside its own.
};

/// The organization's part of a network's tree, as files; empty when something is wrong.
/// Paths of problems are files below the folder ("peers/peer0.org1.example.com/tls/server.crt").
struct imported_organization {
  network_material files;
  std::vector<config::problem> problems;  ///< Warnings too: a node without TLS folder, an authority without key.
};

/// Reads `folder`, laid out as cryptogen does: msp, peers|orderers/<host>.<domain>/{msp,tls}, users/<user>@<domain>/{msp,tls}; ca and tlsca
/// may be missing. Private keys may have any file name. Checks that keys fit certificates, that certificates chain to the organization's
/// authorities and are what they are used as (a node, an administrator), that they have not expired, and that TLS certificates name their node.
[[nodiscard]] imported_organization import_organization(const std::filesystem::path& folder, const import_request& request, timestamp now);

}  // namespace weft::crypto
