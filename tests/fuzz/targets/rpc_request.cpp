// A request of gRPC as ports read it: headers until an empty line, then the body, which comes in pieces. However it is cut, the same messages come out.
#include <algorithm>

#include "edge/rpc/h2/grpc_text.hpp"
#include "edge/rpc/h2/message_reader.hpp"
#include "edge/rpc/h2/request_head.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace weft;
using namespace weft::fuzz;
using namespace weft::edge::h2;

namespace {

constexpr std::size_t limit = 4 * KiB;

request_head read_head(bytes_view& input) {
  request_head head;
  while (!input.empty()) {
    const auto line = input.substr(0, input.find('\n'));
    input.remove_prefix(std::min(input.size(), line.size() + 1));
    if (line.empty()) break;
    const auto colon = line.find(':', 1);  // ":path" begins with one
    head.add(line.substr(0, colon), colon == bytes_view::npos ? bytes_view() : line.substr(colon + 1));
  }
  return head;
}

struct outcome {
  std::vector<bytes> messages;
  message_reader::outcome end = message_reader::outcome::more;
  bool between = false;
  friend bool operator==(const outcome&, const outcome&) = default;
};

/// Pieces of sizes that come from `sizes`, or all at once.
outcome read_body(bytes_view body, bytes_view sizes) {
  message_reader reader(limit);
  outcome out;
  std::size_t taken = 0, given = 0;
  for (std::size_t at = 0, i = 0; at < body.size() && out.end == message_reader::outcome::more; ++i) {
    const auto piece = body.substr(at, sizes.empty() ? body.size() : 1 + static_cast<unsigned char>(sizes[i % sizes.size()]) % 97);
    reader.take(piece);
    at += piece.size();
    taken += piece.size();
    bytes m;
    while ((out.end = reader.next(m)) == message_reader::outcome::message) {
      FUZZ_CHECK(m.size() <= limit);
      given += m.size() + message_reader::prefix_size;
      out.messages.push_back(std::move(m));
    }
    FUZZ_CHECK(given + reader.held() <= taken && taken <= given + reader.held() + message_reader::prefix_size);
  }
  out.between = reader.between_messages();
  return out;
}

int fuzz_one(const std::uint8_t* data, std::size_t size) {
  const auto raw = view(data, size);
  auto rest = raw;
  const auto head = read_head(rest);
  const auto status = head.http_status();
  FUZZ_CHECK(status == 200 || status == 405 || status == 415);
  FUZZ_CHECK(head.metadata().size() <= request_head::metadata_max);
  std::size_t sum = 0;
  for (const auto& [name, value] : head.metadata()) sum += name.size() + value.size();
  FUZZ_CHECK(sum <= request_head::bytes_max);
  FUZZ_CHECK(head.refused().ok() || !head.refused().message.empty());
  if (const auto t = head.timeout()) FUZZ_CHECK(t->count() >= 0 && *t <= std::chrono::hours(24 * 366));

  const auto whole = read_body(rest, {}), parts = read_body(rest, raw);
  FUZZ_CHECK(whole.messages == parts.messages && whole.end == parts.end);
  FUZZ_CHECK(whole.end != message_reader::outcome::more || whole.between == parts.between);

  const auto encoded = percent_encode(rest);
  FUZZ_CHECK(std::all_of(encoded.begin(), encoded.end(), [](char c) { return c >= ' ' && c <= '~'; }) && percent_decode(encoded) == rest);
  FUZZ_CHECK(base64_decode(base64_encode(rest)) == rest);
  if (const auto decoded = base64_decode(rest)) FUZZ_CHECK(base64_decode(base64_encode(*decoded)) == decoded);
  return 0;
}

std::vector<bytes> seeds() {
  const bytes head = ":method:POST\n:scheme:https\n:path:/gateway.Gateway/Evaluate\n:authority:localhost:7051\nte:trailers\ncontent-type:application/grpc\n";
  const auto framed = [](const bytes& m) { return bytes("\0\0\0", 3) + static_cast<char>(m.size() >> 8) + static_cast<char>(m.size() & 255) + m; };
  return {head + "grpc-timeout:30S\nuser-agent:grpc-go/1.62\n\n" + framed("one") + framed("") + framed(bytes(2'000, 'x')),
          head + "weft-peer:peer0.org1.example.com\nkey-bin:Zm9vYg==\ngrpc-encoding:identity\n\n" + framed("a"),
          head + "grpc-encoding:gzip\n\n" + bytes("\1\0\0\0\1x", 6), head + "\n" + bytes("\0\xff\xff\xff\xff", 5), "\nZm9vYmFy"};
}

}  // namespace

WEFT_FUZZ_TARGET(rpc_request, 60'000);
