// Keys of the state in the key-value store. Inside one namespace the byte order of keys is kept, whatever bytes they hold.
//
//   s/height                                       → number of the next block
//   s/m                                            → nothing; it stands there when s/m/ <namespace> was kept from block 0 on
//   s/m/ <namespace>, as it is                     → nothing; keys of this namespace have or had metadata
//   s/p/ <namespace> <key>                         → public value
//   s/h/ <namespace> <collection> <key hash>       → value hash
//   s/v/ <namespace> <collection> <key>            → private value
//
// A name is written with each 00 as 00 FF and closed by 00 01: no name is then a prefix of another, and names keep their order too.
// The key comes last and stands as it is.
#pragma once

#include "config/base/bytes.hpp"

namespace weft::ledger::state_key {

inline constexpr bytes_view height = "s/height", with_metadata = "s/m";

/// What all public keys of a namespace begin with.
[[nodiscard]] bytes public_prefix(std::string_view ns);
[[nodiscard]] bytes public_key(std::string_view ns, std::string_view key);
[[nodiscard]] bytes hashed_key(std::string_view ns, std::string_view collection, bytes_view key_hash);
[[nodiscard]] bytes private_key(std::string_view ns, std::string_view collection, std::string_view key);

}  // namespace weft::ledger::state_key
