#include "edge/operations/log_spec.hpp"

#include <algorithm>
#include <cctype>
#include <vector>

namespace weft::edge::operations {

namespace {

std::vector<std::string> split(std::string_view text, char by) {
  std::vector<std::string> out;
  for (std::size_t from = 0;;) {
    const auto end = text.find(by, from);
    out.emplace_back(text.substr(from, end - from));
    if (end == std::string_view::npos) return out;
    from = end + 1;
  }
}

/// As zap prints it; empty for none.
std::string level_of(std::string_view name) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (lower == "warning") return "warn";
  if (lower == "notice") return "info";
  if (lower == "critical") return "error";
  for (const auto* known : {"debug", "info", "warn", "error", "dpanic", "panic", "fatal"}) if (lower == known) return lower;
  return {};
}

/// Words of letters, digits, '_', '#' and '-', joined by dots.
bool is_logger(std::string_view name) {
  bool word = false;
  for (const char c : name) {
    const bool fits = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '#' || c == '-';
    if (!fits && (c != '.' || !word)) return false;
    word = fits;
  }
  return word;
}

}  // namespace

std::string log_spec::to_text() const {
  std::string out;
  for (const auto& [logger, l] : loggers) out.append(logger).append("=").append(l).append(":");
  return out + level;
}

result<log_spec> parse_log_spec(std::string_view text) {
  log_spec out;
  if (text.empty()) return out;
  const auto refused = [&](const char* what, const std::string& part) {
    return fail(errc::invalid_argument, "invalid logging specification '" + std::string(text) + "': bad " + what + " '" + part + "'");
  };
  for (const auto& segment : split(text, ':')) {
    const auto parts = split(segment, '=');
    const auto level = level_of(parts.back());
    if (parts.size() > 2 || level.empty() || (parts.size() == 2 && parts.front().empty())) return refused("segment", segment);
    if (parts.size() == 1) {
      out.level = level;
      continue;
    }
    for (const auto& logger : split(parts.front(), ',')) {
      if (!is_logger(logger)) return refused("logger name", logger);
      out.loggers[logger] = level;
    }
  }
  return out;
}

}  // namespace weft::edge::operations
