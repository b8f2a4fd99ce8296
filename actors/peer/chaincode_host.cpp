// CHAINCODE_HOST: runs contracts away from the endorser, so that a slow one does not hold up signatures.
#include "actors/peer/roles.hpp"

namespace weft::actors {

chaincode_host_actor::behavior_type chaincode_host(role_self<chaincode_host_actor, chaincode_host_state>, peer_ptr) {
  return {
      [](atom::simulate, const std::shared_ptr<const simulation_job>& job) -> std::shared_ptr<const simulation_outcome> {
        return std::make_shared<simulation_outcome>(simulation_outcome{chaincode::simulate(job->context)});
      },
  };
}

}  // namespace weft::actors
