#include <doctest/doctest.h>

#include <algorithm>

#include "common/common.pb.h"
#include "proto/encode.hpp"
#include "tests/unit/ledger/channel/support.hpp"

using namespace weft;
using namespace weft::ledger;
using namespace weft::channel_test;

namespace {

struct chain {
  const char* name;
  int blocks;
  int signatures;
};
const chain chains[] = {{"mychannel", 25, 1}, {"bftchannel", 13, 3}};

std::string path_of(const chain& c, int number) { return std::string("blocks/") + c.name + "." + std::to_string(number) + ".block"; }

::common::Metadata signatures_of(const block& b) { return decoded<::common::Metadata>(b.metadata(metadata_slot::signatures)); }

/// The block with other signatures.
block with(block b, const ::common::Metadata& signatures) {
  b.set_metadata(metadata_slot::signatures, proto::encode(signatures));
  return b;
}

errc code_of(const block& b, const channel_bundle& bundle) {
  const auto checked = check_block_signatures(b, bundle, verifier());
  REQUIRE_FALSE(checked.has_value());
  return checked.error().code;
}

/// A signature over the block as a CFT orderer makes it.
::common::MetadataSignature sign(const block& b, const crypto::signing_identity& who) {
  ::common::SignatureHeader header;
  header.set_creator(who.serialized());
  header.set_nonce("n");
  ::common::MetadataSignature out;
  out.set_signature_header(proto::encode(header));
  const auto made = who.sign(signatures_of(b).value() + out.signature_header() + header_bytes(b.header()));
  REQUIRE(made.has_value());
  out.set_signature(*made);
  return out;
}

}  // namespace

TEST_CASE("every golden block is signed as its channel demands") {
  for (const chain& c : chains) {
    const auto bundle = golden_bundle(c.name);
    for (int n = 1; n <= c.blocks; ++n) {
      CAPTURE(path_of(c, n));
      const block b = golden_block(path_of(c, n));
      CHECK(signatures_of(b).signatures_size() == c.signatures);
      CHECK(why(check_block_signatures(b, *bundle, verifier())) == "");
    }
  }
}

TEST_CASE("a flipped bit in signature, signer or covered value is refused") {
  for (const chain& c : chains) {
    const auto bundle = golden_bundle(c.name);
    const block b = golden_block(path_of(c, 5));
    const auto good = signatures_of(b);
    for (std::size_t bit : {0u, 77u, 300u, 500u}) {
      CAPTURE(bit);
      auto m = good;
      bytes& signature = *m.mutable_signatures(0)->mutable_signature();
      signature[bit / 8] ^= static_cast<char>(1 << bit % 8);
      CHECK(code_of(with(b, m), *bundle) == errc::permission_denied);
    }
    auto value = good;
    value.mutable_value()->back() ^= 1;
    CHECK(code_of(with(b, value), *bundle) == errc::permission_denied);

    auto header = b.header();
    header.data_hash[0] ^= 1;
    auto content = *b.content();
    content.header = header;
    const block other(std::make_shared<const block_content>(std::move(content)), b.metadata());
    CHECK(code_of(other, *bundle) == errc::permission_denied);
  }
}

TEST_CASE("no byte of the signature slot can change unnoticed") {
  for (const chain& c : chains) {
    const auto bundle = golden_bundle(c.name);
    const block b = golden_block(path_of(c, 5));
    const bytes& slot = b.metadata(metadata_slot::signatures);
    std::size_t accepted = 0;
    for (std::size_t i = 0; i < slot.size(); ++i) {
      bytes flipped = slot;
      flipped[i] ^= static_cast<char>(1 << i % 8);
      block changed = b;
      changed.set_metadata(metadata_slot::signatures, flipped);
      if (check_block_signatures(changed, *bundle, verifier())) ++accepted;
    }
    CHECK(slot.size() > 300);
    CHECK(accepted == 0);
  }
}

