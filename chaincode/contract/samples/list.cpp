#include "chaincode/contract/samples/samples.hpp"

namespace weft::chaincode {

const std::vector<std::pair<std::string, contract_ptr>>& sample_contracts() {
  static const std::vector<std::pair<std::string, contract_ptr>> all{
      {"mycc", samples::make_mycc()}, {"simple", samples::make_simple()}, {"basic", samples::make_basic()}, {"kv", samples::make_kv()}};
  return all;
}

}  // namespace weft::chaincode
