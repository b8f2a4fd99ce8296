#include "config/yaml/problem.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace weft::config {

namespace {

constexpr std::size_t word_bytes_max = 64;  // longer ones are no slip of the finger, and the comparison is quadratic

std::string lower(std::string_view text) {
  std::string out(text);
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

/// Levenshtein's distance: how many letters to add, drop or change.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const auto change = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j + 1] + 1, row[j] + 1, change});
    }
  }
  return row.back();
}

}  // namespace

namespace {

/// What a document holds must not move a terminal's cursor.
void make_harmless(std::string& text) {
  for (auto& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
}

}  // namespace

std::string to_text(const problem& p, std::string_view file) {
  std::string text(file);
  if (p.line > 0) text += (text.empty() ? "line " : ":") + std::to_string(p.line) + ":" + std::to_string(p.column);
  const auto part = [&](const std::string& s, const char* between) {
    if (!s.empty()) text += (text.empty() ? "" : between) + s;
  };
  if (!p.is_error()) part("warning", ": ");
  part(p.path, ": ");
  part(p.what, ": ");
  part(p.suggestion, "; ");
  make_harmless(text);
  for (std::size_t from = 0; from < p.excerpt.size();) {
    const auto end = std::min(p.excerpt.find('\n', from), p.excerpt.size());
    auto line = p.excerpt.substr(from, end - from);
    make_harmless(line);
    text += "\n  " + line;
    from = end + 1;
  }
  return text;
}

std::string to_text(const std::vector<problem>& problems, std::string_view file) {
  std::string text;
  for (const auto& p : problems) text.append(text.empty() ? "" : "\n").append(to_text(p, file));
  return text;
}

bool any_error(const std::vector<problem>& problems) {
  return std::any_of(problems.begin(), problems.end(), [](const problem& p) { return p.is_error(); });
}

void put_in_order(std::vector<problem>& problems) {
  const auto place = [](const problem& p) { return std::tuple(p.line == 0, p.line, p.column); };
  std::stable_sort(problems.begin(), problems.end(), [&](const problem& a, const problem& b) { return place(a) < place(b); });
  std::vector<problem> kept;
  for (auto& p : problems) {
    bool twice = false;
    for (auto k = kept.rbegin(); !twice && k != kept.rend() && place(*k) == place(p); ++k) twice = *k == p;
    if (!twice) kept.push_back(std::move(p));
  }
  problems = std::move(kept);
}

tl::unexpected<error> refuse(const std::vector<problem>& problems, std::string_view file) {
  return fail(errc::invalid_argument, to_text(problems, file));
}

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  if (word.size() > word_bytes_max) return {};
  const auto wanted = lower(word);
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 2);
  for (const auto& k : known) {
    const auto have = lower(k);
    const bool beginning = word.size() >= 2 && have.compare(0, wanted.size(), wanted) == 0;
    if (const auto d = beginning ? 0 : distance(wanted, have); d <= best_distance && (best.empty() || d < best_distance)) {
      best = k;
      best_distance = d;
    }
  }
  return best;
}

std::string suggest(std::string_view word, const std::vector<std::string>& known) {
  if (const auto meant = nearest(word, known); !meant.empty()) return "did you mean '" + meant + "'?";
  std::string all;
  for (const auto& k : known) all.append(all.empty() ? "" : ", ").append(k);
  return all.empty() ? all : "allowed: " + all;
}

}  // namespace weft::config
