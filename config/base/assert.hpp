// WEFT_ASSERT: a broken invariant stops the process, in release too. Better a stopped peer than a forked ledger.
#pragma once

namespace weft::detail {
/// Prints what was broken and where to stderr, then aborts.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line, const char* why);
}  // namespace weft::detail

/// For programming errors only; whatever an outsider can cause is a `result`, not an assertion.
#define WEFT_ASSERT(expression, why) \
  ((expression) ? static_cast<void>(0) : ::weft::detail::assertion_failed(#expression, __FILE__, __LINE__, why))
