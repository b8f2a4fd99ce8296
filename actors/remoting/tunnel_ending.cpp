// How a connection of the tunnel ends: deadlines, and what is told and noted of the end.
#include <spdlog/spdlog.h>

#include <algorithm>

#include "actors/remoting/tunnel_parts.hpp"

namespace weft::actors::remoting {

namespace {

constexpr std::chrono::milliseconds stranger_log_every{1000};

}  // namespace

std::string tunnel::overdue(connection& c) const {
  const auto& l = settings_.limits;
  if (!c.settled()) return now_ - c.born > l.handshake ? "no handshake within " + std::to_string(l.handshake.count()) + " ms" : std::string();
  if (!c.may_read_far()) c.last_in = c.last_basp = now_;  // we are the slow ones
  if (now_ - c.last_in > l.silence) return "silent for " + std::to_string(l.silence.count()) + " ms";
  if (now_ - c.last_basp > l.hung) return "no sign of BASP for " + std::to_string(l.hung.count()) + " ms";
  if (!c.out.empty() && now_ - c.last_out > l.stall) return "takes nothing for " + std::to_string(l.stall.count()) + " ms";
  return {};
}

void tunnel::check_deadlines() {
  std::vector<std::pair<std::uint64_t, std::string>> over;
  std::vector<std::uint64_t> quiet;
  for (auto& [serial, c] : connections_) {
    if (auto why = overdue(*c); !why.empty()) {
      over.emplace_back(serial, std::move(why));
    } else if (c->now == connection::phase::open && c->out.empty() && now_ - c->last_out >= settings_.limits.heartbeat) {
      quiet.push_back(serial);
    }
  }
  for (const auto serial : quiet) {
    const auto it = connections_.find(serial);
    if (it == connections_.end()) continue;
    auto& c = *it->second;
    c.append_header(0);
    c.last_out = now_;
    pump(c);
  }
  for (auto& [serial, why] : over) {
    if (const auto it = connections_.find(serial); it != connections_.end()) close(*it->second, why);
  }
  std::lock_guard lock(mutex_);
  report_.strangers_now = static_cast<std::uint64_t>(
      std::count_if(connections_.begin(), connections_.end(), [](const auto& row) { return row.second->stranger(); }));
}

void tunnel::note_stranger(const connection& c, const std::string& why) {
  {
    std::lock_guard lock(mutex_);
    ++report_.strangers_refused;
  }
  if (now_ - last_stranger_log_ < stranger_log_every) return;  // a stranger does not fill our disk
  last_stranger_log_ = now_;
  spdlog::warn("node {}: a connection from {} was refused: {}", settings_.self, c.source, why);
}

void tunnel::close(connection& c, const std::string& why) {
  const auto it = connections_.find(c.serial);
  const auto gone = std::move(it->second);
  connections_.erase(it);
  if (!gone->settled() && !gone->dialled) note_stranger(*gone, why);
  gone->far->say_goodbye();
  const auto p = peers_.find(gone->peer);
  if (p != peers_.end() && p->second.current == gone.get()) {
    p->second.current = nullptr;
    p->second.next.ended(now_, gone->told ? now_ - gone->up : std::chrono::nanoseconds{}, *settings_.random);
  }
  if (p != peers_.end()) {
    std::lock_guard lock(mutex_);
    auto& r = report_.peers[gone->peer];
    r.last_failure = why;
    if (gone->told) r.up = false;
    if (gone->marked) marks_.erase(gone->guard->peer_mark());
  }
  if (gone->told && tell_) tell_({gone->peer, gone->serial, false, gone->dialled, {}, why});
}

}  // namespace weft::actors::remoting
