#include "schema_compare.hpp"

#include <cctype>

namespace weft::test {

namespace pb = google::protobuf;

namespace {

std::string type_of(const pb::FieldDescriptor& field) {
  if (field.message_type()) return field.message_type()->full_name();
  if (field.enum_type()) return field.enum_type()->full_name();
  return field.type_name();
}

std::string text(const pb::FieldDescriptor& field, const std::string& type) {
  std::string out = field.is_repeated() ? "repeated " : "";
  out += type + ' ' + field.name() + " = " + std::to_string(field.number());
  if (const auto* oneof = field.containing_oneof()) out += " in oneof " + oneof->name();
  return out + (field.is_packed() ? " packed" : "");
}

/// jspb's name of a field: channel_MAC -> ChannelMac.
std::string accessor(const std::string& name) {
  std::string out;
  bool start = true;
  for (const char c : name) {
    const auto u = static_cast<unsigned char>(c);
    if (c != '_') out += static_cast<char>(start ? std::toupper(u) : std::tolower(u));
    start = c == '_';
  }
  return out;
}

bool same_message(const pb::Descriptor& ours, const std::string& js) {
  if (js.starts_with("proto.")) return js == "proto." + ours.full_name();
  const auto& package = ours.file()->package();
  return js.substr(js.find('.') + 1) == ours.full_name().substr(package.empty() ? 0 : package.size() + 1);
}

std::string text(const js_field& field) {
  std::string out = field.repeated ? "repeated " : "";
  if (field.type == "map") return out + "map<" + field.key_type + ", " + field.value_type + "> " + field.accessor;
  return out + field.type + ' ' + field.accessor;
}

std::string as_js(const pb::FieldDescriptor& field) {
  std::string out = field.is_repeated() ? "repeated " : "";
  if (field.is_map())
    out += std::string("map<") + field.message_type()->map_key()->type_name() + ", " +
           field.message_type()->map_value()->type_name() + "> ";
  else
    out += std::string(field.type_name()) + ' ';
  return out + accessor(field.name());
}

}  // namespace

std::string older_name(const std::string& ours) {
  if (ours == "protos.ChaincodeInterest") return "discovery.ChaincodeInterest";
  if (ours == "protos.ChaincodeCall") return "discovery.ChaincodeCall";
  return ours;
}

std::vector<std::string> differences(const pb::Descriptor& ours, const pb::Descriptor& theirs, std::vector<int>* newer_fields) {
  std::vector<std::string> out;
  for (int i = 0; i < ours.field_count(); ++i) {
    const auto& field = *ours.field(i);
    const auto* other = theirs.FindFieldByNumber(field.number());
    if (!other) {
      if (theirs.FindFieldByName(field.name()))
        out.push_back(field.full_name() + " has another number there");
      else if (newer_fields)
        newer_fields->push_back(field.number());
      else
        out.push_back(field.full_name() + " does not exist there");
      continue;
    }
    const auto type = type_of(field), their_type = type_of(*other);
    const auto mine = text(field, older_name(type) == their_type ? their_type : type);
    if (const auto expected = text(*other, their_type); mine != expected)
      out.push_back(ours.full_name() + ": `" + mine + "`, there `" + expected + "`");
  }
  return out;
}

std::vector<std::string> differences(const pb::EnumDescriptor& ours, const pb::EnumDescriptor& theirs,
                                     std::vector<std::string>* newer_values) {
  std::vector<std::string> out;
  for (int i = 0; i < ours.value_count(); ++i) {
    const auto& value = *ours.value(i);
    const auto* by_name = theirs.FindValueByName(value.name());
    if (by_name ? by_name->number() != value.number() : theirs.FindValueByNumber(value.number()) || !newer_values)
      out.push_back(ours.full_name() + "." + value.name() + " = " + std::to_string(value.number()) + " is different there");
    else if (!by_name)
      newer_values->push_back(value.name());
  }
  return out;
}

std::vector<std::string> differences(const pb::MethodDescriptor& ours, const pb::MethodDescriptor& theirs) {
  const auto shape = [](const pb::MethodDescriptor& m) {
    return m.input_type()->full_name() + (m.client_streaming() ? " stream" : "") + " -> " + m.output_type()->full_name() +
           (m.server_streaming() ? " stream" : "");
  };
  if (shape(ours) == shape(theirs)) return {};
  return {ours.full_name() + ": " + shape(ours) + ", there " + shape(theirs)};
}

std::vector<std::string> differences(const pb::Descriptor& ours, const std::map<int, js_field>& theirs) {
  std::vector<std::string> out;
  for (int i = 0; i < ours.field_count(); ++i) {
    const auto& field = *ours.field(i);
    const auto other = theirs.find(field.number());
    if (other == theirs.end()) {
      out.push_back(field.full_name() + " does not exist in JavaScript");
      continue;
    }
    if (as_js(field) != text(other->second))
      out.push_back(field.full_name() + ": `" + as_js(field) + "`, in JavaScript `" + text(other->second) + "`");
    const auto* message = field.is_map() ? field.message_type()->map_value()->message_type() : field.message_type();
    if (message && !same_message(*message, other->second.message))
      out.push_back(field.full_name() + " is a " + message->full_name() + ", in JavaScript " + other->second.message);
  }
  return out;
}

std::vector<std::string> differences(const pb::EnumDescriptor& ours, const std::map<std::string, int>& theirs) {
  std::vector<std::string> out;
  for (int i = 0; i < ours.value_count(); ++i) {
    const auto other = theirs.find(ours.value(i)->name());
    if (other == theirs.end() || other->second != ours.value(i)->number())
      out.push_back(ours.full_name() + "." + ours.value(i)->name() + " is different in JavaScript");
  }
  return out;
}

std::vector<std::string> differences(const pb::MethodDescriptor& ours, const js_method& theirs) {
  if (same_message(*ours.input_type(), theirs.request) && same_message(*ours.output_type(), theirs.response) &&
      ours.client_streaming() == theirs.request_stream && ours.server_streaming() == theirs.response_stream)
    return {};
  return {ours.full_name() + " is different in JavaScript: " + theirs.request + " -> " + theirs.response};
}

}  // namespace weft::test
