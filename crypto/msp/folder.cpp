#include "crypto/msp/folder.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "crypto/msp/units_file.hpp"
#include "crypto/msp/wellformed.hpp"
#include "msp/msp_config.pb.h"

namespace weft::crypto {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t file_bytes_max = MiB;

result<bytes> read_file(const fs::path& file) {
  std::error_code ec;
  if (!fs::is_regular_file(file, ec)) return fail(errc::not_found, file.string() + ": cannot be read");  // opening a pipe would wait for its writer
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(errc::not_found, file.string() + ": cannot be read");
  const auto size = fs::file_size(file, ec);
  bytes content(ec ? file_bytes_max + 1 : std::min<std::uintmax_t>(size, file_bytes_max) + 1, '\0');
  in.read(content.data(), static_cast<std::streamsize>(content.size()));
  content.resize(static_cast<std::size_t>(in.gcount()));
  if (content.size() > file_bytes_max) return fail(errc::invalid_argument, file.string() + ": larger than 1 MiB");
  return content;
}

/// The PEM files of a folder in the order of their names. A folder that does not exist is empty, a file without PEM is passed over.
std::vector<std::pair<fs::path, bytes>> pem_files(const fs::path& folder) {
  std::vector<fs::path> names;
  std::error_code ec;
  for (auto at = fs::directory_iterator(folder, ec); !ec && at != fs::directory_iterator(); at.increment(ec)) names.push_back(at->path());
  std::sort(names.begin(), names.end());
  std::vector<std::pair<fs::path, bytes>> out;
  for (const auto& name : names)
    if (auto content = read_file(name); content && has_pem_block(*content)) out.emplace_back(name, std::move(*content));
  return out;
}

/// What may be behind "there is none": files that this process must not read. Empty when there are no such.
std::string unreadable_files(const fs::path& folder) {
  std::string out;
  std::error_code ec;
  for (auto at = fs::directory_iterator(folder, ec); !ec && at != fs::directory_iterator(); at.increment(ec))
    if (at->is_regular_file(ec) && !std::ifstream(at->path())) out += "; " + at->path().string() + " cannot be read: " + std::strerror(errno);
  if (ec && ec != std::errc::no_such_file_or_directory) out += "; " + ec.message();
  return out;
}

template <class Add>
void add_folder(const fs::path& folder, Add add) {
  for (auto& [name, content] : pem_files(folder)) add(std::move(content));
}

result<void> read_config_yaml(const fs::path& folder, ::msp::FabricMSPConfig& config) {
  const auto file = folder / "config.yaml";
  const auto text = read_file(file);
  if (!text && text.error().code == errc::not_found) return {};
  if (!text) return fail(text.error());
  return read_units_file(*text, file.string(), [&](const std::string& path) { return read_file(folder / path); }, config);
}

}  // namespace

result<::msp::FabricMSPConfig> read_msp_folder(const fs::path& folder, const std::string& msp_id) {
  ::msp::FabricMSPConfig config;
  config.set_name(msp_id);
  config.mutable_crypto_config()->set_signature_hash_family("SHA2");
  config.mutable_crypto_config()->set_identity_identifier_hash_function("SHA256");
  add_folder(folder / "cacerts", [&](bytes pem) { config.add_root_certs(std::move(pem)); });
  if (config.root_certs().empty()) return fail(errc::not_found, (folder / "cacerts").string() + ": no certificate of a root CA");
  add_folder(folder / "intermediatecerts", [&](bytes pem) { config.add_intermediate_certs(std::move(pem)); });
  add_folder(folder / "admincerts", [&](bytes pem) { config.add_admins(std::move(pem)); });
  add_folder(folder / "crls", [&](bytes pem) { config.add_revocation_list(std::move(pem)); });
  add_folder(folder / "tlscacerts", [&](bytes pem) { config.add_tls_root_certs(std::move(pem)); });
  if (!config.tls_root_certs().empty())
    add_folder(folder / "tlsintermediatecerts", [&](bytes pem) { config.add_tls_intermediate_certs(std::move(pem)); });
  WEFT_CHECK(read_config_yaml(folder, config));
  return config;
}

result<signing_identity> read_signing_identity(const fs::path& folder, const std::string& msp_id, nonce_rule rule) {
  const auto certs = pem_files(folder / "signcerts");
  if (certs.empty()) return fail(errc::not_found, (folder / "signcerts").string() + ": no certificate to sign with" + unreadable_files(folder / "signcerts"));
  auto cert = certificate_of_first_pem(certs.front().second);
  if (!cert) return fail(within(certs.front().first.string(), cert.error()));
  const auto ski = cert->key().ski();
  for (const auto& [name, pem] : pem_files(folder / "keystore")) {
    auto key = private_key::from_pem(pem);
    if (key && key->public_half().ski() == ski) return signing_identity(msp_id, std::move(*cert), make_signer(std::move(*key), rule));
  }
  return fail(errc::not_found, (folder / "keystore").string() + ": no private key of " + certs.front().first.string() +
                                   unreadable_files(folder / "keystore"));
}

}  // namespace weft::crypto
