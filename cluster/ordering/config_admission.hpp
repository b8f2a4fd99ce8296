// From a CONFIG_UPDATE that a client sent to the CONFIG transaction that is ordered, and to the configuration behind it. interop/02 §4, 06 §1.
#pragma once

#include <functional>
#include <memory>

#include "cluster/ordering/admission.hpp"
#include "config/base/random.hpp"
#include "crypto/msp/msp.hpp"
#include "ledger/block/block.hpp"

namespace weft::cluster {

/// What an orderer brings to a configuration transaction of its own making. Everything is borrowed.
struct config_author {
  const crypto::signing_identity& identity;
  const crypto::verifier& verifier;
  random_source& random;
  timestamp now;
  /// What the channel's consenter asks of the step to the next configuration, beyond what every node asks: for raft check_raft_update
  /// (cluster/consenter/update_rules.hpp). Empty: nothing.
  std::function<result<void>(const ledger::channel_bundle& now, const ledger::channel_bundle& next)> step_rule = {};
};

/// `config` is the CONFIG envelope to order when `verdict` says success.
struct config_admission {
  admission verdict;
  ledger::envelope config;
};

/// Rows 6 to 12 of interop/06 §1 for a CONFIG_UPDATE: the update passes the filters, is authorised and applied by `bundle`, and what comes out,
/// wrapped and signed by the orderer, passes the filters again. Costs one bundle, some milliseconds; one more with a step rule. Pure but for `author.random`; thread-safe.
[[nodiscard]] config_admission admit_update(const ledger::envelope& update, const ledger::channel_bundle& bundle, const config_author& author);

/// The same once more for a CONFIG envelope made earlier, whose channel was configured anew meanwhile: from its last_update.
[[nodiscard]] config_admission admit_again(const ledger::envelope& config, const ledger::channel_bundle& bundle, const config_author& author);

/// True for a block that holds a CONFIG transaction.
[[nodiscard]] bool is_config_block(const ledger::block& b);
/// The bundle behind a config block: its configuration is recomputed from its update, as every peer will do. An orderer asks before it signs, so
/// that no block is ever written at which peers would stop. Errors: those of channel_bundle::apply.
[[nodiscard]] result<std::shared_ptr<const ledger::channel_bundle>> bundle_behind(const ledger::block& config_block, const ledger::channel_bundle& before,
                                                                                  const crypto::verifier& verifier);

}  // namespace weft::cluster
