// A contract that does what the Node contract behind the golden chain did, function by function.
#pragma once

#include "chaincode/contract/contract.hpp"

namespace weft::chaincode::testing {

[[nodiscard]] contract_ptr make_golden_contract();

/// A contract from a function.
template <class F>
[[nodiscard]] contract_ptr make_contract(F f) {
  struct from_function final : contract {
    explicit from_function(F f) : f_(std::move(f)) {}
    response invoke(stub& s) override { return f_(s); }
    F f_;
  };
  return std::make_shared<from_function>(std::move(f));
}

}  // namespace weft::chaincode::testing
