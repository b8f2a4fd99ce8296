// Input that nobody should send: refused with a text that helps, at a cost that its size explains.
#include <nlohmann/json.hpp>

#include "common/common.pb.h"
#include "common/configtx.pb.h"
#include "common/policies.pb.h"
#include "ledger/json/fabric_json.hpp"
#include "proto/encode.hpp"
#include "proto/wire_write.hpp"
#include "tests/unit/ledger/json/files.hpp"

using namespace weft;

namespace {

std::string refusal(const char* type, std::string_view text) {
  const auto done = ledger::encode_from_json(type, text);
  return done ? "accepted" : done.error().context;
}

/// Ends of `text` joined n times around a middle.
std::string nested(int n, const std::string& open, const std::string& middle, const std::string& close) {
  std::string out;
  for (int i = 0; i < n; ++i) out += open;
  out += middle;
  for (int i = 0; i < n; ++i) out += close;
  return out;
}

/// An envelope of the former system channel's kind: it holds an envelope, which holds an envelope…
bytes envelope_nest(int levels) {
  ::common::ChannelHeader header;
  header.set_type(::common::ORDERER_TRANSACTION);
  bytes inner;
  for (int i = 0; i < levels; ++i) {
    bytes payload, head, out;
    proto::put_bytes(head, 1, proto::encode(header));
    proto::put_present(payload, 1, head);
    proto::put_bytes(payload, 2, inner);
    proto::put_bytes(out, 1, payload);
    inner = std::move(out);
  }
  return inner;
}

}  // namespace

TEST_CASE("wrong JSON is refused with its place and kind") {
  struct row {
    const char* type;
    const char* text;
    const char* error;
  };
  const row rows[] = {
      {"common.Block", "", "error unmarshaling intermediate JSON: parse error at line 1, column 1"},
      {"common.Block", "{\"header\": ", "error unmarshaling intermediate JSON: parse error at line 1, column 12"},
      {"common.Block", "{} {}", "error unmarshaling intermediate JSON: parse error at line 1, column 4"},
      {"common.Block", "[]", "error unmarshaling intermediate JSON: json: cannot unmarshal array into Go value of type map[string]interface {}"},
      {"common.Block", "7", "error unmarshaling intermediate JSON: json: cannot unmarshal number into Go value of type map[string]interface {}"},
      {"common.Block", "{\"\xff\": 1}", "error unmarshaling intermediate JSON: parse error at line 1, column 3"},
      {"common.Block", R"({"foo": 1})", "*common.Block: unknown field \"foo\" in common.Block"},
      {"common.Block", R"({"header": 7})",
       "*common.Block: expected field header for message *common.Block to be assignable from map[string]interface {} but was not.  Is json.Number"},
      {"common.Block", R"({"header": {"number": true}})",
       "*common.Block: error in PopulateFrom for field header for message *common.Block: *common.BlockHeader: field number: cannot unmarshal bool into uint64"},
      {"common.Block", R"({"header": {"number": "-1"}})", "field number: cannot unmarshal \"-1\" into uint64"},
      {"common.Block", R"({"header": {"number": 1.5}})", "field number: cannot unmarshal 1.5 into uint64"},
      {"common.Block", R"({"header": {"number": 18446744073709551616}})", "into uint64"},
      {"common.Block", R"({"header": {"data_hash": "***"}})", "field data_hash: illegal base64 data at input byte 0"},
      {"common.Block", R"({"header": {"data_hash": {}}})", "field data_hash: cannot unmarshal object into bytes, which are a string of base64"},
      {"common.BlockData", R"({"data": {}})",
       "*commonext.BlockData: expected slice field data for message *commonext.BlockData to be assignable from []interface{} but was not. Got map[string]interface {}"},
      {"common.BlockData", R"({"data": [null]})",
       "*commonext.BlockData: expected slice field data value at index 0 for message *commonext.BlockData to be assignable from map[string]interface {} but was not.  Is <nil>"},
      {"common.ConfigGroup", R"({"groups": null})",
       "*common.ConfigGroup: expected map field groups for message *common.ConfigGroup to be assignable from map[string]interface{} but was not. Got <nil>"},
      {"common.ConfigGroup", R"({"values": {"x": "y"}})", "expected map field values value for x for message *common.ConfigGroup"},
      {"common.Config", R"({"channel_group": {"values": {"X": {"value": {}}}}})", "unknown Channel ConfigValue name: X"},
      {"common.MSPPrincipal", R"({"principal_classification": "ROLF"})",
       "unknown value \"ROLF\" for enum common.MSPPrincipal.Classification; there are: ROLE, ORGANIZATION_UNIT"},
      {"common.Payload", R"({"data": {}})", "cannot determine payload type when header is missing"},
      {"common.ChannelHeader", R"({"timestamp": "yesterday"})", "field timestamp: bad Timestamp: \"yesterday\" is not of the form"},
      {"common.SignaturePolicy", R"({"signed_by": 1, "n_out_of": {}})", "another member of the oneof Type is set already"},
      {"common.OrdererAddresses", R"({"addresses": "a"})", "field addresses: cannot unmarshal string into a list, which is an array"},
      {"common.OrdererAddresses", R"({"addresses": [[]]})", "field addresses: cannot unmarshal array into string"},
      {"protos.ChaincodeInput", R"({"decorations": []})", "field decorations: cannot unmarshal array into a map, which is an object"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.text);
    const auto said = refusal(r.type, r.text);
    CAPTURE(said);
    CHECK(said.find(r.error) != std::string::npos);
  }
}

