#include "edge/rpc/server.hpp"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_posix.h>
#include <grpc/support/log.h>
#include <netdb.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <mutex>

#include "edge/rpc/buffers.hpp"
#include "edge/rpc/h2/server.hpp"
#include "edge/rpc/methods.hpp"
#include "edge/rpc/tls_check.hpp"
#include "edge/rpc/unix_listener.hpp"

namespace weft::edge {

namespace {

using actors::rpc_code;
using actors::rpc_status;
using actors::status_of;
using reactor_base = grpc::ServerGenericBidiReactor;

/// What a call keeps of its context, which dies with the reactor.
struct call_facts {
  explicit call_facts(const grpc::CallbackServerContext& context) : deadline(context.deadline()) {
    for (const auto& [key, value] : context.client_metadata()) metadata.emplace(bytes(key.data(), key.size()), bytes(value.data(), value.size()));
  }
  std::map<std::string, std::string> metadata;
  std::chrono::system_clock::time_point deadline;

  [[nodiscard]] std::string find(const std::string& key) const {
    const auto it = metadata.find(key);
    return it == metadata.end() ? std::string{} : it->second;
  }
};

/// What the client has shown, as PEM, if this port asks for it.
std::string certificate_of(const grpc::CallbackServerContext& context) {
  const auto who = context.auth_context();
  if (!who || !who->IsPeerAuthenticated()) return {};
  const auto shown = who->FindPropertyValues("x509_pem_cert");
  return shown.empty() ? std::string{} : std::string(shown.front().data(), shown.front().size());
}

/// Ends at once with a status.
class refusal final : public reactor_base {
 public:
  explicit refusal(const rpc_status& status) { Finish(to_grpc(status)); }
  void OnDone() override { delete this; }
};

/// The one who takes the reactor out of the slot may finish it; it lives until then.
class open_call;
class unary_reactor final : public reactor_base {
 public:
  unary_reactor(const grpc::CallbackServerContext& context, const unary_handler& handler, seat_ptr seat);
  void OnReadDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override { delete this; }

  void reply(bytes response) {
    out_ = to_buffer(std::move(response));
    seat_->meter->message_out();
    StartWriteAndFinish(&out_, grpc::WriteOptions(), grpc::Status::OK);
  }
  void refuse(const rpc_status& status) {
    seat_->code = status.code;
    Finish(to_grpc(status));
  }

 private:
  std::shared_ptr<open_call> call_;
  const unary_handler& handler_;
  seat_ptr seat_;
  grpc::ByteBuffer in_, out_;
};

class open_call final {
 public:
  open_call(unary_reactor* reactor, const grpc::CallbackServerContext& context) : facts(context), reactor_(reactor) {}
  [[nodiscard]] unary_reactor* take() { return reactor_.exchange(nullptr); }
  [[nodiscard]] bool open() const { return reactor_.load() != nullptr; }
  const call_facts facts;
  bytes request;

 private:
  std::atomic<unary_reactor*> reactor_;
};

/// What handlers hold. The reactor holds the open call too, but not this: so dropping it answers.
class handed_call final : public unary_call {
 public:
  explicit handed_call(std::shared_ptr<open_call> call) : call_(std::move(call)) {}
  ~handed_call() override { handed_call::refuse(status_of(rpc_code::unavailable, "the role that held the call is gone; try again")); }
  [[nodiscard]] const bytes& request() const override { return call_->request; }
  [[nodiscard]] std::string metadata(const std::string& key) const override { return call_->facts.find(key); }
  [[nodiscard]] std::optional<std::chrono::milliseconds> time_left() const override {
    if (call_->facts.deadline == std::chrono::system_clock::time_point::max()) return std::nullopt;
    const auto left = call_->facts.deadline - std::chrono::system_clock::now();  // gRPC's own deadline, set by gRPC's own clock
    return std::max(std::chrono::milliseconds(0), std::chrono::duration_cast<std::chrono::milliseconds>(left));
  }
  [[nodiscard]] bool open() const override { return call_->open(); }
  void answer(bytes response) override {
    if (auto* r = call_->take()) r->reply(std::move(response));
  }
  void refuse(const rpc_status& status) override {
    if (auto* r = call_->take()) r->refuse(status);
  }

