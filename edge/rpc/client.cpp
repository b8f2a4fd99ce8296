#include "edge/rpc/client.hpp"

#include <grpc/grpc.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>

#include <condition_variable>
#include <future>
#include <mutex>
#include <set>

#include "edge/rpc/buffers.hpp"
#include "edge/rpc/unary_client.hpp"

namespace weft::edge {

namespace {

/// gRPC is never taken down. It would wait for a thread of its own that polls channels whose calls take long, and that one sleeps up to ten seconds:
/// a command that has all its answers would stand there before it ends.
void keep_grpc() {
  static const bool kept = [] { return grpc_init(), true; }();
  static_cast<void>(kept);
}

void prepare(grpc::ClientContext& context, const call_options& options) {
  for (const auto& [key, value] : options.metadata) context.AddMetadata(key, value);
  if (options.timeout) context.set_deadline(std::chrono::system_clock::now() + *options.timeout);  // gRPC's deadlines are points of this clock
}

class grpc_stream final : public client_stream {
 public:
  grpc_stream(grpc::GenericStub& stub, const std::string& method, const call_options& options) {
    prepare(context_, options);
    call_ = stub.PrepareCall(&context_, method, &queue_);
    call_->StartCall(this);
    alive_ = wait();
  }
  ~grpc_stream() override {
    context_.TryCancel();
    static_cast<void>(grpc_stream::status());
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }
  bool write(bytes message) override {
    if (!alive_) return false;
    call_->Write(to_buffer(std::move(message)), this);
    return wait();
  }
  bool half_close() override {
    if (!alive_) return false;
    call_->WritesDone(this);
    return wait();
  }
  std::optional<bytes> read() override {
    if (!alive_) return std::nullopt;
    grpc::ByteBuffer in;
    call_->Read(&in, this);
    if (!wait()) return std::nullopt;
    return to_bytes(in);
  }
  actors::rpc_status status() override {
    if (!ended_) {
      grpc::Status s;
      call_->Finish(&s, this);
      wait();
      ended_ = from_grpc(s);
    }
    return *ended_;
  }
  void cancel() override { context_.TryCancel(); }

 private:
  bool wait() {
    void* tag = nullptr;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
  std::optional<actors::rpc_status> ended_;
  bool alive_ = false;
};

std::shared_ptr<grpc::ChannelCredentials> credentials_of(const std::optional<client_tls>& tls) {
  if (!tls) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions o;
  o.pem_root_certs = tls->roots_pem;
  o.pem_cert_chain = tls->certificate_pem;
  o.pem_private_key = tls->key_pem;
  return grpc::SslCredentials(o);
}

std::shared_ptr<grpc::Channel> channel_to(const std::string& address, const std::optional<client_tls>& tls) {
  keep_grpc();
  grpc::ChannelArguments arguments;
  if (tls && !tls->name.empty()) arguments.SetSslTargetNameOverride(tls->name);
  arguments.SetMaxReceiveMessageSize(static_cast<int>(actors::message_bytes_max));
  arguments.SetMaxSendMessageSize(static_cast<int>(actors::message_bytes_max));
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(address, credentials_of(tls), arguments);
}

class grpc_client final : public rpc_client {
 public:
  grpc_client(const std::string& address, const std::optional<client_tls>& tls)
      : channel_(channel_to(address, tls)), stub_(std::make_unique<grpc::GenericStub>(channel_)) {}
  call_answer call(const std::string& method, bytes request, const call_options& options) override {
    grpc::ClientContext context;
    prepare(context, options);
    const auto in = to_buffer(std::move(request));
    grpc::ByteBuffer out;
    std::promise<grpc::Status> done;
    stub_->UnaryCall(&context, method, grpc::StubOptions(), &in, &out, [&](grpc::Status s) { done.set_value(std::move(s)); });
    const auto status = done.get_future().get();
    return {from_grpc(status), status.ok() ? to_bytes(out) : bytes{}};
  }
  std::unique_ptr<client_stream> open(const std::string& method, const call_options& options) override {
    return std::make_unique<grpc_stream>(*stub_, method, options);
  }

 private:
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<grpc::GenericStub> stub_;
};

/// Calls that are open, by their contexts.
class grpc_unary_client final : public unary_client {
 public:
  grpc_unary_client(const std::string& address, const std::optional<client_tls>& tls) : stub_(channel_to(address, tls)) {}
  ~grpc_unary_client() override {
    std::unique_lock lock(mutex_);
    const auto all = open_;
    lock.unlock();  // a call that is cancelled may end here and now
    for (const auto& context : all) context->TryCancel();
    lock.lock();
    none_open_.wait(lock, [this] { return open_.empty(); });
  }
  void call(const std::string& method, bytes request, std::chrono::milliseconds timeout, std::function<void(call_answer)> done) override {
    struct one {
      grpc::ClientContext context;
      grpc::ByteBuffer in, out;
    };
    const auto c = std::make_shared<one>();
    const std::shared_ptr<grpc::ClientContext> context(c, &c->context);
    prepare(c->context, {timeout, {}});
    c->in = to_buffer(std::move(request));
    {
      const std::lock_guard lock(mutex_);
      open_.insert(context);
    }
    stub_.UnaryCall(&c->context, method, grpc::StubOptions(), &c->in, &c->out, [this, c, context, done = std::move(done)](const grpc::Status& s) {
      done({from_grpc(s), s.ok() ? to_bytes(c->out) : bytes{}});
      const std::lock_guard lock(mutex_);
      open_.erase(context);
      none_open_.notify_all();  // while the lock is held: behind it this may be gone
    });
  }

 private:
  grpc::GenericStub stub_;
  std::mutex mutex_;
  std::condition_variable none_open_;
  std::set<std::shared_ptr<grpc::ClientContext>> open_;
};

}  // namespace

std::shared_ptr<unary_client> unary_client::connect(const std::string& address, const std::optional<client_tls>& tls) {
  return std::make_shared<grpc_unary_client>(address, tls);
}

std::shared_ptr<rpc_client> rpc_client::connect(const std::string& address, const std::optional<client_tls>& tls) {
  return std::make_shared<grpc_client>(address, tls);
}

}  // namespace weft::edge
