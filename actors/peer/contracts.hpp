// Contracts outside of the process, on one peer: the roles that find and run them, and the interface between them. Its messages never leave the
// process: they carry simulations and streams.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "actors/interfaces.hpp"
#include "actors/peer/contract_link.hpp"
#include "actors/role_spec.hpp"
#include "actors/site.hpp"
#include "chaincode/shim/switchboard.hpp"

namespace weft::actors {

namespace atom {
using carry_on = caf::atom_constant<caf::atom("carry_on")>;
using linked = caf::atom_constant<caf::atom("linked")>;
using arrived = caf::atom_constant<caf::atom("arrived")>;
using heard = caf::atom_constant<caf::atom("heard")>;
using hung_up = caf::atom_constant<caf::atom("hung_up")>;
}  // namespace atom

/// What a peer knows of packages beyond the contracts of its site. Each function is thread-safe, does not block, and may be missing.
struct installed_packages {
  /// The package whose approval has this digest (chaincode::approval_digest), or "".
  std::function<std::string(bytes_view approval)> by_approval;
  /// What runs it: an external_contract, or one that is compiled in. Null for a package that is not installed.
  std::function<chaincode::contract_ptr(const std::string& package_id)> code_of;
  /// Where its service is; nothing: the contract registers by itself, or the package is not installed.
  std::function<std::optional<chaincode::connection>(const std::string& package_id)> connection_of;
  /// The end of what its process has written, for error texts.
  std::function<std::string(const std::string& package_id)> last_words;
  /// How a contract that registers by itself is started, for error texts.
  std::function<std::string(const std::string& package_id)> how_to_start;
};
using packages_ptr = std::shared_ptr<const installed_packages>;

/// A simulation that waits for an external contract, on its way from the host that started it. Whoever takes it takes its parts.
struct started_simulation {
  std::shared_ptr<const simulation_job> job;
  std::unique_ptr<chaincode::simulation> sim;  ///< Borrows the job's context.
  chaincode::simulation_step step;
};
using started_ptr = std::shared_ptr<started_simulation>;

/// CONTRACT_RUNNER of one peer: owns all streams to contracts outside, and all simulations that wait for them.
using contract_runner_actor = caf::typed_actor<
    // Goes on with a simulation until its end. Answered in any case: the contract's failures, silence and crashes are outcomes.
    caf::replies_to<atom::carry_on, started_ptr>::with<std::shared_ptr<const simulation_outcome>>,
    // A contract has dialled this peer; its stream's listener uses the same number. It may register as the package named last, or as any if that is empty.
    // From edges only.
    caf::reacts_to<atom::arrived, std::uint64_t, contract_stream_ptr, std::string>,
    // INTERNAL: a stream that was dialled is open.
    caf::reacts_to<atom::linked, std::uint64_t>,
    // INTERNAL: a contract said something.
    caf::reacts_to<atom::heard, std::uint64_t, bytes>,
    // INTERNAL: a stream is over.
    caf::reacts_to<atom::hung_up, std::uint64_t, std::string>,
    // INTERNAL: time has passed.
    caf::reacts_to<atom::tick>>;

/// Tells a runner what happens to a stream, for as long as that runner lives.
struct stream_ear {
  std::uint64_t number = 0;  ///< Of the stream; one for each in this process.
  contract_listener_ptr listener;
};
[[nodiscard]] stream_ear make_ear(const contract_runner_actor& runner);

/// The directory's name of a peer's runner.
[[nodiscard]] inline std::string contract_runner_name(const std::string& peer) { return peer + "/contract_runner"; }

/// Starts simulations, runs contracts that are compiled in, and hands over those that wait for others.
[[nodiscard]] role_spec chaincode_host_role(seat s, std::shared_ptr<const peer_site> site, packages_ptr packages);
/// Null `dialler`: only contracts that register by themselves are reached.
[[nodiscard]] role_spec contract_runner_role(seat s, std::shared_ptr<const peer_site> site, packages_ptr packages, std::shared_ptr<contract_dialler> dialler);

}  // namespace weft::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::started_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::contract_stream_ptr)
