#include "cluster/ordering/admission.hpp"

#include "crypto/policy/policy.hpp"
#include "ledger/channel/policy_manager.hpp"

namespace weft::cluster {

std::string status_name(int status) {
  switch (status) {
    case status_success: return "SUCCESS";
    case status_bad_request: return "BAD_REQUEST";
    case status_forbidden: return "FORBIDDEN";
    case status_not_found: return "NOT_FOUND";
    case 413: return "REQUEST_ENTITY_TOO_LARGE";
    case status_internal: return "INTERNAL_SERVER_ERROR";
    case status_not_implemented: return "NOT_IMPLEMENTED";
    case status_unavailable: return "SERVICE_UNAVAILABLE";
    default: return std::to_string(status);
  }
}


using ledger::header_type;

result<std::string> channel_of(const ledger::envelope& e) {
  const auto& h = e.header();
  if (!h) return fail(errc::invalid_argument, "could not determine channel ID: " + h.error().context);
  return h->channel_id;
}

namespace {

/// Rows 3 to 5. An update never comes here by the front: it becomes a CONFIG first.
admission admit_type(std::int32_t type, const ledger::channel_bundle& bundle) {
  switch (static_cast<header_type>(type)) {
    case header_type::config:
    case header_type::config_update:
      return {status_bad_request, "message is of type that cannot be processed directly"};
    case header_type::orderer_transaction:
      return {status_bad_request, "message is of type that is no longer supported"};
    default:
      break;
  }
  if (bundle.maintenance()) return {status_unavailable, "normal transactions are rejected: maintenance mode"};
  return {};
}

/// Rows 6 to 8: all that is asked before the signature.
admission admit_form(const ledger::envelope& e, const ledger::channel_bundle& bundle, timestamp now) {
  const auto& h = e.header();
  if (!h) return {status_bad_request, "could not determine channel ID: " + h.error().context};
  if (e.payload().empty()) return {status_bad_request, "Message was empty"};
  const auto limit = bundle.batching().absolute_max_bytes;
  if (e.size() > limit) {
    return {status_bad_request, "message payload is " + std::to_string(e.size()) + " bytes and exceeds maximum allowed " +
                                    std::to_string(limit) + " bytes"};
  }
  // Real peers refuse a whole block for one entry that does not encode back to its own bytes (interop/checklist, trap 7).
  if (!e.canonical()) return {status_bad_request, "envelope is not canonically encoded"};
  if (bundle.caps().expiration_check) {
    const auto creator = bundle.msps()->validate(h->creator);
    if (creator && (*creator)->expired_at(now)) return {status_bad_request, "broadcast client identity expired"};
  }
  return {};
}

/// Row 9: Fabric's signature filter.
admission admit_signers(const crypto::signer_set& found, const crypto::policy& writers) {
  if (!found.signers.empty() && writers.evaluate(found.signers)) return {};
  std::string info = ledger::denial_text(writers, found.signers) + ": permission denied";
  for (const auto& why : found.dropped) info += "; " + why;
  return {status_forbidden, info};
}

/// Rows 6 to 9 for those that `out` has not refused yet; their signatures are verified together.
void filter(std::span<const ledger::envelope> envelopes, const ledger::channel_bundle& bundle, const crypto::verifier& verifier, timestamp now,
            std::vector<admission>& out) {
  std::vector<std::vector<crypto::signed_data>> sets;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < envelopes.size(); ++i) {
    if (out[i].status != status_success) continue;
    const auto& e = envelopes[i];
    out[i] = admit_form(e, bundle, now);
    if (out[i].status != status_success) continue;
    sets.push_back({{e.signed_payload(), e.header()->creator, e.signature()}});
    places.push_back(i);
  }
  if (places.empty()) return;
  const auto found = crypto::valid_signers_of_each(sets, *bundle.msps(), verifier);
  // While the consensus type is migrated only orderer organizations write.
  const auto writers = bundle.policy(bundle.maintenance() ? "/Channel/Orderer/Writers" : "/Channel/Writers");
  for (std::size_t i = 0; i < places.size(); ++i) out[places[i]] = admit_signers(found[i], *writers);
}

}  // namespace

bool is_config_update(const ledger::envelope& e) {
  const auto& h = e.header();
  return h && h->type == static_cast<std::int32_t>(header_type::config_update);
}

admission apply_filters(const ledger::envelope& e, const ledger::channel_bundle& bundle, const crypto::verifier& verifier, timestamp now) {
  std::vector<admission> out(1);
  filter({&e, 1}, bundle, verifier, now, out);
  return std::move(out.front());
}

std::vector<admission> admit(std::span<const ledger::envelope> envelopes, const ledger::channel_bundle& bundle, const crypto::verifier& verifier,
                             timestamp now) {
  std::vector<admission> out;
  out.reserve(envelopes.size());
  for (const auto& e : envelopes) {
    const auto& h = e.header();
    out.push_back(h ? admit_type(h->type, bundle) : admission{status_bad_request, "could not determine channel ID: " + h.error().context});
  }
  filter(envelopes, bundle, verifier, now, out);
  return out;
}

admission admit(const ledger::envelope& e, const ledger::channel_bundle& bundle, const crypto::verifier& verifier, timestamp now) {
  return std::move(admit({&e, 1}, bundle, verifier, now).front());
}

}  // namespace weft::cluster
