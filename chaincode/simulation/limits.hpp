// How far one simulation may go. A contract that exceeds a bound fails as a whole, with a text that names the bound.
#pragma once

#include <cstddef>

#include "config/base/bytes.hpp"

namespace weft::chaincode {

struct simulation_limits {
  std::size_t range_batch = 100;              ///< Results a range query fetches at once; one more is looked at. Part of the read set: never change it.
  std::size_t range_records_max = 100'000;    ///< Fabric's bound; a range query ends silently there.
  std::size_t range_queries_max = 10'000;     ///< Cursors opened by one transaction.
  std::size_t keys_max = 200'000;             ///< Distinct keys read and written, of all namespaces and collections.
  std::size_t written_bytes_max = 64 * MiB;   ///< Keys, values and the event.
  std::size_t history_max = 100'000;          ///< Entries of one history query.
  std::size_t call_depth_max = 8;             ///< Contracts that call one another.
};

}  // namespace weft::chaincode
