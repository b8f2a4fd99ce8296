#include "tests/fuzz/fuzz.hpp"

#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace weft::fuzz {

namespace {

std::vector<target>& list() {
  static std::vector<target> all;
  return all;
}

}  // namespace

const std::vector<target>& targets() { return list(); }

registration::registration(const target& t) {
  auto& all = list();
  const auto at = std::find_if(all.begin(), all.end(), [&](const target& other) { return std::strcmp(t.name, other.name) < 0; });
  all.insert(at, t);
}

void property_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, expression);
  std::abort();
}

void silence_protobuf() { google::protobuf::SetLogHandler(nullptr); }

}  // namespace weft::fuzz
