#include "ledger/store/segments.hpp"

#include <algorithm>
#include <charconv>

namespace weft::ledger {
namespace {

std::optional<segment_number> number_of(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return std::nullopt;
  name.remove_prefix(prefix.size());
  segment_number n = 0;
  const auto [end, code] = std::from_chars(name.data(), name.data() + name.size(), n);
  if (code != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  return n;
}

}  // namespace

std::string segments::name(segment_number n) const {
  std::string digits = std::to_string(n);
  if (digits.size() < 6) digits.insert(0, 6 - digits.size(), '0');
  return prefix_ + digits;
}

result<std::unique_ptr<segments>> segments::open(std::shared_ptr<env> files, std::string prefix) {
  WEFT_TRY(const auto names, files->list());
  std::unique_ptr<segments> s(new segments(std::move(files), std::move(prefix)));
  std::vector<segment_number> numbers;
  for (const auto& n : names)
    if (const auto number = number_of(n, s->prefix_); number && s->name(*number) == n) numbers.push_back(*number);
  std::sort(numbers.begin(), numbers.end());
  for (segment_number i = 0; i < numbers.size(); ++i)
    if (numbers[i] != i)
      return fail(errc::corruption, "the file " + s->name(i) + " is missing, but " + s->name(numbers[i]) +
                                        " is there: put it back, or remove the channel's files to fetch its blocks anew");
  s->count_ = static_cast<segment_number>(numbers.size());
  return s;
}

segment_number segments::count() const {
  const std::lock_guard lock(mutex_);
  return count_;
}

void segments::remember(segment_number n, std::shared_ptr<file> f) {
  open_.emplace_front(n, std::move(f));
  if (open_.size() <= open_files_max) return;
  auto oldest = std::prev(open_.end());
  if (oldest->first + 1 == count_) --oldest;  // the one that grows stays: its size is known to that object
  open_.erase(oldest);
}

result<std::shared_ptr<file>> segments::get(segment_number n) {
  const std::lock_guard lock(mutex_);
  if (n >= count_) return fail(errc::not_found, "there is no file " + name(n));
  for (auto it = open_.begin(); it != open_.end(); ++it)
    if (it->first == n) {
      open_.splice(open_.begin(), open_, it);
      return open_.front().second;
    }
  WEFT_TRY(auto opened, files_->open(name(n)));
  std::shared_ptr<file> f = std::move(opened);
  remember(n, f);
  return f;
}

result<std::shared_ptr<file>> segments::begin_next() {
  const std::lock_guard lock(mutex_);
  WEFT_TRY(auto opened, files_->open(name(count_)));
  std::shared_ptr<file> f = std::move(opened);
  remember(count_++, f);
  return f;
}

}  // namespace weft::ledger
