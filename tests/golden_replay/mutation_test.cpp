// Golden transactions with one bit flipped, judged as if an orderer had let them through: never valid, never a crash.
#include <doctest/doctest.h>

#include <map>

#include "common/common.pb.h"
#include "config/base/random.hpp"
#include "crypto/msp/folder.hpp"
#include "proto/encode.hpp"
#include "tests/golden_replay/peer.hpp"

using namespace weft;
using namespace weft::test;
using ledger::verdict;

namespace {

bytes flip(bytes raw, std::uint64_t bit) {
  raw[bit / 8] = static_cast<char>(raw[bit / 8] ^ (1 << (bit % 8)));
  return raw;
}

/// The golden users by their serialized identity: whoever signed a golden transaction can sign again.
std::map<bytes, crypto::signing_identity> golden_users() {
  std::map<bytes, crypto::signing_identity> out;
  for (const std::string org : {"1", "2"}) {
    for (const std::string user : {"User1", "Admin"}) {
      const std::string domain = "org" + org + ".example.com";
      auto who = crypto::read_signing_identity(
          std::string(WEFT_GOLDEN_DIR) + "/crypto/peerOrganizations/" + domain + "/users/" + user + "@" + domain + "/msp",
          "Org" + org + "MSP");
      REQUIRE(who.has_value());
      out.emplace(who->serialized(), *std::move(who));
    }
  }
  return out;
}

/// What a transaction without its endorsements' bytes would be: flips in endorsements may leave enough good ones.
bool in_endorsement(const ledger::prepared_tx& tx, const char* at) {
  for (const auto& e : tx.tx.endorsements) {
    const auto inside = [&](bytes_view part) {
      return at >= part.data() - 3 && at < part.data() + part.size();
    };  // tag and length in front
    if (inside(e.endorser) || inside(e.signature)) return true;
  }
  return false;
}

template <class Visit>
void for_each_block(const std::string& channel, Visit visit) {
  const auto chain = load_chain(channel);
  peer p(chain.blocks[0]);
  for (std::size_t n = 1; n < chain.blocks.size(); ++n) {
    CAPTURE(n);
    visit(p, chain.blocks[n]);
    REQUIRE(p.accept(as_delivered(chain.blocks[n])).has_value());
  }
}

}  // namespace

TEST_CASE("no bit of a golden envelope can be flipped without the transaction failing") {
  seeded_random random(0x7a11);
  std::map<verdict, int> seen;
  int judged_blocks = 0;
  for (const char* channel : {"mychannel", "bftchannel"}) {
    for_each_block(channel, [&](const peer& p, const ledger::block& b) {
      for (std::size_t i = 0; i < b.envelopes().size() && i < 4; ++i) {
        const bytes original = b.envelopes()[i].raw().to_bytes();
        for (int round = 0; round < 40; ++round) {
          const auto bit = random.below(original.size() * 8);
          CAPTURE(bit);
          auto envelopes = b.envelopes();
          envelopes[i] = ledger::envelope::keep(shared_bytes(flip(original, bit)));
          const auto judged = p.judge(ledger::block::make(b.number(), p.last_hash(), std::move(envelopes)));
          if (!judged) continue;  // a bent configuration halts the channel
          ++judged_blocks;
          REQUIRE(judged->verdicts.size() == b.envelopes().size());
          CHECK(judged->verdicts[i] != verdict::valid);
          CHECK_FALSE(judged->reasons[i].text.empty());
          CHECK_FALSE(judged->reasons[i].encode().empty());
          ++seen[judged->verdicts[i]];
        }
      }
    });
  }
  CHECK(judged_blocks > 1200);
  CHECK(seen[verdict::bad_creator_signature] > 1000);
  CHECK(seen.size() >= 4);
}

TEST_CASE("a client that signs again what it bent gets no further than the endorsements") {
  const auto users = golden_users();
  seeded_random random(0xc11e47);
  std::map<verdict, int> seen;
  int resigned = 0;
  for_each_block("mychannel", [&](const peer& p, const ledger::block& b) {
    for (std::size_t i = 0; i < b.envelopes().size() && i < 2; ++i) {
      const auto& original = b.envelopes()[i];
      if (original.header()->type != static_cast<int>(ledger::header_type::endorser_transaction)) continue;
      const auto user = users.find(bytes(original.header()->creator));
      REQUIRE(user != users.end());
      const auto prepared = ledger::prepare(original, *p.bundle, *p.verifier);
      for (int round = 0; round < 60; ++round) {
        const auto bit = random.below(original.payload().size() * 8);
        CAPTURE(bit);
        bytes payload = flip(bytes(original.payload()), bit);
        bytes signature = *user->second.sign(payload);
        auto envelopes = b.envelopes();
        envelopes[i] = ledger::envelope::make(std::move(payload), std::move(signature));
        const auto judged = p.judge(ledger::block::make(b.number(), p.last_hash(), std::move(envelopes)));
        REQUIRE(judged.has_value());
        ++resigned;
        ++seen[judged->verdicts[i]];
        if (judged->verdicts[i] == verdict::valid) CHECK(in_endorsement(prepared, original.payload().data() + bit / 8));
      }
    }
  });
  CHECK(resigned > 1000);
  CHECK(seen[verdict::endorsement_policy_failure] > 50);
  CHECK(seen[verdict::invalid_endorser_transaction] > 50);
  CHECK(seen[verdict::bad_creator_signature] > 50);
  CHECK(seen[verdict::bad_proposal_txid] > 5);
}

TEST_CASE("junk instead of transactions is judged, not feared") {
  const auto chain = load_chain("mychannel");
  peer p(chain.blocks[0]);
  seeded_random random(0x9);
  for (int round = 0; round < 300; ++round) {
    std::vector<ledger::envelope> envelopes;
    const auto& donor = chain.blocks[2 + random.below(20)].envelopes()[0];
    const bytes raw = donor.raw().to_bytes();
    envelopes.push_back(ledger::envelope::keep(shared_bytes(random.make_bytes(random.below(200)))));
    envelopes.push_back(ledger::envelope::keep(shared_bytes(raw.substr(0, random.below(raw.size())))));
    bytes spliced = raw;
    const auto at = random.below(raw.size());
    spliced.replace(at, random.below(raw.size() - at), random.make_bytes(random.below(64)));
    envelopes.push_back(ledger::envelope::keep(shared_bytes(std::move(spliced))));
    const auto judged = p.judge(ledger::block::make(p.height(), p.last_hash(), std::move(envelopes)));
    REQUIRE(judged.has_value());
    for (const auto v : judged->verdicts) CHECK(v != verdict::valid);
    CHECK(judged->updates.empty());
  }
}
