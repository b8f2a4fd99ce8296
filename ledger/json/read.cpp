// JSON to messages: every opened layer is filled, encoded and put into the bytes field that it came from.
#include <google/protobuf/timestamp.pb.h>

#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>

#include "ledger/json/places.hpp"
#include "ledger/json/scalars.hpp"
#include "proto/encode.hpp"

namespace weft::ledger {

namespace json {
namespace {

using fd = pb::FieldDescriptor;
using value = nlohmann::json;


/// A JSON value's type as Fabric's errors name it.
const char* go_type(const value& v) {
  switch (v.type()) {
    case value::value_t::null: return "<nil>";
    case value::value_t::object: return "map[string]interface {}";
    case value::value_t::array: return "[]interface {}";
    case value::value_t::string: return "string";
    case value::value_t::boolean: return "bool";
    default: return "json.Number";
  }
}

/// A JSON value's kind as errors of plain fields name it.
const char* json_kind(const value& v) { return v.is_number() ? "number" : v.is_boolean() ? "bool" : v.type_name(); }

auto wrong_type(const value& v, const char* wanted) { return invalid(std::string("cannot unmarshal ") + json_kind(v) + " into " + wanted); }

template <class T>
constexpr const char* integer_name() {
  if constexpr (std::is_same_v<T, std::int32_t>) return "int32";
  else if constexpr (std::is_same_v<T, std::uint32_t>) return "uint32";
  else if constexpr (std::is_same_v<T, std::int64_t>) return "int64";
  else return "uint64";
}

/// A number may stand in quotes; null is zero.
template <class T>
result<T> integer(const value& v) {
  if (v.is_null()) return T{};
  if (!v.is_number() && !v.is_string()) return wrong_type(v, integer_name<T>());
  const std::string text = v.is_string() ? v.get<std::string>() : v.dump();
  T out{};
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (status != std::errc{} || end != text.data() + text.size()) return invalid("cannot unmarshal " + v.dump().substr(0, 64) + " into " + integer_name<T>());
  return out;
}

result<double> real(const value& v) {
  if (v.is_null()) return 0.0;
  if (v.is_number()) return v.get<double>();
  if (v == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (v == "Infinity") return std::numeric_limits<double>::infinity();
  if (v == "-Infinity") return -std::numeric_limits<double>::infinity();
  return wrong_type(v, "a floating-point number");
}

result<int> enumeration(const value& v, const pb::EnumDescriptor& type) {
  if (!v.is_string()) return integer<std::int32_t>(v);
  if (const auto* found = type.FindValueByName(v.get_ref<const std::string&>())) return found->number();
  std::string all;
  for (int i = 0; i < type.value_count(); ++i) all.append(i ? ", " : "").append(type.value(i)->name());
  return invalid("unknown value " + v.dump().substr(0, 64) + " for enum " + type.full_name() + "; there are: " + all);
}

result<bytes> binary(const value& v) {
  if (v.is_null()) return bytes{};
  if (!v.is_string()) return wrong_type(v, "bytes, which are a string of base64");
  return from_base64(v.get_ref<const std::string&>());
}

result<std::string> text(const value& v) {
  if (v.is_null()) return std::string{};
  if (!v.is_string()) return wrong_type(v, "string");
  return v.get<std::string>();
}

class reader {
 public:
  result<void> message(const value& tree, pb::Message& m, const place& at) {
    const auto filled = fill(tree, m, at);
    if (!filled) return fail(within(go_name(at, *m.GetDescriptor()), filled.error()));
    return {};
  }

 private:
  result<void> fill(const value& tree, pb::Message& m, const place& at) {
    if (tree.is_null()) return {};
    if (!tree.is_object()) return wrong_type(tree, "map[string]json.RawMessage");
    struct level {
      int& depth;
      explicit level(int& d) : depth(++d) {}
      ~level() { --depth; }
    } const guard(depth_);
    if (depth_ > json_depth_max) return fail(errc::unsupported, "nested deeper than " + std::to_string(json_depth_max) + " levels");
    WEFT_CHECK(all_known(tree, *m.GetDescriptor()));
    for (const auto step : {opening::plain, opening::nested, opening::fixed, opening::variable, opening::dynamic}) {
      for (int i = 0; i < m.GetDescriptor()->field_count(); ++i) {
        const auto& field = *m.GetDescriptor()->field(i);
        const auto by_name = tree.find(field.name());
        if (step == opening::plain) {
          WEFT_CHECK(plain_field(tree, m, field, at));
        } else if (by_name != tree.end() && how(at, field) == step) {
          WEFT_CHECK(opened_field(*by_name, m, field, at));
        }
      }
    }
    return {};
  }

  static result<void> all_known(const value& tree, const pb::Descriptor& type) {
    const auto named = [&](const std::string& key) {
      for (int i = 0; i < type.field_count(); ++i) {
        if (type.field(i)->json_name() == key) return true;
      }
      return false;
    };
    for (const auto& member : tree.items()) {
      if (type.FindFieldByName(member.key()) || named(member.key())) continue;
      return invalid("unknown field " + value(member.key()).dump(-1, ' ', false, value::error_handler_t::replace).substr(0, 128) + " in " + type.full_name());
    }
    return {};
  }

  /// A field that is not opened, under either of its names; an opened one under its lowerCamelCase name, where Fabric does not open it.
  result<void> plain_field(const value& tree, pb::Message& m, const fd& field, const place& at) {
    const bool opened = how(at, field) != opening::plain;
    for (const auto& name : {field.name(), field.json_name()}) {
      if (opened && name == field.name()) continue;
      const auto found = tree.find(name);
      if (found != tree.end() && !found->is_null()) {
        const auto* oneof = field.real_containing_oneof();
        if (oneof && m.GetReflection()->HasOneof(m, oneof) && !m.GetReflection()->HasField(m, &field))
          return invalid("field " + field.name() + ": another member of the oneof " + oneof->name() + " is set already");
        const auto done = plain(*found, m, field);
        if (!done) return fail(within("field " + field.name(), done.error()));
      }
      if (field.name() == field.json_name()) break;
    }
    return {};
  }

  result<void> plain(const value& v, pb::Message& m, const fd& field) {
    const auto& reflection = *m.GetReflection();
    if (field.is_repeated()) reflection.ClearField(&m, &field);
    if (field.is_map()) {
      if (!v.is_object()) return wrong_type(v, "a map, which is an object");
      for (const auto& member : v.items()) {
        auto& entry = *reflection.AddMessage(&m, &field);
        WEFT_CHECK(map_key(member.key(), entry, *field.message_type()->map_key()));
        WEFT_CHECK(scalar(member.value(), entry, *field.message_type()->map_value(), false));
      }
      return {};
    }
    if (!field.is_repeated()) return scalar(v, m, field, false);
    if (!v.is_array()) return wrong_type(v, "a list, which is an array");
    for (const auto& element : v) WEFT_CHECK(scalar(element, m, field, true));
    return {};
  }

  static result<void> map_key(const std::string& key, pb::Message& entry, const fd& field) {
    const auto& r = *entry.GetReflection();
    switch (field.cpp_type()) {
      case fd::CPPTYPE_STRING: r.SetString(&entry, &field, key); return {};
      case fd::CPPTYPE_BOOL:
        if (key != "true" && key != "false") return invalid("a map's key is neither true nor false");
        r.SetBool(&entry, &field, key == "true");
        return {};
      case fd::CPPTYPE_INT32: return put(integer<std::int32_t>(value(key)), [&](auto n) { r.SetInt32(&entry, &field, n); });
      case fd::CPPTYPE_INT64: return put(integer<std::int64_t>(value(key)), [&](auto n) { r.SetInt64(&entry, &field, n); });
      case fd::CPPTYPE_UINT32: return put(integer<std::uint32_t>(value(key)), [&](auto n) { r.SetUInt32(&entry, &field, n); });
      default: return put(integer<std::uint64_t>(value(key)), [&](auto n) { r.SetUInt64(&entry, &field, n); });
    }
  }

  template <class T, class Set>
  static result<void> put(result<T> read, Set&& set) {
    if (!read) return fail(std::move(read).error());
    set(std::move(*read));
    return {};
  }

  /// One value of a singular field, or one more of a list.
  result<void> scalar(const value& v, pb::Message& m, const fd& field, bool add) {
    const auto& r = *m.GetReflection();
    switch (field.cpp_type()) {
      case fd::CPPTYPE_INT32: return put(integer<std::int32_t>(v), [&](auto n) { add ? r.AddInt32(&m, &field, n) : r.SetInt32(&m, &field, n); });
      case fd::CPPTYPE_UINT32: return put(integer<std::uint32_t>(v), [&](auto n) { add ? r.AddUInt32(&m, &field, n) : r.SetUInt32(&m, &field, n); });
      case fd::CPPTYPE_INT64: return put(integer<std::int64_t>(v), [&](auto n) { add ? r.AddInt64(&m, &field, n) : r.SetInt64(&m, &field, n); });
      case fd::CPPTYPE_UINT64: return put(integer<std::uint64_t>(v), [&](auto n) { add ? r.AddUInt64(&m, &field, n) : r.SetUInt64(&m, &field, n); });
      case fd::CPPTYPE_DOUBLE: return put(real(v), [&](auto n) { add ? r.AddDouble(&m, &field, n) : r.SetDouble(&m, &field, n); });
      case fd::CPPTYPE_FLOAT: return put(real(v), [&](auto n) { add ? r.AddFloat(&m, &field, static_cast<float>(n)) : r.SetFloat(&m, &field, static_cast<float>(n)); });
      case fd::CPPTYPE_ENUM:
        return put(enumeration(v, *field.enum_type()), [&](int n) { add ? r.AddEnumValue(&m, &field, n) : r.SetEnumValue(&m, &field, n); });
      case fd::CPPTYPE_BOOL:
        if (!v.is_boolean() && !v.is_null()) return wrong_type(v, "bool");
        add ? r.AddBool(&m, &field, v == true) : r.SetBool(&m, &field, v == true);
        return {};
      case fd::CPPTYPE_STRING:
        return put(field.type() == fd::TYPE_BYTES ? binary(v) : text(v),
                   [&](std::string s) { add ? r.AddString(&m, &field, std::move(s)) : r.SetString(&m, &field, std::move(s)); });
      case fd::CPPTYPE_MESSAGE: {
        auto& inner = add ? *r.AddMessage(&m, &field) : *r.MutableMessage(&m, &field);
        return is_timestamp(field) ? time(v, inner) : message(v, inner, place{place::kind::raw});
      }
    }
    return {};
  }

  static result<void> time(const value& v, pb::Message& m) {
    if (v.is_null()) return {};
    if (!v.is_string()) return wrong_type(v, "a time, which is a string");
    WEFT_TRY(const auto parsed, parse_time(v.get_ref<const std::string&>()));
    auto& out = static_cast<pb::Timestamp&>(m);
    out.set_seconds(parsed.seconds);
    out.set_nanos(parsed.nanoseconds);
    return {};
  }

  static std::string expected(const pb::Message& m, const place& at, const std::string& what, const char* wanted, const value& got, bool element = true) {
    return "expected " + what + " for message " + go_name(at, *m.GetDescriptor()) + " to be assignable from " + wanted +
           " but was not. " + (element ? " Is " : "Got ") + go_type(got);
  }
  static constexpr const char* object_type = "map[string]interface {}";

  result<void> opened_field(const value& v, pb::Message& m, const fd& field, const place& at) {
    const auto name = go_name(at, *m.GetDescriptor());
    m.GetReflection()->ClearField(&m, &field);
    if (field.is_map()) {
      if (!v.is_object()) return invalid(expected(m, at, "map field " + field.name(), "map[string]interface{}", v, false));
      for (const auto& member : v.items()) WEFT_CHECK(opened_entry(member.key(), member.value(), m, field, at));
      return {};
    }
    if (field.is_repeated()) {
      if (!v.is_array()) return invalid(expected(m, at, "slice field " + field.name(), "[]interface{}", v, false));
      for (std::size_t i = 0; i < v.size(); ++i) WEFT_CHECK(opened_element(i, v[i], m, field, at));
      return {};
    }
    if (v.is_null()) return {};
    if (!v.is_object()) return invalid(expected(m, at, "field " + field.name(), object_type, v));
    const auto& reflection = *m.GetReflection();
    const auto done = field.cpp_type() == fd::CPPTYPE_MESSAGE
                          ? below(v, *reflection.MutableMessage(&m, &field), field, at, {})
                          : put(closed(v, m, field, at, {}), [&](bytes b) { reflection.SetString(&m, &field, std::move(b)); });
    if (!done) return fail(within("error in PopulateFrom for field " + field.name() + " for message " + name, done.error()));
    return {};
  }

  result<void> opened_element(std::size_t i, const value& v, pb::Message& m, const fd& field, const place& at) {
    const std::string where = field.name() + " at index " + std::to_string(i);
    if (!v.is_object()) return invalid(expected(m, at, "slice field " + field.name() + " value at index " + std::to_string(i), object_type, v));
    const auto& reflection = *m.GetReflection();
    const auto done = field.cpp_type() == fd::CPPTYPE_MESSAGE
                          ? below(v, *reflection.AddMessage(&m, &field), field, at, {})
                          : put(closed(v, m, field, at, {}), [&](bytes b) { reflection.AddString(&m, &field, std::move(b)); });
    if (!done) return fail(within("error in PopulateFrom for slice field " + where + " for message " + go_name(at, *m.GetDescriptor()), done.error()));
    return {};
  }

  result<void> opened_entry(const std::string& key, const value& v, pb::Message& m, const fd& field, const place& at) {
    if (!v.is_object()) return invalid(expected(m, at, "map field " + field.name() + " value for " + key, object_type, v));
    auto& entry = *m.GetReflection()->AddMessage(&m, &field);
    const auto& reflection = *entry.GetReflection();
    const auto& of_value = *field.message_type()->map_value();
    reflection.SetString(&entry, field.message_type()->map_key(), key);
    const auto done = of_value.cpp_type() == fd::CPPTYPE_MESSAGE
                          ? below(v, *reflection.MutableMessage(&entry, &of_value), field, at, key)
                          : put(closed(v, m, field, at, key), [&](bytes b) { reflection.SetString(&entry, &of_value, std::move(b)); });
    if (!done) {
      return fail(within("error in PopulateFrom for map field " + field.name() + " with key " + key + " for message " + go_name(at, *m.GetDescriptor()),
                         done.error()));
    }
    return {};
  }

  result<void> below(const value& v, pb::Message& m, const fd& field, const place& at, std::string_view key) {
    WEFT_TRY(const auto where, inside(at, field, key));
    return message(v, m, where);
  }

  result<bytes> closed(const value& v, const pb::Message& holder, const fd& field, const place& at, std::string_view key) {
    WEFT_TRY(const auto* const type, content(at, holder, field, key));
    const std::unique_ptr<pb::Message> m(pb::MessageFactory::generated_factory()->GetPrototype(type)->New());
    WEFT_CHECK(message(v, *m, place{}));
    return proto::encode(*m);
  }

  int depth_ = 0;
};

/// Brackets nested in each other: a JSON level is at most a list in an object.
bool too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      else if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > 2 * json_depth_max) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

result<value> parse(std::string_view text) {
  constexpr const char* where = "error unmarshaling intermediate JSON: ";
  if (too_deep(text)) return fail(errc::unsupported, std::string(where) + "nested deeper than " + std::to_string(2 * json_depth_max) + " levels");
  try {
    return value::parse(text);
  } catch (const value::exception& e) {
    const std::string_view what = e.what();  // "[json.exception.parse_error.101] parse error at line 1, column 2: …"
    const auto end = what.find("] ");
    return invalid(where + std::string(end == what.npos ? what : what.substr(end + 2)));
  }
}

}  // namespace
}  // namespace json

result<void> from_json(std::string_view text, google::protobuf::Message& message, config_level level, const json_limits& limits) {
  message.Clear();
  if (text.size() > limits.text_bytes_max) return fail(errc::unsupported, "the JSON is larger than " + std::to_string(limits.text_bytes_max) + " bytes");
  WEFT_TRY(const auto tree, json::parse(text));
  if (!tree.is_object() && !tree.is_null())
    return invalid(std::string("error unmarshaling intermediate JSON: json: cannot unmarshal ") + json::json_kind(tree) +
                        " into Go value of type map[string]interface {}");
  json::place at;
  if (level != config_level::none && message.GetDescriptor()->full_name() == "common.ConfigGroup") at = {json::place::kind::group, level, {}};
  return json::reader{}.message(tree, message, at);
}

result<bytes> encode_from_json(std::string_view type, std::string_view text, const json_limits& limits) {
  const auto message = new_message(type);
  if (!message) return fail(errc::not_found, "message type '" + std::string(type) + "' is not known");
  WEFT_CHECK(from_json(text, *message, config_level::none, limits));
  return proto::encode(*message);
}

}  // namespace weft::ledger
