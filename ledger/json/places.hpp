// What stands in which field. Fabric keeps messages in bytes fields, and what one holds depends on the message around it, on another field of
// that message, or on how deep in a configuration it stands. Internal to ledger/json.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <string>
#include <string_view>

#include "ledger/json/fabric_json.hpp"

namespace weft::ledger::json {

namespace pb = google::protobuf;

/// Where a message stands.
struct place {
  enum class kind : std::uint8_t {
    by_type,       ///< Its type says all.
    raw,           ///< Below a oneof or a lowerCamelCase name: nothing is opened here, as in Fabric.
    group, value,  ///< In a configuration, at `level`.
    ns_rwset,      ///< In a read/write set: NsReadWriteSet.
  };
  kind what = kind::by_type;
  config_level level = config_level::none;
  std::string key;  ///< The name of a configuration value.
};

/// How a field is written. The order is that in which reading fills them in: what an opening depends on comes first.
enum class opening : std::uint8_t {
  plain,     ///< As any protobuf JSON.
  nested,    ///< A message, list or map of messages.
  fixed,     ///< Bytes that always hold the same message.
  variable,  ///< Bytes that hold what other fields of this message say.
  dynamic,   ///< A message, list or map of messages that stand in another place than their type says.
};

[[nodiscard]] opening how(const place& at, const pb::FieldDescriptor& field);

/// The message type inside a `fixed` or `variable` field; `key` is that of the map entry, if the field is a map. Errors: Fabric's words.
[[nodiscard]] result<const pb::Descriptor*> content(const place& at, const pb::Message& holder, const pb::FieldDescriptor& field, std::string_view key);

/// Where the messages of a `nested` or `dynamic` field stand. Errors: Fabric's words.
[[nodiscard]] result<place> inside(const place& at, const pb::FieldDescriptor& field, std::string_view key);

/// The type as Fabric's errors name it: "*common.Block", "*commonext.Envelope", "*ordererext.DynamicOrdererGroup".
[[nodiscard]] std::string go_name(const place& at, const pb::Descriptor& type);

/// Rows of the tables that name no field of the schema: zero, and a test holds it.
[[nodiscard]] std::size_t broken_rules();

[[nodiscard]] inline bool is_timestamp(const pb::FieldDescriptor& field) {
  return field.cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE && field.message_type()->full_name() == "google.protobuf.Timestamp";
}

}  // namespace weft::ledger::json
