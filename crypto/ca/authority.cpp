#include "crypto/ca/authority.hpp"

namespace weft::crypto {

validity validity_from(timestamp now, std::chrono::days lifetime) {
  const auto minute = std::chrono::floor<std::chrono::minutes>(now + std::chrono::seconds(30));
  const timestamp begin = minute - std::chrono::minutes(5);
  return {begin, begin + lifetime};
}

certificate_request request_in(const place& where) {
  certificate_request r;
  r.country = where.country;
  r.province = where.province;
  r.locality = where.locality;
  r.street_address = where.street_address;
  r.postal_code = where.postal_code;
  if (!where.organizational_unit.empty()) r.organizational_units = {where.organizational_unit};
  return r;
}

result<authority> authority::create(const std::string& common_name, const std::string& organization, const place& where, const clock& clock,
                                    random_source& random, nonce_rule rule, key_kind kind) {
  const auto valid = validity_from(clock.now());
  auto request = request_in(where);
  request.common_name = common_name;
  request.organization = organization;
  request.use = certificate_request::profile::ca;
  request.not_before = valid.not_before;
  request.not_after = valid.not_after;
  auto key = private_key::generate(random, kind);
  WEFT_TRY(auto cert, issue_certificate(request, key.public_half(), nullptr, key, rule, random));
  return authority(std::move(cert), std::move(key), rule);
}

result<authority> authority::from_pem(std::string_view cert_pem, std::string_view key_pem, nonce_rule rule) {
  WEFT_TRY(auto cert, certificate::from_pem(cert_pem));
  WEFT_TRY(auto key, private_key::from_pem(key_pem));
  if (!cert.is_ca()) return fail(errc::invalid_argument, cert.subject() + " is no certificate authority");
  if (!(cert.key() == key.public_half())) return fail(errc::invalid_argument, "the private key does not belong to " + cert.subject());
  return authority(std::move(cert), std::move(key), rule);
}

result<certificate> authority::certify(const certificate_request& request, const public_key& subject_key, random_source& random) const {
  return issue_certificate(request, subject_key, &cert_, key_, rule_, random);
}

result<issued_identity> authority::issue(const certificate_request& request, random_source& random, key_kind kind) const {
  auto key = private_key::generate(random, kind);
  WEFT_TRY(auto cert, certify(request, key.public_half(), random));
  return issued_identity{std::move(cert), std::move(key)};
}

}  // namespace weft::crypto
