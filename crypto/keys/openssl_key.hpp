// OpenSSL's side of keys, for the .cpp files of crypto/ only: everybody else stays free of OpenSSL's headers.
#pragma once

#include <openssl/types.h>

#include <memory>

#include "crypto/keys/keys.hpp"

namespace weft::crypto {

struct free_openssl {
  void operator()(EC_KEY* p) const noexcept;
  void operator()(EVP_PKEY* p) const noexcept;
};
using ec_key_ptr = std::unique_ptr<EC_KEY, free_openssl>;
using evp_key_ptr = std::unique_ptr<EVP_PKEY, free_openssl>;

/// Immutable; OpenSSL only reads from it, so that threads may share it.
struct public_key::state {
  key_kind kind{};
  bytes raw, spki;
  ec_key_ptr ec;         ///< P-256 and P-384.
  evp_key_ptr ed25519;
};

struct private_key::state {
  public_key public_half;
  ec_key_ptr ec;
  evp_key_ptr ed25519;
};

}  // namespace weft::crypto
