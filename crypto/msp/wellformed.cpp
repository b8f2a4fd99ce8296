#include "crypto/msp/wellformed.hpp"

#include <optional>

#include "crypto/msp/facts.hpp"

namespace weft::crypto {
namespace {

constexpr std::string_view begin_mark = "-----BEGIN ", end_mark = "-----END ", dashes = "-----";

struct block {
  bytes_view text;   ///< From BEGIN to the dashes of END.
  bytes_view after;  ///< What follows the line of END, its line end excluded.
};

std::optional<block> first_block(bytes_view text) noexcept {
  const auto begin = text.find(begin_mark);
  if (begin == bytes_view::npos) return std::nullopt;
  const auto end = text.find(end_mark, begin);
  if (end == bytes_view::npos) return std::nullopt;
  const auto close = text.find(dashes, end + end_mark.size());
  if (close == bytes_view::npos) return std::nullopt;
  const auto stop = close + dashes.size();
  const auto line_end = text.find_first_not_of(" \t\r", stop);
  auto after = line_end == bytes_view::npos ? bytes_view{} : text.substr(line_end);
  if (!after.empty() && after.front() == '\n') after.remove_prefix(1);
  return block{text.substr(begin, stop - begin), after};
}

}  // namespace

bool has_pem_block(bytes_view text) noexcept { return first_block(text).has_value(); }

result<certificate> certificate_of_identity(bytes_view pem) {
  if (pem.size() > pem_bytes_max) return fail(errc::permission_denied, "PEM of " + std::to_string(pem.size()) + " bytes is too large for an identity");
  const auto found = first_block(pem);
  if (!found) return fail(errc::permission_denied, "no PEM block");
  if (!found->after.empty()) return fail(errc::permission_denied, std::to_string(found->after.size()) + " trailing bytes after the PEM block");
  auto cert = certificate::from_pem(pem);
  if (!cert) return fail(errc::permission_denied, "PEM: " + cert.error().context);
  const auto facts = read_facts(cert->der());
  if (!facts) return fail(errc::permission_denied, cert->subject() + ": " + facts.error().context);
  if (!facts->canonical_signature)
    return fail(errc::permission_denied, cert->subject() + ": the signature in the certificate is not canonical DER");
  return std::move(*cert);
}

result<certificate> certificate_of_first_pem(bytes_view pem) {
  if (pem.size() > MiB) return fail(errc::invalid_argument, "PEM of " + std::to_string(pem.size()) + " bytes is too large");
  const auto found = first_block(pem);
  if (!found) return fail(errc::invalid_argument, "no PEM block");
  return certificate::from_pem(found->text);
}

}  // namespace weft::crypto
