#include "crypto/ca/imported_material.hpp"

#include <algorithm>
#include <fstream>
#include <map>

#include "crypto/msp/folder.hpp"
#include "config/yaml/document.hpp"
#include "msp/msp_config.pb.h"

namespace weft::crypto {

namespace {

namespace fs = std::filesystem;
using org_kind = organization_description::kind;

constexpr std::size_t files_per_folder_max = 500;

class importer {
 public:
  importer(fs::path folder, const import_request& request, timestamp now) : folder_(std::move(folder)), request_(request), now_(now) {}

  imported_organization run() {
    std::error_code ignored;
    if (!fs::is_directory(folder_, ignored)) {
      say("", "there is no folder " + folder_.string(), "name the organization's folder, such as crypto-config/peerOrganizations/" + request_.domain);
      return std::move(out_);
    }
    load_msp();
    const bool peers = request_.role == org_kind::peer;
    for (const auto& host : request_.hosts) node((peers ? "peers/" : "orderers/") + host + "." + request_.domain, host);
    for (const auto& name : request_.users) user("users/" + name + "@" + request_.domain, name == "Admin");
    for (const auto* authority : {"ca", "tlsca"})
      if (fs::is_directory(folder_ / authority, ignored)) take(authority);
    if (!fs::exists(folder_ / "ca" / "priv_sk", ignored))
      say("ca/priv_sk", "is missing: this organization's authority issues nothing here", "", config::problem::severity::warning);
    if (config::any_error(out_.problems)) out_.files = {};
    return std::move(out_);
  }

 private:
  void say(const std::string& path, std::string what, std::string suggestion = {}, config::problem::severity how = config::problem::severity::error) {
    out_.problems.push_back({how, 0, 0, path, std::move(what), std::move(suggestion)});
  }
  void say(const std::string& path, const error& e) { say(path, e.context); }

  void load_msp() {
    auto definition = read_msp_folder(folder_ / "msp", request_.msp_id);
    if (!definition) return say("msp", definition.error());
    auto made = msp::create(*definition, msp_level::v3_0);
    if (!made) return say("msp", made.error());
    msp_ = std::move(*made);
    take("msp");
  }

  /// Puts every file below `part` into the result: keys for their owner only.
  void take(const std::string& part) {
    const auto base = std::string(request_.role == org_kind::peer ? "peerOrganizations/" : "ordererOrganizations/") + request_.domain + "/";
    std::vector<fs::path> found;
    std::error_code why;
    for (auto at = fs::recursive_directory_iterator(folder_ / part, why); !why && at != fs::recursive_directory_iterator(); at.increment(why)) {
      std::error_code ignored;
      if (at->is_regular_file(ignored)) found.push_back(at->path());
      if (at->is_directory(ignored) && fs::is_empty(at->path(), ignored)) out_.files.empty_directories.push_back(base + below(at->path()));
      if (found.size() > files_per_folder_max) return say(part, "holds more than " + std::to_string(files_per_folder_max) + " files");
    }
    if (why) return say(part, why.message());
    std::sort(found.begin(), found.end());
    for (const auto& file : found) {
      auto contents = config::yaml::read_file(file.string());
      if (!contents) return say(below(file), contents.error());
      const bool secret = contents->find("PRIVATE KEY-----") != std::string::npos;
      out_.files.files.push_back({base + below(file), std::move(*contents), secret ? 0600u : 0644u});
    }
  }
  [[nodiscard]] std::string below(const fs::path& file) const { return file.lexically_relative(folder_).generic_string(); }

  /// The signing identity of a node or user: whoever it says it is, by the organization's own rules.
  identity_ptr member(const std::string& part) {
    std::error_code ignored;
    if (!fs::is_directory(folder_ / part, ignored)) {
      say(part, "is missing");
      return nullptr;
    }
    const auto own = read_signing_identity(folder_ / part / "msp", request_.msp_id);
    if (!own) {
      say(part + "/msp", own.error());
      return nullptr;
    }
    if (!msp_) return nullptr;
    auto valid = msp_->validate(own->serialized());
    if (!valid) {
      say(part + "/msp/signcerts", valid.error());
      return nullptr;
    }
    if ((*valid)->expired_at(now_)) say(part + "/msp/signcerts", "has expired");
    take(part);
    return std::move(*valid);
  }

