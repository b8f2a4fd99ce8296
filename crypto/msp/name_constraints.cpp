#include "crypto/msp/name_constraints.hpp"

#include <algorithm>
#include <cctype>
#include <optional>

#include "crypto/keys/der.hpp"

namespace weft::crypto {
namespace {

// GeneralName tags, primitive context-specific.
constexpr unsigned char tag_dns = 0x82, tag_ip = 0x87;

struct names {
  std::vector<der::element> list;
  bool readable = true;
};

names read_names(bytes_view extension) {
  names out;
  const auto sequence = der::only(extension, der::sequence_tag);
  if (!sequence) return {{}, false};
  der::reader reader(sequence->body);
  while (!reader.done()) {
    const auto name = reader.next();
    if (!name) return {{}, false};
    out.list.push_back(*name);
  }
  return out;
}

// GeneralSubtrees: each a SEQUENCE whose first element is the base name. Minimum and maximum are not used in X.509.
names read_subtrees(bytes_view content) {
  names out;
  der::reader reader(content);
  while (!reader.done()) {
    const auto subtree = reader.next(der::sequence_tag);
    if (!subtree) return {{}, false};
    const auto base = der::reader(subtree->body).next();
    if (!base) return {{}, false};
    out.list.push_back(*base);
  }
  return out;
}

bool equal_ignoring_case(bytes_view a, bytes_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

// "example.com" covers itself and every name below; ".example.com" only those below; "" everything.
bool covers_dns(bytes_view base, bytes_view name) {
  if (base.empty()) return true;
  const bool below_only = base.front() == '.';
  if (below_only) base.remove_prefix(1);
  if (name.size() < base.size() || !equal_ignoring_case(name.substr(name.size() - base.size()), base)) return false;
  if (name.size() == base.size()) return !below_only;
  return name[name.size() - base.size() - 1] == '.';
}

// The base is an address followed by its mask.
bool covers_ip(bytes_view base, bytes_view address) {
  if (base.size() != 2 * address.size()) return false;
  for (std::size_t i = 0; i < address.size(); ++i)
    if (((address[i] ^ base[i]) & base[address.size() + i]) != 0) return false;
  return true;
}

// Nothing when this kind of name cannot be judged.
std::optional<bool> covers(const der::element& base, const der::element& name) {
  if (base.tag == tag_dns) return covers_dns(base.body, name.body);
  if (base.tag == tag_ip) return covers_ip(base.body, name.body);
  return std::nullopt;
}

std::string judge(const der::element& name, const names& permitted, const names& excluded) {
  bool restricted = false, allowed = false;
  for (const auto& base : permitted.list) {
    if (base.tag != name.tag) continue;
    const auto inside = covers(base, name);
    if (!inside) return "constrains a kind of name that is not supported";
    restricted = true;
    allowed = allowed || *inside;
  }
  if (restricted && !allowed) return "does not permit an alternative name of the certificate (name constraints)";
  for (const auto& base : excluded.list) {
    if (base.tag != name.tag) continue;
    const auto inside = covers(base, name);
    if (!inside) return "constrains a kind of name that is not supported";
    if (*inside) return "excludes an alternative name of the certificate (name constraints)";
  }
  return {};
}

}  // namespace

std::string name_constraint_violation(const examined_certificate& leaf, const examined_certificate& ca) {
  if (!ca.facts.has_name_constraints || !leaf.facts.has_alternative_names) return {};
  const auto constraints = der::only(ca.facts.name_constraints, der::sequence_tag);
  const auto alternatives = read_names(leaf.facts.alternative_names);
  if (!constraints || !alternatives.readable) return "has name constraints that cannot be judged";
  der::reader reader(constraints->body);
  const auto permitted = reader.next(der::context_tag(0)), excluded = reader.next(der::context_tag(1));
  const auto allow = read_subtrees(permitted ? permitted->body : bytes_view{}), deny = read_subtrees(excluded ? excluded->body : bytes_view{});
  if (!reader.done() || !allow.readable || !deny.readable) return "has name constraints that cannot be judged";
  for (const auto& name : alternatives.list)
    if (auto why = judge(name, allow, deny); !why.empty()) return why;
  return {};
}

std::string host_name_without_alternative(const certificate_chain& chain) {
  if (chain.size() < 2 || chain.front()->facts.has_alternative_names) return {};
  if (!looks_like_host_name(chain.front()->cert.common_name())) return {};
  for (std::size_t i = 1; i < chain.size(); ++i)
    if (chain[i]->facts.has_name_constraints)
      return "is named like a host, has no alternative name, and " + chain[i]->cert.subject() + " constrains names";
  return {};
}

bool looks_like_host_name(std::string_view name) noexcept {
  if (!name.empty() && name.back() == '.') name.remove_suffix(1);
  if (name.empty()) return false;
  bool first = true;
  for (;;) {
    const auto dot = name.find('.');
    const auto label = name.substr(0, dot);
    if (label.empty() || label.front() == '-') return false;
    const bool wildcard = first && label == "*";
    if (!wildcard && !std::all_of(label.begin(), label.end(), [](unsigned char c) {
          return (c < 0x80 && std::isalnum(c) != 0) || c == '-' || c == '_' || c == ':';
        }))
      return false;
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
    first = false;
  }
}

}  // namespace weft::crypto
