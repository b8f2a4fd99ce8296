#include "cli/tools.hpp"

#include "cli/configtxgen.hpp"
#include "cli/cryptogen.hpp"

namespace weft::cli {

const std::vector<tool>& tools() {
  static const std::vector<tool> all = {
      {"configtxlator", "Fabric's configtxlator: messages to JSON and back, config updates, REST server", configtxlator},
      {"configtxgen", "Fabric's configtxgen: genesis blocks and channel transactions from a configtx.yaml", configtxgen},
      {"cryptogen", "Fabric's cryptogen: keys and certificates for a test network", run_cryptogen},
  };
  return all;
}

const tool* find_tool(std::string_view word_or_path) {
  const auto name = word_or_path.substr(word_or_path.rfind('/') + 1);
  for (const auto& t : tools())
    if (t.name == name) return &t;
  return nullptr;
}

}  // namespace weft::cli
