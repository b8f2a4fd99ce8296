#include "edge/contract_dialler.hpp"

#include "actors/messages.hpp"
#include "edge/rpc/duplex.hpp"

namespace weft::edge {

namespace {

/// The first message tells that the service was reached: it registers as soon as it is connected.
class to_listener final : public duplex_events {
 public:
  explicit to_listener(actors::contract_listener_ptr listener) : listener_(std::move(listener)) {}
  void message(bytes content) override {
    if (!std::exchange(reached_, true)) listener_->opened();
    listener_->message(std::move(content));
  }
  void ended(std::string why) override { listener_->ended(std::move(why)); }

 private:
  actors::contract_listener_ptr listener_;
  bool reached_ = false;
};

class dialled_contract final : public actors::contract_stream {
 public:
  explicit dialled_contract(std::shared_ptr<duplex> d) : duplex_(std::move(d)) {}
  void send(bytes message) override { duplex_->send(std::move(message)); }
  void read() override { duplex_->read(); }
  void close(const std::string& why) override { duplex_->close(why); }

 private:
  std::shared_ptr<duplex> duplex_;
};

class grpc_dialler final : public actors::contract_dialler {
 public:
  actors::contract_stream_ptr dial(const chaincode::connection& to, actors::contract_listener_ptr listener) override {
    duplex_target target;
    target.address = to.address;
    target.tls = to.tls_required;
    target.roots_pem = to.root_cert;
    if (to.client_auth_required) {
      target.certificate_pem = to.client_cert;
      target.key_pem = to.client_key;
    }
    target.message_bytes_max = actors::message_bytes_max;
    return std::make_shared<dialled_contract>(open_duplex(target, "/protos.Chaincode/Connect", std::make_shared<to_listener>(std::move(listener))));
  }
};

}  // namespace

std::shared_ptr<actors::contract_dialler> make_contract_dialler() { return std::make_shared<grpc_dialler>(); }

}  // namespace weft::edge
