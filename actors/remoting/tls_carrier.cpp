#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>

#include "actors/remoting/carrier.hpp"
#include "actors/remoting/der.hpp"
#include "actors/remoting/descriptor.hpp"
#include "actors/remoting/socket_address.hpp"
#include "config/base/freed.hpp"

namespace weft::actors::remoting {

namespace {

using context_ptr = std::unique_ptr<SSL_CTX, freed<&SSL_CTX_free>>;
using ssl_ptr = std::unique_ptr<SSL, freed<&SSL_free>>;
using bio_ptr = std::unique_ptr<BIO, freed<&BIO_free_all>>;
using method_ptr = std::unique_ptr<BIO_METHOD, freed<&BIO_meth_free>>;

constexpr long certificates_bytes_max = 32 * 1024;   ///< Of all that a stranger may show.
constexpr std::size_t read_ahead = 64 * KiB;         ///< Several records per system call.
constexpr int waiting_calls_max = 128;

std::string ssl_failure() {
  char text[256] = "";
  const auto code = ERR_peek_last_error();
  if (code == 0) return "the connection ended";
  ERR_error_string_n(code, text, sizeof text);
  ERR_clear_error();
  return text;
}

/// The other side ended the handshake with an alert: it refused what we showed. Which of its reasons is in its log alone.
std::string refusal_by_alert() {
  const auto code = ERR_peek_last_error();
  const int reason = ERR_GET_REASON(code);
  if (code == 0 || ERR_GET_LIB(code) != ERR_LIB_SSL || reason <= SSL_AD_REASON_OFFSET) return {};
  return std::string("it refuses this node's certificate (TLS alert: ") + SSL_alert_desc_string_long(reason - SSL_AD_REASON_OFFSET) + "); its log says why";
}

// ---- A socket as OpenSSL sees it. Its own socket BIO writes with write(2), which raises SIGPIPE.

int socket_write(BIO* b, const char* from, int size) {
  BIO_clear_retry_flags(b);
  const auto n = ::send(static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(b))), from, static_cast<std::size_t>(size), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOTCONN)) BIO_set_retry_write(b);
  return static_cast<int>(n);
}
int socket_read(BIO* b, char* to, int size) {
  BIO_clear_retry_flags(b);
  const auto n = ::recv(static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(b))), to, static_cast<std::size_t>(size), MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(b);
  return static_cast<int>(n);
}
long socket_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

BIO_METHOD* socket_method() {
  static const method_ptr method = [] {
    method_ptr m(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "weft socket"));
    BIO_meth_set_write(m.get(), &socket_write);
    BIO_meth_set_read(m.get(), &socket_read);
    BIO_meth_set_ctrl(m.get(), &socket_control);
    return m;
  }();
  return method.get();
}

class tls_stream final : public stream {
 public:
  tls_stream(SSL_CTX* context, descriptor socket, bool dialled, std::string expected, std::shared_ptr<const admission_rule> rule)
      : socket_(std::move(socket)), ssl_(SSL_new(context)), dialled_(dialled), connecting_(dialled), expected_(std::move(expected)),
        rule_(std::move(rule)) {
    auto* b = BIO_new(socket_method());
    BIO_set_data(b, reinterpret_cast<void*>(static_cast<std::intptr_t>(socket_.get())));
    BIO_set_init(b, 1);
    SSL_set_bio(ssl_.get(), b, b);
    SSL_set_app_data(ssl_.get(), this);
    if (dialled) SSL_set_connect_state(ssl_.get()); else SSL_set_accept_state(ssl_.get());
  }

  int file() const override { return socket_.get(); }
  const std::string& peer() const override { return peer_; }
  bool wants_write() const override { return wants_write_; }

  result<bool> shake_hands() override {
    if (connecting_) {
      WEFT_TRY(const auto connected, finish_connect());
      if (!connected) return false;
    }
    ERR_clear_error();
    const int r = SSL_do_handshake(ssl_.get());
    if (r == 1) {
      wants_write_ = false;
      if (peer_.empty()) return fail(errc::permission_denied, "it showed no certificate");
      return true;
    }
    if (waits(r)) return false;
    if (!refusal_.empty()) return fail(errc::permission_denied, refusal_);
    if (const auto alert = refusal_by_alert(); !alert.empty()) return fail(errc::permission_denied, alert);
    return fail(errc::unavailable, "no TLS handshake: " + ssl_failure());
  }

  result<std::size_t> read(char* to, std::size_t size) override {
    ERR_clear_error();
    std::size_t n = 0;
    const int r = SSL_read_ex(ssl_.get(), to, size, &n);
    if (r == 1) {
      heard_ = true;
      return n;
    }
    if (waits(r)) return std::size_t{0};
    if (const auto alert = refusal_by_alert(); !heard_ && !alert.empty()) return fail(errc::permission_denied, alert);
    return fail(errc::unavailable, SSL_get_shutdown(ssl_.get()) != 0 ? "the other side has ended" : ssl_failure());
  }

