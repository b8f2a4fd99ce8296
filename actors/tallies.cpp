#include "actors/tallies.hpp"

#include <algorithm>

namespace weft::actors {

namespace {

template <class Families>
auto& series_of(Families& families, const char* name, const char* help, const tallies::labels& l) {
  auto& f = families[name];
  f.help = help;
  if (const auto it = f.series.find(l); it != f.series.end()) return it->second;
  if (f.series.size() < tallies::series_max) return f.series[l];
  auto other = l;
  for (auto& [label, value] : other) value = "other";
  return f.series[other];
}

void add(std::uint64_t& to, std::uint64_t from) { to += from; }
void add(tallies::timing& to, const tallies::timing& from) {
  for (std::size_t i = 0; i < to.classes.size(); ++i) to.classes[i] += from.classes[i];
  to.seconds += from.seconds;
}

template <class Merged, class Families>
Merged merged(const Families& families) {
  Merged out;
  for (const auto& [name, f] : families) {
    auto& into = out[name];
    into.help = f.help;
    for (const auto& [l, value] : f.series) add(into.series[l], value);
  }
  return out;
}

}  // namespace

void tallies::count(const char* name, const char* help, const labels& l, std::uint64_t by) {
  const std::lock_guard lock(mutex_);
  series_of(counts_, name, help, l) += by;
}

void tallies::took(const char* name, const char* help, const labels& l, std::chrono::nanoseconds time) {
  const auto seconds = std::chrono::duration<double>(time).count();
  const auto place = static_cast<std::size_t>(std::lower_bound(bounds.begin(), bounds.end(), seconds) - bounds.begin());
  const std::lock_guard lock(mutex_);
  auto& t = series_of(timings_, name, help, l);
  ++t.classes[place];
  t.seconds += seconds;
}

tallies::counts tallies::all_counts() const {
  const std::lock_guard lock(mutex_);
  return merged<counts>(counts_);
}
tallies::timings tallies::all_timings() const {
  const std::lock_guard lock(mutex_);
  return merged<timings>(timings_);
}

}  // namespace weft::actors
