#include "crypto/x509/certificate.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>

#include "crypto/keys/der.hpp"
#include "crypto/keys/pem.hpp"
#include "crypto/x509/names.hpp"
#include "crypto/x509/signed_object.hpp"
#include "crypto/x509/time.hpp"

namespace weft::crypto {

/// Everything was read out when the certificate was parsed: no OpenSSL object stays, so that reading needs no lock.
struct certificate::state {
  bytes der, canonical_der;  ///< The second is empty when it equals the first.
  public_key key;
  parsed_name subject, issuer;
  std::vector<std::string> dns_names, ip_addresses;
  bytes serial, subject_key_id, authority_key_id;
  bool is_ca = false, may_sign_certificates = true;
  std::optional<std::uint32_t> path_length_max;
  timestamp not_before, not_after;
};

namespace {

struct release {
  void operator()(X509* p) const noexcept { X509_free(p); }
  void operator()(BASIC_CONSTRAINTS* p) const noexcept { BASIC_CONSTRAINTS_free(p); }
  void operator()(ASN1_STRING* p) const noexcept { ASN1_STRING_free(p); }
  void operator()(AUTHORITY_KEYID* p) const noexcept { AUTHORITY_KEYID_free(p); }
  void operator()(GENERAL_NAMES* p) const noexcept { GENERAL_NAMES_free(p); }
};
template <class T>
using ptr = std::unique_ptr<T, release>;

error malformed(std::string what) {
  ERR_clear_error();
  return {errc::invalid_argument, "malformed certificate: " + std::move(what)};
}

bytes bytes_of(const ASN1_STRING* s) {
  return s ? bytes(reinterpret_cast<const char*>(ASN1_STRING_get0_data(s)), static_cast<std::size_t>(ASN1_STRING_length(s))) : bytes();
}

/// The extension `nid`, or null when absent. Errors: malformed, or there twice.
template <class T>
result<ptr<T>> extension(const X509* x, int nid) {
  int state = 0;
  ptr<T> found(static_cast<T*>(X509_get_ext_d2i(x, nid, &state, nullptr)));
  if (!found && state != -1) return fail(malformed(std::string("extension ") + OBJ_nid2sn(nid)));
  return found;
}

std::optional<std::string> ip_text(const bytes& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool known = address.size() == 4 || address.size() == 16;
  if (!known || !inet_ntop(address.size() == 4 ? AF_INET : AF_INET6, address.data(), text.data(), text.size())) return std::nullopt;
  return std::string(text.data());
}

}  // namespace

/// Fills a certificate::state, step by step; the first step that fails ends the reading.
class certificate_reader {
 public:
  static result<std::shared_ptr<certificate::state>> read(bytes_view der) {
    certificate_reader r(der);
    WEFT_CHECK(r.open());
    WEFT_CHECK(r.read_key());
    WEFT_CHECK(r.read_fields());
    WEFT_CHECK(r.read_constraints());
    WEFT_CHECK(r.read_key_ids());
    WEFT_CHECK(r.read_alternative_names());
    return std::move(r.out_);
  }

 private:
  explicit certificate_reader(bytes_view der) : der_(der), out_(std::make_shared<certificate::state>()) {}

  result<void> open() {
    const auto parts = split_signed(der_);
    if (!parts) return fail(malformed("not exactly one DER certificate"));
    const auto* at = reinterpret_cast<const unsigned char*>(der_.data());
    const auto* end = at + der_.size();
    x_.reset(d2i_X509(nullptr, &at, static_cast<long>(der_.size())));
    if (!x_ || at != end) return fail(malformed("DER is not X.509"));
    const X509_ALGOR* outer = nullptr;
    X509_get0_signature(nullptr, &outer, x_.get());
    if (X509_ALGOR_cmp(outer, X509_get0_tbs_sigalg(x_.get())) != 0) return fail(malformed("two different signature algorithms"));
    out_->der = bytes(der_);
    out_->canonical_der = with_low_s(der_);
    if (out_->canonical_der == out_->der) out_->canonical_der.clear();
    return {};
  }

