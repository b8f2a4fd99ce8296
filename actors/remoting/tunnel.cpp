// The tunnel's life and turns: commands, calls that come, calls that are made. tunnel_moving.cpp carries bytes, tunnel_ending.cpp ends connections.
#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>

#include "actors/remoting/tunnel_parts.hpp"

namespace weft::actors::remoting {

namespace {

constexpr std::size_t read_max = 64 * KiB;           ///< At once.
constexpr int calls_per_turn = 16;
constexpr std::chrono::milliseconds check_every{50}, listener_rest{100};
constexpr std::uint64_t bell_tag = 0, listener_tag = 1;

}  // namespace

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
    if (p.current != nullptr || p.fault == link_fault::cut) continue;
    if (p.settings.dial ? now_ >= p.next.next() : !std::exchange(p.knocked, true)) dial(name, p);
  }
}

void tunnel::dial(const std::string& name, peer_state& p) {
  auto s = carrier_->dial(p.settings.address, name);
  if (!s) {
    if (!p.settings.dial) return;  // it will find us by itself
    p.next.ended(now_, {}, *settings_.random);
    std::lock_guard lock(mutex_);
    report_.peers[name].last_failure = s.error().context;
    return;
  }
  auto c = std::make_unique<connection>(settings_.limits.buffer);
  c->far = std::move(*s);
  c->dialled = true;
  c->peer = name;
  c->knock = !p.settings.dial;
  if (!c->knock) p.current = c.get();
  add(std::move(c));
}

void tunnel::add(std::unique_ptr<connection> c) {
  c->serial = ++serials_;
  c->born = c->last_in = c->last_out = c->last_basp = now_;
  auto& ref = *c;
  connections_.emplace(ref.serial, std::move(c));
  pump(ref);
}

}  // namespace weft::actors::remoting
