// The base of every role: one hook for faults, one for measuring, and protection against strangers' exit messages. cookbook §4.
#pragma once

#include <atomic>
#include <caf/all.hpp>
#include <cstdint>
#include <ctime>
#include <deque>
#include <memory>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace weft::actors {

/// CPU time that a role's handlers used; counted only while somebody measures.
struct role_meter {
  explicit role_meter(std::string n) : name(std::move(n)) {}
  std::string name;                       ///< What the time is booked on: "endorser", "committer", …
  std::atomic<std::uint64_t> cpu_nanos{0};
};
/// On while a bench asks: a reading costs 0.25 µs.
inline std::atomic<bool> metering{false};
[[nodiscard]] inline std::uint64_t thread_cpu_nanos() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000u + static_cast<std::uint64_t>(t.tv_nsec);
}

/// A message taken off its path, judged once, delivered later.
struct redelivery {
  caf::strong_actor_ptr from;
  caf::message_id mid;
  caf::mailbox_element::forwarding_stack stages;
  caf::message content;
};
/// What a fault plan decides about one message.
struct fault_verdict {
  bool drop = false;
  unsigned copies = 1;
  caf::timespan delay{0};
  bool reencode = false;  ///< Through the wire form and back: simulation only.
};
/// Judges messages between roles; thread-safe on a live system. Own timers and anonymous sends are not judged.
struct fault_plane {
  virtual ~fault_plane() = default;
  virtual fault_verdict judge(const caf::strong_actor_ptr& from, caf::actor_id to, const caf::type_erased_tuple& content) = 0;
};
/// No plan: one atomic load per message.
inline std::atomic<fault_plane*> the_fault_plane{nullptr};

/// A message through its wire form and back. Throws std::logic_error for a type that cannot travel: a programming error found in simulation.
[[nodiscard]] caf::message through_wire(caf::actor_system& sys, const caf::type_erased_tuple& content);

/// Whether a role takes this message from an actor of another node: answers, the end of that actor itself, and the messages of interfaces.hpp that
/// are meant for other nodes. Everything that an interface calls internal comes from this process or not at all. Counts what it refuses.
[[nodiscard]] bool may_come_from_afar(const caf::strong_actor_ptr& sender, caf::message_id mid, const caf::type_erased_tuple& content);
[[nodiscard]] std::uint64_t refused_from_afar() noexcept;

/// A role's own reminder to look at the deadlines of what it asked.
struct deadline_check {};
/// Requests that were asked, by deadline. CAF's own request timeouts wake the clock's thread for every request (7 µs of CPU) and stay in its
/// schedule until they expire, answered or not; these cost a queue entry, and one timer for all. Owned by one actor.
class deadlines {
 public:
  using time_point = caf::actor_clock::time_point;
  struct entry {
    time_point at;
    caf::message_id id;  ///< Of the response.
    caf::actor_addr asked;
  };
  void add(entry e) {
    auto place = open_.end();
    while (place != open_.begin() && std::prev(place)->at > e.at) --place;  // nearly always the last
    open_.insert(place, e);
  }
  /// Forgets what is not in `pending`; gives what is, and is over.
  template <class Pending>
  [[nodiscard]] std::vector<caf::message_id> sweep(const Pending& pending, time_point now) {
    std::unordered_set<std::uint64_t> waiting;
    for (const auto& p : pending) waiting.insert(p.first.integer_value());
    std::vector<caf::message_id> over;
    std::deque<entry> left;
    for (const auto& e : open_) {
      if (!waiting.count(e.id.integer_value())) continue;
      if (e.at <= now) over.push_back(e.id); else left.push_back(e);
    }
    open_.swap(left);
    sweep_at_ = std::max<std::size_t>(4096, 2 * open_.size());
    return over;
  }
  /// What was asked of that actor and may still be pending; forgotten here.
  [[nodiscard]] std::vector<caf::message_id> take(const caf::actor_addr& asked) {
    std::vector<caf::message_id> out;
    std::deque<entry> left;
    for (const auto& e : open_) {
      if (e.asked == asked) out.push_back(e.id); else left.push_back(e);
    }
    open_.swap(left);
    return out;
  }
  [[nodiscard]] bool empty() const noexcept { return open_.empty(); }
  [[nodiscard]] time_point first() const { return open_.front().at; }
  [[nodiscard]] bool crowded() const noexcept { return open_.size() >= sweep_at_; }

 private:
  std::deque<entry> open_;
  std::size_t sweep_at_ = 4096;  ///< So that what is answered long ago does not pile up.
};

/// What the default and exception handlers of every role print.
void log_unexpected(const std::string& role, const std::string& what);

template <class Base>
struct role : Base {
  using Base::Base;

  /// Takes a seat: its name for logs, and the meter its CPU time is booked on.
  void sit(std::string name, std::shared_ptr<role_meter> meter) {
    name_ = std::move(name);
    meter_ = std::move(meter);
    this->set_exception_handler([this](caf::scheduled_actor*, std::exception_ptr& e) -> caf::error {
      try {
        std::rethrow_exception(e);
      } catch (const std::exception& x) {
        log_unexpected(name_, std::string("stopped by an exception: ") + x.what());
      } catch (...) {
        log_unexpected(name_, "stopped by an exception of an unknown type");
      }
      return caf::sec::runtime_error;
    });
  }
  [[nodiscard]] const std::string& seat() const noexcept { return name_; }

