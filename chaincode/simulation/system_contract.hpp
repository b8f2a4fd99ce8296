// What a system contract sees beyond an ordinary one.
#pragma once

#include "chaincode/contract/contract.hpp"
#include "ledger/channel/bundle.hpp"

namespace weft::ledger {
class channel_ledger;
}

namespace weft::chaincode {

/// The stub of a system contract.
class system_stub : public stub {
 public:
  [[nodiscard]] virtual const ledger::channel_bundle* bundle() const = 0;   ///< Null for a call without channel.
  [[nodiscard]] virtual const ledger::channel_ledger* ledger() const = 0;   ///< Of the proposal's channel; may be null.
  [[nodiscard]] virtual const std::string& local_msp_id() const = 0;
  /// A public key of another namespace; recorded as a read of it.
  virtual result<std::optional<bytes>> get_of(std::string_view ns, std::string_view key) = 0;
  /// Keys of one of this contract's collections that begin with `prefix`, as this peer holds them before the transaction. Not recorded, so only
  /// for answers to queries.
  virtual result<std::vector<std::string>> private_keys(std::string_view collection, std::string_view prefix) = 0;
};

/// A contract that belongs to the peer. Only the simulation can call it: its stub is always a system_stub.
class system_contract : public contract {
 public:
  [[nodiscard]] response invoke(stub& s) final {
    if (auto* own = dynamic_cast<system_stub*>(&s)) return run(*own);
    return failure("a system contract was called outside of a simulation");
  }
  [[nodiscard]] virtual response run(system_stub& s) = 0;
};

/// What a system contract answers to somebody whom an ACL shuts out, in Fabric's words: qscc sets the reason in brackets, cscc does not.
[[nodiscard]] std::string access_denied(std::string_view contract, const std::string& function, const std::string& channel, const std::string& why);

}  // namespace weft::chaincode
