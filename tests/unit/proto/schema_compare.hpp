// What may differ between our schema and somebody else's: nothing but what we left out.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

#include "js_schema.hpp"

namespace weft::test {

/// Full names that Fabric moved between versions without changing a byte: ours -> the older one.
std::string older_name(const std::string& ours);

/// Sentences, one per field or value of `ours` that `theirs` lacks or declares differently in name, number, type, label or oneof.
/// `newer_fields` lists the numbers that `theirs` lacks instead of reporting them, when it is not null.
std::vector<std::string> differences(const google::protobuf::Descriptor& ours, const google::protobuf::Descriptor& theirs,
                                     std::vector<int>* newer_fields = nullptr);
std::vector<std::string> differences(const google::protobuf::EnumDescriptor& ours, const google::protobuf::EnumDescriptor& theirs,
                                     std::vector<std::string>* newer_values = nullptr);
std::vector<std::string> differences(const google::protobuf::MethodDescriptor& ours,
                                     const google::protobuf::MethodDescriptor& theirs);

/// The same against generated JavaScript: number, wire type, label, accessor, message type.
std::vector<std::string> differences(const google::protobuf::Descriptor& ours, const std::map<int, js_field>& theirs);
std::vector<std::string> differences(const google::protobuf::EnumDescriptor& ours, const std::map<std::string, int>& theirs);
std::vector<std::string> differences(const google::protobuf::MethodDescriptor& ours, const js_method& theirs);

}  // namespace weft::test
