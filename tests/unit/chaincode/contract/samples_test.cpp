// The sample contracts, as a client sees them: arguments in, status, message and payload out, one block per call.
#include <doctest/doctest.h>

#include "crypto/policy/policy.hpp"
#include "tests/unit/chaincode/support/test_channel.hpp"

using namespace weft;
using namespace weft::chaincode;
using namespace weft::chaincode::testing;

namespace {

struct step {
  std::vector<bytes> args;
  std::int32_t status;
  std::string message, payload;
};

/// Runs a story; successful calls are committed before the next.
void play(const std::string& name, const std::vector<step>& steps) {
  test_channel channel;
  for (const auto& [sample, code] : sample_contracts()) {
    if (sample == name) channel.deploy(name, code);
  }
  for (const auto& s : steps) {
    std::string called;
    for (const auto& a : s.args) called += a + " ";
    CAPTURE(called);
    const auto r = channel.run(name, s.args);
    REQUIRE_MESSAGE(r, r.error().context);
    CHECK(r->answer.status == s.status);
    CHECK(r->answer.message == s.message);
    CHECK(r->answer.payload == s.payload);
    if (r->answer.status == 200) channel.apply(r);
  }
}

}  // namespace

TEST_CASE("the samples are mycc, simple, basic, kv") {
  std::string names;
  for (const auto& [name, code] : sample_contracts()) names += name + (code ? " " : "? ");
  CHECK(names == "mycc simple basic kv ");
}

TEST_CASE("mycc: two accounts") {
  play("mycc", {
                   {{"query", "a"}, 500, "{\"Error\":\"Nil amount for a\"}", ""},
                   {{"init", "a", "100", "b", "200"}, 200, "", ""},
                   {{"query", "a"}, 200, "", "100"},
                   {{"invoke", "a", "b", "10"}, 200, "", ""},
                   {{"query", "a"}, 200, "", "90"},
                   {{"query", "b"}, 200, "", "210"},
                   {{"invoke", "a", "b", "100"}, 200, "", ""},
                   {{"query", "a"}, 200, "", "-10"},
                   {{"invoke", "a", "nobody", "1"}, 500, "Entity not found", ""},
                   {{"invoke", "a", "b", "ten"}, 500, "Invalid transaction amount, expecting a integer value", ""},
                   {{"invoke", "a", "b", "9223372036854775807"}, 500, "Invalid transaction amount, the balance would not fit into 64 bits", ""},
                   {{"init", "a", "x", "b", "200"}, 500, "Expecting integer value for asset holding", ""},
                   {{"delete", "a"}, 200, "", ""},
                   {{"query", "a"}, 500, "{\"Error\":\"Nil amount for a\"}", ""},
                   {{"invoke", "a"}, 500, "Incorrect number of arguments: 1. Usage: invoke FROM TO AMOUNT", ""},
                   {{"move"}, 500, "Unknown function 'move'. Usage: init A AMOUNT B AMOUNT, invoke FROM TO AMOUNT, query NAME, delete NAME", ""},
                   {{}, 500, "No function named. Usage: init A AMOUNT B AMOUNT, invoke FROM TO AMOUNT, query NAME, delete NAME", ""},
               });
}

TEST_CASE("simple: Caliper's accounts") {
  play("simple", {
                     {{"open", "x", "50"}, 200, "", ""},
                     {{"open", "x", "50"}, 500, "account already exists: x", ""},
                     {{"open", "y", "many"}, 500, "money must be a whole number: many", ""},
                     {{"open", "y", "1"}, 200, "", ""},
                     {{"transfer", "x", "y", "20"}, 200, "", ""},
                     {{"query", "x"}, 200, "", "30"},
                     {{"query", "y"}, 200, "", "21"},
                     {{"transfer", "x", "y", "31"}, 500, "not enough money in x: 30", ""},
                     {{"transfer", "x", "z", "1"}, 500, "account does not exist: z", ""},
                     {{"transfer", "x", "y", "-1"}, 500, "money must be a whole number that is not negative: -1", ""},
                     {{"delete", "x"}, 200, "", ""},
                     {{"query", "x"}, 500, "account does not exist: x", ""},
                     {{"query"}, 500, "Incorrect number of arguments: 0. Usage: query ACCOUNT", ""},
                 });
}

