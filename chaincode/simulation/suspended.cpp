#include "chaincode/simulation/suspended.hpp"

#include "chaincode/simulation/invocation.hpp"
#include "config/base/assert.hpp"
#include "ledger/state/apply.hpp"
#include "ledger/state/metadata_presence.hpp"
#include "peer/chaincode_event.pb.h"
#include "proto/encode.hpp"

namespace weft::chaincode {
namespace {

constexpr std::int32_t first_error_status = 400;

/// cscc and qscc answer about the ledger beside any simulation: they have no read/write set.
bool runs_without_simulator(std::string_view name) { return name == "cscc" || name == "qscc"; }

bytes encode_event(const transaction& tx, const ledger::proposal& p) {
  ::protos::ChaincodeEvent event;
  event.set_chaincode_id(p.chaincode_name);
  event.set_tx_id(p.header.tx_id);
  event.set_event_name(tx.event_name);
  event.set_payload(tx.event_payload);
  return proto::encode(event);
}

/// Key-level policies of what was written, as committed: the endorsers must satisfy them too. Not part of the read set.
result<void> collect_policies(const transaction& tx, simulation_result& out) {
  for (const auto& [ns, keys] : tx.sets.written_keys()) {
    out.written_namespaces.push_back(ns);
    if (!tx.context.bundle || !tx.context.bundle->caps().key_level_endorsement || !ledger::may_have_metadata(tx.sets.state(), ns)) continue;
    std::set<bytes> policies;
    for (const auto& key : keys) {
      WEFT_TRY(const auto value, tx.sets.state().get(ns, key));
      if (!value || value->metadata.empty()) continue;
      WEFT_TRY(const auto entries, ledger::decode_metadata(value->metadata));
      for (const auto& [name, policy] : entries) {
        if (name == "VALIDATION_PARAMETER" && !policy.empty()) policies.insert(policy);
      }
    }
    if (!policies.empty()) out.key_policies[ns] = {policies.begin(), policies.end()};
  }
  return {};
}

/// Fabric's text around what went wrong while running.
error in_simulation(const ledger::proposal& p, error e) {
  const bool by_contract = e.context.rfind("transaction returned with failure", 0) == 0;
  if (!by_contract) e = within("failed to execute transaction " + p.header.tx_id, std::move(e));
  return within("error in simulation", std::move(e));
}

result<void> fill(transaction& tx, simulation_result& out) {
  const auto& p = *tx.context.proposal;
  if (tx.has_event && out.answer.status < first_error_status) {
    WEFT_CHECK(tx.sets.charge(tx.event_name.size() + tx.event_payload.size()));
    out.event = encode_event(tx, p);
  }
  if (auto failure = tx.sets.failure()) return fail(std::move(*failure));
  if (runs_without_simulator(p.chaincode_name)) return {};
  out.results = tx.sets.sets().encode();
  out.privates = tx.sets.privates();
  return collect_policies(tx, out);
}

/// An external contract that runs, with everything that its stub borrows.
struct open_frame {
  open_frame(std::size_t number, transaction& own, callee what, std::vector<bytes> args, bool is_init)
      : to(std::move(what)), tx(to.in(own)) {
    view.number = number;
    view.contract = to.name;
    view.package_id = to.target.external()->package_id();
    view.channel_id = tx.context.proposal->header.channel_id;
    view.args = std::move(args);
    view.is_init = is_init;
    stub.emplace(tx, view.contract, to.target, view.args, is_init);
    view.stub = &*stub;
  }
  open_frame(const open_frame&) = delete;
  open_frame& operator=(const open_frame&) = delete;

  callee to;
  transaction& tx;
  external_frame view;
  std::optional<invocation> stub;
};

}  // namespace

const external_contract* as_external(const contract_ptr& c) { return dynamic_cast<const external_contract*>(c.get()); }

response external_contract::invoke(stub&) { return failure("package " + package_id_ + " runs outside of the peer's process"); }

struct simulation::state {
  state(const simulation_context& c, simulation_sources s) : context(c), sources(std::move(s)), tx(c, &sources) {}

  [[nodiscard]] transaction& innermost() { return frames.empty() ? tx : frames.back()->tx; }

