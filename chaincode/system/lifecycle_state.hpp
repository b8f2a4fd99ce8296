// The key spaces of the lifecycle's functions, as a stub shows them.
#pragma once

#include <map>
#include <memory>

#include "chaincode/lifecycle/functions.hpp"
#include "chaincode/simulation/system_contract.hpp"

namespace weft::chaincode {

/// Public keys of `_lifecycle`.
class public_state final : public writable_state {
 public:
  explicit public_state(stub& s) : stub_(s) {}
  result<std::optional<bytes>> get(std::string_view key) override { return stub_.get(key); }
  result<void> put(std::string_view key, bytes_view value) override { return stub_.put(key, value); }
  result<void> erase(std::string_view key) override { return stub_.erase(key); }

 private:
  stub& stub_;
};

/// Private keys of an organization in `_lifecycle`.
class organization_state final : public writable_state {
 public:
  organization_state(stub& s, std::string_view msp_id) : stub_(s), collection_(std::string(ledger::implicit_collection_prefix).append(msp_id)) {}
  result<std::optional<bytes>> get(std::string_view key) override { return stub_.get_private(collection_, key); }
  result<void> put(std::string_view key, bytes_view value) override { return stub_.put_private(collection_, key, value); }
  result<void> erase(std::string_view key) override { return stub_.erase_private(collection_, key); }

 private:
  stub& stub_;
  std::string collection_;
};

/// Digests of the private keys of every organization of the channel.
class organization_hashes {
 public:
  organization_hashes(stub& s, const ledger::channel_bundle& bundle);
  [[nodiscard]] organization_states states() const;

 private:
  class one;
  std::map<std::string, std::unique_ptr<opaque_state>> states_;
};

}  // namespace weft::chaincode
