#include "edge/translator/answers.hpp"

#include "common/configtx.pb.h"
#include "proto/encode.hpp"
#include "tests/unit/ledger/json/files.hpp"

using namespace weft;
using namespace weft::edge::translator;

TEST_CASE("paths and methods as Fabric's router takes them") {
  struct row {
    const char* method;
    const char* path;
    int status;  ///< 0: served.
  };
  const row rows[] = {
      {"POST", "/protolator/decode/common.Block", 0},
      {"POST", "/protolator/encode/common.Config", 0},
      {"POST", "/configtxlator/compute/update-from-configs", 0},
      {"GET", "/protolator/decode/common.Block", 405},
      {"PUT", "/configtxlator/compute/update-from-configs", 405},
      {"POST", "/protolator/decode/common.Block/", 301},
      {"POST", "/protolator/decode/", 404},
      {"POST", "/protolator/decode", 404},
      {"POST", "/protolator/decode/a/b", 404},
      {"POST", "/protolator/other/common.Block", 404},
      {"POST", "/configtxlator/compute/update-from-configs/x", 404},
      {"GET", "/", 404},
  };
  for (const auto& r : rows) {
    CAPTURE(r.path);
    const auto refused = refuse_route(r.method, r.path);
    CHECK((refused ? refused->status : 0) == r.status);
  }
  CHECK(refuse_route("POST", "/x")->body == "404 page not found\n");
  CHECK(refuse_route("GET", "/protolator/decode/common.Block")->body.empty());
  CHECK(refuse_route("POST", "/protolator/encode/common.Block/")->extra.at("Location") == "/protolator/encode/common.Block");
  CHECK(route_of("/protolator/decode/common.Block").type == "common.Block");
}

TEST_CASE("decode and encode answer with the golden files") {
  const auto block = golden::file("blocks/mychannel.5.block"), text = golden::file("blocks/mychannel.5.json");
  const auto decoded = decode("common.Block", block);
  CHECK(decoded.status == 200);
  CHECK(decoded.type == "text/plain; charset=utf-8");
  CHECK(decoded.body == text);
  const auto encoded = encode("common.Block", text);
  CHECK(encoded.status == 200);
  CHECK(encoded.type == "application/octet-stream");
  CHECK(encoded.body == block);
}

TEST_CASE("refusals") {
  for (const auto& a : {decode("common.Blok", ""), encode("common.Blok", "{}")}) {
    CHECK(a.status == 404);
    CHECK(a.body == "message name not found\n");
    CHECK(a.type == "text/plain; charset=utf-8");
  }
  CHECK(decode("common.Block", "\xff").status == 400);
  CHECK(decode("common.Block", "\xff").body == "proto: cannot parse invalid wire-format data\n");
  CHECK(encode("common.Block", "{").status == 400);
  CHECK(encode("common.Block", "{").body.starts_with("error unmarshaling intermediate JSON: "));
  CHECK(encode("common.Block", R"({"x": 1})").body == "*common.Block: unknown field \"x\" in common.Block\n");
  CHECK(decode("common.Block", "").body == "{\n\t\"data\": null,\n\t\"header\": null,\n\t\"metadata\": null\n}\n");
  CHECK(encode("common.Block", "{}").body.empty());
  std::string empties;
  for (int i = 0; i < 10'000; ++i) empties += std::string("\x0a\x00", 2);
  CHECK(decode("common.BlockData", empties, {.text_bytes_max = 1'000}).status == 400);
}

TEST_CASE("an update is computed from a form") {
  const auto original = golden::file("config/anchor-update.original-config.pb"), updated = golden::file("config/anchor-update.modified-config.pb");
  const auto done = compute({.original = original, .updated = updated, .channel = "mychannel"});
  CHECK(done.status == 200);
  ::common::ConfigUpdate ours, golden;
  REQUIRE(proto::decode(done.body, ours));
  REQUIRE(proto::decode(golden::file("config/anchor-update.configupdate.pb"), golden));
  CHECK(proto::encode(ours) == proto::encode(golden));

  struct row {
    compute_form form;
    const char* body;
  };
  const row rows[] = {
      {{.is_form = false}, "Error with field 'original': error reading field bytes: request Content-Type isn't multipart/form-data\n"},
      {{}, "Error with field 'original': error reading field bytes: http: no such file\n"},
      {{.original = original}, "Error with field 'updated': error reading field bytes: http: no such file\n"},
      {{.original = "\xff", .updated = updated}, "Error with field 'original': error unmarshaling field bytes: proto: cannot parse invalid wire-format data\n"},
      {{.original = original, .updated = "\xff"}, "Error with field 'updated': error unmarshaling field bytes: proto: cannot parse invalid wire-format data\n"},
      {{.original = original, .updated = original}, "Error computing update: no differences detected between original and updated config\n"},
      {{.original = "", .updated = updated}, "Error computing update: no channel group included for original config\n"},
  };
  for (const auto& r : rows) {
    CHECK(compute(r.form).status == 400);
    CHECK(compute(r.form).body == r.body);
  }
}

TEST_CASE("cross-origin requests") {
  const std::vector<std::string> none, one{"http://a.example"}, two{"http://a.example", "http://b.example"}, any{"*"};
  CHECK(judge_cors(none, {"OPTIONS", "http://a.example", true, "POST", ""}).extra.empty());
  CHECK(!judge_cors(none, {"OPTIONS", "http://a.example", true, "POST", ""}).done);

  auto asked = judge_cors(one, {"OPTIONS", "http://a.example", true, "POST", "content-type, accept"});
  REQUIRE(asked.done);
  CHECK(asked.done->status == 200);
  CHECK(asked.done->extra == headers{{"Access-Control-Allow-Headers", "Content-Type"}, {"Access-Control-Allow-Origin", "http://a.example"}});
  CHECK(judge_cors(two, {"OPTIONS", "http://b.example", true, "POST", ""}).done->extra == headers{{"Access-Control-Allow-Origin", "http://b.example"}, {"Vary", "Origin"}});
  CHECK(judge_cors(any, {"OPTIONS", "http://c.example", true, "POST", ""}).done->extra.at("Access-Control-Allow-Origin") == "*");
  CHECK(judge_cors(one, {"OPTIONS", "http://a.example", false, "", ""}).done->status == 400);
  CHECK(judge_cors(one, {"OPTIONS", "http://a.example", true, "GET", ""}).done->status == 405);
  CHECK(judge_cors(one, {"OPTIONS", "http://a.example", true, "POST", "X-Secret"}).done->status == 403);
  CHECK(judge_cors(one, {"OPTIONS", "http://evil.example", true, "POST", ""}).done->extra.empty());

  const auto post = judge_cors(one, {"POST", "http://a.example", false, "", ""});
  CHECK(!post.done);
  CHECK(post.extra == headers{{"Access-Control-Allow-Origin", "http://a.example"}});
  CHECK(judge_cors(one, {"POST", "http://evil.example", false, "", ""}).extra.empty());
  CHECK(judge_cors(one, {"POST", "", false, "", ""}).extra.empty());
}
