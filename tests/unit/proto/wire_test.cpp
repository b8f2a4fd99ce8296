#include "proto/wire.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "common/common.pb.h"
#include "common/configuration.pb.h"
#include "peer/proposal.pb.h"
#include "proto/encode.hpp"

using namespace weft::proto;

namespace {

using namespace std::string_literals;

/// A copy without a spare byte behind it, so that a sanitizer sees a read past the end.
struct exact {
  explicit exact(std::string_view text) : size(text.size()), data(new char[text.size()]) {
    std::memcpy(data.get(), text.data(), size);
  }
  [[nodiscard]] std::string_view view() const { return {data.get(), size}; }
  std::size_t size;
  std::unique_ptr<char[]> data;
};

bool inside(std::string_view part, std::string_view whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

bool well_formed(std::string_view message) {
  std::size_t stored = 0;
  const bool ok = for_each_field(message, [&](const wire_field& field) {
    CHECK(inside(field.stored, message));
    if (!field.payload.empty()) CHECK(inside(field.payload, field.stored));
    stored += field.stored.size();
  });
  CHECK((!ok || stored == message.size()));
  return ok;
}

}  // namespace

TEST_CASE("a field's bytes are found as they are stored") {
  struct row { const char* name; std::string message; std::uint32_t number; wire_status status; std::string value; };
  const row rows[] = {
      {"nothing in nothing", "", 1, wire_status::absent, ""},
      {"a field", "\x0a\x03" "abc", 1, wire_status::found, "abc"},
      {"present but empty", "\x0a\x00"s, 1, wire_status::found, ""},
      {"another number", "\x12\x01" "a", 1, wire_status::absent, ""},
      {"the last occurrence counts", "\x0a\x01" "a\x12\x01" "b\x0a\x01" "c", 1, wire_status::found, "c"},
      {"an empty last occurrence too", "\x0a\x01" "a\x0a\x00"s, 1, wire_status::found, ""},
      {"a number of that field is unknown", "\x08\x05", 1, wire_status::absent, ""},
      {"overlong length is a length", "\x0a\x81\x80\x00" "a"s, 1, wire_status::found, "a"},
      {"highest field number", "\xfa\xff\xff\xff\x0f\x01" "a", (1u << 29) - 1, wire_status::found, "a"},
      {"inside a group is not here", "\x1b\x0a\x01" "a\x1c", 1, wire_status::absent, ""},
      {"behind a group", "\x1b\x0a\x01" "a\x1c\x0a\x01" "b", 1, wire_status::found, "b"},
      {"fault behind the field", "\x0a\x01" "a\xff", 1, wire_status::malformed, ""},
      {"fault before the field", "\x02\x00\x0a\x01" "a"s, 1, wire_status::malformed, ""},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const exact message(r.message);
    std::string_view value = "untouched";
    CHECK(find_bytes(message.view(), r.number, value) == r.status);
    CHECK(value == (r.status == wire_status::found ? std::string_view(r.value) : "untouched"));
  }
}

TEST_CASE("a number is found with all its 64 bits") {
  struct row { const char* name; std::string message; wire_status status; std::uint64_t value; };
  const row rows[] = {
      {"one byte", "\x08\x05", wire_status::found, 5},
      {"zero", "\x08\x00"s, wire_status::found, 0},
      {"300", "\x08\xac\x02", wire_status::found, 300},
      {"all bits", "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", wire_status::found, ~std::uint64_t{0}},
      {"65 bits", "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", wire_status::malformed, 0},
      {"eleven bytes", "\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"s, wire_status::malformed, 0},
      {"cut", "\x08\x80", wire_status::malformed, 0},
      {"the last counts", "\x08\x01\x08\x02", wire_status::found, 2},
      {"bytes of that field are unknown", "\x0a\x01" "a", wire_status::absent, 0},
      {"fixed32 is not a varint", "\x0d\x01\x02\x03\x04", wire_status::absent, 0},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const exact message(r.message);
    std::uint64_t value = 77;
    CHECK(find_varint(message.view(), 1, value) == r.status);
    CHECK(value == (r.status == wire_status::found ? r.value : 77));
  }
}

TEST_CASE("hostile messages are refused") {
  std::string deep_ok, deep_bad;
  for (int i = 0; i < 100; ++i) deep_ok += '\x0b';
  for (int i = 0; i < 100; ++i) deep_ok += '\x0c';
  for (int i = 0; i < 101; ++i) deep_bad += '\x0b';
  for (int i = 0; i < 101; ++i) deep_bad += '\x0c';
  CHECK(well_formed(deep_ok));
  struct row { const char* name; std::string message; };
  const row rows[] = {
      {"groups too deep", deep_bad},
      {"a million open groups", std::string(1'000'000, '\x0b')},
      {"tag cut", "\x80"},
      {"tag of six bytes", "\x8a\x80\x80\x80\x80\x00"s},
      {"field number zero", "\x00\x00"s},
      {"field number 2^29", "\x82\x80\x80\x80\x10"},
      {"wire type 6", "\x0e"},
      {"wire type 7", "\x0f"},
      {"end without begin", "\x0c"},
      {"group closed by another", "\x0b\x14"},
      {"group never closed", "\x0b\x08\x01"},
      {"garbage in a group", "\x0b\x0f\x0c"},
      {"length missing", "\x0a"},
      {"length one too long", "\x0a\x03" "ab"},
      {"length 2^32", "\x0a\x80\x80\x80\x80\x10" "ab"},
      {"length 2^64-1", "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01" "ab"},
      {"fixed32 cut", "\x0d\x01\x02\x03"},
      {"fixed64 cut", "\x09\x01\x02\x03\x04\x05\x06\x07"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const exact message(r.message);
    CHECK_FALSE(well_formed(message.view()));
  }
}

TEST_CASE("a reader stays failed, and a field is unchanged by the failure") {
  wire_reader reader("\x08\x01\xff");
  wire_field field;
  REQUIRE(reader.next(field) == wire_status::found);
  CHECK(field.value == 1);
  CHECK(reader.next(field) == wire_status::malformed);
  CHECK(reader.next(field) == wire_status::malformed);
  CHECK(field.number == 1);
}

TEST_CASE("all wire types are told apart") {
  const std::string message = "\x08\x01\x11\x01\x00\x00\x00\x00\x00\x00\x80\x1a\x01" "a\x25\x02\x00\x00\x00\x2b\x08\x07\x2c"s;
  std::vector<wire_field> fields;
  REQUIRE(for_each_field(message, [&](const wire_field& f) { fields.push_back(f); }));
  REQUIRE(fields.size() == 5);
  CHECK(fields[0].type == wire_type::varint);
  CHECK(fields[1].type == wire_type::fixed64);
  CHECK(fields[1].value == 0x8000000000000001u);
  CHECK(fields[2].type == wire_type::length_delimited);
  CHECK(fields[2].payload == "a");
  CHECK(fields[3].type == wire_type::fixed32);
  CHECK(fields[3].value == 2);
  CHECK(fields[4].type == wire_type::group);
  CHECK(fields[4].payload == "\x08\x07");
  CHECK(fields[4].stored == "\x2b\x08\x07\x2c");
}

TEST_CASE("the input of a proposal payload is what was stored, also where an encoder would write it otherwise") {
  // Fields out of order, an unknown field, a length of two bytes: re-encoding would change all three.
  const std::string stored = "\x12\x06\x0a\x01" "k\x12\x01" "v\xfa\x06\x01x\x0a\x82\x00in"s;
  std::string_view input;
  REQUIRE(find_bytes(stored, 1, input) == wire_status::found);
  CHECK(input == "in");
  protos::ChaincodeProposalPayload parsed;
  REQUIRE(decode(stored, parsed));
  CHECK(parsed.input() == input);
  CHECK(encode(parsed) != stored);
}

TEST_CASE("what the reader accepts protobuf accepts, over mutations of real messages") {
  common::Payload payload;
  payload.mutable_header()->set_channel_header(std::string(40, 'c'));
  payload.mutable_header()->set_signature_header("\x0a\x03" "xyz");
  payload.set_data(std::string(200, 'd'));
  const std::string seeds[] = {encode(payload), "\x08\x01\x11\x01\x02\x03\x04\x05\x06\x07\x08\x1a\x01" "a\x25\x02\x00\x00\x00\x2b\x08\x07\x2c"s,
                               "\x0b\x13\x08\x01\x14\x0c\x0a\x81\x80\x00" "a"s};
  std::uint64_t state = 0x2545f4914f6cdd1du;
  const auto draw = [&state](std::size_t below) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return static_cast<std::size_t>(state % below);
  };
  int accepted = 0, refused = 0;
  for (int round = 0; round < 60'000; ++round) {
    std::string mutant = seeds[draw(std::size(seeds))];
    for (std::size_t edits = draw(4); edits-- > 0 && !mutant.empty();) {
      const auto at = draw(mutant.size());
      switch (draw(4)) {
        case 0: mutant[at] = static_cast<char>(draw(256)); break;
        case 1: mutant.erase(at, 1 + draw(5)); break;
        case 2: mutant.insert(at, 1, static_cast<char>(draw(256))); break;
        default: mutant[at] = static_cast<char>(mutant[at] ^ (1 << draw(8)));
      }
    }
    const exact message(mutant);
    // A message without fields of its own: everything in it is unknown, so only the wire format is judged.
    common::Capability judge;
    const bool ours = well_formed(message.view());
    const bool theirs = decode(message.view(), judge);
    if (ours && !theirs) {
      CAPTURE(weft::proto::encode(payload).size());
      FAIL_CHECK("accepted what protobuf refuses, round ", round);
    }
    (ours ? accepted : refused) += 1;
  }
  CHECK(accepted > 5'000);
  CHECK(refused > 5'000);
}
