// SHA-256, the only digest that Fabric's channels use.
#pragma once

#include <array>
#include <memory>

#include "config/base/bytes.hpp"

namespace weft::crypto {

using digest = std::array<unsigned char, 32>;

[[nodiscard]] inline bytes_view view(const digest& d) { return {reinterpret_cast<const char*>(d.data()), d.size()}; }
[[nodiscard]] inline bytes to_bytes(const digest& d) { return bytes(view(d)); }

/// Digest of one span. Thread-safe; about 0.7 µs per KiB.
[[nodiscard]] digest sha256(bytes_view data);

/// Digest of a concatenation that never exists in memory: `sha256_stream{}.add(a).add(b).finish()`.
class sha256_stream {
 public:
  sha256_stream();
  ~sha256_stream();
  sha256_stream(sha256_stream&&) noexcept;
  sha256_stream& operator=(sha256_stream&&) noexcept;
  sha256_stream& add(bytes_view data);
  /// Ends the stream; it then starts anew.
  [[nodiscard]] digest finish();

 private:
  struct context;
  std::unique_ptr<context> context_;
};

}  // namespace weft::crypto
