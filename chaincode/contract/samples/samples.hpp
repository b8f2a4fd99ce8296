// The contracts that come with weft. Each is a page to copy from; none keeps state of its own.
#pragma once

#include <charconv>
#include <optional>
#include <span>

#include "chaincode/contract/contract.hpp"

namespace weft::chaincode {

[[nodiscard]] contract_ptr make_mycc();    ///< Two accounts: init, invoke, query, delete.
[[nodiscard]] contract_ptr make_simple();  ///< Caliper's accounts: open, query, transfer.
[[nodiscard]] contract_ptr make_basic();   ///< The asset-transfer contract, with JSON assets.
[[nodiscard]] contract_ptr make_kv();      ///< One function per operation of the stub.

/// A whole decimal number, with a sign if negative; nothing for anything else.
[[nodiscard]] inline std::optional<std::int64_t> parse_amount(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && !text.empty() ? std::optional(value) : std::nullopt;
}

/// One function of a contract: how it is called, and what it does with the arguments behind its name.
template <class Contract>
struct sample_function {
  std::string_view name;
  std::size_t least, most;   ///< Number of arguments.
  std::string_view usage;    ///< "invoke FROM TO AMOUNT"
  response (Contract::*run)(stub&, std::span<const bytes>) const;
};

/// Finds the function that args()[0] names and calls it, or says how it would have been called.
template <class Contract, std::size_t N>
[[nodiscard]] response dispatch_sample(const Contract& contract, stub& s, const sample_function<Contract> (&functions)[N]) {
  const auto& args = s.args();
  std::string known;
  for (const auto& f : functions) {
    known.append(known.empty() ? "" : ", ").append(f.usage);
    if (args.empty() || args.front() != f.name) continue;
    const std::span rest = std::span<const bytes>(args).subspan(1);
    if (rest.size() < f.least || rest.size() > f.most) {
      return failure("Incorrect number of arguments: " + std::to_string(rest.size()) + ". Usage: " + std::string(f.usage));
    }
    return (contract.*f.run)(s, rest);
  }
  return failure((args.empty() ? std::string("No function named") : "Unknown function '" + args.front() + "'") + ". Usage: " + known);
}

}  // namespace weft::chaincode