  result<std::size_t> write(bytes_view from) override {
    ERR_clear_error();
    std::size_t n = 0;
    const int r = SSL_write_ex(ssl_.get(), from.data(), from.size(), &n);
    if (r == 1) {
      wants_write_ = false;
      return n;
    }
    if (waits(r)) return std::size_t{0};
    return fail(errc::unavailable, ssl_failure());
  }

  void say_goodbye() override {
    ERR_clear_error();
    if (SSL_is_init_finished(ssl_.get())) SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }

  /// Inside the handshake: the other side's certificates have come.
  bool admit(X509_STORE_CTX* shown) {
    presented who{to_der(X509_STORE_CTX_get0_cert(shown)), {}, dialled_};
    auto* others = X509_STORE_CTX_get0_untrusted(shown);
    for (int i = 0; i < sk_X509_num(others) && i < 10; ++i) who.others.push_back(to_der(sk_X509_value(others, i)));
    auto name = rule_->admit(who, expected_);
    if (name) peer_ = std::move(*name); else refusal_ = std::move(name.error().context);
    return name.has_value();
  }

 private:
  bool waits(int r) {
    const int e = SSL_get_error(ssl_.get(), r);
    if (e == SSL_ERROR_WANT_READ) wants_write_ = false;
    if (e == SSL_ERROR_WANT_WRITE) wants_write_ = true;
    return e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE;
  }
  result<bool> finish_connect() {
    int failure = 0;
    socklen_t size = sizeof failure;
    ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &failure, &size);
    if (failure != 0) return fail(errc::unavailable, std::strerror(failure));
    socket_address to;
    to.size = sizeof to.raw;
    wants_write_ = ::getpeername(socket_.get(), reinterpret_cast<sockaddr*>(&to.raw), &to.size) != 0;
    connecting_ = wants_write_;
    return !connecting_;
  }

  descriptor socket_;
  ssl_ptr ssl_;
  bool dialled_, connecting_, wants_write_ = false, heard_ = false;
  std::string expected_, peer_, refusal_;
  std::shared_ptr<const admission_rule> rule_;
};

int on_certificate(X509_STORE_CTX* shown, void*) {
  auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(shown, SSL_get_ex_data_X509_STORE_CTX_idx()));
  if (static_cast<tls_stream*>(SSL_get_app_data(ssl))->admit(shown)) return 1;
  X509_STORE_CTX_set_error(shown, X509_V_ERR_APPLICATION_VERIFICATION);
  return 0;
}

