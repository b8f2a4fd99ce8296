#include "actors/remoting/admission.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <set>

#include "actors/remoting/der.hpp"
#include "config/base/freed.hpp"

namespace weft::actors::remoting {

namespace {

using x509_ptr = std::unique_ptr<X509, freed<&X509_free>>;
using store_ptr = std::unique_ptr<X509_STORE, freed<&X509_STORE_free>>;
using verification_ptr = std::unique_ptr<X509_STORE_CTX, freed<&X509_STORE_CTX_free>>;
using bio_ptr = std::unique_ptr<BIO, freed<&BIO_free_all>>;
struct free_stack {
  void operator()(STACK_OF(X509) * p) const { sk_X509_free(p); }
};

constexpr std::size_t others_max = 8;

x509_ptr from_der(bytes_view der) {
  auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const auto* begin = at;
  x509_ptr out(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (out && at != begin + der.size()) out.reset();
  return out;
}

result<std::vector<x509_ptr>> read_pem(const std::string& pem) {
  bio_ptr in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  std::vector<x509_ptr> out;
  while (auto* x = PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)) out.emplace_back(x);
  ERR_clear_error();
  if (out.empty()) return fail(errc::invalid_argument, "no certificate in this PEM");
  return out;
}

std::string text_of(const X509_NAME* name) {
  constexpr std::size_t text_max = 200;
  bio_ptr out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253);  // which escapes what is not printable
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  ERR_clear_error();
  return size <= 0 ? std::string() : std::string(data, std::min(static_cast<std::size_t>(size), text_max));
}

/// For logs: who it says that it is. Nothing of it is proven.
std::string described(const X509* leaf) {
  return " (certificate of " + text_of(X509_get_subject_name(leaf)) + ", issued by " + text_of(X509_get_issuer_name(leaf)) + ")";
}

class topology_admission final : public admission_rule {
 public:
  explicit topology_admission(std::shared_ptr<const weft::clock> clock) : clock_(std::move(clock)) {}

  result<void> add(const std::string& name, const node_identity& identity) {
    if (identity.certificates_pem.empty() && (identity.host.empty() || identity.roots_pem.empty()))
      return fail(errc::invalid_argument, "node " + name + " has neither a certificate nor a host name with authorities to be recognized by");
    for (const auto& pem : identity.certificates_pem) {
      WEFT_TRY(const auto read, read_pem(pem));
      const auto [it, fresh] = pinned_.emplace(to_der(read.front().get()), name);
      if (!fresh && it->second != name) return fail(errc::invalid_argument, "nodes " + name + " and " + it->second + " have the same certificate");
    }
    if (identity.host.empty()) return {};
    if (!hosts_.insert(identity.host).second) return fail(errc::invalid_argument, "two nodes are recognized by the host name " + identity.host);
    rooted r{name, identity.host, store_ptr(X509_STORE_new())};
    for (const auto& pem : identity.roots_pem) {
      WEFT_TRY(const auto read, read_pem(pem));
      for (const auto& x : read) X509_STORE_add_cert(r.roots.get(), x.get());
    }
    rooted_.push_back(std::move(r));
    return {};
  }

  result<std::string> admit(const presented& who, const std::string& expected) const override {
    const auto leaf = from_der(who.leaf);
    if (!leaf) return fail(errc::permission_denied, "no certificate that can be read");
    const auto name = recognize(leaf.get(), who);
    if (!name) return fail(name.error().code, name.error().context + described(leaf.get()));
    if (!expected.empty() && *name != expected) return fail(errc::permission_denied, "it is node " + *name + ", not " + expected + described(leaf.get()));
    return name;
  }

 private:
  struct rooted {
    std::string name, host;
    store_ptr roots;
  };

  [[nodiscard]] std::time_t now() const {
    return static_cast<std::time_t>(std::chrono::duration_cast<std::chrono::seconds>(clock_->now().time_since_epoch()).count());
  }

  result<std::string> recognize(X509* leaf, const presented& who) const {
    if (const auto it = pinned_.find(who.leaf); it != pinned_.end()) {
      auto at = now();
      if (X509_cmp_time(X509_get0_notBefore(leaf), &at) != -1 || X509_cmp_time(X509_get0_notAfter(leaf), &at) != 1)
        return fail(errc::permission_denied, "the certificate of node " + it->second + " is not valid at this time");
      return it->second;
    }
    for (const auto& r : rooted_) {
      if (!has_host(leaf, r.host)) continue;
      WEFT_CHECK(verify(leaf, who, r));
      return r.name;
    }
    return fail(errc::permission_denied, "its certificate is of no node of the topology");
  }

  static bool has_host(X509* leaf, const std::string& host) {
    if (X509_check_ip_asc(leaf, host.c_str(), 0) == 1) return true;
    return X509_check_host(leaf, host.data(), host.size(), X509_CHECK_FLAG_NO_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, nullptr) == 1;
  }

  result<void> verify(X509* leaf, const presented& who, const rooted& r) const {
    std::vector<x509_ptr> others;
    std::unique_ptr<STACK_OF(X509), free_stack> chain(sk_X509_new_null());
    for (const auto& der : who.others) {
      if (others.size() == others_max) break;
      if (auto x = from_der(der)) others.push_back(std::move(x));
    }
    for (const auto& x : others) sk_X509_push(chain.get(), x.get());
    verification_ptr v(X509_STORE_CTX_new());
    if (!v || X509_STORE_CTX_init(v.get(), r.roots.get(), leaf, chain.get()) != 1) return fail(errc::internal, "OpenSSL cannot begin to verify");
    X509_STORE_CTX_set_default(v.get(), who.dialled ? "ssl_server" : "ssl_client");
    auto* rules = X509_STORE_CTX_get0_param(v.get());
    X509_VERIFY_PARAM_set_time(rules, now());
    X509_VERIFY_PARAM_set_depth(rules, 4);
    if (X509_verify_cert(v.get()) == 1) return {};
    const auto why = X509_verify_cert_error_string(X509_STORE_CTX_get_error(v.get()));
    ERR_clear_error();
    return fail(errc::permission_denied, "its certificate names node " + r.name + " (" + r.host + ") but: " + why);
  }

  std::shared_ptr<const weft::clock> clock_;
  std::map<bytes, std::string> pinned_;
  std::vector<rooted> rooted_;
  std::set<std::string> hosts_;
};

class table_admission final : public admission_rule {
 public:
  explicit table_admission(std::map<bytes, std::string> nodes) : nodes_(std::move(nodes)) {}
  result<std::string> admit(const presented& who, const std::string& expected) const override {
    const auto it = nodes_.find(who.leaf);
    if (it == nodes_.end()) return fail(errc::permission_denied, "its certificate is of no node");
    if (!expected.empty() && it->second != expected) return fail(errc::permission_denied, "it is node " + it->second + ", not " + expected);
    return it->second;
  }

 private:
  std::map<bytes, std::string> nodes_;
};

}  // namespace

result<std::shared_ptr<const admission_rule>> make_topology_admission(const std::map<std::string, node_identity>& nodes,
                                                                      std::shared_ptr<const weft::clock> clock) {
  auto out = std::make_shared<topology_admission>(std::move(clock));
  for (const auto& [name, identity] : nodes) {
    if (auto added = out->add(name, identity); !added) return fail(within("node " + name, std::move(added.error())));
  }
  return out;
}

std::shared_ptr<const admission_rule> make_table_admission(std::map<bytes, std::string> nodes) {
  return std::make_shared<table_admission>(std::move(nodes));
}

}  // namespace weft::actors::remoting
