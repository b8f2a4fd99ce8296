// Runs a test against the state over LevelDB and over the memory twin.
#pragma once

#include <doctest/doctest.h>

#include "ledger/state/state.hpp"
#include "ledger/store/kv.hpp"
#include "tests/unit/ledger/store/scratch_folder.hpp"

namespace weft::testing {

template <class Test>
void on_both_states(Test test) {
  SUBCASE("memory") { test(ledger::make_memory_kv()); }
  SUBCASE("leveldb") {
    const scratch_folder scratch;
    auto kv = ledger::open_leveldb(scratch.path());
    REQUIRE(kv);
    test(*kv);
  }
}

inline ledger::state_update value(bytes v, std::uint64_t block, std::uint64_t tx = 0, bytes metadata = {}) {
  return {false, std::move(v), std::move(metadata), {block_number(block), tx_number(tx)}};
}
inline ledger::state_update deleted(std::uint64_t block, std::uint64_t tx = 0) { return {true, {}, {}, {block_number(block), tx_number(tx)}}; }

}  // namespace weft::testing
