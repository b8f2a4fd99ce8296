// protos.ChaincodeSupport: contracts that dial their peer. A stream goes to the peer's CONTRACT_RUNNER as it is; who may register as what is decided
// there, and who may come at all by the port that offers this service.
#include <atomic>
#include <caf/send.hpp>
#include <deque>
#include <mutex>

#include "actors/peer/contracts.hpp"
#include "edge/services.hpp"

namespace weft::edge {

namespace {

constexpr std::size_t queued_bytes_max = 2 * actors::message_bytes_max;

/// What the runner holds of a stream.
class registered_contract final : public actors::contract_stream {
 public:
  explicit registered_contract(stream_ptr out) : out_(std::move(out)) {}
  ~registered_contract() override { close_with(actors::rpc_code::unavailable, "the peer has closed the stream"); }
  void send(bytes message) override {
    if ((queued_ += message.size()) > queued_bytes_max) return close_with(actors::rpc_code::resource_exhausted, "the contract does not read what it is sent");
    {
      const std::lock_guard lock(mutex_);
      sizes_.push_back(message.size());
    }
    out_->write(std::move(message));
  }
  void read() override { out_->read(); }
  void close(const std::string& why) override { close_with(actors::rpc_code::failed_precondition, why); }
  void written() {
    const std::lock_guard lock(mutex_);
    if (sizes_.empty()) return;
    queued_ -= sizes_.front();
    sizes_.pop_front();
  }

 private:
  void close_with(actors::rpc_code code, const std::string& why) {
    if (!closed_.exchange(true)) out_->finish(actors::status_of(code, why));
  }
  stream_ptr out_;
  std::atomic<std::size_t> queued_{0};
  std::atomic<bool> closed_{false};
  std::mutex mutex_;
  std::deque<std::size_t> sizes_;  ///< Of messages that have not left.
};

class registration_events final : public stream_events {
 public:
  registration_events(std::weak_ptr<registered_contract> stream, actors::contract_listener_ptr listener)
      : stream_(std::move(stream)), listener_(std::move(listener)) {}
  void message(bytes content) override { listener_->message(std::move(content)); }
  void no_more_messages() override { end("the contract has closed the stream"); }
  void written() override {
    if (const auto s = stream_.lock()) s->written();
  }
  void cancelled() override { end("the contract is gone"); }
  void closed() override { end("the stream is over"); }

 private:
  void end(std::string why) {
    if (!ended_.exchange(true)) listener_->ended(std::move(why));
  }
  std::weak_ptr<registered_contract> stream_;
  actors::contract_listener_ptr listener_;
  std::atomic<bool> ended_{false};
};

/// A stream that is refused before anybody listens.
class no_events final : public stream_events {
  void message(bytes) override {}
  void no_more_messages() override {}
  void written() override {}
  void cancelled() override {}
  void closed() override {}
};

}  // namespace

equipped_service make_chaincode_support_service(const door_context& context) {
  equipped_service out{{"protos.ChaincodeSupport", 500, {}, {}}, {}};
  out.service.streams["Register"] = [where = context.node->where(), peers = context.peers, papers = context.papers](const stream_ptr& s) -> std::unique_ptr<stream_events> {
    const auto refuse = [&](const actors::rpc_status& why) {
      s->finish(why);
      return std::make_unique<no_events>();
    };
    const auto own = papers ? papers->package_of(s->client_certificate()) : std::optional(std::string());
    if (!own) return refuse(actors::status_of(actors::rpc_code::permission_denied, "the certificate of this client belongs to no package that is installed on this peer"));
    const auto peer = peers->choose(s->metadata(peer_metadata), {});
    if (!peer) return refuse(actors::to_status(peer.error()));
    const auto runner = where->find(actors::contract_runner_name((*peer)->name));
    if (!runner) return refuse(actors::status_of(actors::rpc_code::unavailable, "the contract runner of " + (*peer)->name + " is restarting; try again"));
    const auto handle = caf::actor_cast<actors::contract_runner_actor>(runner);
    const auto ear = actors::make_ear(handle);
    auto stream = std::make_shared<registered_contract>(s);
    auto events = std::make_unique<registration_events>(stream, ear.listener);
    caf::anon_send(handle, actors::atom::arrived::value, ear.number, actors::contract_stream_ptr(std::move(stream)), *own);
    return events;
  };
  return out;
}

}  // namespace weft::edge
