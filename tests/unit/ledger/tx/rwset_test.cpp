// Read/write sets: presence of versions, collections, ranges and their Merkle summaries. interop/01 §10.
#include <doctest/doctest.h>

#include "crypto/hash/sha256.hpp"
#include "ledger/rwset/kvrwset/kv_rwset.pb.h"
#include "ledger/tx/rwset.hpp"
#include "proto/encode.hpp"

using namespace weft;
using namespace weft::ledger;

namespace {

bytes digest(const bytes& data) { return crypto::to_bytes(crypto::sha256(data)); }
version v(std::uint64_t b, std::uint64_t t) { return {block_number(b), tx_number(t)}; }

std::vector<kv_read> reads(std::size_t count) {
  std::vector<kv_read> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back({"key" + std::to_string(1'000'000 + i), v(i / 7, i % 7)});
  return out;
}

/// The rule of §10.8 written down a second time, whole levels at once instead of read by read.
range_query reference(const std::vector<kv_read>& all) {
  range_query out;
  if (all.size() <= range_degree) {
    out.raw_reads = all;
    return out;
  }
  std::vector<bytes> level;
  for (std::size_t from = 0; from < all.size(); from += range_degree + 1) {
    ::kvrwset::QueryReads leaf;
    for (std::size_t i = from; i < std::min<std::size_t>(from + range_degree + 1, all.size()); ++i) {
      auto& read = *leaf.add_kv_reads();
      read.set_key(all[i].key);
      read.mutable_version()->set_block_num(all[i].at->block.value);
      read.mutable_version()->set_tx_num(all[i].at->tx.value);
    }
    level.push_back(digest(proto::encode(leaf)));
  }
  const auto join = [](const bytes* first, std::size_t count) {
    bytes concatenated;
    for (std::size_t i = 0; i < count; ++i) concatenated += first[i];
    return count == 1 ? concatenated : digest(concatenated);
  };
  out.max_degree = range_degree;
  out.max_level = 1;
  while (level.size() > range_degree) {  // full groups of 51, and the leftover as one more
    std::vector<bytes> above;
    for (std::size_t from = 0; from < level.size(); from += range_degree + 1)
      above.push_back(join(&level[from], std::min<std::size_t>(range_degree + 1, level.size() - from)));
    level = std::move(above);
    ++out.max_level;
  }
  out.hashes = std::move(level);
  return out;
}

range_query summary(const std::vector<kv_read>& all) {
  range_summary s;
  for (const auto& read : all) s.add(read);
  range_query out;
  s.finish(out);
  return out;
}

bytes in_namespace(const bytes& kvrwset) {
  const auto length = [](std::size_t n) { return bytes(1, static_cast<char>(n)); };
  REQUIRE(kvrwset.size() < 100);
  const bytes ns = "\x12" + length(kvrwset.size()) + kvrwset;
  return "\x12" + length(ns.size()) + ns;
}

}  // namespace

TEST_CASE("a summary folds as a second implementation of the rule does") {
  for (std::size_t count : {0u, 1u, 49u, 50u, 51u, 52u, 101u, 102u, 103u, 130u, 2549u, 2550u, 2551u, 2600u, 2601u, 2602u, 2652u, 5202u, 7000u, 9999u, 130'050u,
                            130'051u, 132'651u, 132'652u, 140'000u}) {
    CAPTURE(count);
    const auto all = reads(count);
    CHECK(summary(all) == reference(all));
  }
}

TEST_CASE("levels of a summary at its boundaries") {
  struct row { std::size_t reads; std::uint32_t level; std::size_t hashes; };
  const row rows[] = {
    {50, 0, 0}, {51, 1, 1}, {130, 1, 3}, {2550, 1, 50}, {2551, 2, 1}, {2601, 2, 1}, {2602, 2, 2},
  };
  for (const auto& r : rows) {
    CAPTURE(r.reads);
    const auto s = summary(reads(r.reads));
    CHECK(s.max_level == r.level);
    CHECK(s.hashes.size() == r.hashes);
    CHECK(s.raw_reads.size() == (r.level == 0 ? r.reads : 0));
    CHECK(s.max_degree == (r.level == 0 ? 0 : range_degree));
  }
}

TEST_CASE("a summary starts anew after finish") {
  range_summary s;
  for (const auto& read : reads(60)) s.add(read);
  range_query first, second;
  s.finish(first);
  for (const auto& read : reads(3)) s.add(read);
  s.finish(second);
  CHECK(first.hashes.size() == 2);
  CHECK(second.raw_reads == reads(3));
  CHECK(second.hashes.empty());
}

TEST_CASE("an absent version and an empty one are different reads") {
  const ledger::rwset absent{{{"cc", {{"k", std::nullopt}}}}};
  const ledger::rwset first{{{"cc", {{"k", v(0, 0)}}}}};
  CHECK(to_hex(absent.encode()) == "120b0a02636312050a030a016b");
  CHECK(to_hex(first.encode()) == "120d0a02636312070a050a016b1200");
  CHECK(ledger::rwset::parse(absent.encode()).value() == absent);
  CHECK(ledger::rwset::parse(first.encode()).value() == first);
}

