#include "proto/wire_write.hpp"

#include <doctest/doctest.h>

#include "common/common.pb.h"
#include "proto/encode.hpp"
#include "proto/wire.hpp"

using namespace weft::proto;

TEST_CASE("what is written by hand is what the encoder writes") {
  for (const std::size_t length : {std::size_t{0}, std::size_t{1}, std::size_t{127}, std::size_t{128}, std::size_t{20'000}}) {
    CAPTURE(length);
    common::BlockHeader header;
    header.set_number(length * 1'000'003);
    header.set_data_hash(std::string(length, 'h'));
    std::string written;
    put_varint(written, 1, header.number());
    put_bytes(written, 2, "");
    put_bytes(written, 3, header.data_hash());
    CHECK(written == encode(header));

    common::BlockData data;
    data.add_data(std::string(length, 'd'));
    written.clear();
    put_present(written, 1, data.data(0));
    CHECK(written == encode(data));
    CHECK(written.size() == field_size(1, length));
  }
}

TEST_CASE("numbers of every width are written in their shortest form and read back") {
  for (int bit = 0; bit < 64; ++bit)
    for (const std::uint64_t value : {std::uint64_t{1} << bit, (std::uint64_t{1} << bit) - 1, ~std::uint64_t{0} >> bit}) {
      CAPTURE(value);
      std::string varint, message;
      put_raw_varint(varint, value);
      CHECK(varint.size() == varint_size(value));
      put_varint(message, 3, value);
      std::uint64_t read = 0;
      CHECK(find_varint(message, 3, read) == (value == 0 ? wire_status::absent : wire_status::found));
      CHECK(read == value);
    }
}
