// What gRPC does not say: it takes any text for a certificate, listens, and then fails each handshake.
#include "edge/rpc/tls_check.hpp"

#include <openssl/err.h>

#include "edge/rpc/pem.hpp"

namespace weft::edge {

result<void> check(const server_tls& tls) {
  const auto own = pem::next_certificate(pem::over(tls.certificate_pem).get());
  const auto key = pem::private_key(tls.key_pem);
  const bool belongs = own && key && X509_check_private_key(own.get(), key.get()) == 1;
  const auto root = tls.client_roots_pem.empty() ? nullptr : pem::next_certificate(pem::over(tls.client_roots_pem).get());
  ERR_clear_error();
  if (!own) return fail(errc::invalid_argument, "the TLS certificate is no PEM certificate");
  if (!key) return fail(errc::invalid_argument, "the TLS key is no PEM key without a passphrase");
  if (!belongs) return fail(errc::invalid_argument, "the TLS key is not that of the certificate");
  if (!tls.client_roots_pem.empty() && !root) return fail(errc::invalid_argument, "the roots of clients' certificates are no PEM certificates");
  return {};
}

}  // namespace weft::edge
