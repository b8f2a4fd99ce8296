// configtxlator's REST server over a real connection: whatever arrives, there is one answer of HTTP or none at all, and the server lives on.
// The first byte chooses a request whose body the rest is, or says that the rest is the request, headers and all.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "edge/translator/server.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/golden.hpp"

using namespace weft;
using namespace weft::fuzz;
namespace translator = weft::edge::translator;

namespace {

enum kind : unsigned char { decode_block, decode_config, encode_block, encode_update, compute, whole_request, kinds };

constexpr const char* boundary = "--------------------------0123456789abcdef";

/// Started with the first input. Small bounds, so that an input can reach them.
int port() {
  static const auto server = [] {
    translator::server_options o;
    o.hostname = "127.0.0.1";
    o.port = 0;
    o.body_bytes_max = 256 * KiB;
    o.text_bytes_max = 16 * MiB;
    o.cors = {"http://a.example"};
    auto opened = translator::server::open(o);
    FUZZ_CHECK(opened.has_value());
    return std::move(*opened);
  }();
  return server->port();
}

/// All that comes back. `no_more`: the client says that nothing follows, for requests that need not be complete; the library then may not answer.
bytes exchange(bytes_view request, bool no_more) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  FUZZ_CHECK(fd >= 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(port()));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  FUZZ_CHECK(::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
  const timeval patience{60, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  const linger at_once{1, 0};  // or the closed connections of a minute would use up the ports
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  while (!request.empty()) {
    const auto n = ::send(fd, request.data(), request.size(), MSG_NOSIGNAL);
    if (n <= 0) break;
    request.remove_prefix(static_cast<std::size_t>(n));
  }
  if (no_more) ::shutdown(fd, SHUT_WR);
  bytes out;
  char buffer[16 * KiB];
  for (;;) {
    const auto n = ::recv(fd, buffer, sizeof buffer, 0);
    if (n < 0) FUZZ_CHECK(errno == ECONNRESET || errno == EPIPE);  // anything but a silence of a minute
    if (n <= 0) break;
    out.append(buffer, static_cast<std::size_t>(n));
  }
  ::close(fd);
  return out;
}

bytes post(const std::string& path, const std::string& type, bytes_view body) {
  return "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Type: " + type + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + bytes(body);
}

bytes request_of(unsigned char what, bytes_view rest) {
  switch (what % kinds) {
    case decode_block: return post("/protolator/decode/common.Block", "application/octet-stream", rest);
    case decode_config: return post("/protolator/decode/common.Config", "application/octet-stream", rest);
    case encode_block: return post("/protolator/encode/common.Block", "application/json", rest);
    case encode_update: return post("/protolator/encode/common.ConfigUpdate", "application/json", rest);
    case compute: return post("/configtxlator/compute/update-from-configs", std::string("multipart/form-data; boundary=") + boundary, rest);
    default: return bytes(rest);
  }
}

int fuzz_one(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto rest = view(data, size).substr(1);
  const bool whole = data[0] % kinds == whole_request;
  const auto answer = exchange(request_of(data[0], rest), whole);
  FUZZ_CHECK(whole || !answer.empty());
  if (answer.empty()) return 0;
  FUZZ_CHECK(answer.starts_with("HTTP/1.1 ") && answer.find("\r\n\r\n") != bytes::npos);
  const auto status = answer.substr(9, 3);
  FUZZ_CHECK(status == "100" || status == "200" || status == "301" || (status >= "400" && status < "600" && status != "500"));
  return 0;
}

bytes form(const bytes& original, const bytes& updated) {
  bytes out;
  const auto part = [&](const std::string& disposition, const bytes& content) {
    out += std::string("--") + boundary + "\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n" + content + "\r\n";
  };
  part("name=\"channel\"", "mychannel");
  part("name=\"original\"; filename=\"a.pb\"", original);
  part("name=\"updated\"; filename=\"b.pb\"", updated);
  return out + "--" + boundary + "--\r\n";
}

std::vector<bytes> seeds() {
  std::vector<bytes> out;
  const auto add = [&](kind k, const bytes& rest) { out.push_back(static_cast<char>(k) + rest); };
  const auto original = golden_file("config/anchor-update.original-config.pb"), updated = golden_file("config/anchor-update.modified-config.pb");
  add(decode_block, golden_file("blocks/mychannel.1.block"));
  add(decode_config, original);
  add(encode_block, golden_file("config/mychannel.genesis.json"));
  add(encode_update, golden_file("config/anchor-update.configupdate.json"));
  add(compute, form(original, updated));
  add(compute, form({}, {}));
  add(whole_request, post("/configtxlator/compute/update-from-configs?channel=a%20b", std::string("multipart/form-data; boundary=") + boundary, form(original, updated)));
  add(whole_request, post("/protolator/encode/common.Envelope", "application/json", "{\"payload\": {}}"));
  add(whole_request, post("/protolator/decode/common.Envelope/", "text/plain", ""));
  add(whole_request, "GET / HTTP/1.1\r\nHost: x\r\nRange: bytes=0-1,5-\r\nAccept-Encoding: gzip\r\nConnection: keep-alive\r\n\r\n");
  add(whole_request, "OPTIONS /protolator/decode/common.Block HTTP/1.1\r\nOrigin: http://a.example\r\nAccess-Control-Request-Method: POST\r\n"
                     "Access-Control-Request-Headers: content-type, accept\r\n\r\n");
  add(whole_request, "POST /protolator/decode/common.Block HTTP/1.1\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n3\r\n\x0a\x00\x12\r\n0\r\n\r\n");
  return out;
}

}  // namespace

WEFT_FUZZ_TARGET(translator, 1'500);
