#include "cluster/private_data/fetch.hpp"

#include <doctest/doctest.h>

#include "crypto/hash/sha256.hpp"
#include "msp/msp_config.pb.h"
#include "proto/encode.hpp"
#include "tests/unit/crypto/msp/authority.hpp"
#include "weft/private_data.pb.h"

using namespace weft;
using namespace weft::cluster;
using crypto::test::authority;
using crypto::test::holder;

namespace {

using std::chrono::minutes;
constexpr timestamp now = authority::begin + std::chrono::hours(1000);

bytes digest(bytes_view data) { return crypto::to_bytes(crypto::sha256(data)); }
ledger::missing_private_data wanted(std::uint64_t block, bytes_view set) {
  return {{block_number(block), tx_number(1)}, "cc", "_implicit_org_Org1MSP", digest(set)};
}

// Two organizations with NodeOUs of the same words.
struct network {
  authority issuer{7};
  holder root = issuer.root("ca.org1"), other_root = issuer.root("ca.org2");
  holder peer = issuer.member("peer1.org1", {"peer"}, root), client = issuer.member("User1", {"client"}, root), admin = issuer.member("Admin", {"admin"}, root),
         orderer = issuer.member("orderer", {"orderer"}, root), foreign_peer = issuer.member("peer0.org2", {"peer"}, other_root),
         stranger = issuer.member("peer9", {"peer"}, issuer.root("ca.elsewhere"));
  std::shared_ptr<const crypto::msp_manager> msps = crypto::msp_manager::create({definition("Org1MSP", root), definition("Org2MSP", other_root)}).value();
  std::shared_ptr<const crypto::verifier> verifier = crypto::make_verifier();

  static std::shared_ptr<const crypto::msp> definition(const char* name, const holder& ca) {
    ::msp::FabricMSPConfig c;
    c.set_name(name);
    c.add_root_certs(ca.pem());
    auto& units = *c.mutable_fabric_node_ous();
    units.set_enable(true);
    units.mutable_client_ou_identifier()->set_organizational_unit_identifier("client");
    units.mutable_peer_ou_identifier()->set_organizational_unit_identifier("peer");
    units.mutable_admin_ou_identifier()->set_organizational_unit_identifier("admin");
    units.mutable_orderer_ou_identifier()->set_organizational_unit_identifier("orderer");
    return crypto::msp::create(c, crypto::msp_level::v1_4_3).value();
  }
  static crypto::signing_identity as(const holder& h, const char* msp_id = "Org1MSP") { return {msp_id, h.cert, crypto::make_signer(h.key)}; }
  [[nodiscard]] result<fetch> judged(bytes_view request, timestamp at = now) const { return check_fetch(request, {*msps, *verifier, "Org1MSP", "peer0.org1", at}); }
};

const fetch asked{"mychannel", "peer0.org1", {wanted(3, "three"), wanted(4, "four")}};

std::string why(const result<fetch>& r) { return r ? "" : r.error().context; }

}  // namespace

TEST_CASE("a peer of the organization is heard, and what it wants arrives whole") {
  const network n;
  const auto request = make_fetch(asked, network::as(n.peer), "nonce", now).value();
  CHECK(channel_of_fetch(request).value() == "mychannel");
  const auto judged = n.judged(request);
  REQUIRE_MESSAGE(judged, why(judged));
  CHECK(judged->channel == asked.channel);
  CHECK(judged->wanted == asked.wanted);
  CHECK(make_fetch(asked, network::as(n.peer), "another", now).value() != request);
  fetch many = asked;
  many.wanted.resize(wanted_max, wanted(1, "x"));
  CHECK(n.judged(make_fetch(many, network::as(n.peer), "nonce", now).value()));
  many.wanted.push_back(wanted(1, "x"));
  CHECK(make_fetch(many, network::as(n.peer), "nonce", now).error().code == errc::invalid_argument);
}

