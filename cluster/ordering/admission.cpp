#include "cluster/ordering/admission.hpp"

#include "crypto/policy/policy.hpp"

namespace weft::cluster {

using ledger::header_type;

result<std::string> channel_of(const ledger::envelope& e) {
  const auto& h = e.header();
  if (!h) return fail(errc::invalid_argument, "could not determine channel ID: " + h.error().context);
  return h->channel_id;
}

namespace {

/// Rows 3 and 4, and what this orderer does not offer.
admission admit_type(std::int32_t type) {
  switch (static_cast<header_type>(type)) {
    case header_type::config:
      return {status_bad_request, "message is of type that cannot be processed directly"};
    case header_type::orderer_transaction:
      return {status_bad_request, "message is of type that is no longer supported"};
    case header_type::config_update:
      return {status_not_implemented, "configuration updates are not taken by this orderer"};
    default:
      return {};
  }
}

/// Row 9: Fabric's signature filter on /Channel/Writers.
admission admit_signature(const ledger::envelope& e, const ledger::headers& h, const ledger::channel_bundle& bundle,
                          const crypto::verifier& verifier) {
  std::vector<std::string> dropped;
  const auto signers = crypto::valid_signers({{e.signed_payload(), h.creator, e.signature()}}, *bundle.msps(), verifier, &dropped);
  const auto writers = bundle.policy("/Channel/Writers");
  if (!signers.empty() && writers->evaluate(signers)) return {};
  std::string info =
      "implicit policy evaluation failed - 0 sub-policies were satisfied, but this policy requires 1 of the 'Writers' sub-policies to be "
      "satisfied: permission denied";
  for (const auto& why : dropped) info += "; " + why;
  return {status_forbidden, info};
}

}  // namespace

admission admit(const ledger::envelope& e, const ledger::channel_bundle& bundle, const crypto::verifier& verifier, timestamp now) {
  const auto& h = e.header();
  if (!h) return {status_bad_request, "could not determine channel ID: " + h.error().context};
  if (auto refused = admit_type(h->type); refused.status != status_success) return refused;
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
  return admit_signature(e, *h, bundle, verifier);
}

}  // namespace weft::cluster
