// What a node tells Prometheus: under Fabric's names where they mean the same (interop/06 §8), with a label `member` because one process may hold many.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "actors/node/node.hpp"
#include "edge/operations/answers.hpp"
#include "edge/rpc/server.hpp"

namespace weft::edge {

/// What each member's door has served, by member.
using doors_usage = std::map<std::string, std::vector<method_usage>>;

/// In Prometheus' text format. Thread-safe.
[[nodiscard]] std::string node_metrics(const actors::node& node, const doors_usage& doors, std::string_view version);

/// What keeps the node from serving: channels without a leader, peers that get no further. Thread-safe.
[[nodiscard]] std::vector<operations::failed_check> node_health(const actors::node& node);

}  // namespace weft::edge
