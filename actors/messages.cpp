#include "actors/messages.hpp"

namespace weft::actors {

rpc_code to_rpc(errc code) noexcept {
  switch (code) {
    case errc::invalid_argument: return rpc_code::invalid_argument;
    case errc::not_found: return rpc_code::not_found;
    case errc::already_exists: return rpc_code::already_exists;
    case errc::permission_denied: return rpc_code::permission_denied;
    case errc::failed_precondition: return rpc_code::failed_precondition;
    case errc::conflict: return rpc_code::aborted;
    case errc::busy: return rpc_code::resource_exhausted;
    case errc::not_leader:
    case errc::unavailable: return rpc_code::unavailable;
    case errc::timeout: return rpc_code::deadline_exceeded;
    case errc::unsupported: return rpc_code::unimplemented;
    case errc::corruption:
    case errc::io:
    case errc::internal: return rpc_code::internal;
  }
  return rpc_code::unknown;
}

rpc_status to_status(const error& e) { return status_of(to_rpc(e.code), e.context); }

}  // namespace weft::actors