  result<void> read_key() {
    unsigned char* spki = nullptr;
    const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x_.get()), &spki);
    if (size <= 0) return fail(malformed("no public key"));
    auto key = public_key::from_spki({reinterpret_cast<const char*>(spki), static_cast<std::size_t>(size)});
    OPENSSL_free(spki);
    if (!key) return fail(within("certificate", std::move(key).error()));
    out_->key = std::move(*key);
    return {};
  }

  result<void> read_fields() {
    auto subject = parse_name(X509_get_subject_name(x_.get()));
    auto issuer = parse_name(X509_get_issuer_name(x_.get()));
    if (!subject || !issuer) return fail(malformed("subject or issuer"));
    out_->subject = std::move(*subject);
    out_->issuer = std::move(*issuer);
    const auto begin = from_asn1_time(X509_get0_notBefore(x_.get())), end = from_asn1_time(X509_get0_notAfter(x_.get()));
    if (!begin || !end) return fail(malformed("validity"));
    out_->not_before = *begin;
    out_->not_after = *end;
    const ASN1_INTEGER* serial = X509_get0_serialNumber(x_.get());
    if (ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER) return fail(malformed("negative serial number"));
    out_->serial = bytes_of(serial);
    out_->serial.erase(0, out_->serial.find_first_not_of('\0'));
    return {};
  }

  result<void> read_constraints() {
    WEFT_TRY(const auto basic, extension<BASIC_CONSTRAINTS>(x_.get(), NID_basic_constraints));
    out_->is_ca = basic && basic->ca;
    if (out_->is_ca && basic->pathlen) {
      const long length = ASN1_INTEGER_get(basic->pathlen);
      if (length < 0) return fail(malformed("negative path length"));
      out_->path_length_max = static_cast<std::uint32_t>(std::min(length, 0xffffL));
    }
    WEFT_TRY(const auto usage, extension<ASN1_STRING>(x_.get(), NID_key_usage));
    constexpr unsigned char cert_sign_bit = 0x04;
    const bytes bits = bytes_of(usage.get());
    out_->may_sign_certificates = !usage || (!bits.empty() && (static_cast<unsigned char>(bits[0]) & cert_sign_bit) != 0);
    return {};
  }

  result<void> read_key_ids() {
    WEFT_TRY(const auto subject, extension<ASN1_STRING>(x_.get(), NID_subject_key_identifier));
    out_->subject_key_id = bytes_of(subject.get());
    WEFT_TRY(const auto authority, extension<AUTHORITY_KEYID>(x_.get(), NID_authority_key_identifier));
    if (authority) out_->authority_key_id = bytes_of(authority->keyid);
    return {};
  }

  result<void> read_alternative_names() {
    WEFT_TRY(const auto names, extension<GENERAL_NAMES>(x_.get(), NID_subject_alt_name));
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
      const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
      if (name->type == GEN_DNS) out_->dns_names.push_back(bytes_of(name->d.dNSName));
      if (name->type != GEN_IPADD) continue;
      auto text = ip_text(bytes_of(name->d.iPAddress));
      if (!text) return fail(malformed("IP address"));
      out_->ip_addresses.push_back(std::move(*text));
    }
    return {};
  }

  bytes_view der_;
  ptr<X509> x_;
  std::shared_ptr<certificate::state> out_;
};

result<certificate> certificate::from_der(bytes_view der) {
  WEFT_TRY(auto state, certificate_reader::read(der));
  return certificate(std::move(state));
}

result<certificate> certificate::from_pem(std::string_view text) {
  WEFT_TRY(const auto block, pem::only(text));
  if (block.label != "CERTIFICATE") return fail(errc::invalid_argument, "PEM block " + block.label + " is no certificate");
  return from_der(block.der);
}

result<std::vector<certificate>> certificate::all_from_pem(std::string_view text) {
  std::vector<certificate> all;
  for (;;) {
    WEFT_TRY(const auto block, pem::next(text));
    if (!block) return all;
    if (block->label != "CERTIFICATE") continue;
    auto one = from_der(block->der);
    if (!one) return fail(within("certificate " + std::to_string(all.size() + 1), std::move(one).error()));
    all.push_back(std::move(*one));
  }
}

const public_key& certificate::key() const { return state_->key; }
bytes_view certificate::der() const { return state_->der; }
bytes_view certificate::canonical_der() const { return state_->canonical_der.empty() ? state_->der : state_->canonical_der; }
std::string certificate::to_pem() const { return pem::encode("CERTIFICATE", state_->der); }
bytes_view certificate::subject_der() const { return state_->subject.der; }
bytes_view certificate::issuer_der() const { return state_->issuer.der; }
const std::string& certificate::subject() const { return state_->subject.text; }
const std::string& certificate::issuer() const { return state_->issuer.text; }
const std::string& certificate::common_name() const { return state_->subject.common_name; }
const std::vector<std::string>& certificate::organizational_units() const { return state_->subject.organizational_units; }
const std::vector<std::string>& certificate::dns_names() const { return state_->dns_names; }
const std::vector<std::string>& certificate::ip_addresses() const { return state_->ip_addresses; }
bytes_view certificate::serial() const { return state_->serial; }
bytes_view certificate::subject_key_id() const { return state_->subject_key_id; }
bytes_view certificate::authority_key_id() const { return state_->authority_key_id; }
bool certificate::is_ca() const { return state_->is_ca; }
std::optional<std::uint32_t> certificate::path_length_max() const { return state_->path_length_max; }
bool certificate::may_sign_certificates() const { return state_->may_sign_certificates; }
timestamp certificate::not_before() const { return state_->not_before; }
timestamp certificate::not_after() const { return state_->not_after; }

bool certificate::signed_by(const certificate& issuer) const {
  const auto parts = split_signed(state_->der);
  return parts && verify_signed(*parts, issuer.key());
}

}  // namespace weft::crypto
