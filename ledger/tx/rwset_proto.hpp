// Inside tx/: the protobuf form of a read, which read/write sets and range summaries share.
#pragma once

#include "ledger/tx/rwset.hpp"

namespace kvrwset {
class KVRead;
}

namespace weft::ledger {

void put_read(::kvrwset::KVRead& to, const kv_read& from);

}  // namespace weft::ledger