TEST_CASE("whoever else asks is refused, and hears why") {
  const network n;
  const auto by = [&](const holder& h, const char* msp_id = "Org1MSP") { return make_fetch(asked, network::as(h, msp_id), "nonce", now).value(); };
  struct row { const char* name; bytes request; const char* why; };
  const row rows[] = {
      {"a peer of another organization", by(n.foreign_peer, "Org2MSP"), "CN=peer0.org2"},
      {"another organization's, by name too", by(n.foreign_peer), "not valid here"},
      {"a client", by(n.client), "is no peer"},
      {"an administrator", by(n.admin), "is no peer"},
      {"an orderer", by(n.orderer), "is no peer"},
      {"somebody whom no CA here knows", by(n.stranger), "not valid here"},
      {"an organization that the channel does not have", by(n.peer, "Org9MSP"), "not valid here"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    const auto judged = n.judged(r.request);
    REQUIRE_FALSE(judged);
    CHECK(judged.error().code == errc::permission_denied);
    CHECK_MESSAGE(why(judged).find(r.why) != std::string::npos, why(judged));
  }
  CHECK(why(n.judged(rows[0].request)).find("is not of Org1MSP") != std::string::npos);
}

TEST_CASE("a request is heard within fifteen minutes of its time, by the one whom it asks") {
  const network n;
  struct row { timestamp made; bool heard; };
  for (const auto& r : {row{now, true}, row{now - minutes(15), true}, row{now + minutes(15), true}, row{now - minutes(16), false}, row{now + minutes(16), false},
                        row{timestamp{}, false}, row{timestamp::max(), false}, row{timestamp::min(), false}}) {
    const auto judged = n.judged(make_fetch(asked, network::as(n.peer), "nonce", r.made).value());
    CHECK_MESSAGE(judged.has_value() == r.heard, why(judged));
    if (!judged) CHECK(why(judged).find("15 minutes") != std::string::npos);
  }
  fetch elsewhere = asked;
  elsewhere.asked = "peer1.org1";
  CHECK(why(n.judged(make_fetch(elsewhere, network::as(n.peer), "nonce", now).value())).find("another peer") != std::string::npos);
  const auto expired = n.judged(make_fetch(asked, network::as(n.peer), "nonce", authority::end + minutes(1)).value(), authority::end + minutes(1));
  CHECK_MESSAGE(why(expired).find("expired") != std::string::npos, why(expired));
}

TEST_CASE("what was changed on its way, or signed for something else, is refused") {
  const network n;
  const auto request = make_fetch(asked, network::as(n.peer), "nonce", now).value();
  ::weft::peer::SignedFetch envelope;
  REQUIRE(proto::decode(request, envelope));
  auto longer = envelope;
  longer.set_fetch(envelope.fetch() + bytes("\x38\x01", 2));  // an unknown field
  auto other_key = envelope;
  other_key.set_signature(network::as(n.client).sign(bytes("weft.peer.PrivateData/Fetch\0", 28) + envelope.fetch()).value());
  auto bare = envelope;
  bare.set_signature(network::as(n.peer).sign(envelope.fetch()).value());  // as an envelope or a proposal is signed
  auto unsigned_one = envelope;
  unsigned_one.clear_signature();
  for (const auto& changed : {longer, other_key, bare, unsigned_one}) CHECK(why(n.judged(proto::encode(changed))).find("not signed by") != std::string::npos);
  auto with_more = envelope;
  with_more.GetReflection()->MutableUnknownFields(&with_more)->AddVarint(99, 1);
  CHECK(n.judged(proto::encode(with_more)));  // outside of what is signed; nobody reads it
}

TEST_CASE("bytes that are no request") {
  const network n;
  ::weft::peer::SignedFetch envelope;
  ::weft::peer::Fetch content;
  envelope.set_fetch(proto::encode(content));
  for (const auto& junk : {bytes(), bytes("junk"), bytes("\x0a\x02\xff\xff"), proto::encode(envelope), bytes(fetch_bytes_max + 1, 'x')}) {
    CHECK(n.judged(junk).error().code == errc::invalid_argument);
    CHECK(channel_of_fetch(junk).error().code == errc::invalid_argument);
  }
  // More than anybody may ask for, well signed.
  content.set_channel("mychannel");
  content.set_asked("peer0.org1");
  content.set_identity(network::as(n.peer).serialized());
  content.set_unix_nanos(now.time_since_epoch().count());
  for (std::size_t i = 0; i <= wanted_max; ++i) content.add_wanted();
  envelope.set_fetch(proto::encode(content));
  envelope.set_signature(network::as(n.peer).sign(bytes("weft.peer.PrivateData/Fetch\0", 28) + envelope.fetch()).value());
  CHECK(n.judged(proto::encode(envelope)).error().code == errc::invalid_argument);
}

TEST_CASE("an answer: what the hash says is believed, everything else counted") {
  const std::vector<ledger::missing_private_data> page{wanted(1, "one"), wanted(2, "two"), wanted(3, "three")};
  const auto answer = make_fetched(page, [](const auto& w) -> std::optional<bytes> {
    if (w.at.block.value == 2) return std::nullopt;
    return w.at.block.value == 1 ? "one" : "tampered";
  });
  const auto read = read_fetched(answer, page);
  REQUIRE(read);
  REQUIRE(read->found.size() == 1);
  CHECK(read->found[0].at == page[0].at);
  CHECK(read->found[0].ns == "cc");
  CHECK(read->found[0].collection == page[0].collection);
  CHECK(read->found[0].set == "one");
  CHECK(read->wrong == 1);
  ::weft::peer::Fetched twice;
  for (const std::uint32_t index : {1u, 1u, 3u, 0xffffffffu}) {
    auto& f = *twice.add_found();
    f.set_index(index);
    f.set_set("two");
  }
  const auto odd = read_fetched(proto::encode(twice), page);
  REQUIRE(odd);
  CHECK(odd->found.size() == 1);
  CHECK(odd->wrong == 3);
  CHECK(read_fetched("", page)->found.empty());
  CHECK(read_fetched("\xff", page).error().code == errc::invalid_argument);
}

TEST_CASE("an answer stays below what a message may have") {
  std::vector<ledger::missing_private_data> page(5, wanted(1, "x"));
  const bytes large(fetched_bytes_max / 2 - 10, 'x');
  std::size_t asked_for = 0;
  const auto answer = make_fetched(page, [&](const auto&) -> std::optional<bytes> { return ++asked_for == 5 ? bytes("small") : large; });
  CHECK(answer.size() < 100 * MiB);
  ::weft::peer::Fetched in;
  REQUIRE(proto::decode(answer, in));
  REQUIRE(in.found_size() == 3);
  CHECK(in.found(2).index() == 4);
}
