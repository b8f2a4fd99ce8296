// From a profile of configtx.yaml to what a channel is made of: MSP folders and certificates are read, policy texts are compiled.
#pragma once

#include "config/configtx/configtx.hpp"
#include "ledger/channel/genesis.hpp"

namespace weft::ledger {

/// What `make_genesis` needs. Everything that is wrong with the profile is found and noted in `d`: what the document alone tells
/// (configtx::check), files that are missing or hold something else, policies that do not parse.
/// Errors: `invalid_argument` with every problem on a line of its own: file, line, path, what is wrong, what to do.
[[nodiscard]] result<genesis_request> make_request(config::configtx::document& d, const config::configtx::profile& p, const std::string& channel_id);

/// The same for one organization: what `configtxgen -printOrg` shows.
[[nodiscard]] result<genesis_org> make_org(config::configtx::document& d, const config::configtx::organization& org);

}  // namespace weft::ledger
