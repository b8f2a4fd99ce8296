#include "authority.hpp"

#include "crypto/keys/der.hpp"
#include "crypto/keys/pem.hpp"

namespace weft::crypto::test {
namespace {

using namespace std::string_view_literals;

const bytes ecdsa_with_sha256 = der::sequence({"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"sv});

bytes extension(unsigned char last_arc, bool critical, bytes_view value) {
  const bytes oid = bytes("\x06\x03\x55\x1d"sv) + static_cast<char>(last_arc);
  return der::sequence({oid, critical ? "\x01\x01\xff"sv : ""sv, der::octet_string(value)});
}

bytes attribute(unsigned char arc, const std::string& value) {
  const bytes oid = bytes("\x06\x03\x55\x04"sv) + static_cast<char>(arc);
  return der::tlv(der::set_tag, {der::sequence({oid, der::tlv(der::utf8_tag, {value})})});
}

bytes name_of(const odd_request& r) {
  bytes parts;
  for (const auto& unit : r.units) parts += attribute(11, unit);
  parts += attribute(3, r.common_name);
  return der::sequence({parts});
}

bytes utc_time(timestamp t) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(t);
  const auto day = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(seconds - day);
  char text[32];
  std::snprintf(text, sizeof text, "%02d%02u%02u%02d%02d%02dZ", static_cast<int>(date.year()) % 100, static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  return der::tlv(der::utc_time_tag, {text});
}

bytes subtree(unsigned char tag, bytes_view base) { return der::sequence({der::tlv(tag, {base})}); }

}  // namespace

bytes key_usage(bool may_sign_certificates) { return extension(15, true, may_sign_certificates ? "\x03\x02\x02\x04"sv : "\x03\x02\x07\x80"sv); }
bytes basic_constraints(bool ca, std::optional<unsigned> path_length) {
  const bytes length = path_length ? der::integer(bytes(1, static_cast<char>(*path_length))) : bytes();
  return extension(19, true, der::sequence({ca ? "\x01\x01\xff"sv : ""sv, length}));
}
bytes subject_key_id(const std::string& id) { return extension(14, false, der::octet_string(id)); }
bytes dns_name(const std::string& name) { return extension(17, false, der::sequence({der::tlv(0x82, {name})})); }
bytes email_name(const std::string& name) { return extension(17, false, der::sequence({der::tlv(0x81, {name})})); }
bytes ip_name(bytes_view address) { return extension(17, false, der::sequence({der::tlv(0x87, {address})})); }
bytes dns_constraint(const std::string& base, bool permitted) {
  return extension(30, true, der::sequence({der::tlv(der::context_tag(permitted ? 0 : 1), {subtree(0x82, base)})}));
}
bytes email_constraint(const std::string& base) { return extension(30, true, der::sequence({der::tlv(der::context_tag(0), {subtree(0x81, base)})})); }
bytes ip_constraint(bytes_view address_and_mask) {
  return extension(30, true, der::sequence({der::tlv(der::context_tag(0), {subtree(0x87, address_and_mask)})}));
}
bytes unknown_extension(bool critical) { return extension(99, critical, "\x05\x00"sv); }

bytes with_other_s(bytes_view signature) {
  const bytes order = from_hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551").value();
  const auto pair = der::only(signature, der::sequence_tag).value();
  der::reader numbers(pair.body);
  const auto r = numbers.next().value();
  const auto magnitude = der::magnitude(numbers.next().value().body).value();
  const bytes s = bytes(32 - magnitude.size(), '\0') + bytes(magnitude);
  bytes other(32, '\0');
  int borrow = 0;
  for (std::size_t i = 32; i-- > 0;) {
    const int d = static_cast<unsigned char>(order[i]) - static_cast<unsigned char>(s[i]) - borrow;
    borrow = d < 0 ? 1 : 0;
    other[i] = static_cast<char>(d + 256 * borrow);
  }
  return der::sequence({r.whole, der::integer(other)});
}

holder authority::ca(const std::string& name, const holder* issuer) {
  certificate_request request;
  request.common_name = name;
  request.organization = "test";
  request.use = certificate_request::profile::ca;
  request.not_before = begin;
  request.not_after = end;
  auto key = private_key::generate(random_);
  auto cert = issue_certificate(request, key.public_half(), issuer ? &issuer->cert : nullptr, issuer ? issuer->key : key, nonce_rule::deterministic, random_);
  return {std::move(cert).value(), std::move(key)};
}

holder authority::member(const std::string& name, const std::vector<std::string>& units, const holder& issuer) {
  certificate_request request;
  request.common_name = name;
  request.organization = "test";
  request.organizational_units = units;
  request.not_before = begin;
  request.not_after = end;
  auto key = private_key::generate(random_);
  auto cert = issue_certificate(request, key.public_half(), &issuer.cert, issuer.key, nonce_rule::deterministic, random_);
  return {std::move(cert).value(), std::move(key)};
}

holder authority::odd(const odd_request& r, const holder* issuer) {
  auto key = r.key ? *r.key : private_key::generate(random_);
  const auto& signing = r.foreign_signature ? private_key::generate(random_) : issuer ? issuer->key : key;
  bytes extensions;
  for (const auto& e : r.extensions) extensions += e;
  const bytes serial = bytes(1, '\x01') + random_.make_bytes(8), subject = name_of(r);
  const bytes listed = r.extensions.empty() ? bytes() : der::tlv(der::context_tag(3), {der::sequence({extensions})});
  const bytes body = der::sequence({"\xa0\x03\x02\x01\x02"sv, der::integer(serial), ecdsa_with_sha256,
                                    issuer ? issuer->cert.subject_der() : bytes_view(subject),
                                    der::sequence({utc_time(r.not_before.value_or(begin)), utc_time(r.not_after.value_or(end))}), subject,
                                    key.public_half().spki(), listed});
  auto signature = make_signer(signing, nonce_rule::deterministic)->sign(body).value();
  if (r.high_s) signature = with_other_s(signature);
  auto cert = certificate::from_der(der::sequence({body, ecdsa_with_sha256, der::bit_string(signature)}));
  return {std::move(cert).value(), std::move(key)};
}

std::string authority::crl(const holder& issuer, const private_key& signing_key, const std::vector<bytes_view>& serials, bool names_issuer) {
  bytes entries;
  for (const auto serial : serials) entries += der::sequence({der::integer(serial), utc_time(begin)});
  const bytes revoked = serials.empty() ? bytes() : der::sequence({entries});
  const bytes authority_key = extension(35, false, der::sequence({der::tlv(0x80, {issuer.cert.subject_key_id()})}));
  const bytes extensions = names_issuer ? der::tlv(der::context_tag(0), {der::sequence({authority_key})}) : bytes();
  const bytes body = der::sequence({der::integer("\x01"sv), ecdsa_with_sha256, issuer.cert.subject_der(), utc_time(begin), revoked, extensions});
  const auto signature = make_signer(signing_key, nonce_rule::deterministic)->sign(body).value();
  return pem::encode("X509 CRL", der::sequence({body, ecdsa_with_sha256, der::bit_string(signature)}));
}

}  // namespace weft::crypto::test
