#include "edge/rpc/duplex.hpp"

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>

#include <deque>
#include <mutex>

#include "edge/rpc/buffers.hpp"

namespace weft::edge {

namespace {

std::shared_ptr<grpc::ChannelCredentials> credentials_of(const duplex_target& to) {
  if (!to.tls) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions o;
  o.pem_root_certs = to.roots_pem;
  o.pem_cert_chain = to.certificate_pem;
  o.pem_private_key = to.key_pem;
  return grpc::SslCredentials(o);
}

std::shared_ptr<grpc::Channel> connect(const duplex_target& to) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(static_cast<int>(to.message_bytes_max));
  arguments.SetMaxSendMessageSize(static_cast<int>(to.message_bytes_max));
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // or a new attempt would wait for an old one's backoff
  return grpc::CreateCustomChannel(to.address, credentials_of(to), arguments);
}

/// One call, driven by gRPC's callbacks: no thread waits. gRPC needs it until OnDone, so it holds itself until then; a hold keeps OnDone away while
/// operations may still be started from outside.
class duplex_call final : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  duplex_call(const duplex_target& to, std::shared_ptr<duplex_events> events)
      : queued_bytes_max_(to.queued_bytes_max), channel_(connect(to)), stub_(channel_), events_(std::move(events)) {}

  void start(std::shared_ptr<duplex_call> self, const std::string& method) {
    self_ = std::move(self);
    stub_.PrepareBidiStreamingCall(&context_, method, {}, this);
    AddHold();
    reading_ = true;
    StartRead(&in_);
    StartCall();
  }
  void send(bytes message) {
    const std::lock_guard lock(mutex_);
    if (over_) return;
    queued_bytes_ += message.size();
    queue_.push_back(std::move(message));
    if (queued_bytes_ > queued_bytes_max_) return end("the other end does not read what it is sent");
    if (!writing_) write_next();
  }
  void read() {
    const std::lock_guard lock(mutex_);
    if (over_ || reading_) return;
    reading_ = true;
    StartRead(&in_);
  }
  void close(const std::string& why) {
    const std::lock_guard lock(mutex_);
    if (!over_) end(why);
  }

 private:
  /// With the lock held. We want no more of it.
  void end(const std::string& why) {
    why_ = why;
    context_.TryCancel();
    let_end();
  }
  /// With the lock held. Nothing is started from here on, so that OnDone may come; its status says why.
  void let_end() {
    over_ = true;
    queue_.clear();
    RemoveHold();
  }
  void write_next() {
    writing_ = true;
    writing_bytes_ = queue_.front().size();
    out_ = to_buffer(std::move(queue_.front()));
    queue_.pop_front();
    StartWrite(&out_);
  }
  void OnReadDone(bool ok) override {
    bytes content;
    {
      const std::lock_guard lock(mutex_);
      reading_ = false;
      if (over_) return;
      if (!ok) return let_end();
      content = to_bytes(in_);
      in_.Clear();
    }
    events_->message(std::move(content));
  }
  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    queued_bytes_ -= writing_bytes_;
    if (over_) return;
    if (!ok) return let_end();
    if (!queue_.empty()) write_next();
  }
  void OnDone(const grpc::Status& status) override {
    const auto last = std::move(self_);  // until here
    const auto why = !why_.empty() ? why_ : status.ok() ? "the other end has closed the stream" : status.error_message();
    events_->ended(why);
  }

  std::size_t queued_bytes_max_;
  std::shared_ptr<grpc::Channel> channel_;
  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  std::shared_ptr<duplex_events> events_;
  std::shared_ptr<duplex_call> self_;
  std::mutex mutex_;
  grpc::ByteBuffer in_, out_;
  std::deque<bytes> queue_;
  std::size_t queued_bytes_ = 0, writing_bytes_ = 0;
  bool reading_ = false, writing_ = false, over_ = false;
  std::string why_;
};

/// What the caller holds: letting go ends the call.
class held_call final : public duplex {
 public:
  explicit held_call(std::shared_ptr<duplex_call> c) : call_(std::move(c)) {}
  ~held_call() override { call_->close("closed by this end"); }
  void send(bytes message) override { call_->send(std::move(message)); }
  void read() override { call_->read(); }
  void close(const std::string& why) override { call_->close(why); }

 private:
  std::shared_ptr<duplex_call> call_;
};

}  // namespace

std::shared_ptr<duplex> open_duplex(const duplex_target& to, const std::string& method, std::shared_ptr<duplex_events> events) {
  auto call = std::make_shared<duplex_call>(to, std::move(events));
  auto out = std::make_shared<held_call>(call);
  call->start(call, method);
  return out;
}

}  // namespace weft::edge