  /// As `request(to, timeout, ...)`, for calls that come with every transaction. The same answers: `sec::request_timeout` when the time is over.
  /// The handler must be set by `then`.
  template <class Handle, class Rep, class Period, class... Ts>
  auto ask(const Handle& to, std::chrono::duration<Rep, Period> timeout, Ts&&... xs) {
    if (deadlines_.crowded()) expire();  // before the new request, whose handler is not there yet
    auto handle = this->request(to, caf::duration{caf::infinite}, std::forward<Ts>(xs)...);
    const auto at = this->clock().now() + std::chrono::duration_cast<caf::actor_clock::duration_type>(timeout);
    deadlines_.add({at, handle.id(), caf::actor_cast<caf::actor_addr>(to)});
    if (!armed_ || at < armed_at_) arm(at);
    return handle;
  }

  /// That actor is down: what was asked of it is answered with `sec::request_receiver_down` now. CAF does so by itself for actors of this process only.
  void lost(const caf::actor_addr& who) {
    for (const auto id : deadlines_.take(who)) {
      if (!this->multiplexed_responses_.empty()) end_request(id, caf::sec::request_receiver_down);
    }
  }

  void enqueue(caf::mailbox_element_ptr p, caf::execution_unit* eu) override {
    auto& content = p->content();
    // Only a named local actor may stop a role: no anonymous and no remote exit message.
    if (p->sender == nullptr ? content.template match_elements<caf::exit_msg>()
                             : p->sender->node() != this->node() && !may_come_from_afar(p->sender, p->mid, content)) return;
    if (auto* plane = the_fault_plane.load(std::memory_order_acquire)) return enqueue_judged(*plane, std::move(p), eu);
    Base::enqueue(std::move(p), eu);
  }

  caf::resumable::resume_result resume(caf::execution_unit* eu, std::size_t max_throughput) override {
    if (!metering.load(std::memory_order_relaxed) || !meter_) return Base::resume(eu, max_throughput);
    const auto meter = meter_;  // the actor may be gone afterwards
    const auto before = thread_cpu_nanos();
    const auto r = Base::resume(eu, max_throughput);
    meter->cpu_nanos.fetch_add(thread_cpu_nanos() - before, std::memory_order_relaxed);
    return r;
  }

 private:
  void enqueue_judged(fault_plane& plane, caf::mailbox_element_ptr p, caf::execution_unit* eu);
  void arm(deadlines::time_point at);
  void check_deadlines();
  void expire();
  void end_request(caf::message_id id, caf::sec why) { this->eq_impl(id, caf::strong_actor_ptr{this->ctrl()}, this->context(), caf::make_error(why)); }

  std::string name_;
  std::shared_ptr<role_meter> meter_;
  deadlines deadlines_;
  bool armed_ = false, listening_ = false;
  deadlines::time_point armed_at_{};
};

/// The pointer that the behaviour function of a role gets: its state, its interface, and role's protection.
template <class Handle, class State>
using role_self = caf::stateful_actor<State, role<typename Handle::base>>*;

}  // namespace weft::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::redelivery)  // never serializable, so it cannot arrive from the network
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(weft::actors::deadline_check)

namespace weft::actors {

template <class Base>
void role<Base>::enqueue_judged(fault_plane& plane, caf::mailbox_element_ptr p, caf::execution_unit* eu) {
  auto& content = p->content();
  if (content.template match_elements<redelivery>()) {
    auto& r = content.template get_mutable_as<redelivery>(0);
    return Base::enqueue(caf::make_mailbox_element(std::move(r.from), r.mid, std::move(r.stages), std::move(r.content)), eu);
  }
  if (p->sender == nullptr || p->sender == this->ctrl()) return Base::enqueue(std::move(p), eu);
  const auto v = plane.judge(p->sender, this->id(), content);
  if (v.drop) return;
  if (v.reencode) p = caf::make_mailbox_element(p->sender, p->mid, p->stages, through_wire(this->system(), content));
  for (unsigned i = 1; i < v.copies; ++i)
    Base::enqueue(caf::make_mailbox_element(p->sender, p->mid, p->stages, p->copy_content_to_message()), eu);
  if (v.delay.count() > 0) {
    auto& clk = this->system().clock();
    return clk.schedule_message(
        clk.now() + v.delay, caf::strong_actor_ptr{this->ctrl()},
        caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, redelivery{p->sender, p->mid, p->stages, p->move_content_to_message()}));
  }
  Base::enqueue(std::move(p), eu);
}

template <class Base>
void role<Base>::arm(deadlines::time_point at) {
  if (!std::exchange(listening_, true)) {
    this->set_default_handler([this](caf::scheduled_actor* a, caf::message_view& m) -> caf::result<caf::message> {
      if (!m.content().template match_elements<deadline_check>()) return caf::print_and_drop(a, m);
      check_deadlines();
      return caf::message{};
    });
  }
  armed_ = true;
  armed_at_ = at;
  this->clock().schedule_message(at, caf::strong_actor_ptr{this->ctrl()},
                                 caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, deadline_check{}));
}

template <class Base>
void role<Base>::check_deadlines() {
  const auto now = this->clock().now();
  if (armed_ && now < armed_at_) return;  // an older reminder; the newer one is still to come
  armed_ = false;
  expire();
  if (!deadlines_.empty()) arm(deadlines_.first());
}

template <class Base>
void role<Base>::expire() {
  for (const auto id : deadlines_.sweep(this->multiplexed_responses_, this->clock().now())) {
    end_request(id, caf::sec::request_timeout);
  }
}

}  // namespace weft::actors
