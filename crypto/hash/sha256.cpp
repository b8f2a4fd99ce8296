// OpenSSL 3 deprecates SHA256_* in favour of EVP, whose contexts cost several allocations and a look-up a digest: more than hashing the short
// messages that most of ours are. The old functions are the same code without that. They stay here, and only here.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/hash/sha256.hpp"

#include <openssl/sha.h>

#include "config/base/assert.hpp"

namespace weft::crypto {

namespace {

void start(SHA256_CTX& c) { WEFT_ASSERT(SHA256_Init(&c) == 1, "SHA-256 does not start"); }

void update(SHA256_CTX& c, bytes_view data) {
  WEFT_ASSERT(SHA256_Update(&c, data.data(), data.size()) == 1, "SHA-256 refuses data");
}

digest finish(SHA256_CTX& c) {
  digest out;
  WEFT_ASSERT(SHA256_Final(out.data(), &c) == 1, "SHA-256 does not finish");
  return out;
}

}  // namespace

digest sha256(bytes_view data) {
  SHA256_CTX context;
  start(context);
  update(context, data);
  return finish(context);
}

struct sha256_stream::context {
  SHA256_CTX openssl;
};

sha256_stream::sha256_stream() : context_(std::make_unique<context>()) { start(context_->openssl); }
sha256_stream::~sha256_stream() = default;
sha256_stream::sha256_stream(sha256_stream&&) noexcept = default;
sha256_stream& sha256_stream::operator=(sha256_stream&&) noexcept = default;

sha256_stream& sha256_stream::add(bytes_view data) {
  update(context_->openssl, data);
  return *this;
}

digest sha256_stream::finish() {
  const digest out = crypto::finish(context_->openssl);
  start(context_->openssl);
  return out;
}

}  // namespace weft::crypto
