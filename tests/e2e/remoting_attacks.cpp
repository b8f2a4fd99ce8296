// What an unauthenticated host tries against a live node. Each attack runs while two nodes work; afterwards they still work, the victim has admitted
// nobody, killed nothing, stored nothing and taken no memory to speak of.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <caf/actor_registry.hpp>
#include <caf/io/middleman.hpp>
#include <caf/scoped_actor.hpp>
#include <cstring>
#include <thread>

#include "tests/e2e/remoting_host.hpp"
#include "tests/unit/actors/remoting/frames.hpp"

using namespace weft;
using namespace weft::testing;
using namespace weft::actors;
using std::chrono::milliseconds;

namespace {

/// A stranger's TCP connection.
class caller {
 public:
  explicit caller(const std::string& address) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.find(':') + 1))));
    ::inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    const timeval patience{20, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  }
  ~caller() { ::close(fd_); }
  caller(const caller&) = delete;
  [[nodiscard]] int file() const { return fd_; }
  [[nodiscard]] bool connected() const { return connected_; }
  bool send(bytes_view what) { return ::send(fd_, what.data(), what.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(what.size()); }
  /// True when the other side ends the connection within the socket's patience; counts what it says until then.
  bool is_ended(std::size_t* said = nullptr) {
    char buffer[4096];
    for (;;) {
      const auto n = ::recv(fd_, buffer, sizeof buffer, 0);
      if (n == 0 || (n < 0 && errno == ECONNRESET)) return true;
      if (n < 0) return false;
      if (said != nullptr) *said += static_cast<std::size_t>(n);
    }
  }

 private:
  int fd_;
  bool connected_ = false;
};

/// OpenSSL's own socket writes raise SIGPIPE, which must not be ignored for the whole process: the nodes are not to need that.
class without_sigpipe {
 public:
  without_sigpipe() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~without_sigpipe() {
    const timespec at_once{};
    while (::sigtimedwait(&pipe_, nullptr, &at_once) > 0) {
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  without_sigpipe(const without_sigpipe&) = delete;

 private:
  sigset_t pipe_{}, before_{};
};

/// A stranger who speaks TLS, with whatever certificate it has.
class tls_caller {
 public:
  tls_caller(const std::string& address, const host_certificate* own, int version = TLS1_3_VERSION) : tcp_(address), context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_verify(context_, SSL_VERIFY_NONE, nullptr);
    SSL_CTX_set_min_proto_version(context_, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context_, version);
    if (own != nullptr) {
      auto* c = BIO_new_mem_buf(own->certificate_pem.data(), -1);
      auto* x = PEM_read_bio_X509(c, nullptr, nullptr, nullptr);
      auto* k = BIO_new_mem_buf(own->key_pem.data(), -1);
      auto* key = PEM_read_bio_PrivateKey(k, nullptr, nullptr, nullptr);
      SSL_CTX_use_certificate(context_, x);
      SSL_CTX_use_PrivateKey(context_, key);
      X509_free(x);
      EVP_PKEY_free(key);
      BIO_free(c);
      BIO_free(k);
    }
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, tcp_.file());
    const without_sigpipe guard;
    agreed_ = SSL_connect(ssl_) == 1;
  }
  ~tls_caller() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
    ERR_clear_error();
  }
  tls_caller(const tls_caller&) = delete;
  /// The handshake went well, as far as this side can tell.
  [[nodiscard]] bool agreed() const { return agreed_; }
  bool send(bytes_view what) {
    const without_sigpipe guard;
    return SSL_write(ssl_, what.data(), static_cast<int>(what.size())) > 0;
  }
  /// Bytes that came before the end; -1: no end.
  int until_end() {
    const without_sigpipe guard;  // reading may go on with a handshake that was cut short, and so write
    char buffer[4096];
    for (int said = 0;;) {
      const int n = SSL_read(ssl_, buffer, sizeof buffer);
      if (n > 0) {
        said += n;
        continue;
      }
      return SSL_get_error(ssl_, n) == SSL_ERROR_WANT_READ || errno == EAGAIN ? -1 : said;
    }
  }

 private:
  caller tcp_;
  SSL_CTX* context_;
  SSL* ssl_ = nullptr;
  bool agreed_ = false;
};

