// LOG_WRITER: raft's log on this orderer's disk. What a failed sync leaves behind nobody knows, so the log is then opened anew.
#include <spdlog/spdlog.h>

#include "actors/orderer/raft_roles.hpp"

namespace weft::actors {

namespace {

struct log_writer_state {
  std::string failure;  ///< Why there is no log.
  static inline const char* name = "log_writer";
};

std::string write(cluster::raft::write_ahead_log& log, const log_job& job) {
  const auto done = job.followed ? log.note_followed(*job.followed)
                    : job.made ? log.compact(job.made, job.keep_from == 0 ? 0 : job.keep_from - 1)
                               : log.write({job.write.hard, job.write.restore, job.write.entries, true});
  return done ? std::string{} : done.error().context;
}

log_writer_actor::behavior_type log_writer(role_self<log_writer_actor, log_writer_state> self, orderer_ptr, ordered_channel_ptr channel) {
  if (!channel->raft_log || channel->raft_log->broken()) {
    auto opened = channel->open_raft_log();
    if (opened) channel->raft_log = std::move(*opened);
    else self->state.failure = opened.error().context;
  }
  if (!self->state.failure.empty()) spdlog::error("{}: {}", self->seat(), self->state.failure);
  return {
      [self, channel](atom::join) {
        const bool usable = self->state.failure.empty();
        return std::make_shared<const opened_log>(opened_log{usable ? channel->raft_log : nullptr, self->state.failure});
      },
      [self, channel](atom::write, const std::shared_ptr<const log_job>& job) {
        auto failure = self->state.failure.empty() ? write(*channel->raft_log, *job) : self->state.failure;
        if (!failure.empty()) spdlog::error("{}: the raft log of {} was not written: {}", self->seat(), channel->id, failure);
        if (!failure.empty()) self->quit(caf::make_error(caf::sec::runtime_error, failure));
        return failure;
      },
  };
}

}  // namespace

role_spec log_writer_role(seat s, orderer_ptr site, ordered_channel_ptr channel, bool own_thread) {
  return own_thread ? make_spec<caf::detached>(std::move(s), &log_writer, std::move(site), std::move(channel))
                    : make_spec(std::move(s), &log_writer, std::move(site), std::move(channel));
}

}  // namespace weft::actors
