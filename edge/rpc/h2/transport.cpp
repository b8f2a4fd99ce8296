#include "edge/rpc/h2/transport.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstring>

#include "edge/rpc/pem.hpp"

namespace weft::edge::h2 {

namespace {

constexpr bytes_view protocol = "h2";
constexpr std::size_t record_max = 16 * KiB;

/// Calls `each` with every certificate of a PEM text.
template <class Each>
bool for_certificates(const std::string& pem_text, Each each) {
  const auto in = pem::over(pem_text);
  bool any = false;
  while (auto c = pem::next_certificate(in.get())) {
    if (!each(c, any)) return false;
    any = true;
  }
  ERR_clear_error();
  return any;
}

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered, unsigned length, void*) {
  for (unsigned i = 0; i < length; i += 1U + offered[i]) {
    if (offered[i] != protocol.size() || i + 1 + protocol.size() > length || std::memcmp(offered + i + 1, protocol.data(), protocol.size()) != 0) continue;
    *chosen = offered + i + 1;
    *size = static_cast<unsigned char>(protocol.size());
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

bool load_own(SSL_CTX* context, const server_tls& tls) {
  const auto key = pem::private_key(tls.key_pem);
  return key &&
         for_certificates(tls.certificate_pem,
                          [&](pem::cert_ptr& c, bool behind_the_leaf) {
                            return (behind_the_leaf ? SSL_CTX_add1_chain_cert(context, c.get()) : SSL_CTX_use_certificate(context, c.get())) == 1;
                          }) &&
         SSL_CTX_use_PrivateKey(context, key.get()) == 1;
}

/// Who may have issued clients' certificates; an intermediate authority is believed, too, as in Go.
bool ask_clients(SSL_CTX* context, const std::string& roots) {
  auto* store = SSL_CTX_get_cert_store(context);
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return for_certificates(roots, [&](pem::cert_ptr& c, bool) { return X509_STORE_add_cert(store, c.get()) == 1 && SSL_CTX_add_client_CA(context, c.get()) == 1; });
}

}  // namespace

tls_context::~tls_context() { SSL_CTX_free(context_); }

result<std::shared_ptr<const tls_context>> tls_context::make(const server_tls& tls) {
  std::shared_ptr<tls_context> made(new tls_context(SSL_CTX_new(TLS_server_method())));
  auto* c = made->context_;
  const bool good = c != nullptr && SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION) == 1 && SSL_CTX_set_cipher_list(c, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 &&
                    SSL_CTX_set_ciphersuites(c, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256") == 1 && load_own(c, tls) &&
                    (tls.client_roots_pem.empty() || ask_clients(c, tls.client_roots_pem));
  ERR_clear_error();
  if (!good) return fail(errc::invalid_argument, "OpenSSL cannot serve with this certificate and key");
  SSL_CTX_set_options(c, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_num_tickets(c, 0);
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_alpn_select_cb(c, choose_protocol, nullptr);
  return std::shared_ptr<const tls_context>(std::move(made));
}

/// OpenSSL's view of the wire: reads from `in_`, writes to `out_`.
struct transport::hooks {
  static int read(BIO* bio, char* to, int size) {
    auto& t = *static_cast<transport*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    const auto n = std::min(t.in_.size(), static_cast<std::size_t>(std::max(size, 0)));
    if (n == 0) {
      BIO_set_retry_read(bio);
      return -1;
    }
    std::memcpy(to, t.in_.data(), n);
    t.in_.remove_prefix(n);
    return static_cast<int>(n);
  }
  static int write(BIO* bio, const char* from, int size) {
    BIO_clear_retry_flags(bio);
    static_cast<transport*>(BIO_get_data(bio))->out_.append(from, static_cast<std::size_t>(std::max(size, 0)));
    return size;
  }
  static long control(BIO*, int what, long, void*) { return what == BIO_CTRL_FLUSH ? 1 : 0; }
  static BIO_METHOD* method() {
    static BIO_METHOD* const made = [] {  // never freed: connections may outlive what runs at the program's end
      auto* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "weft");
      BIO_meth_set_read(m, read);
      BIO_meth_set_write(m, write);
      BIO_meth_set_ctrl(m, control);
      return m;
    }();
    return made;
  }
};

transport::transport(std::shared_ptr<const tls_context> tls) : context_(std::move(tls)) {
  if (!context_) return;
  ssl_ = SSL_new(context_->get());
  auto* bio = ssl_ != nullptr ? BIO_new(hooks::method()) : nullptr;
  if (bio == nullptr) {
    broken_ = true;
    return;
  }
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
  SSL_set_accept_state(ssl_);
}

transport::~transport() { SSL_free(ssl_); }

bool transport::shake_hands(const std::function<void()>& ready) {
  ERR_clear_error();
  if (const int r = SSL_do_handshake(ssl_); r != 1) {
    const bool more = SSL_get_error(ssl_, r) == SSL_ERROR_WANT_READ;
    broken_ = !more;
    return more;
  }
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_, &chosen, &size);
  if (bytes_view(reinterpret_cast<const char*>(chosen), size) != protocol) return false;
  established_ = true;
  ready();
  return true;
}

bool transport::receive(bytes_view wire, const std::function<void()>& ready, const sink& plain) {
  if (broken_) return false;
  if (ssl_ == nullptr) {
    if (!std::exchange(established_, true)) ready();
    return plain(wire);
  }
  in_ = wire;
  if (!established_) {
    if (!shake_hands(ready)) return false;
    if (!established_) return true;
  }
  thread_local char buffer[record_max];
  for (;;) {
    ERR_clear_error();
    const int n = SSL_read(ssl_, buffer, sizeof buffer);
    if (n > 0) {
      if (!plain({buffer, static_cast<std::size_t>(n)})) return false;
    } else {
      const auto why = SSL_get_error(ssl_, n);
      if (why == SSL_ERROR_WANT_READ) return true;
      broken_ = why == SSL_ERROR_SSL || why == SSL_ERROR_SYSCALL;
      return false;
    }
  }
}

bool transport::send(bytes_view plain) {
  if (broken_) return false;
  if (ssl_ == nullptr) {
    out_.append(plain);
    return true;
  }
  while (!plain.empty()) {
    ERR_clear_error();
    const int n = SSL_write(ssl_, plain.data(), static_cast<int>(std::min(plain.size(), record_max)));
    if (n <= 0) {
      broken_ = true;
      return false;
    }
    plain.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

void transport::close() {
  if (ssl_ == nullptr || !established_ || broken_) return;
  ERR_clear_error();
  SSL_shutdown(ssl_);
  broken_ = true;
}

std::string transport::client_certificate() const {
  if (ssl_ == nullptr || (SSL_get_verify_mode(ssl_) & SSL_VERIFY_PEER) == 0 || SSL_get_verify_result(ssl_) != X509_V_OK) return {};
  const pem::cert_ptr shown(SSL_get1_peer_certificate(ssl_));
  const pem::bio_ptr out(BIO_new(BIO_s_mem()));
  if (!shown || !out || PEM_write_bio_X509(out.get(), shown.get()) != 1) return {};
  char* text = nullptr;
  const auto size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace weft::edge::h2
