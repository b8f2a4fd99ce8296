// Keys and files that several tests of crypto/ share.
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>

#include "crypto/keys/der.hpp"
#include "crypto/keys/keys.hpp"
#include "crypto/keys/pem.hpp"

namespace weft::crypto::test {

/// SEC1 PEM of a scalar, with the curve named and without the point.
inline std::string ec_pem(key_kind kind, bytes_view scalar) {
  const bytes curve = from_hex(kind == key_kind::p256 ? "06082a8648ce3d030107" : "06052b81040022").value();
  const bytes one = from_hex("020101").value();
  return pem::encode("EC PRIVATE KEY", der::sequence({one, der::octet_string(scalar), der::tlv(der::context_tag(0), {curve})}));
}

inline bytes read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

inline std::filesystem::path golden_crypto() { return std::filesystem::path(WEFT_GOLDEN_DIR) / "crypto"; }
inline std::filesystem::path golden_org1() { return golden_crypto() / "peerOrganizations/org1.example.com"; }

}  // namespace weft::crypto::test
