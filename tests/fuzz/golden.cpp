#include "tests/fuzz/golden.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "crypto/msp/folder.hpp"
#include "gateway/gateway.pb.h"
#include "proto/encode.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace weft::fuzz {

namespace {

namespace fs = std::filesystem;

std::shared_ptr<const ledger::channel_bundle> bundle_of(const std::string& genesis) {
  const auto block = ledger::block::parse(shared_bytes(golden_file(genesis)));
  FUZZ_CHECK(block.has_value());
  auto bundle = ledger::channel_bundle::from_block(*block);
  FUZZ_CHECK(bundle.has_value());
  return *std::move(bundle);
}

bool has(const std::string& path, std::string_view part) { return path.find(part) != std::string::npos; }

}  // namespace

bytes golden_file(const std::string& path) {
  std::ifstream in(std::string(WEFT_GOLDEN_DIR) + "/" + path, std::ios::binary);
  FUZZ_CHECK(in.good());
  return bytes(std::istreambuf_iterator<char>(in), {});
}

std::vector<std::string> golden_paths(const std::string& folder, const std::string& ending) {
  const fs::path root(WEFT_GOLDEN_DIR);
  std::vector<std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(root / folder))
    if (entry.is_regular_file() && entry.path().string().ends_with(ending)) out.push_back(fs::relative(entry.path(), root).string());
  FUZZ_CHECK(!out.empty());
  std::sort(out.begin(), out.end());
  return out;
}

const std::vector<bytes>& golden_blocks() {
  static const auto all = [] {
    std::vector<bytes> out;
    for (const char* folder : {"blocks", "config"})
      for (const auto& path : golden_paths(folder, ".block")) out.push_back(golden_file(path));
    return out;
  }();
  return all;
}

const std::vector<ledger::envelope>& golden_envelopes() {
  static const auto all = [] {
    std::vector<ledger::envelope> out;
    for (const auto& raw : golden_blocks()) {
      const auto block = ledger::block::parse(shared_bytes(raw));
      FUZZ_CHECK(block.has_value());
      out.insert(out.end(), block->envelopes().begin(), block->envelopes().end());
    }
    ::gateway::PreparedTransaction prepared;
    FUZZ_CHECK(proto::decode(golden_file("tx/prepared_transaction_signed.pb"), prepared));
    out.push_back(ledger::envelope::keep(shared_bytes(proto::encode(prepared.envelope()))));
    return out;
  }();
  return all;
}

const std::vector<bytes>& golden_certificates() {
  static const auto all = [] {
    std::vector<bytes> out;
    for (const char* ending : {".pem", ".crt"})
      for (const auto& path : golden_paths("crypto", ending)) out.push_back(golden_file(path));
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
  }();
  return all;
}

const std::vector<bytes>& golden_identities() {
  static const auto all = [] {
    std::vector<bytes> out;
    for (const auto& path : golden_paths("crypto", "-cert.pem")) {
      if (!has(path, "/signcerts/")) continue;
      const auto* msp_id = has(path, "org1.") ? "Org1MSP" : has(path, "org2.") ? "Org2MSP" : "OrdererMSP";
      out.push_back(crypto::serialize_identity(msp_id, golden_file(path)));
    }
    return out;
  }();
  return all;
}

const std::vector<bytes>& golden_proposals() {
  static const auto all = [] {
    std::vector<bytes> out;
    for (const char* path : {"tx/proposed_transaction.pb", "tx/proposed_transaction_transient.pb"}) {
      ::gateway::ProposedTransaction proposed;
      FUZZ_CHECK(proto::decode(golden_file(path), proposed));
      out.push_back(proto::encode(proposed.proposal()));
    }
    return out;
  }();
  return all;
}

const crypto::signing_identity& golden_user() {
  static const auto user = [] {
    auto read = crypto::read_signing_identity(
        fs::path(WEFT_GOLDEN_DIR) / "crypto/peerOrganizations/org1.example.com/users/User1@org1.example.com/msp", "Org1MSP",
        crypto::nonce_rule::deterministic);
    FUZZ_CHECK(read.has_value());
    return *std::move(read);
  }();
  return user;
}

const world& golden_world() {
  static const world w{bundle_of("config/mychannel.genesis.block"), bundle_of("config/bftchannel.genesis.block"), crypto::make_verifier()};
  return w;
}

}  // namespace weft::fuzz
