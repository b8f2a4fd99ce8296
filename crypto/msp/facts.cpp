#include "crypto/msp/facts.hpp"

#include "crypto/keys/der.hpp"

namespace weft::crypto {
namespace {

using namespace std::string_view_literals;
constexpr auto oid_ecdsa_with = "\x2a\x86\x48\xce\x3d\x04"sv;          // 1.2.840.10045.4.*
constexpr auto oid_authority_info = "\x2b\x06\x01\x05\x05\x07\x01\x01"sv;  // 1.3.6.1.5.5.7.1.1
constexpr auto oid_certificate_extension = "\x55\x1d"sv;               // 2.5.29.*
constexpr unsigned char ext_subject_key = 14, ext_key_usage = 15, ext_alternative_names = 17, ext_basic_constraints = 19,
                        ext_name_constraints = 30, ext_crl_points = 31, ext_policies = 32, ext_authority_key = 35, ext_extended_usage = 37;

unsigned char byte_at(bytes_view v, std::size_t i) { return static_cast<unsigned char>(v[i]); }

bool minimal_positive(bytes_view integer) {
  const auto magnitude = der::magnitude(integer);
  return magnitude && !magnitude->empty();
}

// The length octets must be minimal too, which the reader demands of every element.
bool canonical_ecdsa(bytes_view bit_string) {
  if (bit_string.empty() || byte_at(bit_string, 0) != 0) return false;
  der::reader outer(bit_string.substr(1));
  const auto pair = outer.next(der::sequence_tag);
  if (!pair || !outer.done()) return false;
  der::reader inner(pair->body);
  const auto r = inner.next(der::integer_tag), s = inner.next(der::integer_tag);
  return r && s && inner.done() && minimal_positive(r->body) && minimal_positive(s->body);
}

void read_extension(bytes_view oid, bool critical, bytes_view value, certificate_facts& facts) {
  if (oid.size() == 3 && oid.substr(0, 2) == oid_certificate_extension) {
    switch (byte_at(oid, 2)) {
      case ext_alternative_names:
        facts.has_alternative_names = true;
        facts.alternative_names = value;
        return;
      case ext_name_constraints:
        if (facts.has_name_constraints) facts.has_unknown_critical = true;  // twice: nobody can say which one counts
        facts.has_name_constraints = true;
        facts.name_constraints = value;
        return;
      case ext_subject_key:
      case ext_key_usage:
      case ext_basic_constraints:
      case ext_authority_key:
      case ext_crl_points:
      case ext_policies:
      case ext_extended_usage: return;
      default: break;
    }
  }
  if (critical && oid != oid_authority_info) facts.has_unknown_critical = true;
}

bool read_extensions(bytes_view explicit_tag, certificate_facts& facts) {
  der::reader wrapper(explicit_tag);
  const auto list = wrapper.next(der::sequence_tag);
  if (!list) return false;
  der::reader extensions(list->body);
  while (!extensions.done()) {
    const auto extension = extensions.next(der::sequence_tag);
    if (!extension) return false;
    der::reader fields(extension->body);
    const auto oid = fields.next(der::oid_tag);
    const auto critical = fields.next(der::boolean_tag);
    const auto value = fields.next(der::octet_string_tag);
    if (!oid || !value) return false;
    const bool is_critical = critical && !critical->body.empty() && critical->body[0] != 0;
    read_extension(oid->body, is_critical, value->body, facts);
  }
  return true;
}

bool read_certificate(bytes_view certificate_der, certificate_facts& facts) {
  der::reader outer(certificate_der);
  const auto whole = outer.next(der::sequence_tag);
  if (!whole) return false;
  der::reader parts(whole->body);
  const auto body = parts.next(der::sequence_tag), algorithm = parts.next(der::sequence_tag);
  const auto signature = parts.next(der::bit_string_tag);
  if (!body || !algorithm || !signature) return false;
  const auto oid = der::reader(algorithm->body).next(der::oid_tag);
  if (!oid) return false;
  if (oid->body.substr(0, oid_ecdsa_with.size()) == oid_ecdsa_with) facts.canonical_signature = canonical_ecdsa(signature->body);
  der::reader fields(body->body);
  while (!fields.done()) {
    const auto field = fields.next();
    if (!field) return false;
    if (field->tag == der::context_tag(3) && !read_extensions(field->body, facts)) return false;
  }
  return true;
}

}  // namespace

result<certificate_facts> read_facts(bytes_view certificate_der) {
  certificate_facts facts;
  if (!read_certificate(certificate_der, facts)) return fail(errc::invalid_argument, "certificate is not strict DER");
  return facts;
}

}  // namespace weft::crypto