result<context_ptr> make_context(const SSL_METHOD* method, const tls_settings& settings) {
  context_ptr c(SSL_CTX_new(method));
  if (!c) return fail(errc::internal, "OpenSSL gives no context: " + ssl_failure());
  SSL_CTX_set_min_proto_version(c.get(), TLS1_3_VERSION);
  SSL_CTX_set_ciphersuites(c.get(), "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256");
  SSL_CTX_set_mode(c.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // Without resumption every connection shows its certificate, to a rule that may have changed.
  SSL_CTX_set_session_cache_mode(c.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(c.get(), SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_num_tickets(c.get(), 0);
  SSL_CTX_set_max_cert_list(c.get(), certificates_bytes_max);
  SSL_CTX_set_read_ahead(c.get(), 1);
  SSL_CTX_set_default_read_buffer_len(c.get(), read_ahead);
  SSL_CTX_set_verify(c.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(c.get(), &on_certificate, nullptr);

  bio_ptr in(BIO_new_mem_buf(settings.certificate_pem.data(), static_cast<int>(settings.certificate_pem.size())));
  bool first = true;
  while (X509* x = PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)) {
    const bool taken = first ? SSL_CTX_use_certificate(c.get(), x) == 1 : SSL_CTX_add1_chain_cert(c.get(), x) == 1;
    X509_free(x);
    if (!taken) return fail(errc::invalid_argument, "OpenSSL refuses this node's certificate: " + ssl_failure());
    first = false;
  }
  if (first) return fail(errc::invalid_argument, "this node's certificate is no PEM");
  bio_ptr key_in(BIO_new_mem_buf(settings.key_pem.data(), static_cast<int>(settings.key_pem.size())));
  EVP_PKEY* key = PEM_read_bio_PrivateKey(key_in.get(), nullptr, [](char*, int, int, void*) { return -1; }, nullptr);
  const bool taken = key != nullptr && SSL_CTX_use_PrivateKey(c.get(), key) == 1 && SSL_CTX_check_private_key(c.get()) == 1;
  EVP_PKEY_free(key);
  if (!taken) return fail(errc::invalid_argument, "this node's key cannot be read, or is not its certificate's: " + ssl_failure());
  ERR_clear_error();
  return c;
}

void make_quick(int socket) {
  const int one = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

/// Host names and what the system's resolver last said of them. Shared with the executor's tasks.
class name_book : public std::enable_shared_from_this<name_book> {
 public:
  explicit name_book(std::shared_ptr<executor> resolver) : resolver_(std::move(resolver)) {}
  /// Each call gives the next address of the host, and after the last asks the resolver again. Errors: `unavailable`: come again.
  result<socket_address> next(const host_port& at) {
    if (const auto literal = as_address(at)) return *literal;
    if (!resolver_) return fail(errc::invalid_argument, at.host + " is no address");
    const auto key = at.host + ":" + std::to_string(at.port);
    std::lock_guard lock(mutex_);
    auto& known = names_[key];
    if (!known.addresses.empty()) {
      const auto out = known.addresses.back();
      known.addresses.pop_back();
      return out;
    }
    if (!known.asking) {
      known.asking = resolver_->try_run([self = shared_from_this(), at, key] {
        auto found = look_up(at);
        std::reverse(found.begin(), found.end());
        std::lock_guard inner(self->mutex_);
        self->names_[key] = {std::move(found), false};
      });
    }
    return fail(errc::unavailable, "the address of " + at.host + " is not known yet");
  }

 private:
  struct entry {
    std::vector<socket_address> addresses;  ///< The next to be tried is the last.
    bool asking = false;
  };
  std::shared_ptr<executor> resolver_;
  std::mutex mutex_;
  std::map<std::string, entry> names_;
};

class tls_carrier final : public carrier {
 public:
  tls_carrier(context_ptr server, context_ptr client, const tls_settings& settings)
      : server_(std::move(server)), client_(std::move(client)), rule_(settings.admission), names_(std::make_shared<name_book>(settings.resolver)) {}

  result<void> listen(const std::string& text) {
    WEFT_TRY(const auto parsed, parse_host_port(text));
    auto at = as_address(parsed);
    if (!at) {
      const auto found = look_up(parsed);
      if (found.empty()) return fail(errc::invalid_argument, "there is no host " + parsed.host + " to listen at");
      at = found.front();
    }
    listener_ = descriptor(::socket(at->raw.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int one = 1;
    ::setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (!listener_ || ::bind(listener_.get(), at->get(), at->size) != 0 || ::listen(listener_.get(), waiting_calls_max) != 0)
      return fail(errc::io, "cannot listen at " + text + ": " + std::strerror(errno));
    socket_address bound;
    bound.size = sizeof bound.raw;
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&bound.raw), &bound.size);
    address_ = to_text(bound);
    return {};
  }

  int listener() const override { return listener_.get(); }
  const std::string& address() const override { return address_; }

  result<std::optional<arrival>> accept() override {
    socket_address from;
    from.size = sizeof from.raw;
    descriptor socket(::accept4(listener_.get(), reinterpret_cast<sockaddr*>(&from.raw), &from.size, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) return fail(errc::busy, std::strerror(errno));
      return std::nullopt;  // nobody, or somebody who gave up meanwhile
    }
    make_quick(socket.get());
    return arrival{std::make_unique<tls_stream>(server_.get(), std::move(socket), false, std::string(), rule_), source_of(from)};
  }

  result<std::unique_ptr<stream>> dial(const std::string& address, const std::string& node) override {
    WEFT_TRY(const auto parsed, parse_host_port(address));
    WEFT_TRY(const auto to, names_->next(parsed));
    descriptor socket(::socket(to.raw.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) return fail(errc::unavailable, std::strerror(errno));
    make_quick(socket.get());
    if (::connect(socket.get(), to.get(), to.size) != 0 && errno != EINPROGRESS) return fail(errc::unavailable, std::strerror(errno));
    return std::make_unique<tls_stream>(client_.get(), std::move(socket), true, node, rule_);
  }

 private:
  context_ptr server_, client_;
  std::shared_ptr<const admission_rule> rule_;
  std::shared_ptr<name_book> names_;
  descriptor listener_;
  std::string address_;
};

}  // namespace

result<std::unique_ptr<carrier>> make_tls_carrier(const tls_settings& settings) {
  WEFT_TRY(auto server, make_context(TLS_server_method(), settings));
  WEFT_TRY(auto client, make_context(TLS_client_method(), settings));
  auto out = std::make_unique<tls_carrier>(std::move(server), std::move(client), settings);
  if (!settings.listen.empty()) WEFT_CHECK(out->listen(settings.listen));
  return out;
}

}  // namespace weft::actors::remoting
