// A YAML document that a person wrote, read so that one run shows everything that is wrong with it.
//
// A reader walks from `document::root()` with `value`s, which know where they stand. What does not fit is noted in the document with its
// line, column and path, and reading goes on: a reader never asks whether something failed until the end.
//
//   auto doc = yaml::document::parse(text);
//   auto org = doc.root()["PeerOrgs"];
//   org.each([&](yaml::value item) {
//     if (!item.map({"Name", "Domain", "Specs"})) return;     // another key is noted, with the one that was meant
//     item["Name"].read(name);                                // absent or null: `name` keeps its default
//   });
//   if (any_error(doc.problems())) return refuse(doc.problems(), "crypto-config.yaml");
//
// Anchors, aliases and merge keys (`<<`) are resolved. Bounded: bytes, depth, and nodes with every alias written out.
#pragma once

#include <chrono>
#include <functional>
#include <initializer_list>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "config/base/bytes.hpp"
#include "config/yaml/problem.hpp"

namespace weft::config::yaml {

/// What stands in a value's place although the document says something else.
struct replacement {
  std::string text;    ///< A scalar; "[a, b]" is a list.
  std::string origin;  ///< Who says so, for problems: an environment variable.
};

struct options {
  bool any_case = false;  ///< Keys are compared without regard to case (configtx.yaml).
  problem::severity unknown_keys = problem::severity::error;
  bool may_be_empty = false;  ///< Nothing, or comments alone: the root is absent and that is no problem.
  std::size_t bytes_max = MiB;
  std::size_t depth_max = 64;
  std::size_t nodes_max = 100'000;  ///< After every alias was written out: a bomb is refused, not expanded.
  /// Asked once for every key of the maps that are walked, by its path, but not inside of lists. Empty: nothing is replaced.
  std::function<std::optional<replacement>(const std::string& path)> replace;
};

/// Beyond so many, problems are counted rather than kept.
inline constexpr std::size_t problems_max = 200;

struct document_state;

/// A place in a document: what is there, or that nothing is. Cheap to copy; valid as long as its document, and one thread's like it.
/// `read` and its kin leave their target alone when the value is absent or null, and when it does not fit, which is noted.
class value {
 public:
  [[nodiscard]] bool present() const noexcept { return node_ >= 0; }  ///< False for null, too: `Users:` with nothing behind it.
  [[nodiscard]] bool is_map() const;
  [[nodiscard]] bool is_list() const;
  [[nodiscard]] bool is_scalar() const;
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] std::size_t line() const;  ///< Of the value, or of the nearest thing around it when it is absent.
  [[nodiscard]] std::string text() const;  ///< Of a scalar as written, quotes taken off; empty for anything else.

  /// True for a map. A key that is not in `known` is noted, as is one that stands there twice. Absent: false, and nothing is noted.
  /// A key may have other names behind a bar: "Hostname|HostName"; the first is what people are told.
  bool map(std::initializer_list<std::string_view> known) const;
  bool map(const std::vector<std::string>& known) const;
  /// Every key of a map whose keys are names that the writer chose, in their order; a key that stands there twice is noted.
  void each_entry(const std::function<void(const std::string& key, value)>& visit) const;
  /// Members of a list; another thing is noted.
  void each(const std::function<void(value)>& visit) const;
  /// The value under a key ("Name|Alias" as above); absent where there is none.
  [[nodiscard]] value operator[](std::string_view key) const;
  /// As operator[], and its absence is noted.
  [[nodiscard]] value require(std::string_view key) const;

  void read(std::string& into) const;
  void read(bool& into) const;
  void read(std::vector<std::string>& into) const;  ///< A list of scalars replaces what was there.
  void read(std::chrono::milliseconds& into) const;  ///< "500ms", "2s", "1h30m"; whole milliseconds, not negative.
  template <class Number>
    requires(std::is_integral_v<Number> && !std::is_same_v<Number, bool>)
  void read(Number& into) const {
    using limit = std::numeric_limits<Number>;
    if constexpr (std::is_unsigned_v<Number>) {
      std::uint64_t n = 0;
      if (read_unsigned(n, limit::max())) into = static_cast<Number>(n);
    } else {
      std::int64_t n = 0;
      if (read_signed(n, limit::min(), limit::max())) into = static_cast<Number>(n);
    }
  }
  /// "512 KB", "10 MB", "4096": K, M and G are powers of 1024.
  void read_bytes(std::uint32_t& into) const;
  void read_bytes(std::uint64_t& into) const;
  /// One of these words; another is noted with the one that was meant. As the other `read`s otherwise.
  void read_choice(std::string& into, const std::vector<std::string>& allowed) const;

  /// Notes a problem of this place.
  void say(std::string what, std::string suggestion = {}, problem::severity how = problem::severity::error) const;

 private:
  friend class document;
  value(document_state* state, int node, std::string path, int near) : state_(state), node_(node), near_(near), path_(std::move(path)) {}
  [[nodiscard]] const std::string* scalar(const char* expected) const;
  bool read_unsigned(std::uint64_t& into, std::uint64_t most) const;
  bool read_signed(std::int64_t& into, std::int64_t least, std::int64_t most) const;
  bool read_size(std::uint64_t& into, std::uint64_t most) const;
  bool expect(bool fits, const char* expected) const;

  document_state* state_;
  int node_;          ///< -1: absent.
  int near_;          ///< The nearest node that is there, for lines.
  std::string path_;
};

class document {
 public:
  /// Never fails: what cannot be parsed is a problem, and the root then is absent. Further documents of the stream are noted and left.
  [[nodiscard]] static document parse(std::string_view text, const options& o = {});

  [[nodiscard]] value root() const;
  /// The value at a path as `value::path` has it; absent (with the line of what is nearest) where the document has none.
  [[nodiscard]] value at(std::string_view path) const;
  /// Notes a problem that was found later; a missing line and column are those of its path.
  void add(problem p);
  /// By line, each once.
  [[nodiscard]] std::vector<problem> problems() const;

 private:
  explicit document(std::shared_ptr<document_state> s) : state_(std::move(s)) {}
  std::shared_ptr<document_state> state_;
};

/// The whole of a file. Errors: `not_found`, `io`, `invalid_argument` above `bytes_max`.
[[nodiscard]] result<std::string> read_file(const std::string& path, std::size_t bytes_max = MiB);

}  // namespace weft::config::yaml
