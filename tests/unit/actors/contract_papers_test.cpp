// What contracts are given that dial their peer.
#include <doctest/doctest.h>
#include <stdlib.h>  // mkdtemp

#include <algorithm>
#include <filesystem>

#include "actors/node/contract_papers.hpp"
#include "actors/node/files.hpp"
#include "chaincode/lifecycle/archive.hpp"

using namespace weft;
using namespace weft::actors;
namespace fs = std::filesystem;

namespace {

bytes source_package(const std::string& label) {
  return chaincode::write_archive({{"metadata.json", R"({"path":"","type":"golang","label":")" + label + R"("})"},
                                   {"code.tar.gz", chaincode::write_archive({{"src/main.go", "package main"}})}});
}

struct fixture {
  fs::path folder;
  std::shared_ptr<manual_clock> clock = std::make_shared<manual_clock>(timestamp{} + std::chrono::years(56));
  std::shared_ptr<chaincode::package_store> store = chaincode::open_package_store(nullptr, {}).value();
  std::uint64_t seed = 1;

  fixture() {
    auto name = (fs::temp_directory_path() / "weft-papers-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    folder = name;
  }
  ~fixture() { fs::remove_all(folder); }
  /// As after another start of the node.
  std::shared_ptr<contract_papers> papers() {
    return std::make_shared<contract_papers>(folder, "peer0.org1.example.com", "Org1MSP", store, material_seams{clock, std::make_shared<seeded_random>(seed++), {}});
  }
  std::string certificate(const contract_papers& p, const std::string& id) { return read_file(p.folder_of(id) / "client_pem.crt").value(); }
};

fs::perms mode_of(const fs::path& file) { return fs::status(file).permissions(); }

}  // namespace

TEST_CASE("a package gets papers by which it is known, also after another start") {
  fixture f;
  auto papers = f.papers();
  const auto before = with_papers(f.store, papers)->install(source_package("early")).value();
  CHECK_FALSE(fs::exists(papers->folder_of(before.id)));  // there is no port yet
  const auto shown = papers->listen_as("localhost").value();
  REQUIRE(papers->open("localhost:7052"));
  const auto own = crypto::certificate::from_pem(shown.certificate).value();
  const auto authority = crypto::certificate::from_pem(shown.client_roots).value();
  CHECK(own.signed_by(authority));
  CHECK(std::find(own.dns_names().begin(), own.dns_names().end(), "localhost") != own.dns_names().end());
  const auto later = with_papers(f.store, papers)->install(source_package("later")).value();
  for (const auto& id : {before.id, later.id}) {
    CAPTURE(id);
    const auto pem = f.certificate(*papers, id);
    CHECK(crypto::certificate::from_pem(pem).value().signed_by(authority));
    CHECK(papers->package_of(pem) == id);
    for (const auto* secret_file : {"client.key", "client_pem.key", "chaincode.json"}) CHECK(mode_of(papers->folder_of(id) / secret_file) == secret);
  }
  CHECK(mode_of(f.folder / "peer0.org1.example.com" / "ca.key") == secret);
  CHECK_FALSE(papers->package_of(shown.certificate));
  CHECK_FALSE(papers->package_of("no certificate"));

  const auto kept = f.certificate(*papers, later.id);
  papers = f.papers();
  CHECK_FALSE(papers->package_of(kept));  // no port is open
  const auto again = papers->listen_as("elsewhere").value();
  REQUIRE(papers->open("elsewhere:9052"));
  CHECK(again.client_roots == shown.client_roots);
  CHECK(papers->package_of(kept) == later.id);
  CHECK(read_file(papers->folder_of(later.id) / "chaincode.json").value().find("elsewhere:9052") != std::string::npos);
}

TEST_CASE("what has expired, or is another authority's, is made anew") {
  fixture f;
  auto papers = f.papers();
  const auto id = with_papers(f.store, papers)->install(source_package("cc")).value().id;
  const auto first = papers->listen_as("localhost").value();
  REQUIRE(papers->open("localhost:7052"));
  const auto old = f.certificate(*papers, id);
  f.clock->advance(crypto::certificate_lifetime + std::chrono::days(1));
  papers = f.papers();
  const auto second = papers->listen_as("localhost").value();
  REQUIRE(papers->open("localhost:7052"));
  CHECK(second.client_roots != first.client_roots);
  CHECK(papers->package_of(f.certificate(*papers, id)) == id);
  CHECK_FALSE(papers->package_of(old));
}

TEST_CASE("an authority whose files belong to something else is an error that names them") {
  fixture f;
  REQUIRE(f.papers()->listen_as("localhost"));
  REQUIRE(write_file(f.folder / "peer0.org1.example.com" / "ca.crt", "junk", open_to_all));
  const auto opened = f.papers()->listen_as("localhost");
  REQUIRE_FALSE(opened);
  CHECK(opened.error().context.find("ca.crt") != std::string::npos);
}
