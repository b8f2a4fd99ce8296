// How a connection of the tunnel goes on: handshake, greeting, then pieces both ways.
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "actors/remoting/tunnel_parts.hpp"

namespace weft::actors::remoting {

namespace {

constexpr std::size_t moves_per_turn = 32;           ///< Of one link, so that a busy one does not starve the others.

}  // namespace

/// Takes the pieces apart and gives their content to the guard.
result<void> tunnel::connection::take_pieces(bytes_view arrived) {
  while (!arrived.empty()) {
    if (piece_left > 0) {
      const auto n = std::min(piece_left, arrived.size());
      WEFT_CHECK(guard->feed(arrived.substr(0, n), in));
      piece_left -= n;
      arrived.remove_prefix(n);
      last_basp = last_in;
      continue;
    }
    header = header << 8 | static_cast<unsigned char>(arrived.front());
    arrived.remove_prefix(1);
    if (++header_have < piece_header) continue;
    if (header > piece_max) return fail(errc::invalid_argument, "a piece above the limit");
    piece_left = std::exchange(header, 0);
    header_have = 0;
  }
  return {};
}

void tunnel::pump(connection& c) {
  const auto serial = c.serial;
  for (std::size_t moves = 0;; ++moves) {
    if (const auto p = peers_.find(c.peer); p != peers_.end() && p->second.fault == link_fault::frozen) break;
    if (moves == moves_per_turn) {
      unfinished_.push_back(serial);
      break;
    }
    const auto moved = advance(c);
    if (!moved) {
      if (moved.error().code == errc::permission_denied && c.dialled) note_refusal(c, moved.error().context);
      return close(c, moved.error().context);
    }
    if (!*moved) break;
  }
  update_interest(c);
}

result<bool> tunnel::advance(connection& c) {
  if (c.now == connection::phase::shaking_hands) {
    WEFT_TRY(const auto done, c.far->shake_hands());
    if (!done) return false;
    WEFT_CHECK(open(c));
    return true;
  }
  if (c.now == connection::phase::awaiting_greeting) return read_greeting(c);
  WEFT_TRY(const auto inward, move_inward(c));
  WEFT_TRY(const auto outward, move_outward(c));
  return inward || outward;
}

result<void> tunnel::open(connection& c) {
  const auto it = peers_.find(c.far->peer());
  if (it == peers_.end()) return fail(errc::permission_denied, "node " + c.far->peer() + " is no peer of this one");
  auto& p = it->second;
  if (p.fault == link_fault::cut) return fail(errc::unavailable, "cut by a fault plan");
  if (c.knock) {  // the other side hangs up
    c.now = connection::phase::awaiting_greeting;
    return {};
  }
  if (!c.dialled && p.settings.dial) {
    c.knock = true;
    if (p.current == nullptr) p.next.hurry(now_);
    return fail(errc::unavailable, "node " + it->first + " is here, and is to be called");
  }
  if (p.current != nullptr && p.current != &c) {
    // A node that restarted calls while its former self is not quite over; one of which two processes run would take its link from itself for ever.
    if (p.current->now == connection::phase::open && now_ - p.current->last_in <= settings_.limits.silence / 2) {
      refuse_twin(c, p);
      return fail(errc::permission_denied, "another process of node " + it->first + " is linked already");
    }
    close(*p.current, "replaced by a newer link");
  }
  p.current = &c;
  c.peer = it->first;
  c.guard.emplace(c.dialled ? speaker::listener : speaker::dialler, settings_.own_mark, settings_.limits.payload_max);
  if (c.dialled) {
    c.now = connection::phase::awaiting_greeting;
    return {};
  }
  c.out.append(greeting);
  admitted(c);
  return {};
}

result<bool> tunnel::read_greeting(connection& c) {
  char got[greeting.size()];
  WEFT_TRY(const auto n, c.far->read(got, greeting.size() - c.greeted.size()));
  if (n == 0) return false;
  c.greeted.append(got, n);
  if (c.greeted == greeting_of_twins)
    return fail(errc::permission_denied, "it is linked with another process of node " + settings_.self + " already; does a copy of this node run elsewhere?");
  if (!greeting.starts_with(c.greeted) && !greeting_of_twins.starts_with(c.greeted)) return fail(errc::unavailable, "it does not speak weft/1");
  if (c.greeted == greeting && c.knock) return fail(errc::unavailable, "it admits a node that is to be called");
  if (c.greeted == greeting) admitted(c);
  return true;
}

void tunnel::admitted(connection& c) {
  c.now = connection::phase::open;
  c.up = c.last_in = c.last_out = c.last_basp = now_;
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0) {
    c.now = connection::phase::draining;  // no descriptors left: ends at the next deadline, and is tried again
    return;
  }
  c.near = descriptor(pair[0]);
  c.told = true;
  {
    std::lock_guard lock(mutex_);
    auto& r = report_.peers[c.peer];
    r.up = true;
    ++r.links;
  }
  if (tell_) tell_({c.peer, c.serial, true, c.dialled, descriptor(pair[1]), {}});
}

