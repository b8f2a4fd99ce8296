// Virtual time and what is going to happen in it.
#pragma once

#include <algorithm>
#include <vector>

#include "cluster/faults/dice.hpp"
#include "config/base/assert.hpp"

namespace weft::cluster::faults {

/// A queue of events by time. What was scheduled for one instant happens in the order in which it was scheduled, so a run depends on nothing but
/// its seed. Time stands still between events: an hour without any costs nothing.
/// `Event` is the simulation's own: best a small plain struct, which is then moved without allocation; a std::function works as well.
template <class Event>
class timeline {
 public:
  [[nodiscard]] instant now() const noexcept { return now_; }
  [[nodiscard]] bool empty() const noexcept { return heap_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return heap_.size(); }
  /// Of the next event. Requires that there is one.
  [[nodiscard]] instant next_at() const noexcept { return heap_.front().at; }

  /// At `when`; at once, behind what is due now, if that is over.
  void at(instant when, Event e) {
    heap_.push_back({std::max(when, now_), sequence_++, std::move(e)});
    std::push_heap(heap_.begin(), heap_.end(), later);
  }
  void after(instant delay, Event e) { at(now_ + delay, std::move(e)); }

  /// Time moves to the next event. Requires that there is one.
  [[nodiscard]] Event pop() {
    WEFT_ASSERT(!heap_.empty(), "nothing is going to happen");
    std::pop_heap(heap_.begin(), heap_.end(), later);
    now_ = heap_.back().at;
    Event e = std::move(heap_.back().what);
    heap_.pop_back();
    return e;
  }
  /// Forgets everything that is to come; time stays.
  void clear() noexcept { heap_.clear(); }

 private:
  struct entry {
    instant at;
    std::uint64_t sequence;
    Event what;
  };
  static bool later(const entry& a, const entry& b) noexcept { return a.at != b.at ? a.at > b.at : a.sequence > b.sequence; }

  instant now_{0};
  std::uint64_t sequence_ = 0;
  std::vector<entry> heap_;
};

}  // namespace weft::cluster::faults
