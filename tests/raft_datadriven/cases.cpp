#include "tests/raft_datadriven/cases.hpp"

#include <algorithm>

namespace weft::datadriven {

namespace {

constexpr std::string_view blanks = " \t\r";

std::string_view trimmed(std::string_view text) {
  const auto from = text.find_first_not_of(blanks);
  if (from == text.npos) return {};
  return text.substr(from, text.find_last_not_of(blanks) - from + 1);
}

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const auto& part : parts) out += part + '\n';
  return out;
}

/// Words at blanks, except inside parentheses.
std::vector<std::string_view> split_words(std::string_view line) {
  std::vector<std::string_view> out;
  std::size_t from = 0;
  int depth = 0;
  for (std::size_t i = 0; i <= line.size(); ++i) {
    if (i < line.size() && line[i] == '(') ++depth;
    if (i < line.size() && line[i] == ')') --depth;
    if (i < line.size() && (depth > 0 || blanks.find(line[i]) == blanks.npos)) continue;
    if (i > from) out.push_back(line.substr(from, i - from));
    from = i + 1;
  }
  return out;
}

argument parse_argument(std::string_view word) {
  const auto equals = word.find('=');
  argument out{std::string(word.substr(0, equals)), {}};
  if (equals == word.npos) return out;
  auto value = word.substr(equals + 1);
  if (value.size() < 2 || value.front() != '(' || value.back() != ')') {
    out.values.emplace_back(value);
    return out;
  }
  value = value.substr(1, value.size() - 2);
  for (std::size_t from = 0; from <= value.size();) {
    const auto until = std::min(value.find(',', from), value.size());
    const auto one = trimmed(value.substr(from, until - from));
    if (!one.empty()) out.values.emplace_back(one);
    from = until + 1;
  }
  return out;
}

}  // namespace

std::vector<std::string> block::words() const {
  std::vector<std::string> out;
  for (const auto& a : arguments)
    if (a.values.empty()) out.push_back(a.key);
  return out;
}

const argument* block::find(std::string_view key) const {
  const auto found = std::find_if(arguments.begin(), arguments.end(), [&](const argument& a) { return a.key == key && !a.values.empty(); });
  return found == arguments.end() ? nullptr : &*found;
}

std::vector<std::string> lines(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

result<block> parse_line(std::string_view line) {
  block out;
  const auto words = split_words(line);
  if (words.empty()) return fail(errc::invalid_argument, "no command");
  out.command = std::string(words.front());
  for (std::size_t i = 1; i < words.size(); ++i) out.arguments.push_back(parse_argument(words[i]));
  return out;
}

result<std::vector<block>> parse(const std::string& file, std::string_view text) {
  std::vector<block> out;
  const auto all = lines(text);
  const auto separator = [&](std::size_t i) { return i < all.size() && all[i] == "----"; };
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (trimmed(all[i]).empty() || all[i].front() == '#') continue;
    std::string command = all[i];
    const int line = static_cast<int>(i) + 1;
    while (command.back() == '\\' && i + 1 < all.size()) command = command.substr(0, command.size() - 1) + all[++i];
    auto parsed = parse_line(command);
    if (!parsed) return fail(within(file + ":" + std::to_string(line), parsed.error()));
    parsed->file = file;
    parsed->line = line;
    std::vector<std::string> input, expected;
    for (++i; i < all.size() && !separator(i); ++i) input.push_back(all[i]);
    if (i == all.size()) return fail(errc::invalid_argument, file + ":" + std::to_string(line) + ": no ---- follows the command");
    if (separator(++i)) {  // the output has blank lines: it ends at the next doubled separator
      for (++i; i < all.size() && !(separator(i) && separator(i + 1)); ++i) expected.push_back(all[i]);
      ++i;
    } else {
      for (; i < all.size() && !all[i].empty(); ++i) expected.push_back(all[i]);
    }
    parsed->input = joined(input);
    parsed->expected = joined(expected);
    out.push_back(std::move(*parsed));
  }
  return out;
}

std::string loosely(std::string_view text) {
  std::vector<std::string> kept;
  for (auto& line : lines(text)) {
    const auto start = trimmed(line);
    if (start.starts_with("DEBUG") || start.starts_with("INFO") || start.starts_with("WARN") || start.starts_with("ERROR")) continue;
    kept.push_back(std::move(line));
  }
  return kept.empty() ? "ok\n" : joined(kept);
}

std::string difference(std::string_view expected, std::string_view actual) {
  const auto a = lines(expected);
  const auto b = lines(actual);
  // Longest common subsequence, from the back; these texts have some hundred lines at most.
  std::vector<std::vector<std::size_t>> common(a.size() + 1, std::vector<std::size_t>(b.size() + 1, 0));
  for (std::size_t i = a.size(); i-- > 0;)
    for (std::size_t j = b.size(); j-- > 0;)
      common[i][j] = a[i] == b[j] ? common[i + 1][j + 1] + 1 : std::max(common[i + 1][j], common[i][j + 1]);
  std::string out;
  for (std::size_t i = 0, j = 0; i < a.size() || j < b.size();) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) out += "    " + a[i++] + '\n', ++j;
    else if (j == b.size() || (i < a.size() && common[i + 1][j] >= common[i][j + 1])) out += "  - " + a[i++] + '\n';
    else out += "  + " + b[j++] + '\n';
  }
  return out;
}

}  // namespace weft::datadriven
