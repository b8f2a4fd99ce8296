#include "crypto/keys/signer.hpp"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "crypto/keys/ecdsa.hpp"
#include "crypto/keys/openssl_key.hpp"

namespace weft::crypto {

namespace {

struct free_context {
  void operator()(EVP_MD_CTX* c) const noexcept { EVP_MD_CTX_free(c); }
};
using context_ptr = std::unique_ptr<EVP_MD_CTX, free_context>;

constexpr std::size_t ed25519_signature_bytes = 64;
const unsigned char* data_of(bytes_view v) { return reinterpret_cast<const unsigned char*>(v.data()); }

bool verify_ed25519(EVP_PKEY* key, bytes_view message, bytes_view signature) {
  const context_ptr context(EVP_MD_CTX_new());
  const bool good = signature.size() == ed25519_signature_bytes && context &&
                    EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key) == 1 &&
                    EVP_DigestVerify(context.get(), data_of(signature), signature.size(), data_of(message), message.size()) == 1;
  if (!good) ERR_clear_error();
  return good;
}

result<bytes> sign_ed25519(EVP_PKEY* key, bytes_view message) {
  const context_ptr context(EVP_MD_CTX_new());
  bytes signature(ed25519_signature_bytes, '\0');
  std::size_t size = signature.size();
  if (context && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key) == 1 &&
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, data_of(message), message.size()) == 1)
    return signature;
  ERR_clear_error();
  return fail(errc::internal, "OpenSSL could not sign with Ed25519");
}

class key_signer final : public signer {
 public:
  key_signer(private_key key, nonce_rule rule) : key_(std::move(key)), rule_(rule) {}
  result<bytes> sign(const hashed_message& message) const override {
    const auto& state = *key_.native();
    if (state.ed25519) return sign_ed25519(state.ed25519.get(), message.data());  // RFC 8032 needs no nonce rule
    if (auto signature = ecdsa::sign(state, message.sha256(), rule_)) return std::move(*signature);
    return fail(errc::internal, "OpenSSL could not sign with ECDSA");
  }
  const public_key& key() const override { return key_.public_half(); }

 private:
  private_key key_;
  nonce_rule rule_;
};

class plain_verifier final : public verifier {
 public:
  bool verify(const public_key& key, const hashed_message& message, bytes_view signature) const override {
    if (!key) return false;
    const auto& state = *key.native();
    if (state.ed25519) return verify_ed25519(state.ed25519.get(), message.data(), signature);
    return ecdsa::verify(state, view(message.sha256()), signature, ecdsa::s_rule::low);
  }
};

}  // namespace

std::vector<bool> verifier::verify_all(std::span<const verify_job> jobs) const {
  std::vector<bool> good(jobs.size());
  for (std::size_t i = 0; i < jobs.size(); ++i) good[i] = jobs[i].key != nullptr && verify(*jobs[i].key, jobs[i].message, jobs[i].signature);
  return good;
}

void verifier::made_here(const public_key&, const hashed_message&, bytes_view) const {}

std::shared_ptr<const signer> make_signer(private_key key, nonce_rule rule) { return std::make_shared<key_signer>(std::move(key), rule); }
std::string library_version() { return std::string("OpenSSL ") + OpenSSL_version(OPENSSL_VERSION_STRING); }
std::shared_ptr<const verifier> make_verifier() { return std::make_shared<plain_verifier>(); }

}  // namespace weft::crypto
