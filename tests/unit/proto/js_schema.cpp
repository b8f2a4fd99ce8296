#include "js_schema.hpp"

#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <vector>

namespace weft::test {

namespace {

/// The identifier that follows `mark` in `line`; empty if `mark` is not there. Ends before a `$`, which jspb appends to names
/// that it uses itself.
std::string word_after(std::string_view line, std::string_view mark, bool dots = false, bool last = false) {
  const auto at = last ? line.rfind(mark) : line.find(mark);
  if (at == std::string_view::npos) return {};
  auto rest = line.substr(at + mark.size());
  std::size_t end = 0;
  while (end < rest.size() &&
         (std::isalnum(static_cast<unsigned char>(rest[end])) || rest[end] == '_' || (dots && rest[end] == '.')))
    ++end;
  return std::string(rest.substr(0, end));
}

std::string lower(std::string text) {
  for (auto& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::string strip_prefix(std::string text, std::string_view prefix) {
  return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

std::string before_suffix(std::string text, std::string_view suffix) {
  return text.ends_with(suffix) ? text.substr(0, text.size() - suffix.size()) : std::string();
}

std::string scalar(std::string reader) { return lower(strip_prefix(std::move(reader), "Packed")); }

/// jspb.Map.deserializeBinary(message, reader, <read key>, <read value>, <message reader> or null, ...)
void read_map(std::string_view line, js_field& field) {
  constexpr std::string_view mark = "jspb.BinaryReader.prototype.read";
  field.type = "map";
  field.repeated = true;
  const auto first = line.find(mark);
  field.key_type = scalar(word_after(line.substr(first), mark));
  field.value_type = scalar(word_after(line.substr(first + mark.size()), mark));
  const auto end = line.find(".deserializeBinaryFromReader");
  if (end == std::string_view::npos) return;
  const auto begin = line.rfind(' ', end);
  field.message = std::string(line.substr(begin + 1, end - begin - 1));
}

void read_field_line(std::string_view line, js_field& field) {
  if (line.find("jspb.Map.deserializeBinary(") != std::string_view::npos) return read_map(line, field);
  if (auto name = word_after(line, "= new ", true); !name.empty()) field.message = name;
  if (auto type = word_after(line, "reader.read", false, true); !type.empty() && field.type.empty()) field.type = scalar(type);
  if (auto name = word_after(line, "msg.set"); !name.empty()) field.accessor = name;
  if (auto name = before_suffix(word_after(line, "= msg.get"), "Map"); !name.empty()) field.accessor = name;
  if (auto name = word_after(line, "msg.add"); !name.empty()) {
    field.accessor = name;
    field.repeated = true;
  }
}

std::size_t read_message(const std::vector<std::string>& lines, std::size_t i, std::map<int, js_field>& fields) {
  js_field* field = nullptr;
  for (; i < lines.size() && lines[i] != "};"; ++i) {
    const auto& line = lines[i];
    if (auto number = word_after(line, "    case "); !number.empty())
      field = &fields[std::atoi(number.c_str())];
    else if (line == "      break;")
      field = nullptr;
    else if (field)
      read_field_line(line, *field);
  }
  return i;
}

std::size_t read_enum(const std::vector<std::string>& lines, std::size_t i, std::map<std::string, int>& values) {
  for (; i < lines.size() && lines[i] != "};"; ++i)
    if (const auto colon = lines[i].find(": "); lines[i].starts_with("  ") && colon != std::string::npos)
      values[lines[i].substr(2, colon - 2)] = std::atoi(lines[i].c_str() + colon + 2);
  return i;
}

std::size_t read_method(const std::vector<std::string>& lines, std::size_t i, js_method& method) {
  for (; i < lines.size() && lines[i].find('}') == std::string::npos; ++i) {
    if (auto name = word_after(lines[i], "requestType: ", true); !name.empty()) method.request = name;
    if (auto name = word_after(lines[i], "responseType: ", true); !name.empty()) method.response = name;
    if (auto flag = word_after(lines[i], "requestStream: "); !flag.empty()) method.request_stream = flag == "true";
    if (auto flag = word_after(lines[i], "responseStream: "); !flag.empty()) method.response_stream = flag == "true";
  }
  return i;
}

}  // namespace

void read_js(const std::string& text, js_schema& into) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(std::move(line));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto& line = lines[i];
    if (auto path = line.find("path: '/"); path != std::string::npos) {
      const auto end = line.find('\'', path + 7);
      i = read_method(lines, i, into.methods[line.substr(path + 7, end - path - 7)]);
    } else if (line.starts_with("proto.") && line.ends_with(".deserializeBinaryFromReader = function(msg, reader) {")) {
      i = read_message(lines, i + 1, into.messages[line.substr(6, line.find(".deserializeBinaryFromReader") - 6)]);
    } else if (line.starts_with("proto.") && line.ends_with(" = {")) {
      i = read_enum(lines, i + 1, into.enums[line.substr(6, line.size() - 10)]);
    }
  }
}

js_schema read_js_folder(const std::string& folder) {
  js_schema schema;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.path().string().ends_with("_pb.js")) continue;
    std::ifstream file(entry.path());
    read_js({std::istreambuf_iterator<char>(file), {}}, schema);
  }
  return schema;
}

}  // namespace weft::test
