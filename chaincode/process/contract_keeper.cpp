#include "chaincode/process/contract_keeper.hpp"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <mutex>
#include <thread>

#include "chaincode/process/child.hpp"
#include "chaincode/process/kept_list.hpp"
#include "chaincode/process/leftovers.hpp"
#include "chaincode/process/loopback.hpp"
#include "chaincode/process/output_log.hpp"

namespace weft::chaincode {
namespace {

using time = lifeline::time;
using told = contract_keeper::told;

constexpr std::chrono::minutes spare_life{10};
constexpr std::size_t read_bytes = 64 * KiB, drain_bytes_max = MiB;

/// Calls that are made when no lock is held.
using calls = std::vector<std::function<void()>>;

std::string search_path(const std::vector<std::string>& environment) {
  for (const auto& entry : environment) if (entry.starts_with("PATH=")) return entry.substr(5);
  return "/usr/local/bin:/usr/bin:/bin";
}

/// One contract with its process, if it has one. The keeper's mutex guards it; only the keeper's thread starts, reads and ends processes.
class kept_process {
 public:
  kept_process(kept_contract what, const keeper_settings& settings)
      : contract(std::move(what)), settings_(settings), life_(settings.life), log_(settings.folder / (contract.label + ".log")) {}

  kept_contract contract;
  bool forgotten = false;  ///< No longer in the list; goes away when its process has.

  // ---- for anybody

  void want_start(told done) {
    forgotten = false;
    waiting_for_start_.push_back(std::move(done));
    for (auto& f : waiting_for_stop_) waiting_for_start_.push_back(std::move(f));  // who wanted it stopped hears what became of it
    waiting_for_stop_.clear();
    pending_.push_back(lifeline::start_wanted{});
  }
  void want_stop(told done) {
    if (done) waiting_for_stop_.push_back(std::move(done));
    pending_.push_back(lifeline::stop_wanted{});
  }
  [[nodiscard]] kept_report report() const {
    return {contract, life_.now_in(), child_ ? child_->pid() : 0, life_.starts(), life_.last_end(), log_.file().string()};
  }
  [[nodiscard]] std::string last() const { return log_.last(); }
  [[nodiscard]] bool gone() const { return life_.now_in() == lifeline::phase::gone; }

  // ---- for the keeper's thread

  void add_polls(std::vector<pollfd>& out) const {
    if (!child_) return;
    out.push_back({child_->ended(), POLLIN, 0});
    if (output_open_) out.push_back({child_->output(), POLLIN, 0});
    if (errors_open_) out.push_back({child_->errors(), POLLIN, 0});
  }
  [[nodiscard]] std::optional<time> wakes() const {
    if (!pending_.empty()) return time::min();
    auto first = life_.wakes();
    if (spare_ && (!first || spare_->until < *first)) first = spare_->until;
    return first;
  }

  void work(time now, calls& later) {
    for (const auto& e : std::exchange(pending_, {})) handle(e, now, later);
    if (child_) {
      read(child_->output(), output_stream::output, output_open_, read_bytes);
      read(child_->errors(), output_stream::errors, errors_open_, read_bytes);
      if (const auto how = child_->reap()) end(*how, now, later);
    }
    handle(lifeline::tick{}, now, later);
    look_after_spare(now);
  }

 private:
  /// A process that has loaded what every contract needs and waits at its gate, so that what was saved runs at once.
  struct spare_process {
    child waiting;
    std::string stamp;  ///< Of what it has loaded.
    time until;         ///< Nobody develops for ever.
  };

  void look_after_spare(time now) {
    const bool wanted = contract.developed && life_.now_in() == lifeline::phase::listening;
    if (spare_ && (now >= spare_->until || life_.now_in() == lifeline::phase::gone || spare_->waiting.reap())) {
      spare_.reset();
      contract.developed = false;  // one that ended by itself would do so again
    } else if (!spare_ && wanted) {
      make_spare(now);
    }
  }

