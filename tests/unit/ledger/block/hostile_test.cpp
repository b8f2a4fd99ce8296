// Blocks that no honest orderer sends.
#include <doctest/doctest.h>

#include <functional>

#include "config/base/random.hpp"
#include "ledger/block/block.hpp"
#include "proto/wire_write.hpp"
#include "tests/unit/ledger/tx/golden.hpp"

namespace golden = weft::golden;
using namespace weft;
using namespace weft::ledger;

namespace {

bytes present(std::uint32_t number, bytes_view content) {
  bytes out;
  proto::put_present(out, number, content);
  return out;
}
bytes number(std::uint32_t field, std::uint64_t value) {
  bytes out;
  proto::put_varint(out, field, value);
  return out;
}

envelope tx(bytes_view text) { return envelope::make(bytes(text), "signature"); }
envelope raw(bytes data) { return envelope::keep(shared_bytes(std::move(data))); }

block parse(const bytes& stored) {
  auto b = block::parse(shared_bytes(stored));
  REQUIRE(b.has_value());
  return *b;
}

}  // namespace

TEST_CASE("header bytes at the edges of DER") {
  struct row { std::uint64_t number; const char* der; };
  const row rows[] = {
    {0, "3007020100040004" "00"}, {127, "300702017f04000400"}, {128, "30080202008004000400"}, {255, "3008020200ff04000400"},
    {256, "30080202010004000400"}, {0x7fffffffffffffff, "300e02087fffffffffffffff04000400"},
    {0x8000000000000000, "300f020900800000000000000004000400"}, {UINT64_MAX, "300f020900ffffffffffffffff04000400"},
  };
  for (const auto& r : rows) CHECK(to_hex(header_bytes({block_number(r.number), "", ""})) == r.der);
  // Lengths above 127 take the long form.
  const auto longer = header_bytes({block_number(1), bytes(200, 'p'), bytes(70'000, 'd')});
  CHECK(to_hex(bytes_view(longer).substr(0, 11)) == "30830112430201010481c8");
  CHECK(to_hex(bytes_view(longer).substr(11 + 200, 5)) == "0483011170");
}

TEST_CASE("fewer and more slots than five") {
  const bytes head = present(1, number(1, 7)) + present(2, "");
  const auto with = [&](std::size_t slots) {
    bytes metadata;
    for (std::size_t i = 0; i < slots; ++i) metadata += present(1, std::string(1, static_cast<char>('a' + i)));
    return parse(head + present(3, metadata));
  };
  for (std::size_t slots : {0u, 3u, 5u, 7u}) {
    CAPTURE(slots);
    const auto b = with(slots);
    CHECK(b.slots_seen() == slots);
    CHECK(b.metadata(metadata_slot::signatures) == (slots > 0 ? "a" : ""));
    CHECK(b.metadata(metadata_slot::commit_hash) == (slots > 4 ? "e" : ""));
    CHECK(parse(b.encode()).slots_seen() == metadata_slots);
  }
  CHECK(parse(head).slots_seen() == 0);
}

TEST_CASE("blocks that are none") {
  for (const bytes& stored : {bytes(), bytes("\x0a"), present(2, present(1, "x")), present(1, "\x12\x05"), present(1, "") + present(2, "\x0a\x05"),
                              present(1, "") + present(3, "\x0a\x05")}) {
    const auto b = block::parse(shared_bytes(stored));
    REQUIRE_FALSE(b.has_value());
    CHECK(b.error().code == errc::invalid_argument);
  }
  CHECK_FALSE(static_cast<bool>(block()));
  CHECK_FALSE(check_links(block(), block_number(0), "").has_value());
}

TEST_CASE("an entry that is no envelope stays, and is encoded as it came") {
  const bytes stored = present(1, number(1, 2) + present(2, "p") + present(3, "d")) + present(2, present(1, "\xff\xff") + present(1, "")) +
                       present(3, present(1, "") + present(1, "") + present(1, "") + present(1, "") + present(1, ""));
  const auto b = parse(stored);
  REQUIRE(b.envelopes().size() == 2);
  CHECK_FALSE(b.envelopes()[0].well_formed());
  CHECK(b.envelopes()[0].raw().view() == "\xff\xff");
  CHECK(b.envelopes()[1].well_formed());
  CHECK(b.encode() == stored);
}

TEST_CASE("links: each thing that can differ is named") {
  struct row { const char* name; block b; bool ok; errc code; const char* text; };
  const auto make = [](std::vector<envelope> txs) { return block::make(block_number(5), "previous", std::move(txs)); };
  const auto payload = [](std::int32_t type) { return present(1, present(1, number(1, static_cast<std::uint64_t>(type)))); };
  auto few_slots = parse(present(1, number(1, 5) + present(2, "previous") + present(3, make({tx("a")}).header().data_hash)) + present(2, present(1, tx("a").raw())));
  auto content = *make({tx("a"), tx("b")}).content();
  std::swap(content.envelopes[0], content.envelopes[1]);
  const block swapped(std::make_shared<block_content>(content), {});
  content.envelopes.pop_back();
  const block dropped(std::make_shared<block_content>(content), {});
  const row rows[] = {
    {"good", make({tx("a"), tx("b")}), true, {}, ""},
    {"another number", block::make(block_number(6), "previous", {tx("a")}), false, errc::invalid_argument, "expected block number 5, got 6"},
    {"another predecessor", block::make(block_number(5), "other", {tx("a")}), false, errc::corruption, "previous hash differs"},
    {"few slots", few_slots, false, errc::invalid_argument, "expected 5 metadata slots, got 0"},
    {"two transactions swapped", swapped, false, errc::corruption, "data hash differs"},
    {"a transaction dropped", dropped, false, errc::corruption, "data hash differs"},
    {"empty", make({}), false, errc::invalid_argument, "no transactions"},
    {"no envelope", make({tx("a"), raw("\xff")}), false, errc::invalid_argument, "transaction 1 is no envelope"},
    {"no payload", make({raw(present(2, "s"))}), false, errc::invalid_argument, "transaction 0 has no payload"},
    {"no signature", make({tx("a"), raw(present(1, "p"))}), false, errc::invalid_argument, "transaction 1 has no signature"},
    {"an unknown field", make({raw(present(1, "p") + present(2, "s") + present(3, "?"))}), false, errc::invalid_argument, "transaction 0 is not canonically encoded"},
    {"one unsigned configuration", make({raw(present(1, payload(1)))}), true, {}, ""},
    {"two unsigned configurations", make({raw(present(1, payload(1))), raw(present(1, payload(1)))}), false, errc::invalid_argument, "has no signature"},
    {"one unsigned endorser transaction", make({raw(present(1, payload(3)))}), false, errc::invalid_argument, "has no signature"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const auto links = check_links(r.b, block_number(5), "previous");
    CHECK(links.has_value() == r.ok);
    if (links || r.ok) continue;
    CHECK(links.error().code == r.code);
    CHECK(links.error().context.find(r.text) != std::string::npos);
  }
  CHECK(check_links(few_slots, block_number(5), "previous", false).has_value());
}

TEST_CASE("the last configuration: slot 0, or slot 1 of old blocks") {
  struct row { const char* name; bytes slot0, slot1; std::int64_t index; };
  const row rows[] = {
    {"nothing anywhere", "", "", 0},
    {"slot 0", present(1, orderer_block_metadata(block_number(9), "c")), present(1, number(1, 4)), 9},
    {"slot 0 says 0", present(1, orderer_block_metadata(block_number(0), "")), present(1, number(1, 4)), 0},
    {"slot 0 without value", present(2, present(2, "s")), present(1, number(1, 4)), 4},
    {"slot 0 torn", "\x0a\x05", present(1, number(1, 4)), -1},
    {"slot 0 with a torn value", present(1, "\x0a\x05"), "", -1},
    {"slot 0 without last configuration", present(1, present(2, "c")), "", -1},
    {"slot 1 torn", "", present(1, "\x08"), -1},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    auto b = block::make(block_number(1), "", {});
    b.set_metadata(metadata_slot::signatures, r.slot0);
    b.set_metadata(metadata_slot::last_config, r.slot1);
    const auto index = last_config_index(b);
    CHECK((index ? static_cast<std::int64_t>(index->value) : -1) == r.index);
  }
  CHECK(to_hex(orderer_block_metadata(block_number(0), "")) == "0a00");
  CHECK(to_hex(orderer_block_metadata(block_number(300), "c")) == "0a0308ac02120163");
}

TEST_CASE("what a signature in slot 0 covers") {
  auto b = block::make(block_number(1), "p", {tx("a")});
  const bytes header = header_bytes(b.header());
  const bytes creator = present(1, "id") + present(2, "nonce"), consenter = number(1, 3) + present(2, "nonce");
  b.set_metadata(metadata_slot::signatures, present(1, "value") + present(2, present(1, creator) + present(2, "s1") + present(3, consenter)) +
                                                present(2, present(3, consenter) + present(2, "s2")) + present(2, ""));
  const auto all = block_signatures(b);
  REQUIRE(all.has_value());
  REQUIRE(all->size() == 3);
  CHECK_FALSE((*all)[0].by_consenter_id);  // the signature header wins
  CHECK((*all)[0].identity == "id");
  CHECK((*all)[0].signed_bytes == "value" + creator + header);
  CHECK((*all)[0].signature == "s1");
  CHECK((*all)[1].by_consenter_id);
  CHECK((*all)[1].consenter_id == 3);
  CHECK((*all)[1].signed_bytes == "value" + consenter + header);
  CHECK_FALSE((*all)[2].by_consenter_id);
  CHECK((*all)[2].identity.empty());
  for (const bytes& bad : {bytes("\x0a\x05"), present(2, "\x0a"), present(2, present(1, "\x0a")), present(2, present(3, "\x08"))}) {
    b.set_metadata(metadata_slot::signatures, bad);
    CHECK_FALSE(block_signatures(b).has_value());
  }
}

TEST_CASE("one flipped bit in a golden block's header or data breaks its links") {
  const auto original = parse(golden::file("blocks/mychannel.5.block"));
  const bytes stored = original.encode();
  const bytes metadata_part = stored.substr(stored.rfind(original.envelopes().back().signature()) + original.envelopes().back().signature().size());
  const std::size_t end = stored.size() - metadata_part.size();
  for (std::size_t at = 0; at < end; ++at) {
    bytes bent = stored;
    bent[at] ^= static_cast<char>(1u << (at % 8));
    const auto b = block::parse(shared_bytes(std::move(bent)));
    if (!b) continue;
    const bool same = b->hash() == original.hash() && check_links(*b, block_number(5), original.header().previous_hash).has_value();
    CHECK_MESSAGE(!same, at);
  }
}

TEST_CASE("bent and torn golden blocks never hurt") {
  seeded_random random(0xb10c);
  std::size_t parsed = 0;
  for (const auto& [path, stored] : golden::all_blocks()) {
    for (int round = 0; round < 60; ++round) {
      bytes bent = stored;
      for (std::uint64_t flips = 1 + random.below(4); flips != 0; --flips) bent[random.below(bent.size())] ^= static_cast<char>(1u << random.below(8));
      if (random.below(4) == 0) bent.resize(random.below(bent.size() + 1));
      bent.shrink_to_fit();
      const auto b = block::parse(shared_bytes(std::move(bent)));
      if (!b) continue;
      ++parsed;
      for (const auto& e : b->envelopes()) {
        const auto tx = parse_endorser_tx(e);
        if (tx) CHECK(tx->sets.encode().size() <= e.raw().size());
      }
      static_cast<void>(last_config_index(*b));
      static_cast<void>(block_signatures(*b));
      const auto again = block::parse(shared_bytes(b->encode()));
      REQUIRE(again.has_value());
      CHECK(again->hash() == b->hash());
      CHECK(compute_data_hash(again->envelopes()) == compute_data_hash(b->envelopes()));
    }
  }
  CHECK(parsed > 500);
}
