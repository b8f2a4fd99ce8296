// The update that leads from one configuration to another: what `configtxlator compute_update` makes of two edited trees. interop/02 §3.
#pragma once

#include "config/base/result.hpp"

namespace common {
class Config;
class ConfigUpdate;
}  // namespace common

namespace weft::ledger {

/// The smallest update that turns `original` into `updated`, without a channel id: the caller sets it.
///
/// Changed values and policies stand in the write set with the next version, new ones with version 0, removed ones are missing. A group whose
/// members or mod_policy changed gets the next version and lists what stayed the same, bare, in both sets; every other group is only a way
/// to what changed below it. Versions in `updated` and changes of `sequence` mean nothing.
/// Pure; equal inputs give equal updates. Errors: `invalid_argument` in Fabric's words, also when nothing differs.
[[nodiscard]] result<::common::ConfigUpdate> compute_update(const ::common::Config& original, const ::common::Config& updated);

}  // namespace weft::ledger
