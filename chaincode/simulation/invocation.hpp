// One transaction's run: the stub that contracts see, and the calls between them.
#pragma once

#include <string>
#include <vector>

#include "chaincode/simulation/definition_lookup.hpp"
#include "chaincode/simulation/external.hpp"
#include "chaincode/simulation/recorder.hpp"
#include "chaincode/simulation/simulation.hpp"
#include "chaincode/simulation/system_contract.hpp"

namespace weft::chaincode {

/// A contract that may be run, with what its definition says.
struct runnable {
  contract_ptr code;
  std::shared_ptr<const approved_contract> approved;  ///< Null for a system contract.
  [[nodiscard]] std::string version() const;
  [[nodiscard]] const external_contract* external() const { return as_external(code); }
};

struct callee;

/// What the invocations of one transaction on one channel share. Used by one thread.
class transaction {
 public:
  /// `caller`: the transaction of another channel that a call came from.
  explicit transaction(const simulation_context& context, const simulation_sources* sources, const transaction* caller = nullptr)
      : context(context), sets(context.state, context.limits, context.proposal->header.tx_id), sources(*sources), caller(caller) {}

  /// Errors: as find_approved.
  [[nodiscard]] result<runnable> find(const std::string& name);
  /// Finds what a contract of this transaction calls, "contract" or "contract/channel", and whether it may.
  [[nodiscard]] result<callee> find_callee(const std::string& called);
  /// Checks init-required; the contract counts as running until leave().
  [[nodiscard]] result<void> enter(const std::string& name, const runnable& target, bool is_init);
  void leave() { stack.pop_back(); }
  /// Runs a contract that is compiled in, in its own namespace; catches what it throws.
  [[nodiscard]] result<response> run(const std::string& name, const runnable& target, const std::vector<bytes>& args, bool is_init);
  /// Contracts that are running, in the transactions that called this one too.
  [[nodiscard]] std::size_t depth() const { return stack.size() + (caller ? caller->depth() : 0); }

  struct running {
    std::string name, package_id;  ///< The latter for external contracts: two names of one package are one process.
  };
  const simulation_context& context;
  recorder sets;
  const simulation_sources& sources;
  const transaction* caller;
  std::vector<running> stack;  ///< Outermost first.
  std::string event_name;
  bytes event_payload;
  bool has_event = false;

 private:
  [[nodiscard]] bool is_running(const std::string& channel, const std::string& name, const std::string& package_id) const;
};

/// What a call leads to.
struct callee {
  /// A call to another channel: a transaction of its own, whose results nobody keeps.
  struct elsewhere {
    channel_view view;
    ledger::proposal proposal;
    std::optional<transaction> tx;
  };
  std::string name;
  runnable target;
  std::unique_ptr<elsewhere> other;
  [[nodiscard]] transaction& in(transaction& own) const { return other ? *other->tx : own; }
  /// After the call: what went wrong with another channel's state must not be swallowed either.
  void settle(transaction& own) const;
};

/// The stub of one contract of the transaction.
class invocation final : public frame_stub {
 public:
  invocation(transaction& tx, std::string ns, const runnable& self, const std::vector<bytes>& args, bool is_init)
      : tx_(tx), ns_(std::move(ns)), self_(self), args_(args), is_init_(is_init) {}

  [[nodiscard]] const std::vector<bytes>& args() const override { return args_; }
  [[nodiscard]] const std::string& channel_id() const override { return proposal().header.channel_id; }
  [[nodiscard]] const std::string& tx_id() const override { return proposal().header.tx_id; }
  [[nodiscard]] timestamp tx_time() const override { return proposal().header.time; }
  [[nodiscard]] bytes_view creator() const override { return proposal().header.creator; }
  [[nodiscard]] std::optional<bytes> transient(std::string_view name) const override;
  [[nodiscard]] bool is_init() const override { return is_init_; }

  result<std::optional<bytes>> get(std::string_view key) override;
  result<void> put(std::string_view key, bytes_view value) override;
  result<void> erase(std::string_view key) override;
  result<std::unique_ptr<result_cursor>> range(std::string_view start, std::string_view end) override;
  result<std::unique_ptr<result_cursor>> composite_range(std::string_view object_type, const std::vector<std::string>& attributes) override;
  result<std::vector<key_modification>> history(std::string_view key) override;
  result<void> set_validation_parameter(std::string_view key, bytes_view signature_policy_envelope) override;
  result<bytes> validation_parameter(std::string_view key) override;

  result<std::optional<bytes>> get_private(std::string_view collection, std::string_view key) override;
  result<std::optional<bytes>> get_private_hash(std::string_view collection, std::string_view key) override;
  result<void> put_private(std::string_view collection, std::string_view key, bytes_view value) override;
  result<void> erase_private(std::string_view collection, std::string_view key) override;

  void set_event(std::string name, bytes payload) override;
  response call(std::string_view contract, const std::vector<bytes>& args) override;

  result<std::unique_ptr<batch_cursor>> raw_range(std::string_view start, std::string_view end) override;
  result<range_page> page(std::string_view start, std::string_view end, std::int32_t size) override;
  result<std::unique_ptr<batch_cursor>> private_range(std::string_view collection, std::string_view start, std::string_view end) override;
  result<key_metadata> metadata(std::string_view key) override;
  result<void> set_metadata(std::string_view key, std::string_view name, bytes_view value) override;

  [[nodiscard]] const ledger::channel_bundle* bundle() const override { return tx_.context.bundle; }
  [[nodiscard]] const ledger::channel_ledger* ledger() const override { return tx_.context.history; }
  [[nodiscard]] const std::string& local_msp_id() const override { return tx_.context.local_msp_id; }
  result<std::optional<bytes>> get_of(std::string_view ns, std::string_view key) override;
  result<std::vector<std::string>> private_keys(std::string_view collection, std::string_view prefix) override;

 private:
  enum class private_access { read, write, hash };
  [[nodiscard]] const ledger::proposal& proposal() const { return *tx_.context.proposal; }
  /// Errors name the operation of Fabric's shim and the transaction: "GET_STATE failed: transaction ID: …: …".
  [[nodiscard]] tl::unexpected<error> failed(std::string_view operation, const error& e) const;
  /// Consults the definition and checks that the creator may do this with the collection.
  [[nodiscard]] result<void> check_collection(const std::string& collection, private_access access);
  [[nodiscard]] result<void> check_defined_collection(const std::string& collection, private_access access) const;
  [[nodiscard]] result<response> call_in_place(const std::string& contract, const std::vector<bytes>& args);

  transaction& tx_;
  std::string ns_;
  const runnable& self_;
  const std::vector<bytes>& args_;
  bool is_init_;
};

}  // namespace weft::chaincode
