// The two kinds of cases that need no running group: quorums, and changes of a configuration.
#pragma once

#include <optional>
#include <string>

#include "cluster/raft/membership.hpp"
#include "tests/raft_datadriven/cases.hpp"

namespace weft::datadriven {

/// `committed` and `vote`. Only the last line of the expected text counts: what stands above it is a drawing.
std::optional<std::string> run_quorum(const block& b);

/// `simple`, `enter-joint`, `leave-joint`, on one configuration through a file.
class configuration_cases {
 public:
  std::optional<std::string> run(const block& b);

 private:
  cluster::raft::membership members_;
  cluster::raft::log_index last_index_ = 0;  ///< Grows by one with each command, as if it were an entry.
};

}  // namespace weft::datadriven
