// Writes certificates field by field, in the order and with the string types that cryptogen uses, so that equal inputs give equal bytes.
#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "crypto/keys/der.hpp"
#include "crypto/x509/certificate.hpp"
#include "crypto/x509/signed_object.hpp"
#include "crypto/x509/time.hpp"

namespace weft::crypto {

namespace {

using namespace std::string_view_literals;
using profile = certificate_request::profile;

constexpr auto common_name_oid = "\x06\x03\x55\x04\x03"sv, country_oid = "\x06\x03\x55\x04\x06"sv, locality_oid = "\x06\x03\x55\x04\x07"sv,
               province_oid = "\x06\x03\x55\x04\x08"sv, street_oid = "\x06\x03\x55\x04\x09"sv, organization_oid = "\x06\x03\x55\x04\x0a"sv,
               unit_oid = "\x06\x03\x55\x04\x0b"sv, postal_code_oid = "\x06\x03\x55\x04\x11"sv;
constexpr auto subject_key_id_oid = "\x06\x03\x55\x1d\x0e"sv, key_usage_oid = "\x06\x03\x55\x1d\x0f"sv, alternative_name_oid = "\x06\x03\x55\x1d\x11"sv,
               basic_constraints_oid = "\x06\x03\x55\x1d\x13"sv, authority_key_id_oid = "\x06\x03\x55\x1d\x23"sv,
               extended_key_usage_oid = "\x06\x03\x55\x1d\x25"sv;
constexpr auto server_auth_oid = "\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01"sv, client_auth_oid = "\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02"sv;
constexpr auto version_3 = "\xa0\x03\x02\x01\x02"sv;
constexpr auto critical = "\x01\x01\xff"sv;

/// KeyUsage values as BIT STRINGs with their count of unused bits.
constexpr auto ca_usage = "\x03\x02\x01\xa6"sv;    // digitalSignature keyEncipherment keyCertSign cRLSign
constexpr auto sign_usage = "\x03\x02\x07\x80"sv;  // digitalSignature
constexpr auto tls_usage = "\x03\x02\x05\xa0"sv;   // digitalSignature keyEncipherment

/// X.680's PrintableString, which Go prefers to UTF8String where it suffices.
bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || " '()+,-./:=?"sv.find(c) != std::string_view::npos;
  });
}

bytes attribute(bytes_view oid, std::string_view value) {
  return der::sequence({oid, der::tlv(is_printable(value) ? der::printable_tag : der::utf8_tag, {value})});
}

/// One RelativeDistinguishedName; several values share it, sorted as DER wants a SET OF. Nothing for no values.
bytes name_part(bytes_view oid, const std::vector<std::string>& values) {
  std::vector<bytes> parts;
  for (const auto& v : values)
    if (!v.empty()) parts.push_back(attribute(oid, v));
  if (parts.empty()) return {};
  std::sort(parts.begin(), parts.end());
  bytes joined;
  for (const auto& p : parts) joined += p;
  return der::tlv(der::set_tag, {joined});
}

bytes subject_of(const certificate_request& r) {
  return der::sequence({name_part(country_oid, {r.country}), name_part(province_oid, {r.province}), name_part(locality_oid, {r.locality}),
                        name_part(street_oid, {r.street_address}), name_part(postal_code_oid, {r.postal_code}),
                        name_part(organization_oid, {r.organization}), name_part(unit_oid, r.organizational_units),
                        name_part(common_name_oid, {r.common_name})});
}

bytes extension(bytes_view oid, bool is_critical, bytes_view value) {
  return der::sequence({oid, is_critical ? critical : ""sv, der::octet_string(value)});
}

/// DNS names first, then addresses.
bytes alternative_names(const std::vector<std::string>& sans) {
  bytes names, addresses;
  for (const auto& san : sans) {
    std::array<char, 16> raw;
    if (inet_pton(AF_INET, san.c_str(), raw.data()) == 1) addresses += der::tlv(der::context_tag(7, false), {{raw.data(), 4}});
    else if (inet_pton(AF_INET6, san.c_str(), raw.data()) == 1) addresses += der::tlv(der::context_tag(7, false), {{raw.data(), 16}});
    else names += der::tlv(der::context_tag(2, false), {san});
  }
  return der::sequence({names, addresses});
}

bytes extensions_of(const certificate_request& r, const public_key& subject_key, bytes_view issuer_key_id) {
  const bool ca = r.use == profile::ca, tls = r.use == profile::tls;
  bytes list = extension(key_usage_oid, true, ca ? ca_usage : tls ? tls_usage : sign_usage);
  if (ca) list += extension(extended_key_usage_oid, false, der::sequence({client_auth_oid, server_auth_oid}));
  if (tls) list += extension(extended_key_usage_oid, false, der::sequence({server_auth_oid, client_auth_oid}));
  list += extension(basic_constraints_oid, true, der::sequence({ca ? critical : ""sv}));  // TRUE and "critical" are the same three bytes
  if (ca) list += extension(subject_key_id_oid, false, der::octet_string(subject_key.ski()));
  if (!issuer_key_id.empty())
    list += extension(authority_key_id_oid, false, der::sequence({der::tlv(der::context_tag(0, false), {issuer_key_id})}));
  if (!r.sans.empty()) list += extension(alternative_name_oid, false, alternative_names(r.sans));
  return der::tlv(der::context_tag(3), {der::sequence({list})});
}

/// 128 random bits; zero is no serial number.
bytes draw_serial(random_source& random) {
  for (;;) {
    const bytes serial = random.make_bytes(16);
    if (serial.find_first_not_of('\0') != serial.npos) return serial;
  }
}

bytes to_be_signed(const certificate_request& r, const public_key& subject_key, const certificate* issuer, bytes_view algorithm, bytes_view serial) {
  const bytes subject = subject_of(r);
  return der::sequence({version_3, der::integer(serial), algorithm, issuer ? issuer->subject_der() : bytes_view(subject),
                        der::sequence({to_asn1_time(r.not_before), to_asn1_time(r.not_after)}), subject, subject_key.spki(),
                        extensions_of(r, subject_key, issuer ? issuer->subject_key_id() : bytes_view())});
}

result<void> check(const certificate_request& r, const public_key& subject_key, const certificate* issuer, const private_key& issuer_key) {
  if (!subject_key) return fail(errc::invalid_argument, "a certificate needs a public key");
  if (r.common_name.empty()) return fail(errc::invalid_argument, "a certificate needs a common name");
  if (r.not_after <= r.not_before) return fail(errc::invalid_argument, "certificate " + r.common_name + " would end before it begins");
  if (issuer && !(issuer->key() == issuer_key.public_half()))
    return fail(errc::invalid_argument, "the signing key does not belong to issuer " + issuer->subject());
  if (!issuer && !(subject_key == issuer_key.public_half())) return fail(errc::invalid_argument, "a self-signed certificate carries another key");
  return {};
}

}  // namespace

result<certificate> issue_certificate(const certificate_request& request, const public_key& subject_key, const certificate* issuer,
                                      const private_key& issuer_key, nonce_rule rule, random_source& random) {
  WEFT_CHECK(check(request, subject_key, issuer, issuer_key));
  const auto algorithm = signature_algorithm(issuer_key.public_half().kind());
  const bytes body = to_be_signed(request, subject_key, issuer, algorithm, draw_serial(random));
  WEFT_TRY(const auto signature, make_signer(issuer_key, rule)->sign(body));
  auto made = certificate::from_der(der::sequence({body, algorithm, der::bit_string(signature)}));
  if (!made) return fail(within("certificate for " + request.common_name, std::move(made).error()));
  return made;
}

}  // namespace weft::crypto
