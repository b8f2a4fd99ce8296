#include "chaincode/contract/samples/samples.hpp"

namespace weft::chaincode {

const std::vector<std::pair<std::string, contract_ptr>>& sample_contracts() {
  static const std::vector<std::pair<std::string, contract_ptr>> all{
      {"mycc", make_mycc()}, {"simple", make_simple()}, {"basic", make_basic()}, {"kv", make_kv()}};
  return all;
}

}  // namespace weft::chaincode