 private:
  std::shared_ptr<open_call> call_;
};

unary_reactor::unary_reactor(const grpc::CallbackServerContext& context, const unary_handler& handler, seat_ptr seat)
    : call_(std::make_shared<open_call>(this, context)), handler_(handler), seat_(std::move(seat)) {
  StartRead(&in_);
}

void unary_reactor::OnReadDone(bool ok) {
  const auto call = call_;  // the answer may come, and this reactor go, before the handler returns
  if (!ok) {
    if (auto* r = call->take()) r->refuse(status_of(rpc_code::invalid_argument, "the call carried no message"));
    return;
  }
  seat_->meter->message_in();
  call->request = to_bytes(in_);
  in_.Clear();
  handler_(std::make_shared<handed_call>(call));
}

void unary_reactor::OnCancel() {
  const auto call = call_;
  if (auto* r = call->take()) r->refuse(status_of(rpc_code::cancelled, "the client gave up"));
}

// ---- streams

class stream_reactor;
/// What handlers hold: outlives the reactor.
class open_stream final : public stream {
 public:
  open_stream(stream_reactor* reactor, const grpc::CallbackServerContext& context) : facts_(context), client_certificate_(certificate_of(context)), reactor_(reactor) {}
  [[nodiscard]] std::string metadata(const std::string& key) const override { return facts_.find(key); }
  [[nodiscard]] std::string client_certificate() const override { return client_certificate_; }
  void read() override;
  void write(bytes message) override;
  void finish(const rpc_status& status) override;

  // From the reactor.
  void write_done();
  void cancel();

 private:
  void go_on();  // with the lock held

  const call_facts facts_;
  const std::string client_certificate_;
  std::mutex mutex_;
  stream_reactor* reactor_;  ///< Null once it was told to finish.
  std::deque<bytes> queue_;
  std::optional<rpc_status> end_;
  bool writing_ = false;
};

class stream_reactor final : public reactor_base {
 public:
  stream_reactor(const grpc::CallbackServerContext& context, const stream_handler& handler, seat_ptr seat)
      : stream_(std::make_shared<open_stream>(this, context)), seat_(std::move(seat)), events_(handler(stream_)) {}
  void OnReadDone(bool ok) override {
    if (!ok) return events_->no_more_messages();
    auto content = to_bytes(in_);
    in_.Clear();
    seat_->meter->message_in();
    events_->message(std::move(content));
  }
  void OnWriteDone(bool ok) override {
    if (!ok) return;  // OnCancel tells
    seat_->meter->message_out();
    stream_->write_done();
    events_->written();
  }
  void OnCancel() override {
    events_->cancelled();
    stream_->cancel();
  }
  void OnDone() override {
    events_->closed();
    delete this;
  }

  void start_read() { StartRead(&in_); }
  void start_write(bytes message) {
    out_ = to_buffer(std::move(message));
    StartWrite(&out_);
  }
  void end(const rpc_status& status) {
    seat_->code = status.code;
    Finish(to_grpc(status));
  }

