// ASN.1 times to ours and back. For the .cpp files of crypto/ only.
#pragma once

#include <optional>

#include "config/base/bytes.hpp"
#include "config/base/clock.hpp"

namespace weft::crypto {

/// From DER with tag, UTCTime or GeneralizedTime. What a timestamp cannot hold (before 1677, after 2262) becomes its first or last value,
/// as "no well-defined expiry" (99991231235959Z, RFC 5280 §4.1.2.5) must. Nothing if malformed.
[[nodiscard]] std::optional<timestamp> from_asn1_time(bytes_view der);
/// DER with tag: UTCTime until 2049, GeneralizedTime from 2050, whole seconds (RFC 5280 §4.1.2.5).
[[nodiscard]] bytes to_asn1_time(timestamp t);

}  // namespace weft::crypto
