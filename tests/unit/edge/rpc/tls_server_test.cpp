// Ports with TLS: who is let in, and what a client of another make sees.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>

#include "config/base/clock.hpp"
#include "crypto/ca/authority.hpp"
#include "edge/rpc/client.hpp"
#include "edge/rpc/server.hpp"

using namespace weft;
using namespace weft::edge;

namespace {

struct pair_of_pem {
  std::string certificate, key;
};

/// An authority of TLS certificates, as each organization has one.
class tls_authority {
 public:
  explicit tls_authority(std::uint64_t seed)
      : random_(seed), own_(*crypto::authority::create("tlsca", "org", {}, clock_, random_, crypto::nonce_rule::deterministic)) {}
  [[nodiscard]] std::string root() const { return own_.cert().to_pem(); }
  [[nodiscard]] pair_of_pem issue(const std::string& name) {
    auto r = crypto::request_in({});
    r.common_name = name;
    r.use = crypto::certificate_request::profile::tls;
    r.sans = {name, "localhost", "127.0.0.1"};
    const auto valid = crypto::validity_from(clock_.now());
    r.not_before = valid.not_before;
    r.not_after = valid.not_after;
    const auto made = own_.issue(r, random_);
    REQUIRE(made);
    return {made->cert.to_pem(), made->key.to_pem()};
  }

 private:
  system_clock clock_;
  seeded_random random_;
  crypto::authority own_;
};

struct listener {
  std::atomic<int> calls{0};
  std::unique_ptr<server> running;
  explicit listener(const server_tls& tls) {
    auto started = server::start("127.0.0.1:0", services(), tls);
    REQUIRE_MESSAGE(started, (started ? "" : started.error().context));
    running = std::move(*started);
    REQUIRE(running->port() > 0);
  }
  std::vector<service> services() {
    service s{"test.Echo", 10, {}, {}};
    s.unary["Say"] = [this](const unary_ptr& c) {
      ++calls;
      c->answer(c->request());
    };
    std::vector<service> out;
    out.push_back(std::move(s));
    return out;
  }
  [[nodiscard]] call_answer say(const std::optional<client_tls>& tls) const {
    return rpc_client::connect("localhost:" + std::to_string(running->port()), tls)->call("/test.Echo/Say", "hello", {std::chrono::seconds(20), {}});
  }
};

/// A client that is not gRPC's, with one version of TLS. Empty: it was refused.
struct handshake {
  std::string version, protocol;
};
handshake shake_hands(int port, int version, const char* ciphers) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(static_cast<std::uint16_t>(port));
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::connect(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_min_proto_version(context, version);
  SSL_CTX_set_max_proto_version(context, version);
  SSL_CTX_set_security_level(context, 0);
  if (ciphers != nullptr) SSL_CTX_set_cipher_list(context, ciphers);
  const unsigned char wanted[] = {2, 'h', '2'};
  SSL_CTX_set_alpn_protos(context, wanted, sizeof wanted);
  SSL* ssl = SSL_new(context);
  SSL_set_fd(ssl, fd);
  handshake out;
  if (SSL_connect(ssl) == 1) {
    out.version = SSL_get_version(ssl);
    const unsigned char* chosen = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl, &chosen, &size);
    out.protocol.assign(reinterpret_cast<const char*>(chosen), size);
  }
  SSL_free(ssl);
  SSL_CTX_free(context);
  ::close(fd);
  return out;
}

}  // namespace

TEST_CASE("a port with TLS serves those who know its root, and nobody else reaches a service") {
  tls_authority org(1), foreign(2);
  const auto own = org.issue("peer0.org1.example.com");
  const listener l({own.certificate, own.key, {}});
  CHECK(l.say(client_tls{org.root(), {}, {}, {}}).response == "hello");
  CHECK(l.say(client_tls{org.root(), {}, {}, "peer0.org1.example.com"}).response == "hello");
  CHECK(l.say(client_tls{org.root() + foreign.root(), {}, {}, {}}).response == "hello");
  CHECK(l.calls == 3);
  CHECK_FALSE(l.say(client_tls{foreign.root(), {}, {}, {}}).status.ok());
  CHECK_FALSE(l.say(client_tls{org.root(), {}, {}, "peer1.org1.example.com"}).status.ok());
  CHECK_FALSE(l.say(std::nullopt).status.ok());
  CHECK(l.calls == 3);
}

TEST_CASE("with roots for clients, a client shows a certificate that one of them issued") {
  tls_authority org(1), other(2), foreign(3);
  const auto own = org.issue("peer0.org1.example.com");
  const listener l({own.certificate, own.key, org.root() + other.root()});
  const auto with = [&](const pair_of_pem& p) { return l.say(client_tls{org.root(), p.certificate, p.key, {}}); };
  CHECK(with(org.issue("client")).response == "hello");
  CHECK(with(other.issue("client")).response == "hello");
  CHECK(l.calls == 2);
  CHECK_FALSE(with(foreign.issue("client")).status.ok());
  CHECK_FALSE(with({}).status.ok());
  CHECK(l.calls == 2);
}

TEST_CASE("TLS 1.2 and 1.3 are spoken, h2 is agreed on, older versions are not spoken") {
  tls_authority org(1);
  const auto own = org.issue("peer0.org1.example.com");
  const listener l({own.certificate, own.key, {}});
  const auto port = l.running->port();
  const auto older = shake_hands(port, TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256");
  CHECK(older.version == "TLSv1.2");
  CHECK(older.protocol == "h2");
  const auto newer = shake_hands(port, TLS1_3_VERSION, nullptr);
  CHECK(newer.version == "TLSv1.3");
  CHECK(newer.protocol == "h2");
  CHECK(shake_hands(port, TLS1_1_VERSION, nullptr).version.empty());
}

TEST_CASE("certificates and keys that cannot work are refused before anybody listens") {
  tls_authority org(1);
  const auto own = org.issue("peer0"), another = org.issue("peer1");
  struct row {
    const char* name;
    server_tls tls;
    const char* says;
  };
  const row rows[] = {
      {"no certificate", {"", own.key, {}}, "the TLS certificate is no PEM certificate"},
      {"text", {"certificate", own.key, {}}, "the TLS certificate is no PEM certificate"},
      {"no key", {own.certificate, "", {}}, "the TLS key is no PEM key without a passphrase"},
      {"a certificate for a key", {own.certificate, own.certificate, {}}, "the TLS key is no PEM key without a passphrase"},
      {"another's key", {own.certificate, another.key, {}}, "the TLS key is not that of the certificate"},
      {"roots that are none", {own.certificate, own.key, "roots"}, "the roots of clients' certificates are no PEM certificates"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const auto started = server::start("127.0.0.1:0", {}, r.tls);
    REQUIRE_FALSE(started);
    CHECK(started.error().code == errc::invalid_argument);
    CHECK(started.error().context == r.says);
  }
}

TEST_CASE("a port that somebody has is an error that names it") {
  tls_authority org(1);
  const auto own = org.issue("peer0.org1.example.com");
  const listener l({own.certificate, own.key, {}});
  const auto address = "127.0.0.1:" + std::to_string(l.running->port());
  const auto second = server::start(address, {}, server_tls{own.certificate, own.key, {}});
  REQUIRE_FALSE(second);
  CHECK(second.error().code == errc::unavailable);
  CHECK(second.error().context.find(address) != std::string::npos);
}
