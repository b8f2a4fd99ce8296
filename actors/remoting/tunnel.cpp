#include "actors/remoting/tunnel.hpp"

#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <optional>

namespace weft::actors::remoting {

namespace {

/// What an accepting node says once it has admitted the other: with TLS 1.3 the dialler cannot know otherwise.
constexpr bytes_view greeting = "weft/1\n";
/// After the greeting everything travels in pieces: their size in four bytes, big end first, then so many bytes of BASP. An empty piece says
/// "I am here": BASP's own heartbeats come from the thread that also turns messages into bytes, which for a block of 100 MiB takes a second.
constexpr std::size_t piece_header = 4, piece_max = 64 * KiB - piece_header;
constexpr std::size_t read_max = 64 * KiB;           ///< At once.
constexpr std::size_t moves_per_turn = 32;           ///< Of one link, so that a busy one does not starve the others.
constexpr int calls_per_turn = 16;
constexpr std::chrono::milliseconds check_every{50}, listener_rest{100}, stranger_log_every{1000};
constexpr std::uint64_t bell_tag = 0, listener_tag = 1;

}  // namespace

struct tunnel::peer_state {
  tunnel_peer settings;
  redial next;
  link_fault fault = link_fault::none;
  connection* current = nullptr;   ///< Its link, or our attempt at one.
};

struct tunnel::connection {
  enum class phase : std::uint8_t { shaking_hands, awaiting_greeting, open, draining } now = phase::shaking_hands;
  std::uint64_t serial = 0;
  std::unique_ptr<stream> far;
  descriptor near;
  std::string source, peer;        ///< peer: known from the start when we dialled, else from admission on.
  bool dialled = false, told = false, marked = false;
  byte_queue in, out;
  std::optional<frame_guard> guard;
  std::size_t greeted = 0;         ///< Bytes of the greeting that came.
  std::size_t piece_left = 0;      ///< Of the piece that is coming in …
  std::size_t header_have = 0;     ///< … or bytes of the next one's header …
  std::uint32_t header = 0;        ///< … and their value so far.
  steady_time born{}, up{}, last_in{}, last_out{}, last_basp{};
  unsigned watched[2] = {0, 0};
  bool far_blocked = false, near_blocked = false;

  explicit connection(std::size_t buffer) : in(buffer + frame_guard::held_max), out(buffer) {}
  [[nodiscard]] bool stranger() const noexcept { return !dialled && now == phase::shaking_hands; }
  [[nodiscard]] bool settled() const noexcept { return now == phase::open || now == phase::draining; }
  [[nodiscard]] bool may_read_far() const noexcept {
    return now == phase::awaiting_greeting || (settled() && in.room() > frame_guard::held_max);
  }
  [[nodiscard]] bool may_read_near() const noexcept { return now == phase::open && out.room() > piece_header; }
  void append_header(std::size_t size) {
    const char raw[piece_header] = {static_cast<char>(size >> 24), static_cast<char>(size >> 16), static_cast<char>(size >> 8), static_cast<char>(size)};
    out.append({raw, sizeof raw});
  }
  [[nodiscard]] result<void> take_pieces(bytes_view arrived);
};

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

tunnel::tunnel(tunnel_settings settings, std::unique_ptr<carrier> over, listener_fn tell)
    : settings_(std::move(settings)), carrier_(std::move(over)), address_(carrier_->address()), tell_(std::move(tell)),
      poll_(::epoll_create1(EPOLL_CLOEXEC)), bell_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), scratch_(read_max) {
  for (const auto& [name, p] : settings_.peers) {
    peers_.emplace(name, peer_state{p, redial(settings_.limits.redial)});
    report_.peers[name];
  }
  epoll_event e{};
  e.events = EPOLLIN;
  e.data.u64 = bell_tag;
  ::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, bell_.get(), &e);
}

tunnel::~tunnel() { stop(); }

