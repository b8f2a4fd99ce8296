// VALIDATION_WORKER: the stateless half of validation, a slice of a block at a time.
#include <span>

#include "actors/peer/roles.hpp"

namespace weft::actors {

namespace {

struct validation_worker_state {
  static inline const char* name = "validation_worker";
};

validation_worker_actor::behavior_type validation_worker(role_self<validation_worker_actor, validation_worker_state>) {
  return {
      [](atom::prepare, const std::shared_ptr<const prepare_job>& job) -> std::uint64_t {
        auto& block = *job->block;
        const std::span envelopes(block.source.envelopes());
        const auto count = job->last - job->first;
        ledger::prepare(envelopes.subspan(job->first, count), *block.bundle, *job->verifier, std::span(block.txs).subspan(job->first, count));
        return job->epoch;
      },
  };
}

}  // namespace

role_spec validation_worker_role(seat s) { return make_spec(std::move(s), &validation_worker); }

}  // namespace weft::actors
