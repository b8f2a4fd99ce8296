// CHAINCODE_HOST: runs contracts away from the endorser, so that a slow one does not hold up signatures.
#include "actors/peer/roles.hpp"

namespace weft::actors {

namespace {

struct chaincode_host_state {
  static inline const char* name = "chaincode_host";
};

chaincode_host_actor::behavior_type chaincode_host(role_self<chaincode_host_actor, chaincode_host_state>) {
  return {
      [](atom::simulate, const std::shared_ptr<const simulation_job>& job) -> std::shared_ptr<const simulation_outcome> {
        return std::make_shared<simulation_outcome>(simulation_outcome{chaincode::simulate(job->context)});
      },
  };
}

}  // namespace

role_spec chaincode_host_role(seat s) { return make_spec(std::move(s), &chaincode_host); }

}  // namespace weft::actors
