// What a network that was killed could not end.
#pragma once

#include <cstddef>

#include "chaincode/process/launch_plan.hpp"

namespace weft::chaincode {

/// Ends processes that were started as this service by a process that is gone, and waits until they are (half a second each at most): the kernel ends
/// a contract together with its network, but not what that contract has started itself, as a script does that runs the contract in a process of its own.
/// They are told by their environment, which is the service's, and by their session, whose first process no longer lives; so one that another network
/// runs is left alone. Returns how many there were. Any thread.
std::size_t end_leftovers(const service_identity& who);

}  // namespace weft::chaincode