TEST_CASE("signatures that do not belong to the block, or to an orderer, do not count") {
  const auto raft = golden_bundle("mychannel");
  const block five = golden_block("blocks/mychannel.5.block");
  CHECK(code_of(with(five, signatures_of(golden_block("blocks/mychannel.6.block"))), *raft) == errc::permission_denied);
  CHECK(code_of(golden_block("blocks/bftchannel.5.block"), *raft) == errc::permission_denied);

  auto m = signatures_of(five);
  m.clear_signatures();
  CHECK(code_of(with(five, m), *raft) == errc::permission_denied);
  *m.add_signatures() = sign(five, golden_user("Admin@org1.example.com"));
  CHECK(code_of(with(five, m), *raft) == errc::permission_denied);
  *m.add_signatures() = sign(five, golden_orderer("orderer3"));  // any orderer of the organization may sign under ANY Writers
  CHECK(check_block_signatures(with(five, m), *raft, verifier()).has_value());
  CHECK(code_of(golden_genesis("mychannel"), *raft) == errc::permission_denied);  // genesis blocks are trusted, not signed
}

TEST_CASE("a BFT block needs a quorum of different consenters") {
  const auto bft = golden_bundle("bftchannel");
  const block b = golden_block("blocks/bftchannel.7.block");
  const auto good = signatures_of(b);
  REQUIRE(good.signatures_size() == 3);

  auto two = good;
  two.mutable_signatures()->RemoveLast();
  const auto refused = check_block_signatures(with(b, two), *bft, verifier());
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == errc::permission_denied);
  CHECK(refused.error().context.find("block 7 of channel bftchannel: /Channel/Orderer/BlockValidation is not satisfied: signature set did not satisfy policy") == 0);

  auto twice = two;
  *twice.add_signatures() = twice.signatures(0);
  CHECK(code_of(with(b, twice), *bft) == errc::permission_denied);

  auto claimed = two;  // the signature of one consenter under the number of another
  *claimed.add_signatures() = good.signatures(0);
  ::common::IdentifierHeader id = decoded<::common::IdentifierHeader>(good.signatures(2).identifier_header());
  claimed.mutable_signatures(2)->set_identifier_header(proto::encode(id));
  CHECK(code_of(with(b, claimed), *bft) == errc::permission_denied);

  auto unknown = two;
  *unknown.add_signatures() = good.signatures(2);
  id.set_identifier(99);
  unknown.mutable_signatures(2)->set_identifier_header(proto::encode(id));
  CHECK(code_of(with(b, unknown), *bft) == errc::permission_denied);

  auto turned = good;
  std::reverse(turned.mutable_signatures()->begin(), turned.mutable_signatures()->end());
  CHECK(check_block_signatures(with(b, turned), *bft, verifier()).has_value());

  auto named = two;  // a consenter may also name itself in full; a certificate that is no consenter's may not help
  *named.add_signatures() = sign(b, golden_user("Admin@example.com"));
  CHECK(code_of(with(b, named), *bft) == errc::permission_denied);
}

TEST_CASE("consenter numbers mean nothing in a channel without V3_0") {
  const auto raft = golden_bundle("mychannel");
  auto m = signatures_of(golden_block("blocks/bftchannel.5.block"));
  CHECK(code_of(with(golden_block("blocks/mychannel.5.block"), m), *raft) == errc::permission_denied);
}

TEST_CASE("slots that do not parse, or that hold endless signatures, are refused") {
  const auto raft = golden_bundle("mychannel");
  block b = golden_block("blocks/mychannel.5.block");
  auto m = signatures_of(b);
  while (m.signatures_size() <= 1024) *m.add_signatures() = m.signatures(0);
  CHECK(code_of(with(b, m), *raft) == errc::invalid_argument);
  b.set_metadata(metadata_slot::signatures, "\xff\xff");
  CHECK(code_of(b, *raft) == errc::invalid_argument);
}
