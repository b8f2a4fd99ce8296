// How weft reports failures: `result<T>` carries a value or an `error` that somebody can act on.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace weft {

/// One code per distinct reaction of the caller. Starts at 1: 0 means "no error" in CAF and gRPC.
enum class errc : std::uint8_t {
  invalid_argument = 1,  ///< Can never succeed as it is; do not retry.
  not_found,             ///< The named thing does not exist (yet).
  already_exists,        ///< The named thing exists; nothing was changed.
  permission_denied,     ///< Identity, signature or policy does not allow it.
  failed_precondition,   ///< Right request, wrong state of the system; change the state first.
  conflict,              ///< Somebody else changed what was read; read again and retry.
  not_leader,            ///< Ask the node named in the context.
  busy,                  ///< A bounded queue is full; back off and retry.
  unavailable,           ///< The service is not reachable now; retry elsewhere or later.
  timeout,               ///< No answer within the deadline; the outcome is unknown.
  corruption,            ///< Stored bytes disagree with their digest; halt this channel.
  io,                    ///< The operating system refused: disk full, read-only, permission.
  unsupported,           ///< Valid in Fabric, not offered here.
  internal,              ///< A library failed in a way that no input explains.
};

/// The name of a code, for logs and JSON: "invalid_argument", ...
std::string_view to_string(errc code) noexcept;

/// `code` is for programs, `context` for people: what failed, on what, what to do next.
struct error {
  errc code{};
  std::string context;
  friend bool operator==(const error&, const error&) = default;
};

template <class T>
using result = tl::expected<T, error>;

/// `return fail(errc::not_found, "block 7 is not stored")`.
inline tl::unexpected<error> fail(errc code, std::string context) { return tl::unexpected<error>(error{code, std::move(context)}); }
inline tl::unexpected<error> fail(error e) { return tl::unexpected<error>(std::move(e)); }
/// For what can never succeed as it is: `return invalid("no label")`.
inline tl::unexpected<error> invalid(std::string context) { return fail(errc::invalid_argument, std::move(context)); }

/// Puts where it happened in front of what happened: "block 7: data hash differs".
inline error within(std::string_view where, error e) {
  e.context = std::string(where) + ": " + e.context;
  return e;
}

}  // namespace weft

/// `WEFT_TRY(auto x, f())` gives x the value of f() or returns its error. A macro, because C++ has no other way to return for the caller.
#define WEFT_CONCAT_(a, b) a##b
#define WEFT_CONCAT(a, b) WEFT_CONCAT_(a, b)
#define WEFT_TRY(declaration, expression) WEFT_TRY_(declaration, expression, WEFT_CONCAT(weft_try_, __LINE__))
#define WEFT_TRY_(declaration, expression, name)                      \
  auto name = (expression);                                           \
  if (!name) return ::tl::unexpected<::weft::error>(std::move(name).error()); \
  declaration = std::move(*name)
/// The same for `result<void>`.
#define WEFT_CHECK(expression) WEFT_CHECK_(expression, WEFT_CONCAT(weft_check_, __LINE__))
#define WEFT_CHECK_(expression, name) \
  if (auto name = (expression); !name) return ::tl::unexpected<::weft::error>(std::move(name).error())
