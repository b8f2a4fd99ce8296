#include "chaincode/endorsement/proposal_check.hpp"

#include <array>

#include "chaincode/simulation/simulation.hpp"
#include "chaincode/simulation/system_contract.hpp"
#include "crypto/policy/policy.hpp"

namespace weft::chaincode {

using ledger::header_type;
using refusal = std::optional<proposal_refusal>;

namespace {

constexpr std::chrono::minutes time_window{15};

refusal as_error(std::string text) { return proposal_refusal{false, std::move(text)}; }
refusal as_response(std::string text) { return proposal_refusal{true, std::move(text)}; }

/// Header rows: type, epoch, nonce, creator, transaction id.
refusal check_header(const ledger::proposal& p) {
  const auto& h = p.header;
  const auto wrong = [](std::string what) { return as_error("error validating proposal: " + std::move(what)); };
  const auto type = static_cast<header_type>(h.type);
  if (type != header_type::endorser_transaction && type != header_type::config) return wrong("invalid header type " + std::to_string(h.type));
  if (h.epoch != 0) return wrong("epoch is non-zero");
  if (h.nonce.empty()) return wrong("nonce is empty");
  if (h.creator.empty()) return wrong("creator is empty");
  if (const auto expected = ledger::compute_txid(h.nonce, h.creator); h.tx_id != expected) {
    return wrong("incorrectly computed txid '" + h.tx_id + "' -- expected '" + expected + "'");
  }
  if (p.signature.empty()) return wrong("empty signature bytes");
  return std::nullopt;
}

refusal check_time(const ledger::headers& h, timestamp now) {
  if (h.has_time && h.time <= now + time_window && h.time >= now - time_window) return std::nullopt;
  return as_error("request unauthorized due to incorrect timestamp: the proposal's is " + (h.has_time ? to_rfc3339(h.time) : "absent") +
                  ", this peer's clock says " + to_rfc3339(now));
}

/// The resource that guards a call; functions of Fabric's system contracts have one each.
std::string resource_of(const ledger::proposal& p) {
  if (!is_system_contract(p.chaincode_name)) return "peer/Propose";
  return p.chaincode_name + "/" + (p.args.empty() ? std::string{} : p.args.front());
}

/// Functions that only an admin of the peer's own organization may call.
bool needs_local_admin(std::string_view resource) {
  static constexpr std::array<std::string_view, 6> names{
      "_lifecycle/InstallChaincode",        "_lifecycle/QueryInstalledChaincode",           "_lifecycle/QueryInstalledChaincodes",
      "_lifecycle/GetInstalledChaincodePackage", "_lifecycle/ApproveChaincodeDefinitionForMyOrg", "_lifecycle/QueryApprovedChaincodeDefinition"};
  for (auto n : names) if (n == resource) return true;
  return resource == "_lifecycle/QueryApprovedChaincodeDefinitions";
}

refusal check_access(const ledger::proposal& p, const crypto::identity_ptr& who, const proposal_rules& rules) {
  const auto resource = resource_of(p);
  const auto function = p.args.empty() ? std::string{} : p.args.front();
  if (needs_local_admin(resource)) {
    const auto why = not_local_admin(*who, rules.local_msp_id);
    return why.empty() ? std::nullopt : as_response(access_denied(p.chaincode_name, function, rules.bundle.channel_id(), why));
  }
  const auto allowed = rules.bundle.check_acl(resource, who);
  if (allowed) return std::nullopt;
  const auto by = " by " + who->cert.subject() + " of " + who->msp_id;
  if (!is_system_contract(p.chaincode_name)) return as_error(allowed.error().context + by);
  return as_response(access_denied(p.chaincode_name, function, rules.bundle.channel_id(), allowed.error().context) + by);
}

}  // namespace

std::string not_local_admin(const crypto::identity& who, std::string_view local_msp_id) {
  const std::string local(local_msp_id), policy = "during channelless check policy with policy [Admins]: ";
  if (who.msp_id != local) return "Failed deserializing proposal creator " + policy + "[expected MSP ID " + local + ", received " + who.msp_id + "]";
  if (who.admin) return {};
  const bool has_role = who.client || who.peer || who.orderer;
  return "Failed verifying that proposal's creator satisfies local MSP principal " + policy + "[The identity is not an admin under this MSP [" + local + "]: " +
         (has_role ? "The identity does not contain OU [ADMIN], MSP: [" + local + "]" : std::string("NodeOUs not activated. Cannot tell apart identities.")) + "]";
}

refusal check_proposal(const ledger::proposal& p, const proposal_rules& rules) {
  const auto& h = p.header;
  if (auto r = check_time(h, rules.now)) return r;
  if (auto r = check_header(p)) return r;

  const auto channel = "access denied: channel [" + h.channel_id + "] creator org ";
  const auto who = rules.bundle.msps()->validate(h.creator);
  if (!who) return as_error("error validating proposal: " + channel + "unknown, creator is malformed: " + who.error().context);
  if ((*who)->expired_at(rules.now)) return as_error("proposal client identity expired: " + (*who)->cert.subject());
  std::vector<std::string> dropped;
  if (crypto::valid_signers({{p.raw, h.creator, p.signature}}, *rules.bundle.msps(), rules.verifier, &dropped).empty()) {
    return as_error("error validating proposal: " + channel + "[" + (*who)->msp_id + "]" + (dropped.empty() ? "" : ": " + dropped.front()));
  }
  const auto seen = rules.seen(h.tx_id);
  if (!seen) return as_error("looking up txid: " + seen.error().context);
  if (*seen) return as_error("duplicate transaction found [" + h.tx_id + "]. Creator [" + to_hex(h.creator) + "]");
  return check_access(p, *who, rules);
}

tl::expected<crypto::identity_ptr, proposal_refusal> check_channelless_proposal(const ledger::proposal& p, const crypto::msp& local,
                                                                               const crypto::verifier& verifier, timestamp now) {
  using no = tl::unexpected<proposal_refusal>;
  if (auto r = check_time(p.header, now)) return no(std::move(*r));
  if (auto r = check_header(p)) return no(std::move(*r));
  const std::string where = "error validating proposal: access denied: channel [] creator org ";
  auto who = local.validate(p.header.creator);
  if (!who) return no({false, where + "unknown, creator is malformed: " + who.error().context});
  if ((*who)->expired_at(now)) return no({false, "proposal client identity expired: " + (*who)->cert.subject()});
  if (!verifier.verify((*who)->cert.key(), p.raw.view(), p.signature)) return no({false, where + "[" + (*who)->msp_id + "]: the signature is invalid"});
  return *who;
}

}  // namespace weft::chaincode
