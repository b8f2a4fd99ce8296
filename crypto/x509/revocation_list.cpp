#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "config/base/freed.hpp"
#include "crypto/keys/pem.hpp"
#include "crypto/x509/certificate.hpp"
#include "crypto/x509/signed_object.hpp"

namespace weft::crypto {

namespace {

bytes octets_of(const ASN1_STRING* s) {
  return bytes(reinterpret_cast<const char*>(ASN1_STRING_get0_data(s)), static_cast<std::size_t>(ASN1_STRING_length(s)));
}

result<bytes> unwrap(bytes_view raw) {
  if (raw.substr(0, 1) == "\x30") return bytes(raw);
  for (;;) {
    WEFT_TRY(auto block, pem::next(raw));
    if (!block) return fail(errc::invalid_argument, "neither DER nor a PEM block X509 CRL");
    if (block->label == "X509 CRL") return std::move(block->der);
  }
}

error malformed(const char* what) {
  ERR_clear_error();
  return {errc::invalid_argument, std::string("malformed revocation list: ") + what};
}

}  // namespace

result<revocation_list> revocation_list::from_pem_or_der(bytes_view raw) {
  WEFT_TRY(auto der, unwrap(raw));
  if (!split_signed(der)) return fail(malformed("not exactly one DER list"));
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const auto* end = at + der.size();
  const std::unique_ptr<X509_CRL, freed<&X509_CRL_free>> crl(d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size())));
  if (!crl || at != end) return fail(malformed("DER is not X.509"));
  revocation_list out;
  int state = 0;
  const std::unique_ptr<AUTHORITY_KEYID, freed<&AUTHORITY_KEYID_free>> authority(
      static_cast<AUTHORITY_KEYID*>(X509_CRL_get_ext_d2i(crl.get(), NID_authority_key_identifier, &state, nullptr)));
  if (!authority && state != -1) return fail(malformed("authority key identifier"));
  if (authority && authority->keyid) out.authority_key_id = octets_of(authority->keyid);
  const auto* revoked = X509_CRL_get_REVOKED(crl.get());
  for (int i = 0; i < sk_X509_REVOKED_num(revoked); ++i) {
    bytes serial = octets_of(X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(revoked, i)));
    serial.erase(0, serial.find_first_not_of('\0'));
    out.serials.push_back(std::move(serial));
  }
  out.der = std::move(der);
  return out;
}

bool revocation_list::signed_by(const certificate& issuer) const {
  const auto parts = split_signed(der);
  return parts && verify_signed(*parts, issuer.key());
}

}  // namespace weft::crypto
