#include "crypto/x509/names.hpp"

#include <openssl/objects.h>
#include <openssl/x509.h>

#include <memory>

#include "config/base/freed.hpp"

namespace weft::crypto {

namespace {

std::optional<std::string> utf8_of(const ASN1_STRING* value) {
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, value);
  if (size < 0) return std::nullopt;
  std::string out(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  return out;
}

/// RFC 2253 §2.4; control characters become \XX, so that no name can forge a line of a log.
std::string escaped(const std::string& value) {
  constexpr std::string_view special = ",+\"\\<>;=";
  std::string out;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    const bool edge_space = c == ' ' && (i == 0 || i + 1 == value.size());
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    if (control) out += "\\" + to_hex({&c, 1});
    else if (edge_space || special.find(c) != special.npos || (c == '#' && i == 0)) (out += '\\') += c;
    else out += c;
  }
  return out;
}

std::string type_of(const ASN1_OBJECT* object) {
  const int nid = OBJ_obj2nid(object);
  if (nid != NID_undef) return OBJ_nid2sn(nid);
  char dotted[128] = {};
  OBJ_obj2txt(dotted, sizeof dotted, object, 1);
  return dotted;
}

}  // namespace

std::optional<parsed_name> parse_name(bytes_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const auto* end = at + der.size();
  const std::unique_ptr<X509_NAME, freed<&X509_NAME_free>> owned(d2i_X509_NAME(nullptr, &at, static_cast<long>(der.size())));
  if (!owned || at != end) return std::nullopt;
  const X509_NAME* name = owned.get();
  parsed_name out;
  out.der = bytes(der);
  int previous_set = -1;
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
    const ASN1_OBJECT* type = X509_NAME_ENTRY_get_object(entry);
    const auto value = utf8_of(X509_NAME_ENTRY_get_data(entry));
    if (!value) return std::nullopt;
    if (OBJ_obj2nid(type) == NID_commonName) out.common_name = *value;
    if (OBJ_obj2nid(type) == NID_organizationalUnitName) out.organizational_units.push_back(*value);
    const int set = X509_NAME_ENTRY_set(entry);
    const std::string joint = i == 0 ? "" : set == previous_set ? "+" : ",";
    out.text = type_of(type) + "=" + escaped(*value) + joint + out.text;
    previous_set = set;
  }
  return out;
}

}  // namespace weft::crypto
