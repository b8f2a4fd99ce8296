// Fabric's messages as people read and edit them: the JSON of configtxlator, configtxgen -inspectBlock and `channel fetch config`.
//
// Fabric keeps messages inside bytes fields: an envelope's payload, a policy's value, a read/write set. Here they are opened, layer by layer,
// by what the message around them says (interop/02 §11); the way back closes them again. Fields have their names in the schema, 64-bit numbers
// are strings, enums are names, bytes are base64, absent messages are null, empty lists and maps are written out. Keys are sorted, so equal
// messages give equal text. Unknown fields are not shown: a message that has some does not survive the round trip, as with Fabric's tool.
//
// Threads: all functions may be called from any thread at once. Both directions take hostile input: depth and output are bounded.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/base/bytes.hpp"
#include "config/base/result.hpp"

namespace google::protobuf {
class Message;
}

namespace weft::ledger {

/// Where a ConfigGroup stands decides what its values hold. A group that arrives alone does not say it, so whoever prints one must:
/// `configtxgen -printOrg` prints an `orderer_org`.
enum class config_level : std::uint8_t { none, channel, orderer, orderer_org, application, application_org, consortiums, consortium, consortium_org };

struct json_limits {
  std::size_t text_bytes_max = std::size_t{1} << 30;  ///< Of JSON, either way. A text is about five times as large as its message.
};

/// Messages and JSON values nested deeper are refused, all layers together. A config block with its last update needs about 40.
inline constexpr int json_depth_max = 256;

/// A message as JSON with tabs and a line feed at the end, byte for byte as Fabric's tools print it. `level` is for a ConfigGroup only.
/// Errors: `invalid_argument` with Fabric's words and the way to the fault, such as
/// "*commonext.Envelope: error in PopulateTo for field payload for message *commonext.Envelope: …"; `unsupported` beyond a bound.
[[nodiscard]] result<std::string> to_json(const google::protobuf::Message& message, config_level level = config_level::none, const json_limits& limits = {});

/// Replaces `message` by what `text` says. Fields may have their names in the schema or lowerCamelCase; what is opened above has to be opened here.
/// Errors: `invalid_argument` for what is no JSON, unknown fields, wrong types; `unsupported` beyond a bound. `message` is then unspecified.
[[nodiscard]] result<void> from_json(std::string_view text, google::protobuf::Message& message, config_level level = config_level::none,
                                     const json_limits& limits = {});

/// An empty message of a type such as "common.Block"; null for an unknown name. Every message of Fabric's schema is known.
[[nodiscard]] std::unique_ptr<google::protobuf::Message> new_message(std::string_view type);

/// Names of all types, sorted: to complete, and to guess what was meant.
[[nodiscard]] std::vector<std::string> message_types();

/// `proto_decode` and `proto_encode`: bytes to JSON and back by the name of the type. Encoding is deterministic.
/// Errors: `not_found` for an unknown type; else as above, and `invalid_argument` for bytes that are no such message.
[[nodiscard]] result<std::string> decode_to_json(std::string_view type, bytes_view data, const json_limits& limits = {});
[[nodiscard]] result<bytes> encode_from_json(std::string_view type, std::string_view text, const json_limits& limits = {});

}  // namespace weft::ledger
