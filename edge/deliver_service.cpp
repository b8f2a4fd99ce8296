// protos.Deliver: blocks of a peer, whole or filtered; of an orderer when the client names one, as weft's own command does where only orderers
// have a block yet. The client's own signed envelope goes to the DELIVER role, which judges it.
#include "cluster/deliver/seek_rules.hpp"
#include "crypto/hash/sha256.hpp"
#include "crypto/x509/certificate.hpp"
#include "edge/block_stream.hpp"
#include "edge/services.hpp"
#include "proto/wire_write.hpp"

namespace weft::edge {

namespace {

enum class content : std::uint8_t { whole, filtered, with_private_data };

using orderer_list = std::vector<std::shared_ptr<const actors::orderer_site>>;

/// Fields of protos.DeliverResponse.
constexpr std::uint32_t status_field = 1, block_field = 2, filtered_field = 3, private_field = 4;

class deliver_form final : public block_form {
 public:
  explicit deliver_form(content what) : what_(what) {}
  void begins(const ledger::envelope& seek) override { headers_only_ = cluster::wants_headers_only(seek); }
  result<std::optional<bytes>> on_block(const std::string& channel, const ledger::block& b) override {
    bytes out;
    switch (what_) {
      case content::whole: proto::put_present(out, block_field, encode(b)); break;
      case content::filtered: proto::put_present(out, filtered_field, filtered_block(channel, b)); break;
      case content::with_private_data: {
        // Of the collections that there are so far, each organization's own, nothing is told: only the contract _lifecycle writes there.
        bytes both;
        proto::put_present(both, 1, encode(b));
        proto::put_present(out, private_field, both);
        break;
      }
    }
    return out;
  }
  std::string resource() const override { return what_ == content::filtered ? "event/FilteredBlock" : "event/Block"; }
  std::optional<bytes> on_ended(std::int32_t status) override {
    bytes out;
    proto::put_varint(out, status_field, static_cast<std::uint32_t>(status));
    return out;
  }
  /// After SUCCESS the client may seek again; otherwise the server closes.
  std::optional<actors::rpc_status> end_of_stream(std::int32_t status, const std::string&) override {
    return status == 200 ? std::nullopt : std::optional<actors::rpc_status>(std::in_place);
  }

 private:
  [[nodiscard]] bytes encode(const ledger::block& b) const { return headers_only_ ? header_with_signatures(b) : b.encode(); }
  content what_;
  bool headers_only_ = false;
};

class deliver_events final : public sink_events {
 public:
  /// `only`: nobody else is asked, whatever the client names.
  deliver_events(caf::actor_system& system, std::shared_ptr<const peer_choice> peers, orderer_list orderers, stream_ptr out, content what,
                 std::shared_ptr<const actors::orderer_site> only = {})
      : sink_events(std::move(out)), system_(system), peers_(std::move(peers)), orderers_(std::move(orderers)), only_(std::move(only)), what_(what) {
    out_->read();
  }
  void message(bytes raw) override {
    auto seek = ledger::envelope::parse(shared_bytes{std::move(raw)});
    if (!seek || !is_bound(*seek)) return bad_request();
    if (!sink()) {
      const auto& header = seek->header();
      const auto from = choose(header ? msp_of(header->creator) : std::string{});
      if (!from) return out_->finish(actors::to_status(from.error()));
      set_sink(spawn_sink(system_, *from, out_, std::make_unique<deliver_form>(what_)));
    }
    subscribe(*seek);
  }

 private:
  [[nodiscard]] result<std::shared_ptr<const actors::site>> choose(const std::string& msp_id) const {
    if (only_) return only_;
    const std::string name = out_->metadata(peer_metadata);
    if (what_ == content::whole)  // orderers give no verdicts
      for (const auto& o : orderers_) if (o->name == name) return o;
    auto peer = peers_->choose(name, msp_id);
    if (peer) return *peer;
    auto why = std::move(peer).error();
    if (what_ == content::whole && !name.empty() && peers_->none().empty())  // the list of peers goes on
      for (const auto& o : orderers_) why.context += ", " + o->name;
    return fail(std::move(why));
  }
  /// Where clients show certificates, a request belongs to the one that its header has the digest of: nobody else can send it again.
  [[nodiscard]] bool is_bound(const ledger::envelope& seek) const {
    const auto pem = out_->client_certificate();
    if (pem.empty()) return true;
    const auto shown = crypto::certificate::from_pem(pem);
    const auto& header = seek.header();
    return shown && header && header->tls_cert_hash == crypto::view(crypto::sha256(shown->der()));
  }
  void bad_request() {
    bytes out;
    proto::put_varint(out, status_field, 400);
    out_->write(std::move(out));
    out_->finish({});
  }
  caf::actor_system& system_;
  std::shared_ptr<const peer_choice> peers_;
  orderer_list orderers_;
  std::shared_ptr<const actors::orderer_site> only_;
  content what_;
};

constexpr std::size_t streams_max = 1'000;

}  // namespace

stream_handler orderer_block_streams(const door_context& context) {
  return [system = context.system, only = context.orderer](const stream_ptr& s) -> std::unique_ptr<stream_events> {
    return std::make_unique<deliver_events>(*system, nullptr, orderer_list{}, s, content::whole, only);
  };
}

equipped_service make_deliver_service(const door_context& context) {
  equipped_service out{{"protos.Deliver", streams_max, {}, {}}, {}};
  const auto streams = [&](content what) -> stream_handler {
    return [system = context.system, peers = context.peers, orderers = context.node->orderers(), what](const stream_ptr& s) -> std::unique_ptr<stream_events> {
      return std::make_unique<deliver_events>(*system, peers, orderers, s, what);
    };
  };
  out.service.streams["Deliver"] = streams(content::whole);
  out.service.streams["DeliverFiltered"] = streams(content::filtered);
  out.service.streams["DeliverWithPrivateData"] = streams(content::with_private_data);
  return out;
}

}  // namespace weft::edge