struct victim {
  plan p;
  std::unique_ptr<host> b, a;
  tls_authority foreign{99};
  explicit victim(milliseconds handshake = milliseconds(700)) {
    p.limits.handshake = handshake;
    b = std::make_unique<host>(p, "host2");
    a = std::make_unique<host>(p, "host1");
    a->start_orderer("one");
    b->start_orderer("two");
    REQUIRE(eventually([&] { return a->ask("m2") == 200 && b->ask("m1") == 200; }));
  }
  [[nodiscard]] const std::string& address() const { return p.addresses.at("host2"); }
  /// Both nodes work, over the link that they had before, and the victim knows nobody new.
  void check_unharmed() {
    CHECK(a->ask("m2") == 200);
    CHECK(b->ask("m1") == 200);
    const auto r = b->links->report();
    CAPTURE(r.peers.at("host1").last_failure);
    CHECK(r.peers.at("host1").links == 1);
    CHECK(r.peers.at("host3").links == 0);
    CHECK(eventually([&] { return b->links->report().strangers_now == 0; }));
  }
};

/// The connection ends, and says not a byte of BASP before that. TLS's own refusal may come at the first read.
void check_refused(tls_caller& c, bytes_view attack) {
  if (c.agreed()) c.send(attack);
  CHECK(c.until_end() == 0);
}

/// What BASP would obey: a process that introduces itself, then kills actors, spawns, and writes to the configuration.
bytes every_command(const bytes& who = mark(66)) {
  bytes out = client_handshake(who);
  for (std::uint64_t actor = 1; actor < 40; ++actor) out += message("+@exit", bytes(60, '\0'), {0, 0, 9, actor});
  const auto named = [](const char* name) { return static_cast<std::uint64_t>(caf::atom_from_string(name)); };
  out += message("+@atom+@atom+@str", bytes(40, '\0'), {1, 1, 9, named("SpawnServ")});
  out += message("+@atom+@str+@message", bytes(40, '\0'), {1, 1, 9, named("ConfigServ")});
  return out + header(2, 0x8000'0000, {0, 0, 9, 5}) + bytes(MiB, 'x');
}

}  // namespace

