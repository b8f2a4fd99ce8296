#include "tests/fuzz/live_network.hpp"

#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include "actors/node/node.hpp"
#include "config/topology/topology.hpp"
#include "edge/services.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace weft::fuzz {

namespace {

using actors::rpc_code;
using actors::rpc_status;

constexpr timestamp start_time{std::chrono::seconds{1'767'225'600}};  // 2026-01-01
constexpr std::uint64_t seed = 20261127;
constexpr std::chrono::seconds patience{120};          ///< With a call that is never answered.
constexpr std::chrono::milliseconds deadline{30'000};  ///< Of calls that clients make; of CommitStatus, which waits for it: the short one.
constexpr std::chrono::milliseconds short_deadline{5}, listening{20};
constexpr std::size_t messages_max = 4, channels_max = 4;
constexpr std::uint64_t height_max = 2'000;

/// What a call's holders share with the one who waits for it.
class mailbox {
 public:
  void put(door_answer a) {
    std::lock_guard lock(mutex_);
    if (!answer_) answer_ = std::move(a);
    there_.notify_all();
  }
  [[nodiscard]] bool open() const {
    std::lock_guard lock(mutex_);
    return !answer_;
  }
  [[nodiscard]] door_answer wait() {
    std::unique_lock lock(mutex_);
    FUZZ_CHECK(there_.wait_for(lock, patience, [&] { return answer_.has_value(); }));
    return *answer_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable there_;
  std::optional<door_answer> answer_;
};

class fuzz_call final : public edge::unary_call {
 public:
  fuzz_call(std::shared_ptr<mailbox> to, bytes request, std::string peer, std::chrono::milliseconds left)
      : to_(std::move(to)), request_(std::move(request)), peer_(std::move(peer)), left_(left) {}
  ~fuzz_call() override { fuzz_call::refuse(actors::status_of(rpc_code::unavailable, "dropped")); }
  const bytes& request() const override { return request_; }
  std::string metadata(const std::string& key) const override { return key == edge::peer_metadata ? peer_ : std::string(); }
  std::optional<std::chrono::milliseconds> time_left() const override { return left_; }
  bool open() const override { return to_->open(); }
  void answer(bytes response) override { to_->put({{}, std::move(response)}); }
  void refuse(const rpc_status& status) override { to_->put({status, {}}); }

 private:
  std::shared_ptr<mailbox> to_;
  const bytes request_;
  const std::string peer_;
  const std::chrono::milliseconds left_;
};

class fuzz_stream final : public edge::stream {
 public:
  explicit fuzz_stream(std::string peer) : peer_(std::move(peer)) {}
  std::string metadata(const std::string& key) const override { return key == edge::peer_metadata ? peer_ : std::string(); }
  void read() override {}
  void write(bytes message) override {
    std::lock_guard lock(mutex_);
    if (!seen_.end) seen_.messages.push_back(std::move(message));
    happened_.notify_all();
  }
  void finish(const rpc_status& status) override {
    std::lock_guard lock(mutex_);
    if (!seen_.end) seen_.end = status;
    happened_.notify_all();
  }
  /// How many messages there are beyond `known`, waited for a moment; nothing more comes after an end.
  [[nodiscard]] std::size_t wait_beyond(std::size_t known, bool& ended) {
    std::unique_lock lock(mutex_);
    happened_.wait_for(lock, listening, [&] { return seen_.messages.size() > known || seen_.end; });
    ended = seen_.end.has_value();
    return seen_.messages.size() - known;
  }
  [[nodiscard]] door_stream seen() const {
    std::lock_guard lock(mutex_);
    return seen_;
  }

 private:
  const std::string peer_;
  mutable std::mutex mutex_;
  std::condition_variable happened_;
  door_stream seen_;
};

class memory_network final : public live_network {
 public:
  memory_network() {
    actors::node_settings settings;
    settings.clock = clock_;
    settings.seed = seed;
    auto started = actors::node::start(system_, config::dev_topology({}), settings);
    FUZZ_CHECK(started.has_value());
    node_ = std::move(*started);
    const auto ready = std::make_shared<std::promise<bool>>();
    node_->when_ready([ready](const result<void>& r) { ready->set_value(r.has_value()); });
    FUZZ_CHECK(ready->get_future().get());
    open_doors();
  }
  ~memory_network() override {
    caf::scoped_actor self{system_};
    for (const auto& b : bridges_) self->send_exit(caf::actor_cast<caf::actor>(b), caf::exit_reason::user_shutdown);
    for (const auto& b : bridges_) self->wait_for(caf::actor_cast<caf::actor>(b));
    node_->stop();
  }

  const std::vector<std::string>& unary_methods() const override { return unary_names_; }
  const std::vector<std::string>& stream_methods() const override { return stream_names_; }

  door_answer call(const std::string& method, bytes request, const std::string& peer) override {
    auto box = std::make_shared<mailbox>();
    const auto left = method == "gateway.Gateway/CommitStatus" ? short_deadline : deadline;
    unary_.at(method)(std::make_shared<fuzz_call>(box, std::move(request), peer, left));
    return box->wait();
  }

  door_stream listen(const std::string& method, bytes request, const std::string& peer) override {
    const auto s = std::make_shared<fuzz_stream>(peer);
    const auto events = streams_.at(method)(s);
    events->message(std::move(request));
    std::size_t known = 0;
    for (bool ended = false; !ended && known < messages_max;) {
      const auto more = s->wait_beyond(known, ended);
      if (more == 0) break;
      for (std::size_t i = 0; i < more; ++i) events->written();
      known += more;
    }
    events->no_more_messages();
    events->cancelled();
    events->closed();
    return s->seen();
  }

  crypto::signing_identity user(const std::string& name) const override { return node_->user(name).value(); }
  bytes genesis() const override { return node_->peers().front()->channel("mychannel")->ledger->blocks().read(block_number{0}).value().encode(); }
  timestamp now() const override { return clock_->now(); }

  [[nodiscard]] bool overgrown() const {
    for (const auto& peer : node_->peers()) {
      const auto all = peer->channels->all();
      if (all->size() > channels_max) return true;
      for (const auto& [id, channel] : *all) if (channel->ledger->height().value > height_max) return true;
    }
    for (const auto& orderer : node_->orderers()) if (orderer->channels->all()->size() > channels_max) return true;
    return false;
  }

 private:
  void open_doors() {
    edge::door_context context;
    context.system = &system_;
    context.node = node_.get();
    context.peers = std::make_shared<const edge::peer_choice>(node_->peers());
    context.stop = [] {};
    context.open_calls = [] { return std::size_t{0}; };
    context.opened = clock_->now();
    for (auto* make : {edge::make_control_service, edge::make_deliver_service, edge::make_endorser_service, edge::make_gateway_service}) {
      auto equipped = make(context);
      bridges_.insert(bridges_.end(), equipped.bridges.begin(), equipped.bridges.end());
      for (auto& [name, handler] : equipped.service.unary) unary_.emplace(equipped.service.name + "/" + name, std::move(handler));
      for (auto& [name, handler] : equipped.service.streams) streams_.emplace(equipped.service.name + "/" + name, std::move(handler));
    }
    for (const auto& [name, handler] : unary_) unary_names_.push_back(name);
    for (const auto& [name, handler] : streams_) stream_names_.push_back(name);
  }

  std::shared_ptr<manual_clock> clock_ = std::make_shared<manual_clock>(start_time);
  std::unique_ptr<caf::actor_system_config> config_ = actors::make_system_config(2);
  caf::actor_system system_{*config_};
  std::unique_ptr<actors::node> node_;
  std::vector<caf::strong_actor_ptr> bridges_;
  std::map<std::string, edge::unary_handler> unary_;
  std::map<std::string, edge::stream_handler> streams_;
  std::vector<std::string> unary_names_, stream_names_;
};

/// Ends the network when the process ends, on a thread of its own: CAF keeps its logger in the thread, and the main thread's is gone by then.
struct keeper {
  std::unique_ptr<memory_network> network;
  ~keeper() {
    std::thread([this] { network.reset(); }).join();
  }
};

}  // namespace

live_network& live_network::get() {
  static const auto quiet = [] {
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("fuzz", std::make_shared<spdlog::sinks::null_sink_mt>()));
    return true;
  }();
  static_cast<void>(quiet);
  static keeper kept;
  if (kept.network && kept.network->overgrown()) kept.network.reset();
  if (!kept.network) kept.network = std::make_unique<memory_network>();
  return *kept.network;
}

}  // namespace weft::fuzz