bool tunnel::start() {
  std::lock_guard lock(mutex_);
  if (thread_.joinable() || stopping_) return false;
  thread_ = std::thread([this] {
    while (!stopping_.load(std::memory_order_acquire)) turn(std::chrono::minutes(1));
  });
  return true;
}

void tunnel::stop() {
  if (stopping_.exchange(true)) return;
  post([] {});
  std::thread running;
  {
    std::lock_guard lock(mutex_);
    running.swap(thread_);
  }
  if (running.joinable()) running.join();
  tell_ = nullptr;
  for (auto& [serial, c] : connections_) c->far->say_goodbye();
  connections_.clear();
  carrier_.reset();
}

void tunnel::post(std::function<void()> command) {
  {
    std::lock_guard lock(mutex_);
    commands_.push_back(std::move(command));
  }
  const std::uint64_t one = 1;
  (void)!::write(bell_.get(), &one, sizeof one);
}

void tunnel::run_commands() {
  std::uint64_t rung = 0;
  (void)!::read(bell_.get(), &rung, sizeof rung);
  std::vector<std::function<void()>> now;
  {
    std::lock_guard lock(mutex_);
    now.swap(commands_);
  }
  for (auto& f : now) f();
}

void tunnel::reset(const std::string& peer, std::uint64_t serial, const std::string& why) {
  post([this, peer, serial, why] {
    const auto it = peers_.find(peer);
    if (it != peers_.end() && it->second.current != nullptr && it->second.current->serial == serial) close(*it->second.current, why);
  });
}

void tunnel::reset_all(const std::string& why) {
  post([this, why] {
    for (auto& [name, p] : peers_) {
      if (p.current != nullptr && p.current->settled()) close(*p.current, why);
    }
  });
}

void tunnel::set_fault(const std::string& peer, link_fault fault) {
  post([this, peer, fault] {
    const auto it = peers_.find(peer);
    if (it == peers_.end()) return;
    it->second.fault = fault;
    if (fault == link_fault::cut && it->second.current != nullptr) close(*it->second.current, "cut by a fault plan");
    if (fault == link_fault::none) it->second.next.hurry(now_);
    if (it->second.current != nullptr) pump(*it->second.current);
  });
}

std::string tunnel::peer_of(bytes_view mark) const {
  std::lock_guard lock(mutex_);
  const auto it = marks_.find(mark);
  return it == marks_.end() ? std::string() : it->second;
}

tunnel_report tunnel::report() const {
  std::lock_guard lock(mutex_);
  return report_;
}

const std::string& tunnel::address() const { return address_; }

// ---- One turn

int tunnel::next_wait(std::chrono::milliseconds at_most) {
  if (!unfinished_.empty()) return 0;
  auto until = now_ + at_most;
  if (!connections_.empty()) until = std::min(until, next_check_);
  if (!listening_ && carrier_->listener() >= 0) until = std::min(until, listen_again_);
  for (const auto& [name, p] : peers_) {
    if (p.settings.dial && p.current == nullptr && p.fault != link_fault::cut) until = std::min(until, p.next.next());
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now_).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, at_most.count()));
}

void tunnel::turn(std::chrono::milliseconds at_most) {
  now_ = settings_.now();
  if (!listening_ && carrier_->listener() >= 0 && now_ >= listen_again_) {
    epoll_event e{};
    e.events = EPOLLIN;
    e.data.u64 = listener_tag;
    listening_ = ::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, carrier_->listener(), &e) == 0;
  }
  dial_due();
  epoll_event events[64];
  const int n = ::epoll_wait(poll_.get(), events, 64, next_wait(at_most));
  now_ = settings_.now();
  for (const auto serial : std::exchange(unfinished_, {})) {
    if (const auto it = connections_.find(serial); it != connections_.end()) pump(*it->second);
  }
  for (int i = 0; i < n; ++i) {
    const auto tag = events[i].data.u64;
    if (tag == bell_tag) {
      run_commands();
    } else if (tag == listener_tag) {
      welcome();
    } else if (const auto it = connections_.find(tag / 2); it != connections_.end()) {
      auto& c = *it->second;
      (tag % 2 == 0 ? c.far_blocked : c.near_blocked) = false;
      pump(c);
    }
  }
  if (now_ >= next_check_) {
    next_check_ = now_ + check_every;
    check_deadlines();
  }
}

