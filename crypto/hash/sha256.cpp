#include "crypto/hash/sha256.hpp"

#include <openssl/evp.h>

#include "config/base/assert.hpp"

namespace weft::crypto {

namespace {

struct free_context {
  void operator()(EVP_MD_CTX* c) const noexcept { EVP_MD_CTX_free(c); }
};
using context_ptr = std::unique_ptr<EVP_MD_CTX, free_context>;

/// Fetched once: looking the algorithm up by name costs more than hashing a short message.
const EVP_MD* algorithm() {
  static const EVP_MD* const md = [] {
    const EVP_MD* fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    WEFT_ASSERT(fetched != nullptr, "OpenSSL offers no SHA-256");
    return fetched;
  }();
  return md;
}

void start(EVP_MD_CTX* c) {
  // A context that already holds the algorithm keeps its buffers when it is told nothing new.
  const EVP_MD* md = EVP_MD_CTX_get0_md(c) ? nullptr : algorithm();
  WEFT_ASSERT(EVP_DigestInit_ex2(c, md, nullptr) == 1, "SHA-256 does not start");
}

void update(EVP_MD_CTX* c, bytes_view data) {
  WEFT_ASSERT(EVP_DigestUpdate(c, data.data(), data.size()) == 1, "SHA-256 refuses data");
}

digest finish(EVP_MD_CTX* c) {
  digest out;
  WEFT_ASSERT(EVP_DigestFinal_ex(c, out.data(), nullptr) == 1, "SHA-256 does not finish");
  return out;
}

context_ptr make_context() {
  context_ptr c(EVP_MD_CTX_new());
  WEFT_ASSERT(c != nullptr, "out of memory");
  return c;
}

}  // namespace

digest sha256(bytes_view data) {
  thread_local const context_ptr context = make_context();
  start(context.get());
  update(context.get(), data);
  return finish(context.get());
}

struct sha256_stream::context {
  context_ptr openssl = make_context();
};

sha256_stream::sha256_stream() : context_(std::make_unique<context>()) { start(context_->openssl.get()); }
sha256_stream::~sha256_stream() = default;
sha256_stream::sha256_stream(sha256_stream&&) noexcept = default;
sha256_stream& sha256_stream::operator=(sha256_stream&&) noexcept = default;

sha256_stream& sha256_stream::add(bytes_view data) {
  update(context_->openssl.get(), data);
  return *this;
}

digest sha256_stream::finish() {
  const digest out = crypto::finish(context_->openssl.get());
  start(context_->openssl.get());
  return out;
}

}  // namespace weft::crypto
