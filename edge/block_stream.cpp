#include "edge/block_stream.hpp"

#include <algorithm>

#include "actors/role.hpp"

namespace weft::edge {

namespace {

namespace atom = actors::atom;

struct sink_state {
  std::shared_ptr<const actors::site> from;
  stream_ptr out;
  std::unique_ptr<block_form> form;
  actors::route<actors::deliver_actor> deliver;
  caf::actor_addr watched;
  std::string channel;
  bool subscribed = false;
  std::uint32_t granted = 0;      ///< Credits that DELIVER has not used yet.
  std::uint32_t unconfirmed = 0;  ///< Messages that the client has not taken yet.
  std::uint32_t window = 2;       ///< How many may be on their way: few, until it is known how large they are.
  static inline const char* name = "block_sink";
};
using sink_self = actors::role_self<stream_sink_actor, sink_state>;

actors::block_sink_actor handle(sink_self self) { return stream_sink_actor{self}; }

void ended(sink_self self, std::int32_t status, const std::string& why) {
  auto& s = self->state;
  if (!s.subscribed) return;
  s.subscribed = false;
  s.granted = 0;
  if (auto message = s.form->on_ended(status)) {
    ++s.unconfirmed;
    s.out->write(std::move(*message));
  }
  if (const auto end = s.form->end_of_stream(status, why)) return s.out->finish(*end);
  s.out->read();
}

/// Grants what the window leaves, in lumps of a quarter.
void renew(sink_self self) {
  auto& s = self->state;
  const auto used = s.granted + s.unconfirmed;
  if (!s.subscribed || used >= s.window || used > s.window - s.window / 4 || !s.deliver.get()) return;
  const auto lump = s.window - used;
  s.granted += lump;
  self->send(s.deliver.get(), atom::credit::value, handle(self), s.channel, lump);
}

void subscribe(sink_self self, const ledger::envelope& seek) {
  auto& s = self->state;
  s.subscribed = true;
  s.form->begins(seek);
  const auto& deliver = s.deliver.get();
  if (!deliver) return ended(self, 503, "the deliver role is restarting");
  if (const auto address = caf::actor_cast<caf::actor_addr>(deliver); address != s.watched) {
    self->monitor(deliver);
    s.watched = address;
  }
  s.channel = seek.header() ? seek.header()->channel_id : std::string{};
  s.granted = s.window - std::min(s.window, s.unconfirmed);
  self->send(deliver, atom::seek::value, handle(self), seek, s.granted, s.form->resource());
}

void take(sink_self self, const std::string& channel, const ledger::block& b) {
  auto& s = self->state;
  if (!s.subscribed || channel != s.channel) return;
  if (s.granted > 0) --s.granted;
  auto message = s.form->on_block(channel, b);
  if (!message) {
    s.subscribed = false;
    return s.out->finish(actors::to_status(message.error()));
  }
  if (*message) {
    s.window = static_cast<std::uint32_t>(std::clamp<std::size_t>(stream_window_bytes / std::max<std::size_t>((*message)->size(), 1), 1, stream_window));
    ++s.unconfirmed;
    s.out->write(std::move(**message));
  }
  renew(self);
}

stream_sink_actor::behavior_type sink(sink_self self, std::shared_ptr<const actors::site> from, stream_ptr out, std::shared_ptr<std::unique_ptr<block_form>> form) {
  auto& s = self->state;
  s.deliver = from->to<actors::deliver_actor>("deliver");
  s.from = std::move(from);
  s.out = std::move(out);
  s.form = std::move(*form);
  self->set_down_handler([self](caf::down_msg& down) {
    if (down.source == self->state.watched) ended(self, 503, "the deliver role died; it is being restarted");
  });
  return {
      [self](atom::block, const std::string& channel, const ledger::block& b) { take(self, channel, b); },
      [self](atom::ended, const std::string&, std::int32_t status, const std::string& why) { ended(self, status, why); },
      [self](atom::seek, const ledger::envelope& seek) { subscribe(self, seek); },
      [self](atom::credit, std::uint32_t n) {
        self->state.unconfirmed -= std::min(n, self->state.unconfirmed);
        renew(self);
      },
      [self](atom::stop) {
        auto& st = self->state;
        if (st.subscribed && st.deliver.get()) self->send(st.deliver.get(), atom::cancel::value, handle(self), st.channel);
        self->quit();
      },
  };
}

}  // namespace

stream_sink_actor spawn_sink(caf::actor_system& system, std::shared_ptr<const actors::site> from, stream_ptr out, std::unique_ptr<block_form> form) {
  using self_type = std::remove_pointer_t<sink_self>;
  auto shared = std::make_shared<std::unique_ptr<block_form>>(std::move(form));  // behaviours are copied, forms are not
  return system.spawn([from = std::move(from), out = std::move(out), shared](self_type* self) -> stream_sink_actor::behavior_type {
    self->sit("door/deliver", nullptr);
    return sink(self, from, out, shared);
  });
}

void sink_events::no_more_messages() { out_->finish({}); }

void sink_events::written() {
  if (const auto to = sink()) caf::anon_send(to, atom::credit::value, std::uint32_t{1});
}

void sink_events::closed() {
  stop();
  set_sink({});
}

stream_sink_actor sink_events::sink() const {
  std::lock_guard lock(mutex_);
  return sink_;
}
void sink_events::set_sink(stream_sink_actor sink) {
  std::lock_guard lock(mutex_);
  sink_ = std::move(sink);
}

void sink_events::subscribe(const ledger::envelope& seek) {
  if (const auto to = sink()) caf::anon_send(to, atom::seek::value, seek);
}

void sink_events::stop() {
  if (const auto to = sink()) caf::anon_send(to, atom::stop::value);
}

}  // namespace weft::edge
