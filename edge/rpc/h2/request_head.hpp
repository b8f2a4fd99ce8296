// The headers of a call, as they come, and whether a call may be made of them. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/messages.hpp"
#include "config/base/bytes.hpp"

namespace weft::edge::h2 {

class request_head {
 public:
  /// Names and values with 32 bytes for each, as HTTP/2 counts them; and how many there may be.
  static constexpr std::size_t bytes_max = 16 * KiB, metadata_max = 128;

  /// One header, name in lower case.
  void add(bytes_view name, bytes_view value);

  /// After the last: whether it is a call. Not 200: no gRPC, to be answered with this HTTP status.
  [[nodiscard]] int http_status() const noexcept;
  /// Why the call cannot be taken; ok when it can.
  [[nodiscard]] const actors::rpc_status& refused() const noexcept { return refused_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] std::optional<std::chrono::nanoseconds> timeout() const noexcept { return timeout_; }

  /// What goes with the call beyond gRPC's own; values of "…-bin" decoded. Of several with one key the first.
  using pairs = std::vector<std::pair<std::string, bytes>>;
  [[nodiscard]] pairs& metadata() noexcept { return metadata_; }
  [[nodiscard]] const pairs& metadata() const noexcept { return metadata_; }

 private:
  void add_known(bytes_view name, bytes_view value);
  void refuse(actors::rpc_code code, std::string why);

  bool post_ = false, grpc_ = false;
  std::size_t bytes_ = 0;
  std::string path_;
  std::optional<std::chrono::nanoseconds> timeout_;
  pairs metadata_;
  actors::rpc_status refused_;
};

/// Value of a key; empty when there is none.
[[nodiscard]] std::string find(const request_head::pairs& metadata, bytes_view key);

}  // namespace weft::edge::h2
