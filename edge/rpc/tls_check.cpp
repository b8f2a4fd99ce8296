// What gRPC does not say: it takes any text for a certificate, listens, and then fails each handshake.
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "edge/rpc/tls_check.hpp"

namespace weft::edge {

namespace {

template <auto Free>
struct freed {
  template <class T>
  void operator()(T* p) const { Free(p); }
};
using bio_ptr = std::unique_ptr<BIO, freed<BIO_free>>;
using cert_ptr = std::unique_ptr<X509, freed<X509_free>>;
using key_ptr = std::unique_ptr<EVP_PKEY, freed<EVP_PKEY_free>>;

bio_ptr over(const std::string& text) { return bio_ptr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }
/// OpenSSL would ask the terminal for the passphrase of an encrypted key.
int no_passphrase(char*, int, int, void*) { return 0; }

}  // namespace

result<void> check(const server_tls& tls) {
  const cert_ptr own(PEM_read_bio_X509(over(tls.certificate_pem).get(), nullptr, no_passphrase, nullptr));
  const key_ptr key(PEM_read_bio_PrivateKey(over(tls.key_pem).get(), nullptr, no_passphrase, nullptr));
  const bool belongs = own && key && X509_check_private_key(own.get(), key.get()) == 1;
  const cert_ptr root(tls.client_roots_pem.empty() ? nullptr : PEM_read_bio_X509(over(tls.client_roots_pem).get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  if (!own) return fail(errc::invalid_argument, "the TLS certificate is no PEM certificate");
  if (!key) return fail(errc::invalid_argument, "the TLS key is no PEM key without a passphrase");
  if (!belongs) return fail(errc::invalid_argument, "the TLS key is not that of the certificate");
  if (!tls.client_roots_pem.empty() && !root) return fail(errc::invalid_argument, "the roots of clients' certificates are no PEM certificates");
  return {};
}

}  // namespace weft::edge
