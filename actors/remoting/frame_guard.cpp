#include "actors/remoting/frame_guard.hpp"

#include <algorithm>
#include <optional>

#include "actors/remoting/travels.hpp"

namespace weft::actors::remoting {

namespace {

enum operation : std::uint8_t { server_handshake, client_handshake, direct_message, routed_message, monitor_message, down_message, heartbeat };
constexpr std::uint8_t named_receiver = 1;

std::uint64_t big_endian(bytes_view at) {
  std::uint64_t out = 0;
  for (const char c : at) out = out << 8 | static_cast<unsigned char>(c);
  return out;
}

/// Reads what CAF's binary serializer wrote. Nothing when the bytes end too early.
class reader {
 public:
  explicit reader(bytes_view from) : rest_(from) {}
  std::optional<bytes_view> take(std::size_t count) {
    if (rest_.size() < count) return std::nullopt;
    const auto out = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return out;
  }
  std::optional<std::uint32_t> length() {
    std::uint32_t out = 0;
    for (unsigned shift = 0; shift <= 21; shift += 7) {  // four bytes are enough for all that may pass
      const auto c = take(1);
      if (!c) return std::nullopt;
      const auto low = static_cast<unsigned char>(c->front());
      out |= static_cast<std::uint32_t>(low & 0x7f) << shift;
      if ((low & 0x80) == 0) return out;
    }
    return std::nullopt;
  }
  /// The type names of a message, without "@<>" in front: "+@atom+weft.block".
  std::optional<bytes_view> types() {
    const auto mark = take(2);
    if (!mark || big_endian(*mark) != 0) return std::nullopt;
    const auto size = length();
    if (!size) return std::nullopt;
    auto names = take(*size);
    if (!names || !names->starts_with("@<>")) return std::nullopt;
    names->remove_prefix(3);
    return names;
  }

 private:
  bytes_view rest_;
};

/// What CAF puts into an error: code, category and a message, which may say more in words but carry nothing else.
bool plain_error(reader& r) {
  if (!r.take(1 + 8)) return false;
  const auto context = r.types();
  return context && (context->empty() || *context == "+@str" || *context == "+@str+@str");
}

bool plain_message(bytes_view payload) {
  reader r(payload);
  const auto stages = r.length();
  if (!stages || *stages != 0) return false;  // nothing of ours travels on behalf of a third actor
  const auto types = r.types();
  if (!types) return false;
  if (*types == "+@error") return plain_error(r);
  for (auto rest = *types; !rest.empty();) {
    if (rest.front() != '+') return false;
    rest.remove_prefix(1);
    const auto end = std::min(rest.find('+'), rest.size());
    if (const auto name = rest.substr(0, end); name == "@error" || !travels(name)) return false;
    rest.remove_prefix(end);
  }
  return true;
}

tl::unexpected<error> refuse(const char* why) { return fail(errc::invalid_argument, why); }

}  // namespace

result<void> frame_guard::feed(bytes_view in, byte_queue& out) {
  while (!in.empty()) {
    if (rest_ > 0) {
      const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(rest_, in.size()));
      if (pass_) out.append(in.substr(0, n));
      rest_ -= n;
      in.remove_prefix(n);
      continue;
    }
    const auto n = std::min(need_ - have_, in.size());
    std::copy_n(in.data(), n, held_.data() + have_);
    have_ += n;
    in.remove_prefix(n);
    if (have_ < need_) return {};
    if (have_ == header_size) {
      WEFT_TRY(const auto peek, judge_header());
      need_ = header_size + peek;
      if (peek > 0) continue;
    }
    WEFT_TRY(pass_, judge_frame());
    if (pass_) out.append({held_.data(), have_}); else ++dropped_;
    rest_ = header_.payload - (have_ - header_size);
    have_ = 0;
    need_ = header_size;
  }
  return {};
}

result<std::size_t> frame_guard::judge_header() {
  const bytes_view raw(held_.data(), header_size);
  header_ = {static_cast<std::uint8_t>(raw[0]), static_cast<std::uint8_t>(raw[3]), static_cast<std::uint32_t>(big_endian(raw.substr(4, 4))),
             big_endian(raw.substr(8, 8)), big_endian(raw.substr(16, 8)), big_endian(raw.substr(24, 8))};
  const auto payload = header_.payload;
  if (header_.operation > heartbeat) return refuse("an operation that BASP does not have");
  if (header_.operation == routed_message) return refuse("a message to be forwarded");
  if (payload > payload_max_) return refuse("a frame above the limit");
  const bool handshake = header_.operation <= client_handshake;
  if (!handshake && peer_mark_.empty()) return refuse("a frame before the handshake");
  if (handshake && (payload < node_mark_size || payload > handshake_max)) return refuse("a handshake of an impossible size");
  if (header_.operation == heartbeat && payload != 0) return refuse("a heartbeat with content");
  if (header_.operation == monitor_message && payload != 2 * node_mark_size) return refuse("a monitor of an impossible size");
  if (header_.operation == down_message && payload < 2 * node_mark_size) return refuse("a down message of an impossible size");
  if (header_.operation == direct_message && (payload == 0 || header_.destination == 0)) return refuse("a message to nobody");
  return std::min<std::size_t>(payload, peek_max);
}

bool frame_guard::names_both_ends() const {
  return peeked().substr(0, node_mark_size) == peer_mark_ && peeked().substr(node_mark_size, node_mark_size) == own_mark_;
}

result<bool> frame_guard::judge_handshake() {
  const bool by_dialler = header_.operation == client_handshake;
  if (by_dialler != (from_ == speaker::dialler)) return refuse("the other side's handshake");
  const auto mark = peeked().substr(0, node_mark_size);
  if (mark.substr(0, 8) != bytes_view(own_mark_).substr(0, 8)) return refuse("a node id of an unknown kind");
  if (mark == own_mark_) return refuse("a node that claims to be this one");
  if (by_dialler && header_.payload != node_mark_size) return refuse("a handshake of an impossible size");
  if (!by_dialler && header_.data == 0) return refuse("a handshake without version");
  if (!peer_mark_.empty() && (!by_dialler || mark != peer_mark_)) return refuse("a second handshake");  // CAF's client says it twice
  peer_mark_ = mark;
  return true;
}

result<bool> frame_guard::judge_frame() {
  switch (header_.operation) {
    case server_handshake:
    case client_handshake: return judge_handshake();
    case direct_message:
      return (header_.flags & named_receiver) == 0 && header_.source != 0 && plain_message(peeked());
    case monitor_message:
      if (!names_both_ends() || header_.data != 0) return refuse("a monitor in the name of another node");
      return true;
    case down_message: {
      if (!names_both_ends() || header_.data != 0 || header_.source == 0 || header_.destination != 0)
        return refuse("a down message in the name of another node");
      reader r(peeked().substr(2 * node_mark_size));
      if (!plain_error(r)) return refuse("a down message with a reason that does not travel");
      return true;
    }
    case heartbeat:
      if (header_.data != 0 || header_.source != 0 || header_.destination != 0) return refuse("a heartbeat with content");
      return true;
    default: return refuse("an operation that BASP does not have");
  }
}

}  // namespace weft::actors::remoting
