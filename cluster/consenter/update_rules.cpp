#include "cluster/consenter/update_rules.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "crypto/keys/pem.hpp"
#include "crypto/msp/chain.hpp"

namespace weft::cluster {
namespace {

tl::unexpected<error> bad(std::string why) { return fail(errc::invalid_argument, std::move(why)); }

std::string name_of(const ledger::raft_consenter& c) { return c.host + ":" + std::to_string(c.port); }

/// A serial number as people know it. Long ones are nobody's and stay hexadecimal.
std::string decimal(bytes_view magnitude) {
  constexpr std::size_t serial_max = 64;
  if (magnitude.size() > serial_max) return "0x" + to_hex(magnitude.substr(0, serial_max)) + "...";
  std::string digits = "0";  // least first
  for (const char c : magnitude) {
    unsigned carry = static_cast<unsigned char>(c);
    for (char& d : digits) {
      carry += static_cast<unsigned>(d - '0') * 256;
      d = static_cast<char>('0' + carry % 10);
      carry /= 10;
    }
    for (; carry > 0; carry /= 10) digits += static_cast<char>('0' + carry % 10);
  }
  return {digits.rbegin(), digits.rend()};
}

/// Whole seconds, as Go prints times in an error.
std::string seconds(timestamp t) {
  auto text = to_rfc3339(t);
  if (const auto dot = text.find('.'); dot != std::string::npos) text.erase(dot, text.size() - dot - 1);
  return text;
}

result<crypto::certificate> first_certificate(bytes_view pem) {
  const auto block = crypto::pem::next(pem);
  if (!block || !*block) return bad("no PEM data found");
  return crypto::certificate::from_der((*block)->der);
}

/// The TLS authorities of the organizations that order a channel.
class tls_authorities {
 public:
  static result<tls_authorities> of(const ledger::channel_bundle& bundle) {
    tls_authorities out;
    for (const auto& org : bundle.orderer_orgs()) {
      const auto msp = bundle.msps()->find(org.msp_id);
      if (!msp) continue;
      std::vector<crypto::examined_certificate> roots, intermediates;
      for (const auto& ca : msp->tls_roots()) {
        WEFT_TRY(auto examined, crypto::examined_certificate::from(ca));
        (ca.subject_der() == ca.issuer_der() ? roots : intermediates).push_back(std::move(examined));
      }
      out.pools_.push_back(std::make_unique<crypto::trust_pool>(std::move(roots), std::move(intermediates)));
    }
    return out;
  }

  [[nodiscard]] bool issued(const crypto::certificate& cert) const {
    const auto leaf = crypto::examined_certificate::from(cert);
    return leaf && std::any_of(pools_.begin(), pools_.end(), [&](const auto& pool) { return pool->unique_chain(*leaf).has_value(); });
  }

 private:
  std::vector<std::unique_ptr<const crypto::trust_pool>> pools_;
};

/// Verdict on one certificate; with `now`, it must be valid then.
result<void> verify(const char* role, bytes_view pem, const tls_authorities& authorities, const std::optional<timestamp>& now) {
  const auto cert = first_certificate(pem);
  if (!cert) return bad(std::string("verifying tls ") + role + " cert: " + cert.error().context);
  const std::string what = std::string("verifying tls ") + role + " cert with serial number " + decimal(cert->serial()) + ": x509: certificate ";
  const std::string expired = what + "has expired or is not yet valid: current time ";
  if (now && *now < cert->not_before()) return bad(expired + seconds(*now) + " is before " + seconds(cert->not_before()));
  if (now && *now > cert->not_after()) return bad(expired + seconds(*now) + " is after " + seconds(cert->not_after()));
  if (!authorities.issued(*cert)) return bad(what + "signed by unknown authority");
  return {};
}

result<void> verify_both(const ledger::raft_consenter& c, const tls_authorities& authorities, const std::optional<timestamp>& now) {
  WEFT_CHECK(verify("client", c.client_tls_cert, authorities, now));
  return verify("server", c.server_tls_cert, authorities, now);
}

result<void> check_group(const consenter_list& from, const consenter_list& to, const tls_authorities& authorities, const group_view& view) {
  const auto group = view.group.ids.empty() ? first_group(from.size()) : view.group;
  WEFT_TRY(const auto step, change_group(group, from, to));
  std::set<bytes_view> known;
  for (const auto& c : from) known.insert(c.client_tls_cert);
  for (const auto& c : to) {
    if (known.contains(c.client_tls_cert)) continue;
    if (auto ok = verify_both(c, authorities, view.now); !ok) return fail(within("consenter " + name_of(c) + " has invalid certificates", std::move(ok).error()));
  }
  if (loses_quorum(step, view.active))
    return bad(std::to_string(view.active.size()) + " out of " + std::to_string(from.size()) + " nodes are alive, configuration will result in quorum loss");
  return {};
}

result<void> judge(const ledger::channel_bundle& now, const ledger::channel_bundle& next, const group_view& view) {
  WEFT_TRY(const auto authorities, tls_authorities::of(next));
  for (const auto& c : next.raft()->consenters)
    if (auto ok = verify_both(c, authorities, std::nullopt); !ok)
      return fail(within("invalid new config metadata: consenter " + name_of(c) + " has invalid certificate", std::move(ok).error()));
  if (now.raft() == nullptr) return {};  // a migration: all are new, and the group begins with them
  return check_group(now.raft()->consenters, next.raft()->consenters, authorities, view);
}

}  // namespace

result<void> check_raft_update(const ledger::channel_bundle& now, const ledger::channel_bundle& next, const group_view& view) {
  if (next.raft() == nullptr) return {};
  if (auto ok = judge(now, next, view); !ok) return fail(within("consensus metadata update for channel config update is invalid", std::move(ok).error()));
  return {};
}

}  // namespace weft::cluster
