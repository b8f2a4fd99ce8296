#include "edge/rpc/h2/message_reader.hpp"

#include <algorithm>
#include <utility>

namespace weft::edge::h2 {

void message_reader::take(bytes_view piece) {
  if (in_body_ && at_ == rest_.size()) {  // straight to where it belongs: a large message is copied once
    const auto n = std::min(piece.size(), length_ - body_.size());
    body_.append(piece.substr(0, n));
    piece.remove_prefix(n);
  }
  rest_.append(piece);
}

void message_reader::fill() {
  const auto n = std::min(rest_.size() - at_, length_ - body_.size());
  body_.append(rest_, at_, n);
  at_ += n;
  if (at_ == rest_.size()) {
    if (rest_.capacity() > 4 * KiB) rest_ = bytes();
    rest_.clear();
    at_ = 0;
  }
}

message_reader::outcome message_reader::next(bytes& out) {
  if (!in_body_) {
    if (rest_.size() - at_ < prefix_size) return outcome::more;
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(rest_[at_ + i]); };
    if (byte(0) > 1) return outcome::nonsense;
    if (byte(0) == 1) return outcome::compressed;
    length_ = std::size_t{byte(1)} << 24 | std::size_t{byte(2)} << 16 | std::size_t{byte(3)} << 8 | byte(4);
    if (length_ > limit_) return outcome::too_large;
    at_ += prefix_size;
    in_body_ = true;
  }
  fill();
  if (body_.size() < length_) return outcome::more;
  out = std::exchange(body_, {});
  in_body_ = false;
  return outcome::message;
}

void message_reader::clear() { *this = message_reader(limit_); }

}  // namespace weft::edge::h2
