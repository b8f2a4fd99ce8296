#include "cli/console.hpp"

#include <CLI/Error.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>

#include "ledger/tx/fields.hpp"

namespace weft::cli {

namespace {

/// Columns that text takes on a terminal: UTF-8 continuation bytes take none.
std::size_t width(std::string_view s) {
  return static_cast<std::size_t>(std::count_if(s.begin(), s.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace

void quit(exit_code code, const std::string& text) {
  std::fprintf(stderr, "weft: %s\n", text.c_str());
  quit(code);
}
void quit(exit_code code) {
  throw CLI::RuntimeError(code);
}

std::string output_failure() {
  errno = 0;
  std::cout.flush();  // help texts go this way, everything else through stdio; it may empty stdio's buffer, and then it is the one to learn why not
  int why = errno;
  errno = 0;
  const bool flushed = std::fflush(stdout) == 0;
  if (why == 0) why = errno;
  if (flushed && std::ferror(stdout) == 0 && std::cout.good()) return {};
  return why != 0 ? std::strerror(why) : "some of it could not be written";
}

std::vector<std::string>& literal_words() {
  static std::vector<std::string> words;
  return words;
}

rows& rows::add(std::string name, std::string value) {
  rows_.emplace_back(std::move(name), std::move(value));
  return *this;
}
rows& rows::add_some(std::string name, std::string value) { return value.empty() ? *this : add(std::move(name), std::move(value)); }

std::string rows::text(std::size_t indent) const {
  std::size_t widest = 0;
  for (const auto& [name, value] : rows_) widest = std::max(widest, width(name));
  std::string out;
  for (const auto& [name, value] : rows_) {
    out.append(indent, ' ').append(name).append(widest - width(name) + 2, ' ');
    for (const char c : value) {
      const bool control = (static_cast<unsigned char>(c) < ' ' && c != '\n' && c != '\t') || c == '\x7f';
      out.push_back(control ? '?' : c);  // texts of contracts are theirs; terminals obey some, and a NUL would hide what follows
      if (c == '\n') out.append(indent + widest + 2, ' ');
    }
    out.push_back('\n');
  }
  return out;
}

std::string table::text(std::size_t indent) const {
  std::vector<std::size_t> widest;
  for (const auto& line : lines_) {
    widest.resize(std::max(widest.size(), line.size()));
    for (std::size_t i = 0; i < line.size(); ++i) widest[i] = std::max(widest[i], width(line[i]));
  }
  std::string out;
  for (const auto& line : lines_) {
    out.append(indent, ' ');
    for (std::size_t i = 0; i < line.size(); ++i) {
      out.append(line[i]);
      if (i + 1 < line.size()) out.append(widest[i] - width(line[i]) + 2, ' ');
    }
    out.push_back('\n');
  }
  return out;
}

std::string show(bytes_view data, std::size_t bytes_max) {
  const bool text = ledger::fields::valid_utf8(data) && std::none_of(data.begin(), data.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7f;
  });
  if (text && data.size() <= bytes_max) return bytes(data);
  if (text) {
    auto end = bytes_max;
    while (end > 0 && (static_cast<unsigned char>(data[end]) & 0xc0) == 0x80) --end;
    return bytes(data.substr(0, end)) + "… (" + count(data.size(), "byte") + ")";
  }
  if (data.size() <= bytes_max) return "0x" + to_hex(data);
  return "0x" + to_hex(data.substr(0, bytes_max)) + "… (" + count(data.size(), "byte") + ")";
}

std::string short_hash(bytes_view hash) { return to_hex(hash.substr(0, 8)); }

std::string count(std::uint64_t n, const std::string& noun) { return std::to_string(n) + " " + noun + (n == 1 ? "" : "s"); }

std::string show_duration(std::uint64_t ms) {
  const auto n = [](std::uint64_t v) { return std::to_string(v); };
  if (ms < 1'000) return n(ms) + " ms";
  if (ms < 60'000) return n(ms / 1'000) + "." + n(ms / 100 % 10) + " s";
  if (ms < 3'600'000) return n(ms / 60'000) + " min " + n(ms / 1'000 % 60) + " s";
  return n(ms / 3'600'000) + " h " + n(ms / 60'000 % 60) + " min";
}

}  // namespace weft::cli
