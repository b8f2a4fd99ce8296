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
  void operator()(X509_EXTENSIONS* p) const noexcept { sk_X509_EXTENSION_pop_free(p, X509_EXTENSION_free); }
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
result<ptr<T>> extension(const X509_EXTENSIONS* all, int nid) {
  int state = 0;
  ptr<T> found(static_cast<T*>(X509V3_get_d2i(all, nid, &state, nullptr)));
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

/// Fills a certificate::state, step by step; the first step that fails ends the reading. The outline is split by our own strict
/// reader, its leaves are OpenSSL's: d2i_X509 would spend 150 µs on decoding the public key once more, and take what is not DER.
class certificate_reader {
 public:
  static result<std::shared_ptr<certificate::state>> read(bytes_view der) {
    const auto parts = split_signed(der);
    if (!parts) return fail(malformed("not exactly one DER certificate"));
    certificate_reader r(der::only(parts->signed_part, der::sequence_tag)->body);
    WEFT_CHECK(r.read_head(parts->algorithm));
    WEFT_CHECK(r.read_names_and_validity());
    WEFT_CHECK(r.read_key());
    WEFT_CHECK(r.open_extensions());
    WEFT_CHECK(r.read_constraints());
    WEFT_CHECK(r.read_key_ids());
    WEFT_CHECK(r.read_alternative_names());
    r.out_->der = bytes(der);
    r.out_->canonical_der = with_low_s(der);
    if (r.out_->canonical_der == r.out_->der) r.out_->canonical_der.clear();
    return std::move(r.out_);
  }

 private:
  explicit certificate_reader(bytes_view fields) : in_(fields), out_(std::make_shared<certificate::state>()) {}

  /// Version, serial number, and the algorithm that must be the outer one too.
  result<void> read_head(bytes_view outer_algorithm) {
    if (const auto version = in_.next(der::context_tag(0))) {
      const auto number = der::only(version->body, der::integer_tag);
      if (!number || number->body.size() != 1 || number->body[0] < 0 || number->body[0] > 2) return fail(malformed("version"));
      is_v3_ = number->body[0] == 2;
    }
    const auto serial = in_.next(der::integer_tag);
    if (!serial) return fail(malformed("serial number"));
    const auto magnitude = der::magnitude(serial->body);
    if (!magnitude) return fail(malformed("serial number is negative or padded"));
    out_->serial = bytes(*magnitude);
    const auto algorithm = in_.next(der::sequence_tag);
    if (!algorithm || algorithm->whole != outer_algorithm) return fail(malformed("two different signature algorithms"));
    return {};
  }

  result<void> read_names_and_validity() {
    const auto issuer = in_.next(der::sequence_tag), validity = in_.next(der::sequence_tag), subject = in_.next(der::sequence_tag);
    if (!issuer || !validity || !subject) return fail(malformed("names or validity missing"));
    auto issuer_name = parse_name(issuer->whole), subject_name = parse_name(subject->whole);
    if (!issuer_name || !subject_name) return fail(malformed("subject or issuer"));
    out_->issuer = std::move(*issuer_name);
    out_->subject = std::move(*subject_name);
    der::reader times(validity->body);
    const auto begin = times.next(), end = times.next();
    const auto not_before = begin ? from_asn1_time(begin->whole) : std::nullopt;
    const auto not_after = end ? from_asn1_time(end->whole) : std::nullopt;
    if (!not_before || !not_after || !times.done()) return fail(malformed("validity"));
    out_->not_before = *not_before;
    out_->not_after = *not_after;
    return {};
  }

  result<void> read_key() {
    const auto spki = in_.next(der::sequence_tag);
    if (!spki) return fail(malformed("no public key"));
    auto key = public_key::from_spki(spki->whole);
    if (!key) return fail(within("certificate", std::move(key).error()));
    out_->key = std::move(*key);
    return {};
  }

  result<void> open_extensions() {
    (void)in_.next(der::context_tag(1, false));  // unique identifiers, which nobody uses
    (void)in_.next(der::context_tag(2, false));
    if (const auto wrapped = in_.next(der::context_tag(3))) {
      const auto* at = reinterpret_cast<const unsigned char*>(wrapped->body.data());
      const auto* end = at + wrapped->body.size();
      if (is_v3_ && der::only(wrapped->body, der::sequence_tag)) extensions_.reset(d2i_X509_EXTENSIONS(nullptr, &at, end - at));
      if (!extensions_ || at != end) return fail(malformed("extensions"));
    }
    if (!in_.done()) return fail(malformed("unexpected fields"));
    return {};
  }

  result<void> read_constraints() {
    WEFT_TRY(const auto basic, extension<BASIC_CONSTRAINTS>(extensions_.get(), NID_basic_constraints));
    out_->is_ca = basic && basic->ca;
    if (out_->is_ca && basic->pathlen) {
      const long length = ASN1_INTEGER_get(basic->pathlen);
      if (length < 0) return fail(malformed("negative path length"));
      out_->path_length_max = static_cast<std::uint32_t>(std::min(length, 0xffffL));
    }
    WEFT_TRY(const auto usage, extension<ASN1_STRING>(extensions_.get(), NID_key_usage));
    constexpr unsigned char cert_sign_bit = 0x04;
    const bytes bits = bytes_of(usage.get());
    out_->may_sign_certificates = !usage || (!bits.empty() && (static_cast<unsigned char>(bits[0]) & cert_sign_bit) != 0);
    return {};
  }

  result<void> read_key_ids() {
    WEFT_TRY(const auto subject, extension<ASN1_STRING>(extensions_.get(), NID_subject_key_identifier));
    out_->subject_key_id = bytes_of(subject.get());
    WEFT_TRY(const auto authority, extension<AUTHORITY_KEYID>(extensions_.get(), NID_authority_key_identifier));
    if (authority) out_->authority_key_id = bytes_of(authority->keyid);
    return {};
  }

  result<void> read_alternative_names() {
    WEFT_TRY(const auto names, extension<GENERAL_NAMES>(extensions_.get(), NID_subject_alt_name));
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

  der::reader in_;
  bool is_v3_ = false;
  ptr<X509_EXTENSIONS> extensions_;
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
