// What a refusal may weigh on its way to a client.
#pragma once

#include "actors/messages.hpp"

namespace weft::edge {

/// The same status with texts as short as clients' limits for trailers want them (8 KiB for gRPC's own and Java's): cut in the middle, and said so;
/// of very many details the first ones. Every status that goes out passes here.
[[nodiscard]] actors::rpc_status fit_for_trailer(actors::rpc_status status);

}  // namespace weft::edge
