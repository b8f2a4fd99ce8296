// A bounded queue of bytes: what stands between two sides of which one may be slower.
#pragma once

#include <cstring>
#include <span>
#include <vector>

#include "config/base/assert.hpp"
#include "config/base/bytes.hpp"

namespace weft::actors::remoting {

/// Never holds more than its capacity; memory is taken with the first byte. Owned by one thread.
class byte_queue {
 public:
  explicit byte_queue(std::size_t capacity) : capacity_(capacity) {}

  [[nodiscard]] std::size_t size() const noexcept { return tail_ - head_; }
  [[nodiscard]] bool empty() const noexcept { return head_ == tail_; }
  [[nodiscard]] std::size_t room() const noexcept { return capacity_ - size(); }
  /// Everything that waits.
  [[nodiscard]] bytes_view front() const noexcept { return {store_.data() + head_, size()}; }
  void drop(std::size_t count) {
    WEFT_ASSERT(count <= size(), "more is dropped than waits");
    head_ += count;
    if (head_ == tail_) head_ = tail_ = 0;
  }
  /// Requires: `more` fits into room().
  void append(bytes_view more) {
    const auto to = space(more.size());
    WEFT_ASSERT(more.size() <= to.size(), "a bounded queue overflows");
    std::memcpy(to.data(), more.data(), more.size());
    tail_ += more.size();
  }
  /// Where the next bytes may be written, at least `wanted` of them as long as there is so much room; commit() tells how many came.
  [[nodiscard]] std::span<char> space(std::size_t wanted) {
    if (store_.empty()) store_.resize(capacity_);
    if (capacity_ - tail_ < wanted && head_ > 0) {
      std::memmove(store_.data(), store_.data() + head_, size());
      tail_ -= head_;
      head_ = 0;
    }
    return {store_.data() + tail_, capacity_ - tail_};
  }
  void commit(std::size_t count) {
    WEFT_ASSERT(count <= capacity_ - tail_, "a bounded queue overflows");
    tail_ += count;
  }

 private:
  std::vector<char> store_;
  std::size_t capacity_, head_ = 0, tail_ = 0;
};

}  // namespace weft::actors::remoting