 private:
  std::shared_ptr<open_stream> stream_;
  seat_ptr seat_;
  std::unique_ptr<stream_events> events_;
  grpc::ByteBuffer in_, out_;
};

void open_stream::read() {
  std::lock_guard lock(mutex_);
  if (reactor_ && !end_) reactor_->start_read();
}
void open_stream::write(bytes message) {
  std::lock_guard lock(mutex_);
  if (!reactor_ || end_) return;
  queue_.push_back(std::move(message));
  go_on();
}
void open_stream::finish(const rpc_status& status) {
  std::lock_guard lock(mutex_);
  if (!reactor_ || end_) return;
  end_ = status;
  go_on();
}
void open_stream::write_done() {
  std::lock_guard lock(mutex_);
  writing_ = false;
  go_on();
}
void open_stream::cancel() {
  std::lock_guard lock(mutex_);
  queue_.clear();
  if (auto* r = std::exchange(reactor_, nullptr)) r->end(status_of(rpc_code::cancelled, "the client gave up"));
}
void open_stream::go_on() {
  if (!reactor_ || writing_) return;
  if (!queue_.empty()) {
    writing_ = true;
    reactor_->start_write(std::move(queue_.front()));
    queue_.pop_front();
  } else if (end_) {
    std::exchange(reactor_, nullptr)->end(*end_);
  }
}

// ---- the server

class generic_service final : public grpc::CallbackGenericService {
 public:
  explicit generic_service(std::vector<service> services) : methods(std::move(services)) {}
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    const auto* m = methods.find(context->method());
    if (m == nullptr) return new refusal(method_table::unknown(context->method()));
    auto admitted = method_table::admit(*m);
    if (!admitted.refused.ok()) return new refusal(admitted.refused);
    if (m->unary != nullptr) return new unary_reactor(*context, *m->unary, std::move(admitted.seat));
    return new stream_reactor(*context, *m->streaming, std::move(admitted.seat));
  }
  const method_table methods;
};

std::shared_ptr<grpc::ServerCredentials> credentials_of(const std::optional<server_tls>& tls) {
  if (!tls) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions o(tls->client_roots_pem.empty() ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  o.pem_root_certs = tls->client_roots_pem;
  o.pem_key_cert_pairs.push_back({tls->key_pem, tls->certificate_pem});
  return grpc::SslServerCredentials(o);
}

/// What gRPC has to say goes into our log, for those who look for it: a stranger's failed handshake is no error of ours.
void take_over_grpc_log() {
  static const bool once = [] {
    gpr_set_log_function([](gpr_log_func_args* said) { spdlog::debug("grpc: {}", said->message); });
    return true;
  }();
  static_cast<void>(once);
}

/// Why nobody can listen there: gRPC does not say.
std::string why_not(const std::string& address) {
  const auto colon = address.rfind(':');
  auto host = address.substr(0, colon);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  if (const int bad = ::getaddrinfo(host.c_str(), address.substr(colon + 1).c_str(), &hints, &found); bad != 0) return ::gai_strerror(bad);
  const int fd = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int one = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  const int bound = ::bind(fd, found->ai_addr, found->ai_addrlen) == 0 && ::listen(fd, 1) == 0 ? 0 : errno;
  ::close(fd);
  ::freeaddrinfo(found);
  if (bound == EADDRINUSE) return "another process does";
  return bound == 0 ? "gRPC cannot" : std::strerror(bound);
}

/// What clients have begun to send and have not ended. Anybody who reaches a port may begin a message; beyond this gRPC ends the largest calls.
constexpr std::size_t unread_bytes_max = 512 * MiB;

class grpc_server final : public server {
 public:
  explicit grpc_server(std::vector<service> services) : service_(std::move(services)) {}
  ~grpc_server() override { grpc_server::stop(std::chrono::milliseconds(0)); }

  [[nodiscard]] result<void> listen(const std::string& address, const std::optional<server_tls>& tls) {
    constexpr std::string_view unix_scheme = "unix:";
    const bool own_listener = address.starts_with(unix_scheme);
    if (tls) WEFT_CHECK(check(*tls));
    take_over_grpc_log();
    grpc::ServerBuilder builder;
    builder.SetMaxReceiveMessageSize(static_cast<int>(actors::message_bytes_max));
    builder.SetMaxSendMessageSize(static_cast<int>(actors::message_bytes_max));
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    // Fabric's command pings every 10 s, calls or not; somewhat less is asked for, since clocks and networks jitter.
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 8'000);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    if (!own_listener) {  // a client whose host is gone would hold its streams for ever
      builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 120'000);
      builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
    }
    builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, 10'000);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, streams_max);
    quota_.Resize(unread_bytes_max);
    builder.SetResourceQuota(quota_);
    if (!own_listener) builder.AddListeningPort(address, credentials_of(tls), &port_);
    builder.RegisterCallbackGenericService(&service_);
    server_ = builder.BuildAndStart();
    if (!server_ || (!own_listener && port_ == 0)) return fail(errc::unavailable, "cannot listen on " + address + ": " + why_not(address));
    if (own_listener) {
      WEFT_TRY(listener_, unix_listener::start(address.substr(unix_scheme.size()), [to = server_.get()](int fd) { grpc::AddInsecureChannelFromFd(to, fd); }));
    }
    return {};
  }
  void stop(std::chrono::milliseconds grace) override {
    if (listener_) listener_->stop();
    if (!server_) return;
    server_->Shutdown(std::chrono::system_clock::now() + grace);  // gRPC wants a point of the machine's clock
    server_->Wait();
    server_.reset();
  }
  [[nodiscard]] int port() const override { return port_; }
  [[nodiscard]] std::size_t open_calls() const override { return service_.methods.open_calls(); }
  [[nodiscard]] std::vector<method_usage> usage() const override { return service_.methods.usage(); }

 private:
  generic_service service_;
  grpc::ResourceQuota quota_{"weft"};
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<unix_listener> listener_;  ///< Of a Unix socket; gRPC listens on others itself.
};

/// Ports are served by our own server, the socket by gRPC's. WEFT_RPC=grpc gives ports to gRPC's, too: for tests and benches that compare them.
bool grpc_is_wanted(const std::string& address) {
  const char* chosen = std::getenv("WEFT_RPC");
  return address.starts_with("unix:") || (chosen != nullptr && std::string_view(chosen) == "grpc");
}

}  // namespace

result<std::unique_ptr<server>> server::start(const std::string& address, std::vector<service> services, const std::optional<server_tls>& tls) {
  if (!grpc_is_wanted(address)) return h2::start(address, std::move(services), tls);
  auto made = std::make_unique<grpc_server>(std::move(services));
  WEFT_CHECK(made->listen(address, tls));
  return made;
}

}  // namespace weft::edge
