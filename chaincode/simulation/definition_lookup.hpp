// Whether this peer may run a contract: it is defined on the channel, its organization approved that definition, and the approved package is
// installed. interop/04 §1, interop/05 §5.
#pragma once

#include <memory>

#include "chaincode/simulation/external.hpp"
#include "chaincode/simulation/recorder.hpp"
#include "chaincode/simulation/simulation.hpp"

namespace weft::chaincode {

/// Records a read of the definition's Sequence, as every endorser does, and nothing else.
/// Errors, with Fabric's texts: `not_found`, `failed_precondition`; `io`, `corruption`.
[[nodiscard]] result<std::shared_ptr<const approved_contract>> find_approved(const simulation_context& context, const simulation_sources& sources,
                                                                            recorder& sets, const std::string& name);

/// Records the reads of the whole definition that asking for its collections causes.
[[nodiscard]] result<void> record_definition_reads(recorder& sets, const std::string& name);

}  // namespace weft::chaincode
