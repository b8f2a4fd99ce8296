// configtx.yaml: any text is read to the end and every profile in it judged; what is wrong is told with a place, and the same way each time.
#include "config/configtx/configtx.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/golden.hpp"

using namespace weft;
using namespace weft::fuzz;

namespace {

/// An environment in which some keys are overridden, by a list or by what no number is.
std::optional<std::string> environment(const std::string& name) {
  if (name.ends_with("S")) return "[a, b]";
  if (name.ends_with("E")) return "90 MB";
  return std::nullopt;
}

std::vector<config::problem> judged(std::string_view text, bool overridden) {
  config::configtx::read_options o;
  if (overridden) o.environment = environment;
  auto d = config::configtx::read(text, o);
  for (const auto& p : d.profiles) {
    config::configtx::check(d, p);
    FUZZ_CHECK(d.find(p.name) != nullptr);
  }
  for (const auto& org : d.organizations) config::configtx::check(d, org);
  return config::configtx::problems(d);
}

int fuzz_one(const std::uint8_t* data, std::size_t size) {
  const auto text = view(data, size);
  for (const bool overridden : {false, true}) {
    const auto problems = judged(text, overridden);
    FUZZ_CHECK(problems == judged(text, overridden));
    for (const auto& p : problems) FUZZ_CHECK(!p.what.empty() && config::to_text(p, "f").find('\n') == std::string::npos);
  }
  return 0;
}

constexpr const char* written_by_hand = R"yaml(Organizations:
  - &Org {Name: O, ID: OMSP, MSPDir: msp, AnchorPeers: [{Host: h, Port: 1}], Policies: &P {Readers: {Type: Signature, Rule: "OR('OMSP.member')"}}}
Capabilities: {Channel: {V1_1: true}}
Profiles:
  System:
    Policies: *P
    Orderer: {OrdererType: kafka, Kafka: {Brokers: [k:9092]}, Addresses: ["o:7050"], MaxChannels: 9, BatchSize: {AbsoluteMaxBytes: 10 MB}}
    Consortiums: {Sample: {Organizations: [*Org]}}
  Channel: {Consortium: Sample, Application: {<<: {ACLs: {peer/Propose: Readers}}, Organizations: [*Org]}}
)yaml";

std::vector<bytes> seeds() {
  return {golden_file("config/configtx-raft.yaml"), golden_file("config/configtx-bft.yaml"), written_by_hand};
}

}  // namespace

WEFT_FUZZ_TARGET(configtx, 300);
