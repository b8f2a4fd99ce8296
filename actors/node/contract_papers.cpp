#include "actors/node/contract_papers.hpp"

#include <openssl/evp.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "actors/node/files.hpp"
#include "config/base/assert.hpp"
#include "config/clients/clients.hpp"
#include "crypto/hash/sha256.hpp"

namespace weft::actors {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t common_name_max = 64;  // RFC 5280, ub-common-name

crypto::certificate_request request_for(const std::string& name, const std::string& organization, timestamp now) {
  auto out = crypto::request_in({});
  out.common_name = name.substr(0, common_name_max);
  out.organization = organization;
  out.use = crypto::certificate_request::profile::tls;
  const auto lives = crypto::validity_from(now);
  out.not_before = lives.not_before;
  out.not_after = lives.not_after;
  return out;
}

bytes digest_of(const crypto::certificate& c) { return bytes(crypto::view(crypto::sha256(c.der()))); }

/// On one line.
std::string base64_of(const std::string& text) {
  std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');  // and the zero that OpenSSL puts behind it
  out.resize(static_cast<std::size_t>(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()))));
  return out;
}

class papered_store final : public chaincode::package_store {
 public:
  papered_store(std::shared_ptr<package_store> store, std::shared_ptr<contract_papers> papers) : store_(std::move(store)), papers_(std::move(papers)) {}
  result<chaincode::installed_package> install(bytes_view raw) override {
    WEFT_TRY(auto p, store_->install(raw));
    if (const auto done = papers_->issue(p); !done) spdlog::error("{} is installed, but has no papers to dial its peer with: {}", p.id, done.error().context);
    return p;
  }
  std::vector<chaincode::installed_package> list() const override { return store_->list(); }
  std::optional<chaincode::installed_package> find(std::string_view id) const override { return store_->find(id); }
  result<bytes> read(std::string_view id) const override { return store_->read(id); }

 private:
  std::shared_ptr<package_store> store_;
  std::shared_ptr<contract_papers> papers_;
};

}  // namespace

bool dials_its_peer(const chaincode::installed_package& p) { return p.type != chaincode::native_type && !p.service; }

fs::path contract_papers::folder_of(const std::string& package_id) const {
  auto name = package_id;
  std::replace(name.begin(), name.end(), ':', '.');
  return folder_ / name;
}

result<crypto::authority> contract_papers::authority() {
  const auto certificate = folder_ / "ca.crt", key = folder_ / "ca.key";
  std::error_code ec;
  if (fs::exists(certificate, ec) && fs::exists(key, ec)) {
    WEFT_TRY(const auto cert_pem, read_file(certificate));
    WEFT_TRY(const auto key_pem, read_file(key));
    auto known = crypto::authority::from_pem(cert_pem, key_pem, seams_.nonces);
    if (!known) return fail(within(certificate.string(), known.error()));
    if (known->cert().not_after() > seams_.clock->now()) return *std::move(known);
  }
  WEFT_TRY(auto made, crypto::authority::create("contracts." + peer_, peer_, {}, *seams_.clock, *seams_.random, seams_.nonces));
  WEFT_CHECK(write_file(key, made.key().to_pem(), secret));
  WEFT_CHECK(write_file(certificate, made.cert().to_pem(), open_to_all));
  return made;
}

/// The certificate that a folder holds, if it is this authority's and good for another day.
result<crypto::issued_identity> contract_papers::known_or_new(const fs::path& folder, const std::string& label) {
  const auto now = seams_.clock->now();
  const auto cert_pem = read_file(folder / "client_pem.crt"), key_pem = read_file(folder / "client_pem.key");
  if (cert_pem && key_pem) {
    auto cert = crypto::certificate::from_pem(*cert_pem);
    auto key = crypto::private_key::from_pem(*key_pem);
    if (cert && key && cert->signed_by(authority_->cert()) && cert->not_after() > now + std::chrono::days(1)) {
      return crypto::issued_identity{*std::move(cert), *std::move(key)};
    }
  }
  return authority_->issue(request_for(label, peer_, now), *seams_.random);
}

result<void> contract_papers::write(const chaincode::installed_package& p) {
  const auto folder = folder_of(p.id);
  WEFT_TRY(const auto own, known_or_new(folder, p.label));
  const config::dialling_contract c{p.id, address_, msp_id_, own.cert.to_pem(), own.key.to_pem(), authority_->cert().to_pem()};
  std::error_code ec;
  const auto named = fs::absolute(folder, ec).lexically_normal().string();
  WEFT_CHECK(write_file(folder / "client_pem.key", c.key_pem, secret));
  WEFT_CHECK(write_file(folder / "client_pem.crt", c.certificate_pem, open_to_all));
  WEFT_CHECK(write_file(folder / "client.key", base64_of(c.key_pem), secret));
  WEFT_CHECK(write_file(folder / "client.crt", base64_of(c.certificate_pem), open_to_all));
  WEFT_CHECK(write_file(folder / "peer.crt", c.root_pem, open_to_all));
  WEFT_CHECK(write_file(folder / "chaincode.json", config::contract_description(c), secret));
  WEFT_CHECK(write_file(folder / "env.sh", config::contract_environment(c, named), open_to_all));
  packages_[digest_of(own.cert)] = p.id;
  return {};
}

result<contract_papers::listener> contract_papers::listen_as(const std::string& host) {
  const std::lock_guard lock(mutex_);
  if (!authority_) {
    WEFT_TRY(authority_, authority());
  }
  auto request = request_for(peer_, peer_, seams_.clock->now());
  request.sans = {peer_, "localhost", "127.0.0.1", "::1"};
  if (std::find(request.sans.begin(), request.sans.end(), host) == request.sans.end()) request.sans.push_back(host);
  WEFT_TRY(const auto own, authority_->issue(request, *seams_.random));
  return listener{own.cert.to_pem(), own.key.to_pem(), authority_->cert().to_pem()};
}

result<void> contract_papers::open(const std::string& address) {
  const std::lock_guard lock(mutex_);
  WEFT_ASSERT(authority_, "whoever opens a port has asked for its certificate");
  address_ = address;
  for (const auto& p : store_->list()) {
    if (dials_its_peer(p)) WEFT_CHECK(write(p));
  }
  return {};
}

result<void> contract_papers::issue(const chaincode::installed_package& p) {
  const std::lock_guard lock(mutex_);
  if (address_.empty() || !dials_its_peer(p)) return {};
  return write(p);
}

std::optional<std::string> contract_papers::package_of(std::string_view certificate_pem) const {
  const auto shown = crypto::certificate::from_pem(certificate_pem);
  if (!shown) return std::nullopt;
  const std::lock_guard lock(mutex_);
  const auto it = packages_.find(digest_of(*shown));
  return it == packages_.end() ? std::nullopt : std::optional(it->second);
}

std::shared_ptr<chaincode::package_store> with_papers(std::shared_ptr<chaincode::package_store> store, std::shared_ptr<contract_papers> papers) {
  return std::make_shared<papered_store>(std::move(store), std::move(papers));
}

}  // namespace weft::actors