  void make_spare(time now) {
    const auto plan = plan_launch(contract.path, search_path(settings_.environment));
    const auto helper = settings_.folder / "ahead.js";
    std::ofstream(helper) << helper_script();
    contract.developed = false;
    if (!plan || plan->what != launch_plan::kind::node) return;
    auto made = child::start({gated_command_line(*plan, contract.who, helper), service_environment(settings_.environment, contract.who, settings_.msp_id), plan->folder.string(), true});
    if (!made) return log_.note("no process is kept ready: " + made.error().context);
    spare_.emplace(spare_process{std::move(*made), packages_stamp(*plan), now + spare_life});
    contract.developed = true;
  }

  /// The one that waits, if what it has loaded is what lies there now.
  std::optional<child> take_spare(const launch_plan& plan) {
    auto ready = std::exchange(spare_, std::nullopt);
    if (!ready || ready->waiting.reap() || ready->stamp != packages_stamp(plan)) return std::nullopt;
    ready->waiting.open_gate();
    return std::move(ready->waiting);
  }

  void handle(const lifeline::event& e, time now, calls& later) {
    for (const auto& effect : life_.step(e, now)) std::visit([&](const auto& what) { carry_out(what, now, later); }, effect);
  }

  void carry_out(lifeline::spawn, time now, calls& later) {
    auto started = spawn();
    if (!started) {
      log_.note(started.error().context);
      return handle(lifeline::spawn_failed{started.error().context}, now, later);
    }
    child_.emplace(std::move(*started));
    output_open_ = errors_open_ = true;
    log_.begin();
    log_.note("started as process " + std::to_string(child_->pid()) + ", to listen at " + contract.who.address);
    handle(lifeline::spawned{}, now, later);
  }
  void carry_out(lifeline::probe, time now, calls& later) {
    if (accepts_connections(contract.who.address)) handle(lifeline::listens{}, now, later);
  }
  void carry_out(lifeline::terminate, time, calls&) {
    if (child_) child_->signal(SIGTERM);
  }
  void carry_out(lifeline::kill, time, calls&) {
    if (child_) child_->signal(SIGKILL);
  }
  void carry_out(lifeline::tell_ready, time, calls& later) { tell(waiting_for_start_, {}, later); }
  void carry_out(const lifeline::tell_failed& f, time, calls& later) {
    auto text = "contract " + contract.label + " (" + contract.path + "): " + f.why;
    if (const auto said = log_.last(); !said.empty()) text += "; it said last:\n" + said;
    tell(waiting_for_start_, fail(errc::unavailable, std::move(text)), later);
  }
  void carry_out(lifeline::tell_gone, time, calls& later) { tell(waiting_for_stop_, {}, later); }

  static void tell(std::vector<told>& waiting, const result<void>& r, calls& later) {
    for (auto& f : std::exchange(waiting, {})) if (f) later.push_back([f = std::move(f), r] { f(r); });
  }

  /// Plans anew each time: what lies at the path may have changed since.
  result<child> spawn() {
    WEFT_TRY(const auto plan, plan_launch(contract.path, search_path(settings_.environment)));
    if (!can_listen(contract.who.address) && end_leftovers(contract.who) > 0) log_.note("ended what was left of it from a network that was killed");
    if (!can_listen(contract.who.address)) {
      return fail(errc::unavailable, contract.who.address + ", the address in its package, is used by another process: end that one, or deploy the contract anew");
    }
    if (auto ready = take_spare(plan)) return *std::move(ready);
    return child::start({command_line(plan, contract.who), service_environment(settings_.environment, contract.who, settings_.msp_id), plan.folder.string()});
  }

  void end(const std::string& how, time now, calls& later) {
    read(child_->output(), output_stream::output, output_open_, drain_bytes_max);
    read(child_->errors(), output_stream::errors, errors_open_, drain_bytes_max);
    log_.note("process " + std::to_string(child_->pid()) + " " + how);
    if (life_.now_in() != lifeline::phase::stopping) spdlog::warn("contract {}: process {} {}", contract.label, child_->pid(), how);
    child_.reset();
    handle(lifeline::exited{how}, now, later);
  }

