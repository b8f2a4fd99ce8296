// What contracts are given that dial their peer: an authority of the peer's own, a certificate from it for each package, and a description of where the
// peer listens. Fabric's peers do the same (interop/05 §4); theirs forget their authority when they stop, ours is kept with the network.
#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "actors/node/material.hpp"
#include "chaincode/lifecycle/package_store.hpp"
#include "crypto/ca/authority.hpp"

namespace weft::actors {

/// Papers of one peer, below `<folder>/<peer>/`: ca.crt and ca.key, and for each package that is not dialled a folder LABEL.HASH with chaincode.json,
/// env.sh and the files that it names. Thread-safe; makes and reads small files.
class contract_papers {
 public:
  /// What the port shows, and by whom its clients' certificates have to be issued. PEM.
  struct listener {
    std::string certificate, key, client_roots;
  };
  /// `store`: what is installed on the peer.
  contract_papers(std::filesystem::path folder, std::string peer, std::string msp_id, std::shared_ptr<const chaincode::package_store> store, material_seams seams)
      : folder_(std::move(folder) / peer), peer_(std::move(peer)), msp_id_(std::move(msp_id)), store_(std::move(store)), seams_(std::move(seams)) {}

  /// For a port whose clients know it by `host`. Errors: `io`; `invalid_argument` for files of the authority that belong to something else.
  [[nodiscard]] result<listener> listen_as(const std::string& host);
  /// After listen_as(): the peer listens at `address` ("localhost:7052") from now on. Papers are written for what is installed, and later for what issue()
  /// names. What earlier runs have issued stays good. Errors: `io`.
  [[nodiscard]] result<void> open(const std::string& address);
  /// A package was installed. Nothing happens while no port is open. Errors: `io`.
  [[nodiscard]] result<void> issue(const chaincode::installed_package& p);
  /// Which package a certificate (PEM) was issued for; nothing: for none that is known here.
  [[nodiscard]] std::optional<std::string> package_of(std::string_view certificate_pem) const;
  /// Where the papers of a package are.
  [[nodiscard]] std::filesystem::path folder_of(const std::string& package_id) const;

 private:
  [[nodiscard]] result<crypto::authority> authority();
  [[nodiscard]] result<crypto::issued_identity> known_or_new(const std::filesystem::path& folder, const std::string& label);
  [[nodiscard]] result<void> write(const chaincode::installed_package& p);

  const std::filesystem::path folder_;
  const std::string peer_, msp_id_;
  const std::shared_ptr<const chaincode::package_store> store_;
  const material_seams seams_;
  mutable std::mutex mutex_;
  std::string address_;  ///< Empty: no port is open.
  std::optional<crypto::authority> authority_;
  std::map<bytes, std::string> packages_;  ///< By SHA-256 of the certificate.
};

/// A package that is neither compiled in nor dialled.
[[nodiscard]] bool dials_its_peer(const chaincode::installed_package& p);

/// The store, with papers for what is installed through it. A package counts as installed although its papers could not be written: the log says so, and
/// the next start writes them.
[[nodiscard]] std::shared_ptr<chaincode::package_store> with_papers(std::shared_ptr<chaincode::package_store> store, std::shared_ptr<contract_papers> papers);

}  // namespace weft::actors
