// Many seeds, on several processes, and the record of what was run.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "config/base/result.hpp"

namespace weft::sim {

struct seed_range {
  std::uint64_t first = 1, last = 1;  ///< Both included.
};
/// "A..B", or one number. Errors: `invalid_argument`.
[[nodiscard]] result<seed_range> parse_range(const std::string& text);

struct failure {
  std::uint64_t seed = 0;
  std::string what;  ///< The promise, or how the process died.
};
struct tally {
  std::uint64_t seeds = 0;
  std::string went_through;       ///< Averages: leaders, blocks, crashes…
  std::vector<failure> failures;  ///< By seed.
  double seconds = 0;
};

/// Each worker is a process of its own: an assertion that fails there is a failure of its seed, and the campaign goes on.
/// Stops behind the first failure if `until_found`.
[[nodiscard]] tally run_seeds(const seed_range& range, unsigned jobs, bool inside, bool until_found);

/// A file with a line "commit,first,last,failures,seconds" for each part of a campaign.
class campaign_record {
 public:
  explicit campaign_record(std::filesystem::path file) : file_(std::move(file)) {}
  /// Where to go on in `range` at this commit: behind the last line that ends in it. Errors: `io`, `corruption` for another file.
  [[nodiscard]] result<std::uint64_t> resume(const seed_range& range, const std::string& commit) const;
  [[nodiscard]] result<void> append(const std::string& commit, const seed_range& part, const tally& t) const;

 private:
  std::filesystem::path file_;
};

/// The commit of the source tree, with "+" if it was changed; "unknown" outside a repository.
[[nodiscard]] std::string commit_of(const std::string& source_folder);

}  // namespace weft::sim
