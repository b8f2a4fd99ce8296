// How a connection of the tunnel ends: deadlines, and what is told and noted of the end.
#include <spdlog/spdlog.h>

#include <algorithm>

#include "actors/remoting/tunnel_parts.hpp"

namespace weft::actors::remoting {

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
  note_twins();
  std::lock_guard lock(mutex_);
  report_.strangers_now = static_cast<std::uint64_t>(
      std::count_if(connections_.begin(), connections_.end(), [](const auto& row) { return row.second->stranger(); }));
}

void tunnel::note_stranger(const connection& c, const std::string& why) {
  {
    std::lock_guard lock(mutex_);
    ++report_.strangers_refused;
  }
  if (strangers_pace_.may_say(c.source + why, now_)) spdlog::warn("node {}: a connection from {} was refused: {}", settings_.self, c.source, why);
}

/// We called, and one of the two refused the other.
void tunnel::note_refusal(const connection& c, const std::string& why) {
  const auto p = peers_.find(c.peer);
  if (p == peers_.end() || !refusals_pace_.may_say(c.peer + why, now_)) return;
  spdlog::warn("node {}: no link with node {} at {}: {}", settings_.self, c.peer, p->second.settings.address, why);
}

/// The older link stays as long as it is alive: neither it nor the newcomer then flaps, whoever calls how often.
void tunnel::refuse_twin(connection& c, peer_state& p) {
  static_cast<void>(c.far->write(greeting_of_twins));  // best effort; it is small, and nothing went before
  p.twin = c.source;
  p.twin_came = now_;
}

/// What looked like a second process may have been the first one, whose former link was not over yet. Both live if the older goes on speaking.
void tunnel::note_twins() {
  for (auto& [name, p] : peers_) {
    constexpr std::chrono::seconds gone_after{10};  // it would have called again
    if (p.twin_told && now_ - p.twin_came > gone_after) {
      p.twin_told = false;
      std::lock_guard lock(mutex_);
      report_.peers[name].twin.clear();
    }
    if (p.twin.empty()) continue;
    if (p.current == nullptr || !p.current->settled()) {
      p.twin.clear();
      continue;
    }
    if (p.current->last_in <= p.twin_came + settings_.limits.silence / 2) continue;
    const auto text = "another process, at " + p.twin + ", claims to be node " + name + " too and is refused while the first one lives; stop one of them";
    p.twin.clear();
    p.twin_told = true;
    {
      std::lock_guard lock(mutex_);
      auto& r = report_.peers[name];
      ++r.twins;
      r.twin = text;
    }
    if (twins_pace_.may_say(text, now_)) spdlog::warn("node {}: linked with node {}{}; {}", settings_.self, name, p.current->source.empty() ? "" : " at " + p.current->source, text);
  }
}

void tunnel::close(connection& c, const std::string& why) {
  const auto it = connections_.find(c.serial);
  const auto gone = std::move(it->second);
  connections_.erase(it);
  if (!gone->settled() && !gone->dialled && !gone->knock) note_stranger(*gone, why);
  gone->far->say_goodbye();
  const auto p = peers_.find(gone->peer);
  if (p != peers_.end() && p->second.current == gone.get()) {
    p->second.current = nullptr;
    p->second.next.ended(now_, gone->told ? now_ - gone->up : std::chrono::nanoseconds{}, *settings_.random);
  }
  if (p != peers_.end() && !gone->knock) {
    std::lock_guard lock(mutex_);
    auto& r = report_.peers[gone->peer];
    r.last_failure = why;
    if (gone->told) {
      r.up = false;
      r.twin.clear();
    }
    if (gone->marked) marks_.erase(gone->guard->peer_mark());
  }
  if (gone->told && tell_) tell_({gone->peer, gone->serial, false, gone->dialled, {}, why});
}

}  // namespace weft::actors::remoting
