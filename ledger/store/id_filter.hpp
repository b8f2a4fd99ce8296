// Which transaction ids a store may hold: answers "surely not" from memory, where the index would search every level of its tables.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace weft::ledger {

/// A Bloom filter that grows: stages of doubling size, 16 bits an id, each id's bits within one cache line (Putze, Sanders and Singler, "Cache-, hash- and
/// space-efficient Bloom filters", 2007). Nearly all look-ups of ids are for ones that were never seen: about one in a hundred of them answers "maybe".
/// One writer; may_hold() is thread-safe beside it, and knows what was added before it in the order of the caller's own locks.
class id_filter {
 public:
  void add(std::string_view id);
  [[nodiscard]] bool may_hold(std::string_view id) const noexcept;
  [[nodiscard]] std::size_t memory_bytes() const noexcept;

 private:
  static constexpr std::size_t line_words = 8, line_bits = 512, bits_per_id = 16, first_ids = 16'384, stages_max = 24;
  struct stage {
    std::size_t lines = 0;
    std::unique_ptr<std::atomic<std::uint64_t>[]> words;
  };
  struct place {
    std::size_t line;
    std::array<std::uint64_t, line_words> bits;
  };
  [[nodiscard]] static place place_of(std::uint64_t hash, std::size_t lines) noexcept;

  std::array<stage, stages_max> stages_;
  std::atomic<std::size_t> used_{0};   ///< Stages that may be read.
  std::size_t room_ = 0;               ///< Ids that the newest stage still takes.
};

}  // namespace weft::ledger
