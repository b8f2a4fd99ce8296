#include "edge/rpc/client.hpp"

#include <grpc/grpc.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>

#include <future>

#include "edge/rpc/buffers.hpp"

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

class grpc_client final : public rpc_client {
 public:
  grpc_client(const std::string& address, const std::optional<client_tls>& tls) {
    keep_grpc();
    grpc::ChannelArguments arguments;
    if (tls && !tls->name.empty()) arguments.SetSslTargetNameOverride(tls->name);
    arguments.SetMaxReceiveMessageSize(static_cast<int>(actors::message_bytes_max));
    arguments.SetMaxSendMessageSize(static_cast<int>(actors::message_bytes_max));
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    channel_ = grpc::CreateCustomChannel(address, credentials_of(tls), arguments);
    stub_ = std::make_unique<grpc::GenericStub>(channel_);
  }
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

}  // namespace

std::shared_ptr<rpc_client> rpc_client::connect(const std::string& address, const std::optional<client_tls>& tls) {
  return std::make_shared<grpc_client>(address, tls);
}

}  // namespace weft::edge
