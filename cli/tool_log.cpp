#include "cli/tool_log.hpp"

#include <cstdio>
#include <ctime>

#include "config/base/clock.hpp"

namespace weft::cli {

void tool_log::line(const char* level, const char* function, const std::string& text) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(system_clock().now().time_since_epoch()).count();
  const auto seconds = static_cast<std::time_t>(ms / 1000);
  std::tm parts{};
  char date[32], zone[16];
  localtime_r(&seconds, &parts);
  std::strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", &parts);
  std::strftime(zone, sizeof zone, "%Z", &parts);
  std::fprintf(stderr, "%s.%03d %s %04x %s [%s] %s -> %s\n", date, static_cast<int>(ms % 1000), zone, ++number_, level, module_.c_str(), function, text.c_str());
}

}  // namespace weft::cli