TEST_CASE("everything that a set can hold comes back, and encodes to the same bytes") {
  range_query raw{"a", "b", true, {{"a1", v(3, 1)}}};
  range_query merkle{"c", "d", false, {}, 50, 1, {bytes(32, 'h'), bytes(32, 'i')}};
  range_query none{"x", "", true};
  collection_rwset secret{"secret", {{bytes(32, 'k'), v(1, 2)}, {bytes(32, 'l'), std::nullopt}},
                          {{bytes(32, 'k'), bytes(32, 'v')}, {bytes(32, 'm'), "", true, true}}, {{bytes(32, '\xff'), {{"n", "p"}}}}, bytes(32, 'q')};
  ledger::rwset all{{{"cc", {{"k", v(1, 0)}}, {raw, merkle, none}, {{"d", true, ""}, {"k", false, bytes("\0v", 2)}}, {{"k", {{"VALIDATION_PARAMETER", "p"}}}, {"gone", {}}}, {secret}},
             {"private-only", {}, {}, {}, {}, {{"c", {}, {}, {}, ""}}}}};
  const auto back = ledger::rwset::parse(all.encode());
  REQUIRE(back.has_value());
  CHECK(*back == all);
  CHECK(back->encode() == all.encode());
}

TEST_CASE("which namespaces write") {
  CHECK_FALSE(namespace_rwset{"cc", {{"k", v(1, 0)}}}.writes_anything());
  CHECK(namespace_rwset{"cc", {}, {}, {{"k", false, "v"}}}.writes_anything());
  CHECK(namespace_rwset{"cc", {}, {}, {}, {{"k", {}}}}.writes_anything());
  namespace_rwset hashed{"cc"};
  hashed.collections.push_back({"c", {{"h", std::nullopt}}});
  CHECK_FALSE(hashed.writes_anything());
  hashed.collections[0].writes.push_back({"h", "v"});
  CHECK(hashed.writes_anything());
}

TEST_CASE("repeated singular fields merge as in Go") {
  // KVRead{key "a", key "b", version{block 1}, version{tx 2}}
  const bytes twice("\x0a\x0e\x0a\x01" "a" "\x0a\x01" "b" "\x12\x02\x08\x01\x12\x02\x10\x02", 16);
  const auto set = ledger::rwset::parse(in_namespace(twice));
  REQUIRE(set.has_value());
  REQUIRE(set->namespaces.at(0).reads.size() == 1);
  CHECK(set->namespaces[0].reads[0] == kv_read{"b", v(1, 2)});
  // RangeQueryInfo: of the two members of the oneof, the later stands alone.
  const bytes raw_then_hashes("\x12\x0b\x22\x03\x0a\x01\x0a\x2a\x04\x08\x32\x10\x01", 13);
  CHECK_FALSE(ledger::rwset::parse(in_namespace(raw_then_hashes)).has_value());  // its raw read is torn
  const bytes good("\x12\x0d\x22\x05\x0a\x03\x0a\x01r\x2a\x04\x08\x32\x10\x01", 15);
  const auto range = ledger::rwset::parse(in_namespace(good));
  REQUIRE(range.has_value());
  CHECK(range->namespaces[0].ranges.at(0).raw_reads.empty());
  CHECK(range->namespaces[0].ranges[0].max_degree == 50);
  const bytes reversed("\x12\x0d\x2a\x04\x08\x32\x10\x01\x22\x05\x0a\x03\x0a\x01r", 15);
  const auto other = ledger::rwset::parse(in_namespace(reversed));
  REQUIRE(other.has_value());
  CHECK(other->namespaces[0].ranges[0].max_degree == 0);
  CHECK(other->namespaces[0].ranges[0].raw_reads.size() == 1);
}

TEST_CASE("hostile read/write sets are refused") {
  struct row { const char* name; bytes kvrwset; };
  const row rows[] = {
    {"a read longer than its set", bytes("\x0a\x7f\x0a", 3)},
    {"a key that is no UTF-8", bytes("\x0a\x03\x0a\x01\xff", 5)},
    {"a surrogate in a key", bytes("\x1a\x05\x0a\x03\xed\xa0\x80", 7)},
    {"an overlong slash in a key", bytes("\x1a\x04\x0a\x02\xc0\xaf", 6)},
    {"a code point above U+10FFFF", bytes("\x1a\x06\x0a\x04\xf4\x90\x80\x80", 8)},
    {"a range start that is no UTF-8", bytes("\x12\x03\x0a\x01\x80", 5)},
    {"a metadata name that is no UTF-8", bytes("\x22\x05\x12\x03\x0a\x01\xc3", 7)},
    {"field number 0", bytes("\x02\x00", 2)},
    {"an unopened group", bytes("\x0c", 1)},
    {"a varint without end", bytes("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 13)},
    {"a Merkle summary of degree 0", bytes("\x12\x02\x2a\x00", 4)},
    {"a Merkle summary of degree 1", bytes("\x12\x04\x2a\x02\x08\x01", 6)},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const auto set = ledger::rwset::parse(in_namespace(r.kvrwset));
    REQUIRE_FALSE(set.has_value());
    CHECK(set.error().code == errc::invalid_argument);
  }
  CHECK(ledger::rwset::parse(in_namespace(bytes("\x0a\x06\x0a\x04\xf4\x8f\xbf\xbf", 8))).has_value());  // U+10FFFF, as in composite keys
  CHECK(ledger::rwset::parse("").value().namespaces.empty());
  CHECK(ledger::rwset::parse(in_namespace(bytes("\x08\x05", 2))).has_value());  // another wire type: an unknown field
}

TEST_CASE("private write sets: bytes, and reads do not belong there") {
  const private_writes w{"cc", "c", {{"k", false, "v"}}, {{"m", {}}}};
  CHECK(to_hex(w.encode()) == "1a060a016b1a017622030a016d");
  const auto back = private_writes::parse("cc", "c", w.encode());
  REQUIRE(back.has_value());
  CHECK(back->writes == w.writes);
  CHECK(back->metadata_writes == w.metadata_writes);
  CHECK_FALSE(private_writes::parse("cc", "c", bytes("\x0a\x03\x0a\x01k", 5)).has_value());
  CHECK_FALSE(private_writes::parse("cc", "c", "\x1a\x05").has_value());
}
