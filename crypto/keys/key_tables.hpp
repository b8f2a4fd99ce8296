// Tables of the keys that are met often (architecture §4.11): built late, in the background, and never many.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "config/base/executor.hpp"
#include "crypto/keys/signer.hpp"

namespace weft::crypto {

class fixed_base;

/// When a key gets a table. A table takes 23 ms to build and 154 KiB, and saves 30 µs or more at each verification.
struct table_options {
  std::uint32_t after = 500;           ///< At least 1. Verifications of a key before its table is built: fewer would not earn it back.
  std::size_t tables_max = 64;         ///< At least 1. Together about 10 MiB; many more would not stay in a processor's cache.
  std::size_t keys_counted_max = 4096; ///< Keys without a table that are counted; beyond, those met least recently begin anew.
};

struct table_counts {
  std::size_t held = 0, building = 0;
  std::uint64_t built = 0, dropped = 0;
};

/// The tables of one process. A table is a function of its key alone, so members that trust each other in nothing may share them.
///
/// A key whose turn comes when `tables_max` are held takes the place of the least recently used one, but only if that one has been idle for
/// long, by the measure of how often the newcomer comes: when more keys than that are busy, tables stay where they are instead of being
/// built in turns for nobody's benefit. Which tables there are depends on the order of calls and on the builder, never on time.
/// Thread-safe.
class key_tables {
 public:
  virtual ~key_tables() = default;
  /// Counts a verification by each of `keys` and gives their tables, null where there is none. Requires spans of equal size, no empty key.
  virtual void use(std::span<const public_key* const> keys, std::span<std::shared_ptr<const fixed_base>> out) = 0;
  [[nodiscard]] virtual table_counts counts() const = 0;
};

/// Tables are built by `builder`; when it takes no more, keys wait until they were met as often again.
[[nodiscard]] std::shared_ptr<key_tables> make_key_tables(std::shared_ptr<executor> builder, table_options options = {});

/// The verdicts of make_verifier(), always, but sooner: keys that recur have tables, and signatures that come together share an inversion.
[[nodiscard]] std::shared_ptr<const verifier> make_table_verifier(std::shared_ptr<key_tables> tables);

}  // namespace weft::crypto
