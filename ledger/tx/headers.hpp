// Inside tx/: the parts of header parsing that envelopes and proposals share.
#pragma once

#include <string>

#include "ledger/tx/envelope.hpp"

namespace weft::ledger {

/// Takes the two fields of one stored occurrence of a common.Header; later occurrences overwrite. False: malformed.
[[nodiscard]] bool take_header(bytes_view header, headers& into);
/// Parses the channel and signature header that `into` points to. Nothing, or what is malformed.
[[nodiscard]] std::string take_inner_headers(headers& into);

/// A chaincode id as the header extension, the action and the specification carry it.
struct chaincode_id {
  bool present = false;
  std::string name, version;
};
/// Reads one stored occurrence of a protos.ChaincodeID. False: malformed, or text that is no UTF-8.
[[nodiscard]] bool take_chaincode_id(bytes_view message, chaincode_id& into);
/// Reads a ChaincodeHeaderExtension. False: malformed.
[[nodiscard]] bool take_extension(bytes_view extension, chaincode_id& into);

}  // namespace weft::ledger