result<void> tunnel::learn_mark(connection& c) {
  c.marked = true;
  std::lock_guard lock(mutex_);
  const auto [it, fresh] = marks_.emplace(c.guard->peer_mark(), c.peer);
  if (!fresh && it->second != c.peer) {
    c.marked = false;
    return fail(errc::permission_denied, "it claims to be the process of node " + it->second);
  }
  return {};
}

result<bool> tunnel::move_inward(connection& c) {
  bool moved = false;
  if (c.may_read_far()) {
    const auto room = std::min(c.in.room() - frame_guard::held_max, scratch_.size());
    WEFT_TRY(const auto n, c.far->read(scratch_.data(), room));
    if (n > 0) {
      moved = true;
      c.last_in = now_;
      const auto taken = c.take_pieces({scratch_.data(), n});
      {
        std::lock_guard lock(mutex_);
        auto& r = report_.peers[c.peer];
        r.bytes_in += n;
        r.frames_dropped += c.guard->take_dropped();
      }
      WEFT_CHECK(taken);
      if (!c.marked && !c.guard->peer_mark().empty()) WEFT_CHECK(learn_mark(c));
    }
  }
  if (c.now == connection::phase::draining) c.in.drop(c.in.size());
  if (!c.in.empty() && !c.near_blocked && c.near) {
    const auto n = ::send(c.near.get(), c.in.front().data(), c.in.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0) {
      moved = true;
      c.in.drop(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN) {
      c.near_blocked = true;
    } else if (errno != EINTR) {
      return fail(errc::unavailable, "this node's end was closed");
    }
  }
  return moved;
}

result<bool> tunnel::move_outward(connection& c) {
  bool moved = false;
  if (c.may_read_near()) {
    const auto most = std::min(c.out.room() - piece_header, piece_max);
    const auto n = ::recv(c.near.get(), scratch_.data(), most, MSG_DONTWAIT);
    if (n > 0) {
      moved = true;
      if (c.out.empty()) c.last_out = now_;
      c.append_header(static_cast<std::size_t>(n));
      c.out.append({scratch_.data(), static_cast<std::size_t>(n)});
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
      c.now = connection::phase::draining;
    }
  }
  if (!c.out.empty() && !c.far_blocked) {
    WEFT_TRY(const auto n, c.far->write(c.out.front()));
    c.far_blocked = n == 0;
    if (n > 0) {
      moved = true;
      c.last_out = now_;
      c.out.drop(n);
      std::lock_guard lock(mutex_);
      report_.peers[c.peer].bytes_out += n;
    }
  }
  if (c.now == connection::phase::draining && c.out.empty()) return fail(errc::unavailable, "this node's end was closed");
  return moved;
}

// ---- What to wait for

void tunnel::watch(connection& c, side s, unsigned wanted) {
  auto& have = c.watched[static_cast<std::size_t>(s)];
  if (have == wanted) return;
  const int file = s == side::far ? c.far->file() : c.near.get();
  epoll_event e{};
  e.events = wanted;
  e.data.u64 = c.serial * 2 + static_cast<std::uint64_t>(s);
  // Not watched at all rather than for nothing: epoll reports hang-ups unasked, and would do so for as long as the other side makes us wait.
  ::epoll_ctl(poll_.get(), wanted == 0 ? EPOLL_CTL_DEL : have == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, file, &e);
  have = wanted;
}

void tunnel::update_interest(connection& c) {
  const auto p = peers_.find(c.peer);
  if (p != peers_.end() && p->second.fault == link_fault::frozen) {
    watch(c, side::far, 0);
    if (c.near) watch(c, side::near, 0);
    return;
  }
  if (c.now == connection::phase::shaking_hands) return watch(c, side::far, c.far->wants_write() ? EPOLLOUT : EPOLLIN);
  watch(c, side::far, (c.may_read_far() ? EPOLLIN : 0u) | (c.far_blocked ? EPOLLOUT : 0u));
  if (c.near) watch(c, side::near, (c.may_read_near() ? EPOLLIN : 0u) | (c.near_blocked ? EPOLLOUT : 0u));
}

}  // namespace weft::actors::remoting
