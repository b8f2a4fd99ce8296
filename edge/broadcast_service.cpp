// orderer.AtomicBroadcast: envelopes to an orderer, blocks from it. interop/06 §1.
#include <deque>

#include "actors/role.hpp"
#include "edge/block_stream.hpp"
#include "edge/services.hpp"
#include "proto/wire_write.hpp"

namespace weft::edge {

namespace {

namespace atom = actors::atom;
using actors::broadcast_reply;

constexpr std::size_t streams_max = 1'000;
/// Envelopes of one stream that wait for their answer, or whose answer the client has not taken: as many are read ahead.
constexpr std::size_t window = 64;
/// Fields of orderer.BroadcastResponse.
constexpr std::uint32_t status_field = 1, info_field = 2;

using pipe_actor = caf::typed_actor<
    // The client's next envelope.
    caf::reacts_to<atom::broadcast, ledger::envelope>,
    // So many answers have left for the client.
    caf::reacts_to<atom::credit, std::uint32_t>,
    // The client has sent its last envelope.
    caf::reacts_to<atom::ended>,
    // The stream is over.
    caf::reacts_to<atom::stop>>;

struct pipe_state {
  stream_ptr out;
  std::string orderer;
  std::chrono::milliseconds longest{0};
  actors::route<actors::orderer_actor> role;
  std::deque<std::optional<broadcast_reply>> answers;  ///< In the order of the envelopes; the first is the next to leave.
  std::uint64_t gone = 0;                              ///< How many left the front of `answers`.
  std::size_t unconfirmed = 0;                         ///< Answers that the client has not taken yet.
  bool reading = true, said_all = false, over = false;
  static inline const char* name = "broadcast_pipe";
};
using pipe_self = actors::role_self<pipe_actor, pipe_state>;

bytes encode(const broadcast_reply& r) {
  bytes out;
  proto::put_varint(out, status_field, static_cast<std::uint32_t>(r.status));
  proto::put_bytes(out, info_field, r.info);
  return out;
}

void read_on(pipe_state& s) {
  if (s.over || s.reading || s.said_all || s.answers.size() + s.unconfirmed >= window) return;
  s.reading = true;
  s.out->read();
}

/// Answers leave in the order of their envelopes. The first refusal is the last answer: the client opens another stream.
void answer_in_order(pipe_state& s) {
  while (!s.over && !s.answers.empty() && s.answers.front()) {
    const auto reply = std::move(*s.answers.front());
    s.answers.pop_front();
    ++s.gone;
    ++s.unconfirmed;
    s.out->write(encode(reply));
    s.over = reply.status != 200;
  }
  if (s.over || (s.said_all && s.answers.empty())) {
    s.over = true;
    s.out->finish({});
  }
  read_on(s);
}

void take(pipe_self self, const ledger::envelope& e) {
  auto& s = self->state;
  if (s.over) return;
  s.reading = false;
  const auto place = s.gone + s.answers.size();
  s.answers.emplace_back();
  const auto settle = [self, place](broadcast_reply r) {
    auto& st = self->state;
    if (st.over || place < st.gone) return;
    st.answers[static_cast<std::size_t>(place - st.gone)] = std::move(r);
    answer_in_order(st);
  };
  const auto& role = s.role.get();
  if (!role) return settle({503, "orderer " + s.orderer + " is restarting", {}});
  self->request(role, s.longest, atom::broadcast::value, e)
      .then([settle](const broadcast_reply& r) { settle(r); },
            [settle](const caf::error& why) {
              settle({503, why == caf::sec::request_timeout ? "the message was not ordered in time" : "the orderer stopped while it held the message", {}});
            });
  read_on(s);
}

pipe_actor::behavior_type pipe(pipe_self self, pipe_state state) {
  self->state = std::move(state);
  return {
      [self](atom::broadcast, const ledger::envelope& e) { take(self, e); },
      [self](atom::credit, std::uint32_t n) {
        auto& s = self->state;
        s.unconfirmed -= std::min<std::size_t>(n, s.unconfirmed);
        read_on(s);
      },
      [self](atom::ended) {
        self->state.said_all = true;
        if (!self->state.over) answer_in_order(self->state);
      },
      [self](atom::stop) { self->quit(); },
  };
}

class broadcast_events final : public stream_events {
 public:
  broadcast_events(caf::actor_system& system, const std::shared_ptr<const actors::orderer_site>& site, std::chrono::milliseconds longest, stream_ptr out)
      : out_(std::move(out)) {
    using self_type = std::remove_pointer_t<pipe_self>;
    pipe_ = system.spawn([=, stream = out_](self_type* self) -> pipe_actor::behavior_type {
      self->sit("door/broadcast", nullptr);
      pipe_state s;
      s.out = stream;
      s.orderer = site->name;
      s.longest = longest;
      s.role = site->to<actors::orderer_actor>("orderer");
      return pipe(self, std::move(s));
    });
    out_->read();
  }
  void message(bytes raw) override {
    auto e = ledger::envelope::parse(shared_bytes{std::move(raw)});
    if (!e) return out_->finish(actors::status_of(actors::rpc_code::internal, "the message is no Envelope: " + e.error().context));
    caf::anon_send(pipe_, atom::broadcast::value, std::move(*e));
  }
  void no_more_messages() override { caf::anon_send(pipe_, atom::ended::value); }
  void written() override { caf::anon_send(pipe_, atom::credit::value, std::uint32_t{1}); }
  void cancelled() override {}
  void closed() override { caf::anon_send(pipe_, atom::stop::value); }

 private:
  stream_ptr out_;
  pipe_actor pipe_;
};

}  // namespace

equipped_service make_atomic_broadcast_service(const door_context& context) {
  equipped_service out{{"orderer.AtomicBroadcast", streams_max, {}, {}}, {}};
  const auto longest = context.node->settings().roles.broadcast_timeout + std::chrono::seconds(1);
  out.service.streams["Broadcast"] = [system = context.system, site = context.orderer, longest](const stream_ptr& s) -> std::unique_ptr<stream_events> {
    return std::make_unique<broadcast_events>(*system, site, longest, s);
  };
  out.service.streams["Deliver"] = orderer_block_streams(context);
  return out;
}

}  // namespace weft::edge
