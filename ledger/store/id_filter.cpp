#include "ledger/store/id_filter.hpp"

#include <functional>

namespace weft::ledger {

id_filter::place id_filter::place_of(std::uint64_t hash, std::size_t lines) noexcept {
  constexpr unsigned bits = 7, index_bits = 9;
  place p{static_cast<std::size_t>((hash >> 32) * lines >> 32), {}};
  std::uint64_t rest = hash * 0x9e3779b97f4a7c15u;  // the golden ratio: the line was chosen by the upper half already
  for (unsigned i = 0; i < bits; ++i, rest >>= index_bits) {
    const auto at = static_cast<std::size_t>(rest % line_bits);
    p.bits[at / 64] |= std::uint64_t{1} << at % 64;
  }
  return p;
}

void id_filter::add(std::string_view id) {
  auto used = used_.load(std::memory_order_relaxed);
  if (room_ == 0 && used < stages_max) {
    room_ = first_ids << used;
    auto& next = stages_[used];
    next.lines = room_ * bits_per_id / line_bits;
    next.words = std::make_unique<std::atomic<std::uint64_t>[]>(next.lines * line_words);
    used_.store(++used, std::memory_order_release);
  }
  if (room_ > 0) --room_;
  const auto& newest = stages_[used - 1];
  const auto p = place_of(std::hash<std::string_view>{}(id), newest.lines);
  for (std::size_t w = 0; w < line_words; ++w) {
    if (p.bits[w] != 0) newest.words[p.line * line_words + w].fetch_or(p.bits[w], std::memory_order_relaxed);
  }
}

bool id_filter::may_hold(std::string_view id) const noexcept {
  const std::uint64_t hash = std::hash<std::string_view>{}(id);
  for (auto i = used_.load(std::memory_order_acquire); i-- > 0;) {
    const auto p = place_of(hash, stages_[i].lines);
    bool all = true;
    for (std::size_t w = 0; w < line_words && all; ++w) {
      all = (stages_[i].words[p.line * line_words + w].load(std::memory_order_relaxed) & p.bits[w]) == p.bits[w];
    }
    if (all) return true;
  }
  return false;
}

std::size_t id_filter::memory_bytes() const noexcept {
  std::size_t out = 0;
  for (auto i = used_.load(std::memory_order_acquire); i-- > 0;) out += stages_[i].lines * line_bits / 8;
  return out;
}

}  // namespace weft::ledger
