// What a stranger with a raw socket can do to a network's door.
//   weft_e2e_hostile SOCKET throw        bytes that are no protocol, frames that lie, a good request cut and bent at every byte
//   weft_e2e_hostile SOCKET hold COUNT   connections that are left half-way, until standard input ends; prints "held" when they stand
// Exit status 0: every connection that was given up ended, and the good request was answered before and after.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "config/base/random.hpp"

namespace {

using namespace weft;

constexpr int patience_seconds = 60;

void require(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error(what);
}

class connection {
 public:
  explicit connection(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    require(path.size() < sizeof to.sun_path, "the path is too long");
    std::memcpy(to.sun_path, path.c_str(), path.size());
    const timeval patience{patience_seconds, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    require(::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0, std::string("nobody answers: ") + std::strerror(errno));
  }
  ~connection() { ::close(fd_); }
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  /// The other side may close before it has read everything.
  void send(bytes_view content) {
    while (!content.empty()) {
      const auto n = ::send(fd_, content.data(), content.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      content.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  /// Appends what comes next; false at the end.
  bool receive(bytes& to) {
    char buffer[4096];
    const auto n = ::recv(fd_, buffer, sizeof buffer, 0);
    require(n >= 0 || errno == ECONNRESET, "a connection hangs: no byte and no end");
    if (n > 0) to.append(buffer, static_cast<std::size_t>(n));
    return n > 0;
  }
  /// Says that nothing more follows and waits until the other side has ended too.
  void give_up() {
    ::shutdown(fd_, SHUT_WR);
    for (bytes ignored; receive(ignored); ignored.clear()) {
    }
  }

 private:
  int fd_;
};

// ---- HTTP/2, as little of it as is needed (RFC 9113, RFC 7541)

enum frame_type : unsigned char { data = 0, headers = 1, rst_stream = 3, settings = 4, ping = 6, goaway = 7, window_update = 8, continuation = 9 };
constexpr const char* preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

bytes frame(unsigned type, unsigned flags, std::uint32_t stream, const bytes& payload) {
  bytes out;
  for (int shift = 16; shift >= 0; shift -= 8) out += static_cast<char>(payload.size() >> shift);
  out += static_cast<char>(type);
  out += static_cast<char>(flags);
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(stream >> shift);
  return out + payload;
}

/// A header as literal, without indexing.
bytes field(const std::string& name, const std::string& value) {
  return bytes(1, '\0') + static_cast<char>(name.size()) + name + static_cast<char>(value.size()) + value;
}

bytes good_request() {
  const auto head = field(":method", "POST") + field(":scheme", "http") + field(":path", "/weft.control.Control/Status") + field(":authority", "localhost") +
                    field("content-type", "application/grpc") + field("te", "trailers");
  return bytes(preface) + frame(settings, 0, 0, {}) + frame(headers, 4, 1, head) + frame(data, 1, 1, bytes(5, '\0'));
}

/// True if a message comes back on stream 1.
bool is_answered(const std::string& socket) {
  connection c(socket);
  c.send(good_request());
  bytes in;
  for (std::size_t at = 0; c.receive(in);) {
    while (in.size() >= at + 9) {
      const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(in[at + i])); };
      const auto size = byte(0) << 16 | byte(1) << 8 | byte(2);
      if (byte(3) == data && byte(8) == 1 && size > 5) return true;
      at += 9 + size;
    }
  }
  return false;
}

bytes noise(random_source& random, std::size_t most) { return random.make_bytes(1 + random.below(most)); }

/// Frames of every kind with any flags, streams and content, some with a length that is a lie.
bytes lying_frames(random_source& random) {
  bytes out = bytes(preface) + frame(settings, 0, 0, {});
  for (int i = 0; i < 20; ++i) {
    auto f = frame(static_cast<unsigned>(random.below(12)), static_cast<unsigned>(random.below(256)), static_cast<std::uint32_t>(random.below(8)), noise(random, 64));
    if (random.below(4) == 0) f[random.below(3)] = static_cast<char>(random.next());
    out += f;
  }
  return out;
}

/// Much of what each side must answer or remember.
std::vector<bytes> floods() {
  const auto start = bytes(preface) + frame(settings, 0, 0, {});
  bytes pings = start, resets = start, many_settings = start, endless = start;
  for (std::uint32_t i = 0; i < 2'000; ++i) {
    pings += frame(ping, 0, 0, bytes(8, 'p'));
    many_settings += frame(settings, 0, 0, {});
    resets += frame(headers, 4, 2 * i + 1, field(":method", "POST") + field(":path", "/weft.control.Control/Status")) + frame(rst_stream, 0, 2 * i + 1, bytes(4, '\0'));
  }
  endless += frame(headers, 0, 1, field(":method", "POST"));
  for (int i = 0; i < 2'000; ++i) endless += frame(continuation, 0, 1, field("x", std::string(100, 'y')));
  return {pings, resets, many_settings, endless};
}

void throw_everything(const std::string& socket) {
  seeded_random random(20261127);
  require(is_answered(socket), "the good request is not answered");
  const auto tell = [&](bytes_view content) {
    connection c(socket);
    c.send(content);
    c.give_up();
  };
  for (int i = 0; i < 200; ++i) tell(noise(random, 4096));
  std::puts("noise");
  for (int i = 0; i < 200; ++i) tell(lying_frames(random));
  std::puts("frames that lie");
  for (const auto& f : floods()) tell(f);
  std::puts("floods");
  const auto good = good_request();
  for (std::size_t cut = 0; cut < good.size(); ++cut) tell(bytes_view(good).substr(0, cut));
  std::puts("a request cut at every byte");
  for (std::size_t at = 0; at < good.size(); ++at) {
    auto bent = good;
    bent[at] = static_cast<char>(bent[at] ^ (1 << random.below(8)));
    tell(bent);
  }
  std::puts("a request bent at every byte");
  require(is_answered(socket), "the good request is no longer answered");
}

/// A third says nothing, a third stops within the preface, a third within the request.
void hold(const std::string& socket, std::size_t count) {
  const auto good = good_request();
  std::vector<std::unique_ptr<connection>> held;
  for (std::size_t i = 0; i < count; ++i) {
    held.push_back(std::make_unique<connection>(socket));
    held.back()->send(bytes_view(good).substr(0, i % 3 == 0 ? 0 : i % 3 == 1 ? 1 + i % 20 : 40 + i % (good.size() - 41)));
  }
  std::puts("held");
  std::fflush(stdout);
  for (char c; ::read(STDIN_FILENO, &c, 1) > 0;) {
  }
}

}  // namespace

int main(int argc, char** argv) try {
  const std::string what = argc > 2 ? argv[2] : "";
  if (what == "throw" && argc == 3) throw_everything(argv[1]);
  else if (what == "hold" && argc == 4) hold(argv[1], std::stoul(argv[3]));
  else return 2;
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
