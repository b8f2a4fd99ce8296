// The comparison of schema_test.cpp itself, and names that no comparison is needed for: both run without npm.
#include "schema_compare.hpp"

#include <doctest/doctest.h>
#include <google/protobuf/descriptor.pb.h>

#include <string>

namespace pb = google::protobuf;
using weft::test::differences;

namespace {

/// A common.MetadataSignature with one deviation.
const pb::FileDescriptor& build(pb::DescriptorPool& pool, const std::string& body) {
  pb::FileDescriptorProto file;
  file.set_name("planted.proto");
  file.set_package("common");
  file.set_syntax("proto3");
  auto& message = *file.add_message_type();
  message.set_name("MetadataSignature");
  const auto add = [&](const char* name, int number, pb::FieldDescriptorProto::Type type, bool repeated = false) {
    auto& field = *message.add_field();
    field.set_name(name);
    field.set_number(number);
    field.set_type(type);
    field.set_label(repeated ? pb::FieldDescriptorProto::LABEL_REPEATED : pb::FieldDescriptorProto::LABEL_OPTIONAL);
  };
  using F = pb::FieldDescriptorProto;
  if (body == "fewer") add("signature", 2, F::TYPE_BYTES);
  if (body == "type") add("signature", 2, F::TYPE_STRING);
  if (body == "number") add("signature", 4, F::TYPE_BYTES);
  if (body == "swapped") add("signature_header", 2, F::TYPE_BYTES);
  if (body == "label") add("signature", 2, F::TYPE_BYTES, true);
  if (body == "invented") add("flavour", 9, F::TYPE_BYTES);
  const auto* built = pool.BuildFile(file);
  REQUIRE(built);
  return *built;
}

}  // namespace

TEST_CASE("the comparison finds planted differences") {
  struct row { const char* plant; bool accepted; };
  const row rows[] = {{"fewer", true}, {"type", false}, {"number", false}, {"swapped", false}, {"label", false}, {"invented", false}};
  const auto* real = pb::DescriptorPool::generated_pool()->FindMessageTypeByName("common.MetadataSignature");
  REQUIRE(real);
  weft::test::js_schema js;
  weft::test::read_js(
      "proto.common.MetadataSignature.deserializeBinaryFromReader = function(msg, reader) {\n"
      "    case 1:\n      var value = /** @type {!Uint8Array} */ (reader.readBytes());\n      msg.setSignatureHeader(value);\n"
      "      break;\n"
      "    case 2:\n      var value = /** @type {!Uint8Array} */ (reader.readBytes());\n      msg.setSignature(value);\n"
      "      break;\n};\n",
      js);
  REQUIRE(js.messages.at("common.MetadataSignature").size() == 2);
  for (const auto& r : rows) {
    CAPTURE(r.plant);
    pb::DescriptorPool pool;
    const auto& planted = *build(pool, r.plant).message_type(0);
    CHECK(differences(planted, *real).empty() == r.accepted);
    CHECK(differences(planted, js.messages.at("common.MetadataSignature")).empty() == r.accepted);
  }
}

TEST_CASE("field names that a formatter would spoil are as Fabric spells them") {
  struct row { const char* message; int number; const char* name; };
  const row rows[] = {
      {"protos.ChaincodeProposalPayload", 2, "TransientMap"}, {"gossip.StateInfo", 4, "channel_MAC"},
      {"common.BlockchainInfo", 2, "currentBlockHash"},       {"common.BlockchainInfo", 3, "previousBlockHash"},
      {"protos.ProcessedTransaction", 1, "transactionEnvelope"}, {"protos.ProcessedTransaction", 2, "validationCode"},
      {"protos.GetStateByRange", 1, "startKey"},              {"protos.GetStateByRange", 2, "endKey"},
      {"protos.QueryMetadata", 1, "pageSize"},                {"protos.QueryResultBytes", 1, "resultBytes"},
      {"lifecycle.StateData", 1, "Int64"},                    {"gossip.Secret", 1, "internalEndpoint"},
      {"common.BlockchainInfo", 4, "bootstrappingSnapshotInfo"}, {"weft.commitment.KVWrite", 4, "isDelete"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.message);
    const auto* message = pb::DescriptorPool::generated_pool()->FindMessageTypeByName(r.message);
    REQUIRE(message);
    REQUIRE(message->FindFieldByNumber(r.number));
    CHECK(message->FindFieldByNumber(r.number)->name() == r.name);
  }
}
