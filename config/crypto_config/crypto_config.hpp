// crypto-config.yaml: which organizations, nodes and users `cryptogen` makes keys and certificates for (interop/03 §1).
// Templates are filled in here: what is read says every name as it will stand in a certificate.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/yaml/problem.hpp"

namespace weft::config {

/// PublicKeyAlgorithm.
enum class key_algorithm : std::uint8_t { ecdsa, ed25519 };

struct crypto_node {
  std::string hostname;           ///< "peer0"
  std::string common_name;        ///< "peer0.org1.example.com"
  std::vector<std::string> sans;  ///< Without the two that every node has, common name and host name.
  key_algorithm algorithm = key_algorithm::ecdsa;
};

struct crypto_user {
  std::string name;  ///< "alice": alice@org1.example.com
  key_algorithm algorithm = key_algorithm::ecdsa;
};

struct crypto_authority {
  std::string common_name;  ///< "ca.org1.example.com"; the TLS authority has "tls" in front of it.
  std::string country, province, locality, organizational_unit, street_address, postal_code;  ///< Empty: the tool's own, or left out.
  key_algorithm algorithm = key_algorithm::ecdsa;
};

struct crypto_organization {
  std::string name;              ///< For people only.
  std::string domain;            ///< Names the folder.
  bool enable_node_ous = false;
  crypto_authority ca;
  std::vector<crypto_node> nodes;  ///< Specs, then those of Template.
  std::uint32_t users = 0;         ///< User1…UserN. Orderer organizations have Admin only, whatever is written here.
  std::vector<crypto_user> named_users;
  key_algorithm user_algorithm = key_algorithm::ecdsa;  ///< Of Admin and User1…UserN.
};

struct crypto_config {
  std::vector<crypto_organization> orderers, peers;
};

/// The document as far as it could be read, and everything that is wrong with it. A key that cryptogen would pass over is a warning.
struct crypto_config_document {
  crypto_config contents;
  std::vector<problem> problems;
};
[[nodiscard]] crypto_config_document read_crypto_config(std::string_view yaml);

/// What `cryptogen showtemplate` prints and `generate` without `--config` uses.
[[nodiscard]] std::string_view crypto_config_template();

/// A Go text template with plain fields: "{{.Hostname}}.{{ .Domain }}". Errors: `invalid_argument` with what is wrong and what is known.
using template_fields = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] result<std::string> fill_template(std::string_view text, const template_fields& fields);

}  // namespace weft::config
