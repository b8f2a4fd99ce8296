// Reads a schema back out of the JavaScript that protoc generated for @hyperledger/fabric-protos, which ships no .proto files.
#pragma once

#include <map>
#include <string>

namespace weft::test {

struct js_field {
  std::string type;        ///< As in a .proto file: "string", "uint64", "message", "enum"; "map" for maps.
  std::string key_type;    ///< Maps only.
  std::string value_type;  ///< Maps only.
  std::string message;     ///< "proto.<full name>" in the same file, "<alias>.<name within its package>" otherwise; may be empty.
  std::string accessor;    ///< "ChannelId" for channel_id.
  bool repeated = false;
};

struct js_method {
  std::string request, response;  ///< "<alias>.<name within its package>".
  bool request_stream = false, response_stream = false;
};

struct js_schema {
  std::map<std::string, std::map<int, js_field>> messages;  ///< By full name, then number.
  std::map<std::string, std::map<std::string, int>> enums;  ///< By full name, then value name.
  std::map<std::string, js_method> methods;                 ///< By path: "/gateway.Gateway/Endorse".
};

/// Adds what one *_pb.js or *_grpc_pb.js text declares.
void read_js(const std::string& text, js_schema& into);

/// All such files below `folder`.
js_schema read_js_folder(const std::string& folder);

}  // namespace weft::test