// ---- Connections come

void tunnel::welcome() {
  for (int i = 0; i < calls_per_turn; ++i) {
    auto a = carrier_->accept();
    if (!a) {  // nothing will be there for it for a while; what waits at the listener would wake us at once, again and again
      ::epoll_ctl(poll_.get(), EPOLL_CTL_DEL, carrier_->listener(), nullptr);
      listening_ = false;
      listen_again_ = now_ + listener_rest;
      spdlog::warn("node {}: no calls are taken for {} ms: {}", settings_.self, listener_rest.count(), a.error().context);
      return;
    }
    if (!*a) return;
    take(std::move(**a));
  }
}

void tunnel::take(arrival a) {
  std::size_t strangers = 0, from_there = 0;
  connection* oldest = nullptr;
  for (const auto& [serial, c] : connections_) {
    if (!c->stranger()) continue;
    ++strangers;
    if (c->source == a.source) ++from_there;
    if (oldest == nullptr || c->serial < oldest->serial) oldest = c.get();
  }
  if (from_there >= settings_.limits.strangers_per_source_max) {
    std::lock_guard lock(mutex_);
    ++report_.strangers_refused;
    return;
  }
  // Whoever means well is through in milliseconds, so the oldest does not.
  if (strangers >= settings_.limits.strangers_max) close(*oldest, "too many connections that are not admitted yet");
  auto c = std::make_unique<connection>(settings_.limits.buffer);
  c->far = std::move(a.connection);
  c->source = std::move(a.source);
  add(std::move(c));
}

void tunnel::dial_due() {
  for (auto& [name, p] : peers_) {
    if (p.settings.dial && p.current == nullptr && p.fault != link_fault::cut && now_ >= p.next.next()) dial(name, p);
  }
}

void tunnel::dial(const std::string& name, peer_state& p) {
  auto s = carrier_->dial(p.settings.address, name);
  if (!s) {
    p.next.ended(now_, {}, *settings_.random);
    std::lock_guard lock(mutex_);
    report_.peers[name].last_failure = s.error().context;
    return;
  }
  auto c = std::make_unique<connection>(settings_.limits.buffer);
  c->far = std::move(*s);
  c->dialled = true;
  c->peer = name;
  p.current = c.get();
  add(std::move(c));
}

void tunnel::add(std::unique_ptr<connection> c) {
  c->serial = ++serials_;
  c->born = c->last_in = c->last_out = c->last_basp = now_;
  auto& ref = *c;
  connections_.emplace(ref.serial, std::move(c));
  pump(ref);
}

// ---- A connection goes on

void tunnel::pump(connection& c) {
  const auto serial = c.serial;
  for (std::size_t moves = 0;; ++moves) {
    if (const auto p = peers_.find(c.peer); p != peers_.end() && p->second.fault == link_fault::frozen) break;
    if (moves == moves_per_turn) {
      unfinished_.push_back(serial);
      break;
    }
    const auto moved = advance(c);
    if (!moved) return close(c, moved.error().context);
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
  if (!c.dialled && p.settings.dial) return fail(errc::permission_denied, "node " + it->first + " calls, but is to be called");
  if (p.current != nullptr && p.current != &c) close(*p.current, "replaced by a newer link");  // it may have restarted and we not noticed yet
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
  WEFT_TRY(const auto n, c.far->read(got, greeting.size() - c.greeted));
  if (n == 0) return false;
  if (bytes_view(got, n) != greeting.substr(c.greeted, n)) return fail(errc::unavailable, "it does not speak weft/1");
  c.greeted += n;
  if (c.greeted == greeting.size()) admitted(c);
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

// ---- The end of a connection

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