  void read(int fd, output_stream from, bool& open, std::size_t bytes_max) {
    std::array<char, 16 * KiB> buffer;
    for (std::size_t seen = 0; open && seen < bytes_max;) {
      const auto n = ::read(fd, buffer.data(), buffer.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && errno == EAGAIN) return;
      open = n > 0;
      if (!open) return;
      log_.add(from, {buffer.data(), static_cast<std::size_t>(n)});
      seen += static_cast<std::size_t>(n);
    }
  }

  const keeper_settings& settings_;
  lifeline life_;
  output_log log_;
  std::optional<child> child_;
  std::optional<spare_process> spare_;
  bool output_open_ = false, errors_open_ = false;
  std::vector<lifeline::event> pending_;
  std::vector<told> waiting_for_start_, waiting_for_stop_;
};

class threaded_keeper final : public contract_keeper {
 public:
  explicit threaded_keeper(keeper_settings settings) : settings_(std::move(settings)), list_(settings_.folder) {}
  ~threaded_keeper() override {
    stop_all();
    if (wake_ >= 0) ::close(wake_);
  }

  result<void> begin() {
    WEFT_TRY(auto remembered, list_.load());
    wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake_ < 0) return fail(errc::io, "cannot make an eventfd");
    for (auto& c : remembered) {
      const auto id = c.who.package_id;
      auto& p = processes_.emplace(id, std::make_unique<kept_process>(std::move(c), settings_)).first->second;
      p->want_start(nullptr);
    }
    thread_ = std::thread([this] { run(); });
    return {};
  }

  result<std::string> address_for(const std::string& label, const std::string& path) override {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> taken;
    for (const auto& [id, p] : processes_) {
      if (p->contract.label == label && p->contract.path == path) return p->contract.who.address;
      taken.push_back(p->contract.who.address);
    }
    return free_address(label + path, taken);
  }

  result<void> start(kept_contract what, told done) override {
    if (what.path.size() > path_bytes_max) return fail(errc::invalid_argument, "the path is longer than " + std::to_string(path_bytes_max) + " bytes");
    WEFT_CHECK(plan_launch(what.path, search_path(settings_.environment)));
    const std::lock_guard lock(mutex_);
    if (stopping_) return fail(errc::unavailable, "the network is stopping");
    const auto id = what.who.package_id;
    const auto found = processes_.find(id);
    const bool revived = found != processes_.end() && !found->second->gone();
    if (!revived && processes_.size() >= contracts_max) {
      return fail(errc::busy, "this network runs " + std::to_string(contracts_max) + " contracts as processes already; run this one yourself, and deploy it with --address");
    }
    auto all = remembered();
    std::erase_if(all, [&](const kept_contract& c) { return c.who.package_id == id; });
    all.push_back(what);
    WEFT_CHECK(list_.store(all));
    if (!revived) processes_[id] = std::make_unique<kept_process>(what, settings_);
    auto& p = *processes_[id];
    p.contract = std::move(what);
    p.want_start(std::move(done));
    wake();
    return {};
  }

  result<void> restart(const std::string& id, told done) override {
    const std::lock_guard lock(mutex_);
    auto* p = find(id);
    if (!p) return unknown(id);
    p->want_start(std::move(done));
    wake();
    return {};
  }

  result<void> stop(const std::string& id, told done) override {
    const std::lock_guard lock(mutex_);
    auto* p = find(id);
    if (!p) return unknown(id);
    auto all = remembered();
    std::erase_if(all, [&](const kept_contract& c) { return c.who.package_id == id; });
    WEFT_CHECK(list_.store(all));
    p->forgotten = true;
    p->want_stop(std::move(done));
    wake();
    return {};
  }

