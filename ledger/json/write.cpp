// Messages to JSON. The text is written straight from the message, without a tree between: what a stranger can make it cost is its size.
#include <google/protobuf/map_field.h>
#include <google/protobuf/timestamp.pb.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <unordered_map>

#include "ledger/json/places.hpp"
#include "ledger/json/scalars.hpp"
#include "proto/encode.hpp"

namespace weft::ledger {

namespace json {
namespace {

using fd = pb::FieldDescriptor;

/// Fields by name. Types are few and live as long as the process.
const std::vector<const fd*>& sorted_fields(const pb::Descriptor& type) {
  thread_local std::unordered_map<const pb::Descriptor*, std::vector<const fd*>> known;
  auto [at, is_new] = known.try_emplace(&type);
  if (is_new) {
    for (int i = 0; i < type.field_count(); ++i) at->second.push_back(type.field(i));
    std::sort(at->second.begin(), at->second.end(), [](const fd* a, const fd* b) { return a->name() < b->name(); });
  }
  return at->second;
}

/// A map's entries by key, the key as text: JSON has no other.
std::vector<std::pair<std::string, const pb::Message*>> sorted_entries(const pb::Message& m, const fd& field) {
  std::vector<std::pair<std::string, const pb::Message*>> out;
  const auto& reflection = *m.GetReflection();
  const auto& key = *field.message_type()->map_key();
  for (int i = 0, n = reflection.FieldSize(m, &field); i < n; ++i) {
    const auto& entry = reflection.GetRepeatedMessage(m, &field, i);
    const auto& read = *entry.GetReflection();
    std::string text;
    switch (key.cpp_type()) {
      case fd::CPPTYPE_STRING: text = read.GetString(entry, &key); break;
      case fd::CPPTYPE_INT32: text = std::to_string(read.GetInt32(entry, &key)); break;
      case fd::CPPTYPE_INT64: text = std::to_string(read.GetInt64(entry, &key)); break;
      case fd::CPPTYPE_UINT32: text = std::to_string(read.GetUInt32(entry, &key)); break;
      case fd::CPPTYPE_UINT64: text = std::to_string(read.GetUInt64(entry, &key)); break;
      default: text = read.GetBool(entry, &key) ? "true" : "false"; break;
    }
    out.emplace_back(std::move(text), &entry);
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return out;
}

auto cannot_parse() { return fail(errc::invalid_argument, "proto: cannot parse invalid wire-format data"); }

class writer {
 public:
  explicit writer(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  result<void> message(const pb::Message& m, const place& at) {
    const auto written = members(m, at);
    if (!written) return fail(within(go_name(at, *m.GetDescriptor()), written.error()));
    return {};
  }

  std::string take() && {
    out_.push_back('\n');
    return std::move(out_);
  }

 private:
  /// Opens a bracket, closes it again; members between are set apart by `next`.
  class scope {
   public:
    scope(writer& w, char open, char close) : w_(w), close_(close) {
      w_.out_.push_back(open);
      ++w_.depth_;
    }
    scope(const scope&) = delete;
    scope& operator=(const scope&) = delete;
    ~scope() {
      --w_.depth_;
      if (!first_) w_.line();
      w_.out_.push_back(close_);
    }
    void next() {
      if (!first_) w_.out_.push_back(',');
      first_ = false;
      w_.line();
    }
    void next(std::string_view key) {
      next();
      append_string(w_.out_, key);
      w_.out_ += ": ";
    }

   private:
    writer& w_;
    char close_;
    bool first_ = true;
  };

  void line() {
    out_.push_back('\n');
    out_.append(static_cast<std::size_t>(depth_), '\t');
  }

  result<void> bounds() const {
    if (depth_ > json_depth_max) return fail(errc::unsupported, "nested deeper than " + std::to_string(json_depth_max) + " levels");
    if (out_.size() > bytes_max_) return fail(errc::unsupported, "the JSON would be larger than " + std::to_string(bytes_max_) + " bytes");
    return {};
  }

  result<void> members(const pb::Message& m, const place& at) {
    WEFT_CHECK(bounds());
    const auto& reflection = *m.GetReflection();
    scope object(*this, '{', '}');
    for (const auto* field : sorted_fields(*m.GetDescriptor())) {
      if (field->real_containing_oneof() && !reflection.HasField(m, field)) continue;
      object.next(field->name());
      WEFT_CHECK(field->is_map() ? map(m, *field, at) : field->is_repeated() ? list(m, *field, at) : single(m, *field, at));
    }
    return {};
  }

  static error in_field(const pb::Message& m, const place& at, const std::string& what, error e) {
    return within("error in PopulateTo for " + what + " for message " + go_name(at, *m.GetDescriptor()), std::move(e));
  }

  result<void> single(const pb::Message& m, const fd& field, const place& at) {
    const auto& reflection = *m.GetReflection();
    const auto opened = how(at, field);
    const bool is_message = field.cpp_type() == fd::CPPTYPE_MESSAGE;
    std::string scratch;
    if (is_message ? !reflection.HasField(m, &field)
                   : opened != opening::plain && reflection.GetStringReference(m, &field, &scratch).empty()) {
      out_ += "null";
      return {};
    }
    if (opened == opening::plain) return plain(m, field);
    const auto written = is_message ? below(reflection.GetMessage(m, &field), field, at, {})
                                    : open(m, field, at, reflection.GetStringReference(m, &field, &scratch), {});
    if (!written) return fail(in_field(m, at, "field " + field.name(), written.error()));
    return {};
  }

  result<void> list(const pb::Message& m, const fd& field, const place& at) {
    const auto& reflection = *m.GetReflection();
    const auto opened = how(at, field);
    scope array(*this, '[', ']');
    for (int i = 0, n = reflection.FieldSize(m, &field); i < n; ++i) {
      array.next();
      if (opened == opening::plain) {
        WEFT_CHECK(plain(m, field, i));
        continue;
      }
      std::string scratch;
      const auto written = field.cpp_type() == fd::CPPTYPE_MESSAGE
                               ? below(reflection.GetRepeatedMessage(m, &field, i), field, at, {})
                               : open(m, field, at, reflection.GetRepeatedStringReference(m, &field, i, &scratch), {});
      if (!written) return fail(in_field(m, at, "slice field " + field.name() + " at index " + std::to_string(i), written.error()));
    }
    return {};
  }

  result<void> map(const pb::Message& m, const fd& field, const place& at) {
    const auto& value = *field.message_type()->map_value();
    const auto opened = how(at, field);
    scope object(*this, '{', '}');
    for (const auto& [key, entry] : sorted_entries(m, field)) {
      object.next(key);
      if (opened == opening::plain) {
        WEFT_CHECK(plain(*entry, value));
        continue;
      }
      const auto& reflection = *entry->GetReflection();
      std::string scratch;
      const auto written = value.cpp_type() == fd::CPPTYPE_MESSAGE
                               ? below(reflection.GetMessage(*entry, &value), field, at, key)
                               : open(m, field, at, reflection.GetStringReference(*entry, &value, &scratch), key);
      if (!written) return fail(in_field(m, at, "map field " + field.name() + " and key " + key, written.error()));
    }
    return {};
  }

  /// A message in a nested or dynamic field.
  result<void> below(const pb::Message& m, const fd& field, const place& at, std::string_view key) {
    WEFT_TRY(const auto where, inside(at, field, key));
    return message(m, where);
  }

  /// A message in bytes.
  result<void> open(const pb::Message& holder, const fd& field, const place& at, bytes_view data, std::string_view key) {
    WEFT_TRY(const auto* const type, content(at, holder, field, key));
    const std::unique_ptr<pb::Message> m(pb::MessageFactory::generated_factory()->GetPrototype(type)->New());
    if (!proto::decode(data, *m)) return cannot_parse();
    return message(*m, place{});
  }

  template <class T>
  result<void> quoted(T number) {
    out_.append("\"").append(std::to_string(number)).append("\"");
    return {};
  }
  template <class T>
  result<void> number(T value) {
    out_.append(std::to_string(value));
    return {};
  }
  result<void> real(double value, int digits) {
    if (std::isnan(value)) out_ += "\"NaN\"";
    else if (std::isinf(value)) out_ += value < 0 ? "\"-Infinity\"" : "\"Infinity\"";
    else {
      char text[40];
      std::snprintf(text, sizeof text, "%.*g", digits, value);
      out_ += text;
    }
    return {};
  }
  result<void> enumeration(const fd& field, int value) {
    const auto* name = field.enum_type()->FindValueByNumber(value);
    if (name) append_string(out_, name->name());
    else out_.append(std::to_string(value));
    return {};
  }

  result<void> submessage(const pb::Message& m) {
    if (m.GetDescriptor()->full_name() != "google.protobuf.Timestamp") return message(m, place{place::kind::raw});
    const auto& time = static_cast<const pb::Timestamp&>(m);
    WEFT_TRY(const auto text, time_text(time.seconds(), time.nanos()));
    append_string(out_, text);
    return {};
  }

  /// As any protobuf JSON writes it; `index` of a list's element, or -1.
  result<void> plain(const pb::Message& m, const fd& field, int index = -1) {
    const auto& r = *m.GetReflection();
    const bool one = index < 0;
    WEFT_CHECK(bounds());
    switch (field.cpp_type()) {
      case fd::CPPTYPE_INT32: return number(one ? r.GetInt32(m, &field) : r.GetRepeatedInt32(m, &field, index));
      case fd::CPPTYPE_UINT32: return number(one ? r.GetUInt32(m, &field) : r.GetRepeatedUInt32(m, &field, index));
      case fd::CPPTYPE_INT64: return quoted(one ? r.GetInt64(m, &field) : r.GetRepeatedInt64(m, &field, index));
      case fd::CPPTYPE_UINT64: return quoted(one ? r.GetUInt64(m, &field) : r.GetRepeatedUInt64(m, &field, index));
      case fd::CPPTYPE_DOUBLE: return real(one ? r.GetDouble(m, &field) : r.GetRepeatedDouble(m, &field, index), 17);
      case fd::CPPTYPE_FLOAT: return real(one ? r.GetFloat(m, &field) : r.GetRepeatedFloat(m, &field, index), 9);
      case fd::CPPTYPE_ENUM: return enumeration(field, one ? r.GetEnumValue(m, &field) : r.GetRepeatedEnumValue(m, &field, index));
      case fd::CPPTYPE_MESSAGE: return submessage(one ? r.GetMessage(m, &field) : r.GetRepeatedMessage(m, &field, index));
      case fd::CPPTYPE_BOOL: out_ += (one ? r.GetBool(m, &field) : r.GetRepeatedBool(m, &field, index)) ? "true" : "false"; return {};
      case fd::CPPTYPE_STRING: {
        std::string scratch;
        const auto& text = one ? r.GetStringReference(m, &field, &scratch) : r.GetRepeatedStringReference(m, &field, index, &scratch);
        if (field.type() == fd::TYPE_STRING) {
          append_string(out_, text);
        } else {
          out_.push_back('"');
          append_base64(out_, text);
          out_.push_back('"');
        }
        return {};
      }
    }
    return {};
  }

  std::size_t bytes_max_;
  std::string out_;
  int depth_ = 0;
};

}  // namespace
}  // namespace json

result<std::string> to_json(const google::protobuf::Message& message, config_level level, const json_limits& limits) {
  json::writer out(limits.text_bytes_max);
  json::place at;
  if (level != config_level::none && message.GetDescriptor()->full_name() == "common.ConfigGroup") at = {json::place::kind::group, level, {}};
  WEFT_CHECK(out.message(message, at));
  return std::move(out).take();
}

result<std::string> decode_to_json(std::string_view type, bytes_view data, const json_limits& limits) {
  const auto message = new_message(type);
  if (!message) return fail(errc::not_found, "message type '" + std::string(type) + "' is not known");
  if (!proto::decode(data, *message)) return json::cannot_parse();
  return to_json(*message, config_level::none, limits);
}

}  // namespace weft::ledger
