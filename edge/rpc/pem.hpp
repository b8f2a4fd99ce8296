// PEM texts as OpenSSL reads them.
#pragma once

#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "config/base/freed.hpp"

namespace weft::edge::pem {

using bio_ptr = std::unique_ptr<BIO, freed<&BIO_free>>;
using cert_ptr = std::unique_ptr<X509, freed<&X509_free>>;
using key_ptr = std::unique_ptr<EVP_PKEY, freed<&EVP_PKEY_free>>;

/// Reads from `text`, which has to outlive it.
[[nodiscard]] inline bio_ptr over(const std::string& text) { return bio_ptr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }
/// OpenSSL would ask the terminal for the passphrase of an encrypted key.
inline int no_passphrase(char*, int, int, void*) { return 0; }
/// The next certificate, or null when there is none or it is malformed.
[[nodiscard]] inline cert_ptr next_certificate(BIO* in) { return cert_ptr(PEM_read_bio_X509(in, nullptr, no_passphrase, nullptr)); }
/// The first private key, or null.
[[nodiscard]] inline key_ptr private_key(const std::string& text) { return key_ptr(PEM_read_bio_PrivateKey(over(text).get(), nullptr, no_passphrase, nullptr)); }

}  // namespace weft::edge::pem
