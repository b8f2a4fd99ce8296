// What may be approved and committed at all: names, versions and collection configurations. interop/05 §4–5.
#pragma once

#include "ledger/channel/bundle.hpp"

namespace protos {
class CollectionConfigPackage;
}

namespace weft::chaincode {

/// Errors: `invalid_argument` with Fabric's text.
[[nodiscard]] result<void> check_chaincode_name(std::string_view name);
[[nodiscard]] result<void> check_chaincode_version(std::string_view version);
/// Collections against the channel: names, counts, and members that are an OR over organizations of the channel.
[[nodiscard]] result<void> check_collections(const ::protos::CollectionConfigPackage& collections, const ledger::channel_bundle& bundle);
/// Collections once defined stay, and keep their block_to_live.
[[nodiscard]] result<void> check_collections_kept(const ::protos::CollectionConfigPackage& proposed, const ::protos::CollectionConfigPackage& committed);

}  // namespace weft::chaincode
