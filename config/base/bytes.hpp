// Bytes are the truth: owned, borrowed and shared byte strings, and their hexadecimal form.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "config/base/result.hpp"

namespace weft {

inline constexpr std::size_t KiB = 1024;
inline constexpr std::size_t MiB = 1024 * KiB;

/// Owned bytes. A std::string, because protobuf and CAF carry bytes as one.
using bytes = std::string;
/// Borrowed bytes; valid as long as their owner.
using bytes_view = std::string_view;

/// An immutable span that shares ownership of the buffer it lies in: an envelope inside the block that arrived, say.
/// Copies cost a reference count. Thread-safe to read and copy.
class shared_bytes {
 public:
  shared_bytes() = default;
  /// Takes ownership of `data`.
  explicit shared_bytes(bytes data);
  /// A part of `owner`'s buffer; `part` must lie inside it.
  shared_bytes(const shared_bytes& owner, bytes_view part);

  [[nodiscard]] bytes_view view() const noexcept { return view_; }
  [[nodiscard]] std::size_t size() const noexcept { return view_.size(); }
  [[nodiscard]] bool empty() const noexcept { return view_.empty(); }
  operator bytes_view() const noexcept { return view_; }  // NOLINT: a span of bytes is meant to read as one
  [[nodiscard]] bytes to_bytes() const { return bytes(view_); }
  friend bool operator==(const shared_bytes& a, const shared_bytes& b) { return a.view_ == b.view_; }

 private:
  std::shared_ptr<const bytes> owner_;
  bytes_view view_;
};

/// Lower-case hexadecimal, two digits a byte.
[[nodiscard]] std::string to_hex(bytes_view data);
/// Accepts both cases. Errors: `invalid_argument` for an odd length or a character that is no digit.
[[nodiscard]] result<bytes> from_hex(std::string_view text);

}  // namespace weft
