// Certificates as the bytes that they are.
#pragma once

#include <openssl/x509.h>

#include "config/base/bytes.hpp"

namespace weft::actors::remoting {

/// Empty for none.
[[nodiscard]] inline bytes to_der(const X509* x) {
  unsigned char* out = nullptr;
  const int size = x != nullptr ? i2d_X509(x, &out) : 0;
  if (size <= 0) return {};
  bytes der(reinterpret_cast<const char*>(out), static_cast<std::size_t>(size));
  OPENSSL_free(out);
  return der;
}

}  // namespace weft::actors::remoting
