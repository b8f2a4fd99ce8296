// Registers every message that may travel, and sets CAF up for weft. Registration costs compile time, so it stands here and nowhere else.
#include <caf/actor_system_config.hpp>

#include "actors/interfaces.hpp"
#include "actors/node/node.hpp"

namespace weft::actors {

namespace {

struct system_config final : caf::actor_system_config {
  system_config(std::size_t threads, bool simulated) {
    add_message_type<error_detail>("weft.detail");
    add_message_type<rpc_status>("weft.status");
    add_message_type<signed_proposal>("weft.proposal");
    add_message_type<endorse_reply>("weft.endorsed");
    add_message_type<gateway_reply>("weft.reply");
    add_message_type<commit_reply>("weft.committed");
    add_message_type<committed_tx>("weft.tx");
    add_message_type<commit_notice>("weft.notice");
    add_message_type<broadcast_reply>("weft.broadcast");
    add_message_type<ledger::envelope>("weft.envelope");
    add_message_type<ledger::block>("weft.block");
    add_message_type<enrollment>("weft.enroll");
    add_message_type<enrolled>("weft.enrolled");
    add_message_type<membership>("weft.member");
    add_message_type<channel_request>("weft.channel");
    add_message_type<raft_batch>("weft.raft");
    add_message_type<consenter_actor>("weft.consenter");
    add_message_type<block_sink_actor>("weft.sink");
    if (simulated) {
      set("scheduler.policy", caf::atom("testing"));
      set("logger.inline-output", true);
    } else {
      set("scheduler.policy", caf::atom("stealing"));
      set("scheduler.max-threads", threads);
      set("scheduler.max-throughput", std::size_t{300});
      // A worker without work looks around a hundred times, then waits to be woken; it is woken at once for what comes from outside the
      // scheduler, and looks for work to steal every 3 ms. CAF's own middle stage, 500 naps of 50 us before that, cost 20 us of CPU a
      // transaction under load and 1.6 ms at 100 transactions a second, and made a lone one slower.
      set("work-stealing.moderate-poll-attempts", std::size_t{0});
      set("work-stealing.relaxed-sleep-duration", caf::timespan{std::chrono::milliseconds{3}});
    }
  }
};

}  // namespace

std::unique_ptr<caf::actor_system_config> make_system_config(std::size_t threads, bool simulated) {
  return std::make_unique<system_config>(threads, simulated);
}

}  // namespace weft::actors
