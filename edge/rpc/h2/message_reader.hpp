// Cuts the body of a call into messages: a byte of flags, four of length, the message. Pure.
#pragma once

#include <cstddef>

#include "config/base/bytes.hpp"

namespace weft::edge::h2 {

class message_reader {
 public:
  enum class outcome : std::uint8_t {
    more,        ///< The next message is not complete.
    message,     ///< Here it is.
    too_large,   ///< Its prefix says that it is larger than `limit`. Nothing follows.
    compressed,  ///< Nobody agreed on that. Nothing follows.
    nonsense,    ///< Flags that do not exist. Nothing follows.
  };
  static constexpr std::size_t prefix_size = 5;

  explicit message_reader(std::size_t limit) : limit_(limit) {}
  /// Bytes of the body, cut anywhere.
  void take(bytes_view piece);
  /// The next message, if it is complete.
  [[nodiscard]] outcome next(bytes& out);
  /// Bytes taken that have not left as messages: what a client makes us hold.
  [[nodiscard]] std::size_t held() const noexcept { return body_.size() + rest_.size() - at_; }
  /// Nothing has been begun: a body may end here.
  [[nodiscard]] bool between_messages() const noexcept { return !in_body_ && held() == 0; }
  /// After a prefix: the length that it announced.
  [[nodiscard]] std::size_t announced() const noexcept { return length_; }
  void clear();

 private:
  void fill();

  std::size_t limit_;
  bytes rest_;            ///< Behind the body; parsed up to at_.
  std::size_t at_ = 0;
  bool in_body_ = false;
  bytes body_;
  std::size_t length_ = 0;
};

}  // namespace weft::edge::h2
