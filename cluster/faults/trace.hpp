// What happened last in a run. Cheap enough to be always on: numbers are kept, text is made only when somebody reads.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "cluster/faults/dice.hpp"

namespace weft::cluster::faults {

/// A number or a text; texts are not copied and must live as long as the trace: literals.
class trace_value {
 public:
  trace_value() = default;
  trace_value(std::uint64_t n) : number_(n) {}                                // NOLINT: values are meant to be passed as they are
  trace_value(std::uint32_t n) : number_(n) {}                                // NOLINT
  trace_value(const char* literal) : text_(literal) {}                        // NOLINT
  void append_to(std::string& out) const { text_ != nullptr ? out += text_ : out += std::to_string(number_); }

 private:
  std::uint64_t number_ = 0;
  const char* text_ = nullptr;
};

/// A ring of the newest happenings.
class trace {
 public:
  static constexpr std::size_t values_max = 6;

  explicit trace(std::size_t kept = 400) : ring_(kept) {}

  /// `form` is a literal with a {} for each value.
  template <class... Values>
  void note(instant at, unsigned node, const char* form, const Values&... values) {
    static_assert(sizeof...(Values) <= values_max);
    auto& r = ring_[static_cast<std::size_t>(count_++ % ring_.size())];
    r.at = at;
    r.node = node;
    r.form = form;
    r.own.clear();
    std::size_t i = 0;
    ((r.values[i++] = trace_value(values)), ...);
  }
  /// A text that was made: dear, so not for what happens all the time.
  void say(instant at, unsigned node, std::string text) {
    note(at, node, "{}");
    auto& r = ring_[static_cast<std::size_t>((count_ - 1) % ring_.size())];
    r.own = std::move(text);
  }
  /// Lines "   1.250137 s  node 3  becomes leader of term 4", oldest first; says how many are left out. Node 0 is nobody's.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  void clear() noexcept { count_ = 0; }

 private:
  struct record {
    instant at{};
    unsigned node = 0;
    const char* form = nullptr;
    std::array<trace_value, values_max> values;
    std::string own;  ///< In place of the form.
  };
  std::vector<record> ring_;
  std::uint64_t count_ = 0;
};

}  // namespace weft::cluster::faults
