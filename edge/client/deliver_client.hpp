// A client of protos.Deliver: reads single blocks of a channel, as `peer channel fetch` does.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "config/base/clock.hpp"
#include "config/base/random.hpp"
#include "crypto/msp/msp.hpp"
#include "edge/rpc/client.hpp"
#include "ledger/block/block.hpp"

namespace orderer {
class SeekPosition;
}

namespace weft::edge {

/// Thread-safe. Errors of all methods: `not_found` for a block or channel that is not there, `permission_denied` for a reader without the right,
/// `unavailable` and others with the server's own words.
class deliver_client {
 public:
  deliver_client(std::shared_ptr<rpc_client> connection, crypto::signing_identity who, std::shared_ptr<const weft::clock> clock,
                 std::shared_ptr<random_source> random, std::map<std::string, std::string> metadata = {});
  [[nodiscard]] result<ledger::block> oldest(const std::string& channel) const { return number(channel, block_number{0}); }
  [[nodiscard]] result<ledger::block> newest(const std::string& channel) const;
  [[nodiscard]] result<ledger::block> number(const std::string& channel, block_number n) const;
  /// The last config block, which the newest block names.
  [[nodiscard]] result<ledger::block> config(const std::string& channel) const;

 private:
  [[nodiscard]] result<ledger::block> fetch(const std::string& channel, const ::orderer::SeekPosition& at) const;

  std::shared_ptr<rpc_client> connection_;
  crypto::signing_identity who_;
  std::shared_ptr<const weft::clock> clock_;
  std::shared_ptr<random_source> random_;
  std::map<std::string, std::string> metadata_;
};

}  // namespace weft::edge
