// Which roles nodes tell each other of, and where they live by plan. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace weft::actors::remoting {

/// Member → node: "peer0.org1.example.com" → "host1". From the topology; nobody learns it from messages.
using placement = std::map<std::string, std::string, std::less<>>;

inline constexpr std::size_t role_name_max = 512;
inline constexpr std::size_t roles_per_node_max = 4096;

/// The member of a role that may be asked from another node: M/endorser, M/orderer, M/deliver, M/consenter/CHANNEL. Nothing for every other name:
/// supervisors, participation, writers, committers, and gateways (they act for clients whose signature an edge of their own node has checked).
[[nodiscard]] std::optional<std::string_view> member_of_shared(std::string_view role_name);

}  // namespace weft::actors::remoting
