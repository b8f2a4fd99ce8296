#include <array>

#include "chaincode/simulation/suspended.hpp"
#include "chaincode/simulation/system_contract.hpp"

namespace weft::chaincode {

bool is_system_contract(std::string_view name) {
  static constexpr std::array<std::string_view, 4> names{"_lifecycle", "cscc", "lscc", "qscc"};
  for (const auto n : names) {
    if (n == name) return true;
  }
  return false;
}

std::string access_denied(std::string_view contract, const std::string& function, const std::string& channel, const std::string& why) {
  if (contract == "_lifecycle") return "Failed to authorize invocation due to failed ACL check: " + why;
  return "access denied for [" + function + "][" + channel + "]: " + (contract == "qscc" ? "[" + why + "]" : why);
}

result<simulation_result> simulate(const simulation_context& context) {
  simulation s(context);
  auto step = s.start();
  if (std::holds_alternative<run_frame>(step)) {
    const auto text = "contract " + context.proposal->chaincode_name + " runs outside of the peer's process and has nobody to run it";
    step = s.end(0, {fail(errc::internal, text), std::nullopt});
  }
  return std::move(std::get<simulation_ended>(step).outcome);
}

}  // namespace weft::chaincode
