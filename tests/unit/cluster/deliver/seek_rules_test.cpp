#include <doctest/doctest.h>

#include "cluster/deliver/seek_rules.hpp"
#include "common/common.pb.h"
#include "orderer/ab.pb.h"
#include "proto/encode.hpp"

using namespace weft;

namespace {

constexpr timestamp now{std::chrono::seconds{1'767'225'600}};

ledger::envelope request(const ::orderer::SeekInfo& info, timestamp at = now) {
  ::common::Payload payload;
  REQUIRE(proto::decode(cluster::make_seek_payload("mychannel", block_number{0}, std::nullopt, "somebody", bytes(24, 'n'), at), payload));
  payload.set_data(proto::encode(info));
  return ledger::envelope::make(proto::encode(payload), "signature");
}
int status(const std::optional<cluster::seek_refusal>& r) { return r ? r->status : 200; }

}  // namespace

TEST_CASE("a request is heard within fifteen minutes of its time") {
  using std::chrono::minutes;
  struct row { minutes off; int status; };
  for (const auto& r : {row{minutes(0), 200}, row{minutes(15), 200}, row{minutes(-15), 200}, row{minutes(16), 400}, row{minutes(-16), 400}}) {
    CAPTURE(r.off.count());
    CHECK(status(cluster::check_seek_headers(request({}, now + r.off), now)) == r.status);
  }
  CHECK(status(cluster::check_seek_headers(ledger::envelope::keep(shared_bytes{bytes("\xff")}), now)) == 400);
  CHECK(status(cluster::check_seek_headers(ledger::envelope::keep(shared_bytes{bytes()}), now)) == 400);
}

TEST_CASE("an orderer that cannot order serves those who ask for its best effort") {
  ::orderer::SeekInfo strict, best;
  best.set_error_response(::orderer::SeekInfo::BEST_EFFORT);
  CHECK(status(cluster::check_seek_info(request(strict), {})) == 200);
  CHECK(status(cluster::check_seek_info(request(best), {})) == 200);
  const auto refused = cluster::check_seek_info(request(strict), "1 of 3 consenters reachable, 2 needed");
  REQUIRE(refused);
  CHECK(refused->status == 503);
  CHECK(refused->why == "1 of 3 consenters reachable, 2 needed");
  CHECK(status(cluster::check_seek_info(request(best), "trouble")) == 200);
  // What does not parse is not asked for effort.
  ::common::Payload junk;
  junk.set_data("\xff");
  CHECK(status(cluster::check_seek_info(ledger::envelope::make(proto::encode(junk), "signature"), "trouble")) == 400);
}

TEST_CASE("our own seeks are content with best effort") {
  const auto payload = cluster::make_seek_payload("mychannel", block_number{3}, block_number{4}, "somebody", bytes(24, 'n'), now);
  CHECK(status(cluster::check_seek_info(ledger::envelope::make(bytes(payload), "signature"), "trouble")) == 200);
}

TEST_CASE("blocks without data are those that HEADER_WITH_SIG asks for") {
  ::orderer::SeekInfo info;
  CHECK_FALSE(cluster::wants_headers_only(request(info)));
  info.set_content_type(::orderer::SeekInfo::HEADER_WITH_SIG);
  CHECK(cluster::wants_headers_only(request(info)));
  CHECK_FALSE(cluster::wants_headers_only(ledger::envelope::keep(shared_bytes{bytes("\xff\xff")})));
}