  void node(const std::string& part, const std::string& host) {
    const auto who = member(part);
    const bool peers = request_.role == org_kind::peer;
    // Without NodeOUs nobody is a peer or an orderer, and everybody may be.
    const bool classified = who && (who->peer || who->orderer || who->client);
    if (classified && !(peers ? who->peer : who->orderer))
      say(part + "/msp/signcerts", std::string("is no ") + (peers ? "peer" : "orderer") + ": its organizational unit says " +
                                       (who->admin ? "admin" : who->client ? "client" : who->peer ? "peer" : "orderer"));
    tls(part, host);
  }

  void user(const std::string& part, bool admin) {
    const auto who = member(part);
    if (who && admin && !who->admin) say(part + "/msp/signcerts", "is no administrator by the rules of the organization's msp folder");
  }

  void tls(const std::string& part, const std::string& host) {
    std::error_code ignored;
    const auto folder = folder_ / part / "tls";
    if (!fs::exists(folder, ignored)) return say(part + "/tls", "is missing: nobody can reach this node by TLS", "", config::problem::severity::warning);
    const auto cert_text = config::yaml::read_file((folder / "server.crt").string()), key_text = config::yaml::read_file((folder / "server.key").string());
    if (!cert_text) return say(part + "/tls/server.crt", cert_text.error());
    if (!key_text) return say(part + "/tls/server.key", key_text.error());
    const auto chain = certificate::all_from_pem(*cert_text);
    if (!chain || chain->empty()) return say(part + "/tls/server.crt", chain ? "holds no certificate" : chain.error().context);
    const auto key = private_key::from_pem(*key_text);
    if (!key) return say(part + "/tls/server.key", key.error());
    const auto& cert = chain->front();
    if (!(key->public_half() == cert.key())) say(part + "/tls/server.key", "does not belong to server.crt");
    if (now_ > cert.not_after()) say(part + "/tls/server.crt", "has expired");
    if (msp_ && std::none_of(msp_->tls_roots().begin(), msp_->tls_roots().end(), [&](const certificate& ca) { return cert.signed_by(ca); }))
      say(part + "/tls/server.crt", "was issued by none of the authorities in msp/tlscacerts: " + cert.issuer());
    named(part, cert, host + "." + request_.domain);
    if (const auto it = request_.addresses.find(host); it != request_.addresses.end()) named(part, cert, it->second);
  }

  /// Wildcards count for one label, as in RFC 6125.
  static bool covers(const std::string& pattern, const std::string& name) {
    if (pattern == name) return true;
    const auto dot = name.find('.');
    return pattern.rfind("*.", 0) == 0 && dot != std::string::npos && pattern.substr(1) == name.substr(dot);
  }
  void named(const std::string& part, const certificate& cert, const std::string& name) {
    std::vector<std::string> names = cert.dns_names();
    names.insert(names.end(), cert.ip_addresses().begin(), cert.ip_addresses().end());
    if (std::any_of(names.begin(), names.end(), [&](const std::string& n) { return covers(n, name); })) return;
    std::string all;
    for (const auto& n : names) all.append(all.empty() ? "" : ", ").append(n);
    say(part + "/tls/server.crt", "does not name " + name + (all.empty() ? "; it names nothing" : "; it names " + all),
        "issue it again with " + name + " among its SANs");
  }

  fs::path folder_;
  const import_request& request_;
  timestamp now_;
  std::shared_ptr<const msp> msp_;
  imported_organization out_;
};

}  // namespace

imported_organization import_organization(const fs::path& folder, const import_request& request, timestamp now) {
  return importer(folder, request, now).run();
}

}  // namespace weft::crypto
