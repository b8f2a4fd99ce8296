// libFuzzer's entry points around the one target that is linked in. Seeds are written to the folder named by WEFT_FUZZ_SEEDS first,
// so that a run begins with the golden slices.
#include <cstdlib>
#include <fstream>

#include "tests/fuzz/fuzz.hpp"

using namespace weft;

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  fuzz::silence_protobuf();
  FUZZ_CHECK(fuzz::targets().size() == 1);
  const char* folder = std::getenv("WEFT_FUZZ_SEEDS");
  if (folder == nullptr) return 0;
  std::size_t number = 0;
  for (const auto& seed : fuzz::targets().front().seeds()) {
    std::ofstream out(std::string(folder) + "/seed-" + std::to_string(number++), std::ios::binary);
    out << seed;
    FUZZ_CHECK(out.good());
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::targets().front().fuzz_one(data, size);
}