TEST_CASE("what a careful editor writes is understood") {
  struct row {
    const char* type;
    const char* text;
    const char* same_as;
  };
  const row rows[] = {
      {"common.Block", "null", "{}"},
      {"common.Block", R"({"header": null, "data": null})", "{}"},
      {"common.BlockHeader", R"({"number": 7})", R"({"number": "7"})"},
      {"common.BlockHeader", R"({"dataHash": "AA=="})", R"({"data_hash": "AA=="})"},
      {"common.BlockHeader", R"({"number": 1, "number": 2})", R"({"number": 2})"},
      {"common.MSPRole", R"({"role": 1})", R"({"role": "ADMIN"})"},
      {"common.Envelope", R"({"payload": {}})", "{}"},
      {"common.ChannelHeader", R"({"timestamp": "2026-11-20T12:07:49+01:00"})", R"({"timestamp": "2026-11-20T11:07:49Z"})"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.text);
    const auto got = ledger::encode_from_json(r.type, r.text);
    REQUIRE_MESSAGE(got, got.error().context);
    CHECK(got == ledger::encode_from_json(r.type, r.same_as));
  }
}

TEST_CASE("an absent message and an empty one stay apart") {
  const auto empty = ledger::encode_from_json("common.Block", R"({"header": {}})");
  REQUIRE(empty);
  CHECK(*empty == std::string("\x0a\x00", 2));
  CHECK(ledger::decode_to_json("common.Block", *empty).value() ==
        "{\n\t\"data\": null,\n\t\"header\": {\n\t\t\"data_hash\": \"\",\n\t\t\"number\": \"0\",\n\t\t\"previous_hash\": \"\"\n\t},\n\t\"metadata\": null\n}\n");
}

TEST_CASE("depth is bounded in both directions, and what is written can be read") {
  CHECK(refusal("common.Block", std::string(100'000, '[')).find("nested deeper than") != std::string::npos);
  CHECK(refusal("common.ConfigGroup", nested(1'000, R"({"groups": {"a": )", "{}", "}}")).find("nested deeper than") != std::string::npos);
  CHECK(refusal("common.ConfigGroup", nested(100, R"({"groups": {"a": )", "{}", "}}")) == "accepted");

  int deepest = 0;
  for (int levels = 1; levels <= 200; ++levels) {
    const auto text = ledger::decode_to_json("common.Envelope", envelope_nest(levels));
    if (!text) {
      CHECK(text.error().code == errc::unsupported);
      CHECK(text.error().context.find("nested deeper than") != std::string::npos);
      break;
    }
    deepest = levels;
    CHECK(ledger::encode_from_json("common.Envelope", *text) == envelope_nest(levels));
  }
  CHECK(deepest > 50);
  CHECK(deepest < 200);

  // A message that is deep without being wrapped in bytes is stopped by the parser.
  bytes group;
  for (int i = 0; i < 200; ++i) {
    bytes entry, out;
    proto::put_bytes(entry, 1, "a");
    proto::put_present(entry, 2, group);
    proto::put_present(out, 2, entry);
    group = std::move(out);
  }
  CHECK(ledger::decode_to_json("common.ConfigGroup", group).error().context == "proto: cannot parse invalid wire-format data");
}

TEST_CASE("size is bounded in both directions") {
  bytes many;
  for (int i = 0; i < 10'000; ++i) proto::put_present(many, 1, "");  // two bytes become more than fifty
  const auto text = ledger::decode_to_json("common.BlockData", many);
  REQUIRE(text);
  CHECK(ledger::encode_from_json("common.BlockData", *text) == many);
  const auto refused = ledger::decode_to_json("common.BlockData", many, {.text_bytes_max = 100'000});
  REQUIRE(!refused);
  CHECK(refused.error().code == errc::unsupported);
  const auto too_long = ledger::encode_from_json("common.BlockData", *text, {.text_bytes_max = 100'000});
  REQUIRE(!too_long);
  CHECK(too_long.error().code == errc::unsupported);
}

TEST_CASE("every cut of a golden block is refused or is a smaller message, never a crash") {
  const auto raw = golden::file("blocks/mychannel.5.block");
  int refused = 0;
  for (std::size_t size = 0; size < raw.size(); size += 7) refused += !ledger::decode_to_json("common.Block", bytes_view(raw).substr(0, size));
  CHECK(refused > 100);
  const auto text = golden::file("blocks/mychannel.5.json");
  for (std::size_t size = 0; size + 2 < text.size(); size += 97) CHECK(!ledger::encode_from_json("common.Block", std::string_view(text).substr(0, size)));
}
