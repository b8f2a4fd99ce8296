// Our schema against the two that others publish: the .proto files of fabric-protos 2.2.20, and the JavaScript of
// @hyperledger/fabric-protos for what is newer. A message may declare fewer fields than theirs, never different ones.
#include <doctest/doctest.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/descriptor_database.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <set>

#include "proto/encode.hpp"
#include "schema_compare.hpp"

namespace pb = google::protobuf;
using weft::test::differences;

namespace {

/// In neither package, with the golden data that proves each; tests/unit/proto/golden_test.cpp decodes it.
const std::map<std::string, std::string> proven_by_golden_data = {
    {"smartbftprotos.ViewMetadata", "blocks/bftchannel.*.block"},
    {"weft.commitment.Updates", "vectors.json misc.commit_hash_example_block6"},
    {"weft.commitment.KVWrite", "vectors.json misc.commit_hash_example_block6"},
};

std::string file_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The published schemas, or the reason why they are not here.
struct reference {
  pb::SimpleDescriptorDatabase database;
  std::unique_ptr<pb::DescriptorPool> pool;
  weft::test::js_schema js;
  std::string missing;

  reference() {
    const std::string folder = WEFT_REFERENCE_DIR;
    pb::FileDescriptorSet files;
    if (!std::filesystem::exists(folder + "/reference.desc")) {
      missing = file_text(folder + "/missing.txt");
      if (missing.empty()) missing = "the packages are not installed; `ctest -R proto` installs them";
      return;
    }
    REQUIRE(weft::proto::decode(file_text(folder + "/reference.desc"), files));
    for (const auto& file : files.file()) REQUIRE(database.Add(file));
    pool = std::make_unique<pb::DescriptorPool>(&database);
    js = weft::test::read_js_folder(folder + "/node_modules/@hyperledger/fabric-protos/lib");
  }
};

const reference* published() {
  static const reference ref;
  if (ref.missing.empty()) return &ref;
  std::cout << "schema comparison skipped: " << ref.missing << std::endl;
  return nullptr;
}

std::vector<const pb::FileDescriptor*> our_files() {
  std::vector<const pb::FileDescriptor*> files;
  const std::filesystem::path root = std::string(WEFT_SOURCE_DIR) + "/proto";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (entry.path().extension() != ".proto") continue;
    const auto name = std::filesystem::relative(entry.path(), root).generic_string();
    const auto* file = pb::DescriptorPool::generated_pool()->FindFileByName(name);
    REQUIRE_MESSAGE(file, name, " is not compiled into weft::proto");
    files.push_back(file);
  }
  return files;
}

bool is_ours_alone(const pb::FileDescriptor& file) { return file.package() == "weft.control" || file.package() == "weft.peer"; }

struct everything {
  std::vector<const pb::Descriptor*> messages;
  std::vector<const pb::EnumDescriptor*> enums;
  std::vector<const pb::MethodDescriptor*> methods;

  void add(const pb::Descriptor& message) {
    messages.push_back(&message);
    for (int i = 0; i < message.nested_type_count(); ++i) add(*message.nested_type(i));
    for (int i = 0; i < message.enum_type_count(); ++i) enums.push_back(message.enum_type(i));
  }
  everything() {
    for (const auto* file : our_files()) {
      if (is_ours_alone(*file)) continue;
      for (int i = 0; i < file->message_type_count(); ++i) add(*file->message_type(i));
      for (int i = 0; i < file->enum_type_count(); ++i) enums.push_back(file->enum_type(i));
      for (int s = 0; s < file->service_count(); ++s)
        for (int m = 0; m < file->service(s)->method_count(); ++m) methods.push_back(file->service(s)->method(m));
    }
  }
};

template <class Map>
auto* lookup(const Map& map, const std::string& key) {
  const auto at = map.find(key);
  return at == map.end() ? nullptr : &at->second;
}

void check_none(const std::vector<std::string>& found) {
  for (const auto& text : found) FAIL_CHECK(text);
}

}  // namespace

TEST_CASE("every message stands in a published schema, with the same fields") {
  const auto* ref = published();
  if (!ref) return;
  int in_proto = 0, in_js = 0;
  const everything all;
  for (const auto* ours : all.messages) {
    if (ours->options().map_entry()) continue;  // compared through the map field
    const auto& name = ours->full_name();
    CAPTURE(name);
    const auto* theirs = ref->pool->FindMessageTypeByName(weft::test::older_name(name));
    const auto* js = lookup(ref->js.messages, name);
    const bool golden = proven_by_golden_data.contains(name);
    CHECK_MESSAGE((theirs || js) != golden, "in no published schema, or listed as if it were in none");
    std::vector<int> newer;
    if (theirs) check_none(differences(*ours, *theirs, &newer));
    if (theirs && !js) CHECK_MESSAGE(newer.empty(), "has fields that nobody published");
    if (js) check_none(differences(*ours, *js));
    in_proto += theirs != nullptr;
    in_js += js != nullptr;
  }
  CHECK(in_proto > 140);
  CHECK(in_js > 160);
}

TEST_CASE("every enum value stands in a published schema, with the same number") {
  const auto* ref = published();
  if (!ref) return;
  int in_proto = 0, in_js = 0;
  const everything all;
  for (const auto* ours : all.enums) {
    CAPTURE(ours->full_name());
    const auto* theirs = ref->pool->FindEnumTypeByName(ours->full_name());
    const auto* js = lookup(ref->js.enums, ours->full_name());
    CHECK((theirs || js));
    std::vector<std::string> newer;
    if (theirs) check_none(differences(*ours, *theirs, &newer));
    if (theirs && !js) CHECK(newer.empty());
    if (js) check_none(differences(*ours, *js));
    in_proto += theirs != nullptr;
    in_js += js != nullptr;
  }
  CHECK(in_proto > 12);
  CHECK(in_js > 12);
}

TEST_CASE("every service has the published methods, streams and types") {
  const auto* ref = published();
  if (!ref) return;
  std::set<std::string> services;
  const everything all;
  for (const auto* ours : all.methods) {
    CAPTURE(ours->full_name());
    services.insert(ours->service()->full_name());
    const auto* theirs = ref->pool->FindMethodByName(ours->full_name());
    const auto* js = lookup(ref->js.methods, "/" + ours->service()->full_name() + "/" + ours->name());
    CHECK((theirs || js));
    if (theirs) check_none(differences(*ours, *theirs));
    if (js) check_none(differences(*ours, *js));
  }
  CHECK(services == std::set<std::string>{"discovery.Discovery", "gateway.Gateway", "orderer.AtomicBroadcast", "protos.Chaincode",
                                          "protos.ChaincodeSupport", "protos.Deliver", "protos.Endorser"});
}
