// Which collections a contract may touch, and on whose behalf. interop/05 §3.
#include <algorithm>

#include "chaincode/simulation/invocation.hpp"
#include "peer/collection.pb.h"
#include "proto/encode.hpp"

namespace weft::chaincode {
namespace {

/// Whether `_implicit_org_<MSPID>` belongs to an organization of the channel.
bool is_implicit_collection(const ledger::channel_bundle& bundle, std::string_view collection) {
  constexpr auto prefix = ledger::implicit_collection_prefix;
  if (collection.substr(0, prefix.size()) != prefix) return false;
  const auto& orgs = bundle.application_orgs();
  return std::any_of(orgs.begin(), orgs.end(), [&](const auto& org) { return org.msp_id == collection.substr(prefix.size()); });
}

/// Members are told by a policy whose every principal alone suffices.
bool is_member(const ledger::channel_bundle& bundle, const ::protos::StaticCollectionConfig& collection, bytes_view creator) {
  const auto who = bundle.msps()->validate(creator);
  const auto members = bundle.compile(proto::encode(collection.member_orgs_policy().signature_policy()));
  return who && members && (*members)->evaluate({*who});
}

}  // namespace

result<void> invocation::check_collection(const std::string& collection, private_access access) {
  const auto* bundle = tx_.context.bundle;
  if (is_init_ && access != private_access::hash) return fail(errc::invalid_argument, "private data APIs are not allowed in chaincode Init()");
  if (self_.approved) WEFT_CHECK(record_definition_reads(tx_.sets, ns_));
  if (bundle && is_implicit_collection(*bundle, collection)) return {};
  if (bundle && self_.approved && tx_.context.defined_collections) return check_defined_collection(collection, access);
  return fail(errc::not_found, "collection " + channel_id() + "/" + ns_ + "/" + collection + " could not be found");
}

result<void> invocation::check_defined_collection(const std::string& collection, private_access access) const {
  ::protos::CollectionConfigPackage package;
  if (!proto::decode(self_.approved->definition.collections, package)) return fail(errc::corruption, "unreadable collections of " + ns_);
  for (const auto& config : package.config()) {
    const auto& c = config.static_collection_config();
    if (c.name() != collection) continue;
    const bool members_only = (access == private_access::read && c.member_only_read()) || (access == private_access::write && c.member_only_write());
    if (!members_only || is_member(*tx_.context.bundle, c, creator())) return {};
    return fail(errc::permission_denied, "tx creator does not have " + std::string(access == private_access::read ? "read" : "write") +
                                             " access permission on privatedata in chaincodeName:" + ns_ + " collectionName: " + collection);
  }
  return fail(errc::not_found, "collection " + channel_id() + "/" + ns_ + "/" + collection + " could not be found");
}

}  // namespace weft::chaincode