TEST_CASE("plain TCP: whatever is sent, the connection ends and nothing happens") {
  victim v;
  const auto commands = every_command();
  for (const bytes& attack : {commands, header(2, 0x8000'0000, {0, 0, 9, 5}) + bytes(MiB, 'x'), bytes("GET / HTTP/1.1\r\n\r\n"), bytes(100'000, '\xff'),
                              bytes("\x16\x03\x01\xff\xff\x01", 6) + bytes(70'000, 'x')}) {
    caller c(v.address());
    c.send(attack);
    std::size_t said = 0;
    CHECK(c.is_ended(&said));
    CHECK(said < 100);  // an alert of TLS, at most
  }
  v.check_unharmed();
}

TEST_CASE("TLS with nothing, with a foreign certificate, with the wrong name, or as an impostor of the node itself") {
  victim v;
  const auto commands = every_command();
  const auto forged = v.foreign.host("host1.example.com");
  const auto wrong_name = v.p.authority.host("host9.example.com");
  const auto wildcard = v.p.authority.host("*.example.com");
  const auto expired = v.p.authority.host("host1.example.com", tls_authority::begin + std::chrono::hours(1));
  const auto& itself = v.p.certificates.at("host2");
  const auto& to_be_called = v.p.certificates.at("host3");  // admitted by name, but host2 dials host3
  auto stolen = v.p.certificates.at("host1");               // the certificate without its key cannot even be used
  for (const host_certificate* own : {static_cast<const host_certificate*>(nullptr), &forged, &wrong_name, &wildcard, &expired, &itself, &to_be_called}) {
    tls_caller c(v.address(), own);
    check_refused(c, commands);
  }
  for (const int version : {TLS1_2_VERSION, TLS1_1_VERSION}) {
    tls_caller c(v.address(), &v.p.certificates.at("host1"), version);
    CHECK_FALSE(c.agreed());
  }
  v.check_unharmed();
}

TEST_CASE("CAF's own client gets nothing out of the port") {
  victim v;
  caf::actor_system_config config;
  config.load<caf::io::middleman>();
  caf::actor_system attacker{config};
  const auto port = static_cast<std::uint16_t>(std::stoi(v.address().substr(v.address().find(':') + 1)));
  CHECK_FALSE(attacker.middleman().remote_actor("127.0.0.1", port));
  CHECK_FALSE(attacker.middleman().connect("127.0.0.1", port));
  v.check_unharmed();
}

TEST_CASE("silence, and one byte now and then, are over with the time for a handshake") {
  victim v;
  caller silent(v.address());
  caller slow(v.address());
  const auto begin = std::chrono::steady_clock::now();
  const bytes hello("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
  std::size_t sent = 0;
  std::thread drip([&] {  // slowloris: a handshake that is always about to come
    while (sent < 2000 && slow.send(sent < hello.size() ? bytes_view(hello).substr(sent, 1) : "x")) {
      ++sent;
      std::this_thread::sleep_for(milliseconds(5));
    }
  });
  CHECK(silent.is_ended());
  CHECK(slow.is_ended());
  drip.join();
  const auto took = std::chrono::steady_clock::now() - begin;
  CHECK(took >= milliseconds(650));
  CHECK(sent < 2000);
  v.check_unharmed();
}

TEST_CASE("many connections: no more than a few of one address wait, memory stays, and a node that means well gets in") {
  victim v(milliseconds(3000));
  const auto before = resident();
  std::vector<std::unique_ptr<caller>> crowd;
  for (int i = 0; i < 300; ++i) crowd.push_back(std::make_unique<caller>(v.address()));
  CHECK(eventually([&] { return v.b->links->report().strangers_refused >= 292; }));
  CHECK(resident() < before + 32 * MiB);
  CHECK(v.b->ask("m1") == 200);
  crowd.clear();
  v.check_unharmed();
}

TEST_CASE("silence after a handshake: an admitted node that says nothing is cut, whatever it was promised") {
  victim v;
  v.a->links->stop();  // its certificate was stolen, say
  CHECK(eventually([&] { return v.b->find("m1/orderer") == nullptr; }));
  tls_caller thief(v.address(), &v.p.certificates.at("host1"));
  REQUIRE(thief.agreed());
  CHECK(thief.until_end() > 0);  // BASP's handshake came
  CHECK(eventually([&] { return v.b->links->report().peers.at("host1").last_failure == "silent for 800 ms"; }));
}

TEST_CASE("even an admitted node cannot kill, spawn, configure, or make this one allocate") {
  victim v;
  v.a->links->stop();
  CHECK(eventually([&] { return v.b->find("m1/orderer") == nullptr; }));
  const auto orderer = v.b->find("m2/orderer");
  const auto before = resident();
  tls_caller thief(v.address(), &v.p.certificates.at("host1"));
  REQUIRE(thief.agreed());
  auto who = remoting::mark_of(*v.b->system, v.b->system->node());
  who.back() = static_cast<char>(who.back() ^ 1);
  const auto commands = every_command(who);
  for (std::size_t at = 0; at < commands.size(); at += 50'000) thief.send(piece(commands.substr(at, 50'000)));
  CHECK(thief.until_end() >= 0);
  CHECK(eventually([&] { return v.b->links->report().peers.at("host1").last_failure == "a frame above the limit"; }));
  CHECK(v.b->links->report().peers.at("host1").frames_dropped == 42);  // and one of host1's own: CAF asks for the spawn server by itself
  CHECK(resident() < before + 16 * MiB);
  CHECK(v.b->find("m2/orderer") == orderer);
  CHECK(v.b->ask("m2") == 200);  // nobody died
  CHECK(v.b->system->registry().get(caf::atom("SpawnServ")) == nullptr);
  CHECK(v.b->system->registry().get(caf::atom("ConfigServ")) == nullptr);
}
