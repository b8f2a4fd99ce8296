// A simulation that stops whenever a contract outside of this process has to run, and goes on with what became of it.
//
//   simulation s(context);
//   auto step = s.start();
//   run_frame: have that contract run; while it does, its requests go to the frame's stub, its calls to s.call(), its end to s.end()
//   answer_call: the innermost frame's call is answered; it goes on running
//   simulation_ended: the outcome, once
//
// Pure: no threads, no clock. A driver that gives up on a contract ends its frame with a failure.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "chaincode/simulation/external.hpp"
#include "chaincode/simulation/simulation.hpp"

namespace weft::chaincode {

/// One run of an external contract. Lives until its end is told.
struct external_frame {
  std::size_t number = 0;      ///< 0 is the first; a frame that another one's call led to has a higher one.
  std::string contract, package_id;
  std::string channel_id;      ///< Differs from the proposal's below a call to another channel.
  std::vector<bytes> args;
  bool is_init = false;
  frame_stub* stub = nullptr;  ///< Used by one thread at a time.
};

/// How a frame ended: the contract's answer and event, or why there is none ("transaction returned with failure: …").
struct frame_outcome {
  result<response> answer;
  std::optional<std::pair<std::string, bytes>> event;  ///< Name and payload; counts for the first contract only.
};

struct run_frame {
  const external_frame* frame;  ///< Now the innermost one.
};
struct answer_call {
  const external_frame* frame;  ///< The caller: now the innermost one.
  result<response> answer;      ///< An error's text is as Fabric sends it: "INVOKE_CHAINCODE failed: transaction ID: …: execute failed: …".
};
struct simulation_ended {
  result<simulation_result> outcome;  ///< As of simulate().
};
using simulation_step = std::variant<run_frame, answer_call, simulation_ended>;

/// What a contract that answered with ERROR, or threw, failed with; in front of its own text. Not an error between peer and contract.
inline constexpr std::string_view returned_with_failure = "transaction returned with failure: ";

/// The rules are those of simulate(), which is this for contracts that are compiled in. Contracts call one another across the border with one
/// exception: one that is compiled in cannot wait for one outside, and its call fails.
/// `context` is borrowed for the simulation's life. Used by one thread at a time.
class simulation {
 public:
  explicit simulation(const simulation_context& context, simulation_sources sources = {});
  ~simulation();
  simulation(const simulation&) = delete;
  simulation& operator=(const simulation&) = delete;

  [[nodiscard]] simulation_step start();
  /// The innermost frame calls "contract" or "contract/channel". Gives run_frame for the callee, or answer_call at once.
  [[nodiscard]] simulation_step call(const std::string& contract, std::vector<bytes> args);
  /// A frame has ended; frames within it are abandoned. Gives answer_call for its caller, or simulation_ended.
  [[nodiscard]] simulation_step end(std::size_t frame, frame_outcome outcome);
  [[nodiscard]] const simulation_context& context() const;
  /// How many frames there are: those with a number below this.
  [[nodiscard]] std::size_t depth() const;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace weft::chaincode