  /// Checks and opens a frame. On an error nothing is open.
  result<simulation_step> open(callee to, std::vector<bytes> args, bool is_init) {
    auto frame = std::make_unique<open_frame>(frames.size(), innermost(), std::move(to), std::move(args), is_init);
    WEFT_CHECK(frame->tx.enter(frame->to.name, frame->to.target, is_init));
    frames.push_back(std::move(frame));
    return run_frame{&frames.back()->view};
  }

  /// What a call of the innermost frame leads to; an error is why it does not.
  result<simulation_step> call(const std::string& contract, std::vector<bytes> args) {
    WEFT_TRY(auto to, innermost().find_callee(contract));
    if (to.target.external()) {
      auto opened = open(std::move(to), std::move(args), false);
      if (!opened) return fail(within("execute failed", opened.error()));
      return opened;
    }
    auto answer = to.in(innermost()).run(to.name, to.target, args, false);
    to.settle(innermost());
    if (!answer) return fail(within("execute failed", answer.error()));
    return answered(std::move(answer));
  }

  [[nodiscard]] simulation_step answered(result<response> answer) {
    if (!answer) {
      answer = fail(answer.error().code, "INVOKE_CHAINCODE failed: transaction ID: " + tx.context.proposal->header.tx_id + ": " + answer.error().context);
    }
    return answer_call{&frames.back()->view, std::move(answer)};
  }

  void close() {
    const auto last = std::move(frames.back());
    frames.pop_back();
    last->tx.leave();
    last->to.settle(innermost());
  }

  [[nodiscard]] simulation_step finish(result<response> answer) {
    const auto& p = *context.proposal;
    if (!answer) return simulation_ended{fail(in_simulation(p, std::move(answer).error()))};
    simulation_result out;
    out.answer = std::move(*answer);
    out.chaincode_version = version;
    if (auto r = fill(tx, out); !r) return simulation_ended{fail(in_simulation(p, std::move(r).error()))};
    return simulation_ended{std::move(out)};
  }

  const simulation_context& context;
  simulation_sources sources;
  transaction tx;
  std::string version;  ///< Of the first contract.
  std::vector<std::unique_ptr<open_frame>> frames;
};

simulation::simulation(const simulation_context& context, simulation_sources sources) {
  WEFT_ASSERT(context.proposal && context.state, "a simulation needs a proposal and a state");
  state_ = std::make_unique<state>(context, std::move(sources));
}
simulation::~simulation() {
  while (state_ && !state_->frames.empty()) state_->frames.pop_back();  // a frame borrows from those below it
}

const simulation_context& simulation::context() const { return state_->context; }
std::size_t simulation::depth() const { return state_->frames.size(); }

simulation_step simulation::start() {
  const auto& p = *state_->context.proposal;
  auto target = state_->tx.find(p.chaincode_name);
  if (!target) {
    return simulation_ended{fail(within("make sure the chaincode " + p.chaincode_name + " has been successfully defined on channel " +
                                            p.header.channel_id + " and try again",
                                        target.error()))};
  }
  state_->version = target->version();
  if (!target->external()) return state_->finish(state_->tx.run(p.chaincode_name, *target, p.args, p.is_init));
  auto opened = state_->open({p.chaincode_name, std::move(*target), nullptr}, p.args, p.is_init);
  if (!opened) return state_->finish(fail(opened.error()));
  return std::move(*opened);
}

simulation_step simulation::call(const std::string& contract, std::vector<bytes> args) {
  WEFT_ASSERT(!state_->frames.empty(), "only a contract that runs can call another");
  auto step = state_->call(contract, std::move(args));
  if (!step) return state_->answered(fail(step.error()));
  return std::move(*step);
}

simulation_step simulation::end(std::size_t frame, frame_outcome outcome) {
  auto& frames = state_->frames;
  WEFT_ASSERT(frame < frames.size(), "a frame ends once");
  while (frames.size() > frame + 1) state_->close();
  if (outcome.answer && outcome.event) frames.back()->stub->set_event(std::move(outcome.event->first), std::move(outcome.event->second));
  state_->close();
  if (frames.empty()) return state_->finish(std::move(outcome.answer));
  if (!outcome.answer) outcome.answer = fail(within("execute failed", outcome.answer.error()));
  return state_->answered(std::move(outcome.answer));
}

}  // namespace weft::chaincode