TEST_CASE("basic: assets as JSON") {
  const std::string asset7 = R"({"AppraisedValue":900,"Color":"purple","ID":"asset7","Owner":"Ada","Size":20})";
  play("basic", {
                    {{"GetAllAssets"}, 200, "", "[]"},
                    {{"InitLedger"}, 200, "", ""},
                    {{"ReadAsset", "asset3"}, 200, "", R"({"AppraisedValue":500,"Color":"green","ID":"asset3","Owner":"Jin Soo","Size":10})"},
                    {{"CreateAsset", "asset7", "purple", "20", "Ada", "900"}, 200, "", ""},
                    {{"CreateAsset", "asset7", "purple", "20", "Ada", "900"}, 500, "the asset asset7 already exists", ""},
                    {{"ReadAsset", "asset7"}, 200, "", asset7},
                    {{"AssetExists", "asset7"}, 200, "", "true"},
                    {{"AssetExists", "asset8"}, 200, "", "false"},
                    {{"ReadAsset", "asset8"}, 500, "the asset asset8 does not exist", ""},
                    {{"TransferAsset", "asset7", "Grace \"Hopper\""}, 200, "", "Ada"},
                    {{"ReadAsset", "asset7"}, 200, "", R"({"AppraisedValue":900,"Color":"purple","ID":"asset7","Owner":"Grace \"Hopper\"","Size":20})"},
                    {{"UpdateAsset", "asset7", "red", "1", "Ada", "2"}, 200, "", ""},
                    {{"ReadAsset", "asset7"}, 200, "", R"({"AppraisedValue":2,"Color":"red","ID":"asset7","Owner":"Ada","Size":1})"},
                    {{"UpdateAsset", "asset8", "red", "1", "Ada", "2"}, 500, "the asset asset8 does not exist", ""},
                    {{"UpdateAsset", "asset7", "red", "big", "Ada", "2"}, 500, "SIZE must be a whole number: big", ""},
                    {{"DeleteAsset", "asset8"}, 500, "the asset asset8 does not exist", ""},
                    {{"DeleteAsset", "asset1"}, 200, "", ""},
                    {{"DeleteAsset", "asset2"}, 200, "", ""},
                    {{"DeleteAsset", "asset3"}, 200, "", ""},
                    {{"DeleteAsset", "asset4"}, 200, "", ""},
                    {{"DeleteAsset", "asset5"}, 200, "", ""},
                    {{"GetAllAssets"},
                     200,
                     "",
                     R"([{"AppraisedValue":800,"Color":"white","ID":"asset6","Owner":"Michel","Size":15},{"AppraisedValue":2,"Color":"red","ID":"asset7","Owner":"Ada","Size":1}])"},
                    {{"CreateAsset", "asset9"}, 500, "Incorrect number of arguments: 1. Usage: CreateAsset ID COLOR SIZE OWNER APPRAISED_VALUE", ""},
                });
}

TEST_CASE("basic refuses text that is no JSON text") {
  test_channel channel;
  channel.deploy("basic", sample_contracts().at(2).second);
  CHECK(channel.answer("basic", {"CreateAsset", "a", "\xff", "1", "o", "1"}).status == 500);
}

TEST_CASE("kv: every operation of the stub") {
  const auto policy = to_hex("a policy");
  play("kv", {
                 {{"put", "k1", "v1", "k2", "v2"}, 200, "", ""},
                 {{"put", "k1", "v1", "k2"}, 500, "Incorrect number of arguments: every KEY needs a VALUE. Usage: put KEY VALUE [KEY VALUE ...]", ""},
                 {{"get", "k1"}, 200, "", "v1"},
                 {{"get", "nope"}, 200, "", ""},
                 {{"rmw", "k1", "v3"}, 200, "", "v1"},
                 {{"range", "", ""}, 200, "", "k1=v3\nk2=v2\n"},
                 {{"range", "", "", "1"}, 200, "", "k1=v3\n"},
                 {{"range", "", "", "x"}, 500, "LIMIT must be a whole number: x", ""},
                 {{"del", "k1"}, 200, "", ""},
                 {{"get", "k1"}, 200, "", ""},
                 {{"composite", "v", "t", "a"}, 200, "", ""},
                 {{"composite_range", "t"}, 200, "", std::string("\0t\0a\0=v\n", 8)},
                 {{"event", "n", "p"}, 200, "", ""},
                 {{"policy", "k2", policy}, 200, "", ""},
                 {{"policy", "k2", "xy"}, 500, "SIGNATURE_POLICY_HEX: " + from_hex("xy").error().context, ""},
                 {{"pput", "_implicit_org_Org1MSP", "k"}, 500, "no transient field 'value'", ""},
                 {{"pget", "_implicit_org_Org1MSP", "k"}, 200, "", ""},
             });
}
