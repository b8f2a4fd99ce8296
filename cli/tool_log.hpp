// The log lines of Fabric's tools, as people and scripts know them.
#pragma once

#include <string>

namespace weft::cli {

/// "2026-11-27 10:05:40.123 UTC 0001 INFO [common.tools.configtxgen] main -> Loading configuration" on stderr. One thread's.
class tool_log {
 public:
  explicit tool_log(std::string module) : module_(std::move(module)) {}
  void info(const char* function, const std::string& text) { line("INFO", function, text); }
  void warn(const char* function, const std::string& text) { line("WARN", function, text); }
  void error(const char* function, const std::string& text) { line("ERRO", function, text); }
  void fatal(const char* function, const std::string& text) { line("FATA", function, text); }
  void panic(const char* function, const std::string& text) { line("PANI", function, text); }

 private:
  void line(const char* level, const char* function, const std::string& text);
  std::string module_;
  static inline unsigned number_ = 0;  ///< Lines are numbered over all modules.
};

}  // namespace weft::cli
