// The keys and certificates of a whole network, as the tree of files that cryptogen writes (interop/03 §1).
// Pure: from a description, a clock and a random source to contents; writing them is a second step.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/crypto_config/crypto_config.hpp"
#include "crypto/ca/authority.hpp"

namespace weft::crypto {

struct node_description {
  std::string hostname;           ///< "peer0"
  std::string common_name;        ///< Empty: hostname.domain.
  std::vector<std::string> sans;  ///< Of the TLS certificate, after common name and host name; IP literals become addresses.
  key_kind keys = key_kind::p256; ///< Of its signing and its TLS key.
};

struct user_description {
  std::string name;               ///< "alice": the common name is alice@domain.
  key_kind keys = key_kind::p256;
};

struct organization_description {
  enum class kind : std::uint8_t { peer, orderer } role = kind::peer;
  std::string name;               ///< "Org1"; for messages only, folders are named by domain.
  std::string domain;             ///< "org1.example.com"
  bool node_ous = true;           ///< EnableNodeOUs: roles by OU and a config.yaml, rather than admincerts.
  std::vector<node_description> nodes;
  std::uint32_t users = 1;        ///< User1…UserN beside Admin. An orderer organization has Admin only.
  std::vector<user_description> named_users;  ///< Users of other names, beside those.
  key_kind user_keys = key_kind::p256;        ///< Of Admin and User1…UserN.
  std::string ca_common_name;     ///< Empty: ca.domain. The TLS authority has "tls" in front of it.
  place where;
  key_kind ca_keys = key_kind::p256;  ///< Of both authorities.
};

/// What crypto-config.yaml says: peer organizations first, as cryptogen makes them.
[[nodiscard]] std::vector<organization_description> describe(const config::crypto_config& document);

/// What cryptogen accepts without complaint and no machine could use is refused from here on.
inline constexpr std::size_t nodes_per_organization_max = 1'000;
inline constexpr std::uint32_t users_per_organization_max = 10'000;

/// "localhost" and "127.0.0.1": for networks that live on one machine.
[[nodiscard]] std::vector<std::string> local_sans();

struct material_file {
  std::string path;       ///< Relative, with '/': "peerOrganizations/org1.example.com/ca/priv_sk".
  bytes contents;
  unsigned mode = 0644;   ///< 0600 for private keys.
};

struct network_material {
  std::vector<material_file> files;
  std::vector<std::string> empty_directories;  ///< admincerts with NodeOUs: tools expect them.
};

/// Contents of a file that exists already, by its relative path, else nothing.
using existing_files = std::function<std::optional<bytes>(const std::string& path)>;

/// Everything for these organizations, in a fixed order: the same description, time and seed give the same bytes.
/// With `existing`, authorities are taken from there, and nodes and users that are there are left out (cryptogen's `extend`).
/// Errors: `invalid_argument` with the organization and name at fault: empty, doubled or unfit for a path, too many.
[[nodiscard]] result<network_material> make_network_material(const std::vector<organization_description>& organizations, const clock& clock,
                                                             random_source& random, nonce_rule rule, const existing_files& existing = {});

/// Writes a new tree: into a sibling folder first, which then takes the place of `root`, so that no half tree is ever seen.
/// Errors: `already_exists` if `root` is there and not empty; `io` with the path and the system's reason.
[[nodiscard]] result<void> write_files(const std::filesystem::path& root, const network_material& material);

/// Adds to a tree that exists. A file that is there with the same contents is left alone.
/// Errors: `already_exists` for one with other contents, before anything was written; `io`.
[[nodiscard]] result<void> add_files(const std::filesystem::path& root, const network_material& material);

/// Adds organizations to a tree that may hold others, and other things: each is written beside its place and then renamed to it.
/// Errors: `already_exists` if one of them is there, before anything was written; `io`.
[[nodiscard]] result<void> add_organizations(const std::filesystem::path& root, const network_material& material);

/// Reads below `root`, for make_network_material.
[[nodiscard]] existing_files files_below(std::filesystem::path root);

}  // namespace weft::crypto
