// What fuzz targets share: a check that stops the process, and a list of the targets that are linked in.
//
// A target is one .cpp in targets/: `fuzz_one(data, size)` feeds bytes from outside to one parser and checks what must hold for any
// bytes at all; `seeds()` gives good inputs, cut out of the golden files by code. Both drivers run the same functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "config/base/bytes.hpp"

namespace weft::fuzz {

/// Always 0; stops the process when a property does not hold. Deterministic: the same bytes, the same end.
using fuzz_function = int (*)(const std::uint8_t* data, std::size_t size);

/// One parser under test.
struct target {
  const char* name;                     ///< As in the executable's name and the folder of its corpus.
  fuzz_function fuzz_one;
  std::vector<bytes> (*seeds)();        ///< Called once; may read golden files and sign.
  std::size_t mutations;                ///< How many the replay makes in all: by what one costs, so that a target takes about a second.
};

/// All targets of this executable, by name.
[[nodiscard]] const std::vector<target>& targets();

/// Puts a target into the list; used by WEFT_FUZZ_TARGET only.
struct registration {
  explicit registration(const target& t);
};

/// The input as weft's parsers take it.
[[nodiscard]] inline bytes_view view(const std::uint8_t* data, std::size_t size) {
  return bytes_view(reinterpret_cast<const char*>(data), size);
}

/// Says what failed and aborts.
[[noreturn]] void property_failed(const char* expression, const char* file, int line);

/// Makes libprotobuf keep quiet about what it refuses.
void silence_protobuf();

}  // namespace weft::fuzz

/// A property of any input. Aborts, so that both drivers and the sanitizers notice.
#define FUZZ_CHECK(expression) \
  ((expression) ? static_cast<void>(0) : ::weft::fuzz::property_failed(#expression, __FILE__, __LINE__))

/// At the end of a target's file, which defines `fuzz_one` and `seeds` in an unnamed namespace.
#define WEFT_FUZZ_TARGET(name, mutations) static const ::weft::fuzz::registration registered({#name, &fuzz_one, &seeds, mutations})