  std::vector<kept_report> list() const override {
    const std::lock_guard lock(mutex_);
    std::vector<kept_report> out;
    for (const auto& [id, p] : processes_) if (!p->forgotten) out.push_back(p->report());
    return out;
  }

  std::string address_of(const std::string& id) const override {
    const std::lock_guard lock(mutex_);
    const auto it = processes_.find(id);
    return it == processes_.end() || it->second->forgotten ? std::string() : it->second->contract.who.address;
  }

  std::string last_lines_of(const std::string& id) const override {
    const std::lock_guard lock(mutex_);
    const auto it = processes_.find(id);
    return it == processes_.end() ? std::string() : it->second->last();
  }

  void stop_all() override {
    {
      const std::lock_guard lock(mutex_);
      if (!std::exchange(stopping_, true)) {
        for (auto& [id, p] : processes_) p->want_stop(nullptr);
      }
      wake();
    }
    if (thread_.joinable()) thread_.join();
  }

 private:
  kept_process* find(const std::string& id) {
    const auto it = processes_.find(id);
    return it == processes_.end() || it->second->forgotten || stopping_ ? nullptr : it->second.get();
  }
  static tl::unexpected<error> unknown(const std::string& id) { return fail(errc::not_found, "no process here serves package " + id); }

  std::vector<kept_contract> remembered() const {
    std::vector<kept_contract> out;
    for (const auto& [id, p] : processes_) if (!p->forgotten) out.push_back(p->contract);
    return out;
  }

  void wake() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto n = ::write(wake_, &one, sizeof one);  // full means that it is awake
  }

  void run() {
    ::pthread_setname_np(::pthread_self(), "contracts");
    std::vector<pollfd> polls;
    while (gather(polls)) {
      const auto wait = until_;
      const int ready = ::poll(polls.data(), polls.size(), wait);
      if (ready > 0 && polls.front().revents != 0) {
        std::uint64_t ignored = 0;
        [[maybe_unused]] const auto n = ::read(wake_, &ignored, sizeof ignored);
      }
      calls later;
      {
        const std::lock_guard lock(mutex_);
        const auto now = std::chrono::steady_clock::now();
        for (auto& [id, p] : processes_) p->work(now, later);
        if (!stopping_) std::erase_if(processes_, [](const auto& entry) { return entry.second->gone() && entry.second->forgotten; });
      }
      for (const auto& f : later) f();
    }
  }

  /// What to wait for, and how long. False: all are gone, and more will not come.
  bool gather(std::vector<pollfd>& polls) {
    const std::lock_guard lock(mutex_);
    if (stopping_ && std::all_of(processes_.begin(), processes_.end(), [](const auto& e) { return e.second->gone(); })) return false;
    polls.assign(1, pollfd{wake_, POLLIN, 0});
    std::optional<time> first;
    for (const auto& [id, p] : processes_) {
      p->add_polls(polls);
      if (const auto at = p->wakes(); at && (!first || *at < *first)) first = at;
    }
    until_ = -1;
    if (first) {
      const auto left = *first == time::min() ? std::chrono::milliseconds(0) : std::chrono::ceil<std::chrono::milliseconds>(*first - std::chrono::steady_clock::now());
      until_ = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
    }
    return true;
  }

  const keeper_settings settings_;
  const kept_list list_;
  int wake_ = -1;
  mutable std::mutex mutex_;
  bool stopping_ = false;
  std::map<std::string, std::unique_ptr<kept_process>> processes_;  ///< By package id.
  int until_ = -1;  ///< Of the thread.
  std::thread thread_;
};

}  // namespace

result<std::unique_ptr<contract_keeper>> contract_keeper::open(keeper_settings settings) {
  auto out = std::make_unique<threaded_keeper>(std::move(settings));
  WEFT_CHECK(out->begin());
  return std::unique_ptr<contract_keeper>(std::move(out));
}

}  // namespace weft::chaincode
