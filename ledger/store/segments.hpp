// The files of a log as one sequence: "blocks-000000", "blocks-000001", …; only the last one grows.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "ledger/store/env.hpp"

namespace weft::ledger {

using segment_number = std::uint32_t;

/// Thread-safe. Keeps a bounded number of files open.
class segments {
 public:
  /// Errors: `corruption` when one of the sequence is missing; `io`.
  /// `prefix` sets this sequence apart from others in the folder.
  [[nodiscard]] static result<std::unique_ptr<segments>> open(std::shared_ptr<env> files, std::string prefix);

  [[nodiscard]] std::string name(segment_number n) const;
  [[nodiscard]] segment_number count() const;
  /// Errors: `not_found`, `io`.
  [[nodiscard]] result<std::shared_ptr<file>> get(segment_number n);
  /// Begins the next file and returns it. Errors: `io`: the sequence is as before.
  [[nodiscard]] result<std::shared_ptr<file>> begin_next();

 private:
  segments(std::shared_ptr<env> files, std::string prefix) : files_(std::move(files)), prefix_(std::move(prefix)) {}
  void remember(segment_number n, std::shared_ptr<file> f);

  static constexpr std::size_t open_files_max = 16;
  std::shared_ptr<env> files_;
  std::string prefix_;
  mutable std::mutex mutex_;
  segment_number count_ = 0;
  std::list<std::pair<segment_number, std::shared_ptr<file>>> open_;  // most recently used first
};

}  // namespace weft::ledger
