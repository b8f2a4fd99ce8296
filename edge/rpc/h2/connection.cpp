#include "edge/rpc/h2/connection.hpp"

#include <nghttp2/nghttp2.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "edge/rpc/h2/loop.hpp"
#include "edge/rpc/h2/response_fields.hpp"

namespace weft::edge::h2 {

using actors::rpc_code;
using actors::rpc_status;
using actors::status_of;

namespace {

constexpr std::size_t batch_bytes = 32 * KiB;   // plain bytes that become records and leave together
constexpr int batches_a_round = 32;             // then others have their turn

}  // namespace

// ---- what nghttp2 tells

struct connection::hooks {
  static connection& self(void* user) { return *static_cast<connection*>(user); }
  static exchange* call(nghttp2_session* s, std::int32_t id) { return static_cast<exchange*>(nghttp2_session_get_stream_user_data(s, id)); }

  static int on_begin_headers(nghttp2_session*, const nghttp2_frame* f, void* user) {
    if (f->hd.type == NGHTTP2_HEADERS && f->headers.cat == NGHTTP2_HCAT_REQUEST) self(user).head_ = {};
    return 0;
  }
  static int on_header(nghttp2_session*, const nghttp2_frame* f, const std::uint8_t* name, std::size_t name_size, const std::uint8_t* value, std::size_t size,
                       std::uint8_t, void* user) {
    if (f->hd.type == NGHTTP2_HEADERS && f->headers.cat == NGHTTP2_HCAT_REQUEST) {
      self(user).head_.add({reinterpret_cast<const char*>(name), name_size}, {reinterpret_cast<const char*>(value), size});
    }
    return 0;
  }
  static int on_frame(nghttp2_session* s, const nghttp2_frame* f, void* user) {
    auto& c = self(user);
    const bool last = (f->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0, ack = (f->hd.flags & NGHTTP2_FLAG_ACK) != 0;
    switch (f->hd.type) {
      case NGHTTP2_HEADERS:
        if (f->headers.cat == NGHTTP2_HCAT_REQUEST) c.begin_call(f->hd.stream_id, last);
        else if (auto* e = call(s, f->hd.stream_id); e != nullptr && last) c.on_body_over(*e);
        break;
      case NGHTTP2_DATA:
        if (auto* e = call(s, f->hd.stream_id); e != nullptr && last) c.on_body_over(*e);
        if (f->hd.length == f->data.padlen && !last) c.on_idle_frame();
        break;
      case NGHTTP2_SETTINGS:
        if (!ack) c.greeted_ = true;
        c.on_idle_frame();
        break;
      case NGHTTP2_PRIORITY: c.on_idle_frame(); break;
      case NGHTTP2_PING:
        if (!ack) c.on_ping();
        break;
      case NGHTTP2_RST_STREAM: c.on_reset(); break;
      default: break;
    }
    return 0;
  }
  static int on_chunk(nghttp2_session* s, std::uint8_t, std::int32_t id, const std::uint8_t* data, std::size_t size, void* user) {
    nghttp2_session_consume_connection(s, size);
    if (auto* e = call(s, id); e != nullptr && !e->own.ended) self(user).on_body(*e, {reinterpret_cast<const char*>(data), size});
    else nghttp2_session_consume_stream(s, id, size);
    return 0;
  }
  /// The answer is complete, the question is not: the client need not send the rest.
  static int on_sent(nghttp2_session* s, const nghttp2_frame* f, void* user) {
    const bool call_frame = f->hd.type == NGHTTP2_HEADERS || f->hd.type == NGHTTP2_DATA;
    if (!call_frame) return 0;
    self(user).pings_.forgive();
    if ((f->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0 && nghttp2_session_get_stream_remote_close(s, f->hd.stream_id) == 0) {
      nghttp2_submit_rst_stream(s, NGHTTP2_FLAG_NONE, f->hd.stream_id, NGHTTP2_NO_ERROR);
    }
    return 0;
  }
  static int on_close(nghttp2_session*, std::int32_t id, std::uint32_t, void* user) {
    self(user).close_call(id);
    return 0;
  }
  static ssize_t on_fill(nghttp2_session*, std::int32_t, std::uint8_t* to, std::size_t room, std::uint32_t* flags, nghttp2_data_source* source, void* user) {
    return self(user).fill(*static_cast<exchange*>(source->ptr), to, room, flags);
  }
  static nghttp2_session_callbacks* table() {
    static nghttp2_session_callbacks* const made = [] {
      nghttp2_session_callbacks* t = nullptr;
      nghttp2_session_callbacks_new(&t);
      nghttp2_session_callbacks_set_on_begin_headers_callback(t, on_begin_headers);
      nghttp2_session_callbacks_set_on_header_callback(t, on_header);
      nghttp2_session_callbacks_set_on_frame_recv_callback(t, on_frame);
      nghttp2_session_callbacks_set_on_data_chunk_recv_callback(t, on_chunk);
      nghttp2_session_callbacks_set_on_frame_send_callback(t, on_sent);
      nghttp2_session_callbacks_set_on_stream_close_callback(t, on_close);
      return t;
    }();
    return made;
  }
};

// ---- the connection

connection::connection(loop& home, common& with, int fd, time_point now)
    : home_(home), with_(with), fd_(fd), transport_(with.tls), resets_(with.bounds.resets_at_once, with.bounds.resets_per_second), idle_frames_(with.bounds.idle_frames_at_once, with.bounds.idle_frames_per_second),
      pings_(with.bounds.pings_apart),
      begun_(now), heard_(now) {}

connection::~connection() {
  for (auto& [id, e] : std::exchange(exchanges_, {})) release(*e);
  nghttp2_session_del(session_);
  ::close(fd_);
}

void connection::mark() {
  if (!std::exchange(dirty_, true)) home_.mark(*this);
}

void connection::greet() {
  nghttp2_option* option = nullptr;
  if (nghttp2_option_new(&option) != 0) return die();
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_option_set_no_closed_streams(option, 1);
  nghttp2_option_set_stream_reset_rate_limit(option, UINT32_MAX, UINT32_MAX);  // on_reset() judges them
  const int made = nghttp2_session_server_new2(&session_, hooks::table(), this, option);
  nghttp2_option_del(option);
  if (made != 0) return die();
  const auto& b = with_.bounds;
  const std::array<nghttp2_settings_entry, 3> settings{{{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, static_cast<std::uint32_t>(b.streams_max)},
                                                        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, static_cast<std::uint32_t>(b.stream_window)},
                                                        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(request_head::bytes_max)}}};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, static_cast<std::int32_t>(b.connection_window));
  if (auto shown = transport_.client_certificate(); !shown.empty()) client_certificate_ = std::make_shared<const std::string>(std::move(shown));
}

void connection::on_readable() {
  if (dead_) return;
  auto& buffer = home_.receive_buffer();
  const auto n = ::recv(fd_, buffer.data(), buffer.size(), 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) return die();
  heard_ = home_.now();
  pinged_.reset();
  mark();
  const bool open = transport_.receive({buffer.data(), static_cast<std::size_t>(n)}, [this] { greet(); },
                                       [this](bytes_view plain) {
                                         if (session_ == nullptr || leaving_) return session_ != nullptr;
                                         return nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(plain.data()), plain.size()) >= 0;
                                       });
  if (open) return;
  static_cast<void>(send_wire());  // an alert says why
  die();
}

void connection::leave(std::uint32_t code, bytes_view why) {
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session_), code, raw(why), why.size());
  leaving_ = true;
  mark();
}

void connection::on_ping() {
  if (!pings_.ping(home_.now())) leave(NGHTTP2_ENHANCE_YOUR_CALM, "too_many_pings");
}

void connection::on_reset() {
  if (!resets_.take(home_.now())) leave(NGHTTP2_ENHANCE_YOUR_CALM, "too_many_resets");
}

void connection::on_idle_frame() {
  if (!idle_frames_.take(home_.now())) leave(NGHTTP2_ENHANCE_YOUR_CALM, "too_many_empty_frames");
}

time_point connection::check(time_point now) {
  const auto& b = with_.bounds;
  if (!greeted_) {
    if (now >= begun_ + b.handshake) die();
    return begun_ + b.handshake;
  }
  if (pinged_) {
    if (now >= *pinged_ + b.ping_wait) die();
    return *pinged_ + b.ping_wait;
  }
  if (now < heard_ + b.ping_every) return heard_ + b.ping_every;
  nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr);
  pinged_ = now;
  mark();
  return now + b.ping_wait;
}

void connection::drain() {
  draining_ = true;
  if (session_ == nullptr) return die();
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session_), NGHTTP2_NO_ERROR, nullptr, 0);
  mark();
}

void connection::end_all(const rpc_status& status) {
  std::vector<std::shared_ptr<exchange>> all;
  for (auto& [id, e] : exchanges_) all.push_back(e);
  for (auto& e : all) fail_call(*e, status);
  flush();
  die();
}

// ---- what comes

void connection::begin_call(std::int32_t id, bool body_over) {
  mark();
  if (head_.http_status() != 200) return refuse_http(id, head_.http_status());
  const auto* m = with_.methods.find(head_.path());
  if (!head_.refused().ok()) return refuse(id, head_.refused());
  if (m == nullptr) return refuse(id, method_table::unknown(head_.path()));
  auto admitted = method_table::admit(*m);
  if (!admitted.refused.ok()) return refuse(id, admitted.refused);

  call_facts facts{std::move(head_.metadata()), {}, client_certificate_};
  if (head_.timeout()) facts.deadline = std::chrono::steady_clock::now() + *head_.timeout();
  const auto largest = with_.bounds.message_bytes_max;
  std::shared_ptr<exchange> e;
  if (m->unary != nullptr) e = std::make_shared<unary_exchange>(std::move(facts), home_.mail(), largest, *m->unary);
  else e = std::make_shared<stream_exchange>(std::move(facts), home_.mail(), largest, *m->streaming);
  e->own.at = this;
  e->own.id = id;
  e->own.seat = std::move(admitted.seat);
  if (e->facts().deadline) e->own.deadline = home_.add_deadline(*e->facts().deadline, *e);
  nghttp2_session_set_stream_user_data(session_, id, e.get());
  exchanges_.emplace(id, e);
  e->begin();
  if (body_over) on_body_over(*e);
}

void connection::on_body(exchange& e, bytes_view piece) {
  auto& own = e.own;
  own.reader.take(piece);
  if (own.wants) nghttp2_session_consume_stream(session_, own.id, piece.size());
  else own.unconsumed += piece.size();
  pump(e);
  count(e);
}

void connection::on_body_over(exchange& e) {
  e.own.body_over = true;
  pump(e);
}

void connection::want(exchange& e) {
  e.own.wants = true;
  if (const auto n = std::exchange(e.own.unconsumed, 0); n > 0 && !e.own.body_over) {
    nghttp2_session_consume_stream(session_, e.own.id, n);
    mark();
  }
  pump(e);
  count(e);
}

void connection::pump(exchange& e) {
  auto& own = e.own;
  while (own.wants && !own.ended) {
    bytes content;
    switch (own.reader.next(content)) {
      case message_reader::outcome::message:
        own.wants = false;
        own.seat->meter->message_in();
        e.message(std::move(content));
        break;
      case message_reader::outcome::more:
        if (!own.body_over || own.said_no_more) return;
        if (!own.reader.between_messages()) return fail_call(e, status_of(rpc_code::internal, "the call ends in the middle of a message"));
        own.said_no_more = true;
        own.wants = false;
        return e.no_more_messages();
      case message_reader::outcome::too_large:
        return fail_call(e, status_of(rpc_code::resource_exhausted, "Received message larger than max (" + std::to_string(own.reader.announced()) + " vs. " +
                                                                        std::to_string(with_.bounds.message_bytes_max) + ")"));
      case message_reader::outcome::compressed:
        return fail_call(e, status_of(rpc_code::unimplemented, "messages cannot be compressed here"));
      case message_reader::outcome::nonsense: return fail_call(e, status_of(rpc_code::internal, "the flags of a message are none that gRPC knows"));
    }
  }
}

void connection::count(exchange& e) {
  const auto held = e.own.reader.held(), before = std::exchange(e.own.counted, held);
  if (held == before) return;
  const auto sum = with_.unread.fetch_add(held - before) + (held - before);  // both wrap around together
  if (held > before && sum > with_.bounds.unread_bytes_max) home_.end_largest();
}

exchange* connection::largest() const {
  exchange* out = nullptr;
  for (const auto& [id, e] : exchanges_) {
    if (e->own.counted > (out != nullptr ? out->own.counted : 0)) out = e.get();
  }
  return out;
}

// ---- what goes

void connection::respond(exchange& e) {
  e.own.responded = true;
  nghttp2_data_provider from{};
  from.source.ptr = &e;
  from.read_callback = hooks::on_fill;
  nghttp2_submit_response(session_, e.own.id, response_headers.data(), response_headers.size(), &from);
}

void connection::write(exchange& e, bytes message) {
  e.own.out.push_back(std::move(message));
  if (!e.own.responded) respond(e);
  else if (std::exchange(e.own.deferred, false)) nghttp2_session_resume_data(session_, e.own.id);
  mark();
}

void connection::end(exchange& e, const rpc_status& status) {
  auto& own = e.own;
  if (own.ended) return;
  own.ended = true;
  own.end = status;
  own.seat->code = status.code;
  own.reader.clear();
  count(e);
  mark();
  if (!own.responded) return refuse(own.id, status);
  if (std::exchange(own.deferred, false)) nghttp2_session_resume_data(session_, own.id);
}

void connection::fail_call(exchange& e, const rpc_status& status) {
  auto& own = e.own;
  if (own.at == nullptr) return;
  if (!own.ended) e.cut();
  const bool mid_message = own.out_at > 0;
  if (own.ended || mid_message) {  // what was begun cannot be ended by trailers
    own.seat->code = own.ended ? own.seat->code.load() : status.code;
    own.ended = true;
    own.reader.clear();
    count(e);
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, own.id, NGHTTP2_CANCEL);
    return mark();
  }
  own.out.clear();
  end(e, status);
}

void connection::deadline_passed(exchange& e) {
  e.own.deadline.reset();
  fail_call(e, status_of(rpc_code::deadline_exceeded, "Deadline Exceeded"));
}

void connection::refuse(std::int32_t id, const rpc_status& status) {
  const trailers t(status);
  std::vector<nghttp2_nv> all(response_headers.begin(), response_headers.end());
  all.insert(all.end(), t.fields.begin(), t.fields.end());
  nghttp2_submit_response(session_, id, all.data(), all.size(), nullptr);
}

void connection::refuse_http(std::int32_t id, int status) {
  const auto text = std::to_string(status);
  const std::array<nghttp2_nv, 2> all{header(":status", text), literal(status == 405 ? "allow" : "accept-post", status == 405 ? "POST" : "application/grpc")};
  nghttp2_submit_response(session_, id, all.data(), all.size(), nullptr);
}

void connection::submit_trailers(exchange& e) {
  static const nghttp2_nv good = literal("grpc-status", "0");
  if (e.own.end.ok()) return static_cast<void>(nghttp2_submit_trailer(session_, e.own.id, &good, 1));
  const trailers t(e.own.end);
  nghttp2_submit_trailer(session_, e.own.id, t.fields.data(), t.fields.size());
}

long connection::fill(exchange& e, std::uint8_t* to, std::size_t room, std::uint32_t* flags) {
  auto& own = e.own;
  std::size_t n = 0;
  while (n < room && !own.out.empty()) {
    const auto& m = own.out.front();
    for (; own.out_at < message_reader::prefix_size && n < room; ++own.out_at) {
      to[n++] = own.out_at == 0 ? std::uint8_t{0} : static_cast<std::uint8_t>(m.size() >> 8 * (message_reader::prefix_size - 1 - own.out_at));
    }
    if (own.out_at < message_reader::prefix_size) break;
    const auto at = own.out_at - message_reader::prefix_size, piece = std::min(room - n, m.size() - at);
    std::memcpy(to + n, m.data() + at, piece);
    n += piece;
    own.out_at += piece;
    if (at + piece < m.size()) break;
    own.out.pop_front();
    own.out_at = 0;
    own.seat->meter->message_out();
    e.written();
  }
  if (own.out.empty() && own.ended) {
    *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
    submit_trailers(e);
  } else if (n == 0) {
    own.deferred = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  return static_cast<long>(n);
}

// ---- endings

void connection::release(exchange& e) {
  auto& own = e.own;
  if (own.deadline) home_.remove_deadline(*std::exchange(own.deadline, std::nullopt));
  if (!own.ended) {
    own.seat->code = static_cast<std::int32_t>(rpc_code::cancelled);
    e.cut();
  }
  own.ended = true;
  own.reader.clear();
  const auto counted = std::exchange(own.counted, 0);
  with_.unread.fetch_sub(counted);
  own.out.clear();
  own.at = nullptr;
  e.closed();
  own.seat.reset();
}

void connection::close_call(std::int32_t id) {
  const auto it = exchanges_.find(id);
  if (it == exchanges_.end()) return;
  const auto e = std::move(it->second);
  exchanges_.erase(it);
  release(*e);
  mark();
}

// ---- the wire

bool connection::send_wire() {
  auto& wire = transport_.wire();
  while (sent_ < wire.size()) {
    const auto n = ::send(fd_, wire.data() + sent_, wire.size() - sent_, MSG_NOSIGNAL);
    if (n > 0) {
      sent_ += static_cast<std::size_t>(n);
    } else if (errno == EAGAIN) {
      if (!std::exchange(blocked_, true)) home_.watch_writable(*this, true);
      return false;
    } else if (errno != EINTR) {
      die();
      return false;
    }
  }
  wire.clear();
  if (wire.capacity() > 4 * batch_bytes) wire = bytes();
  sent_ = 0;
  return true;
}

void connection::gather() {
  auto& plain = home_.scratch();
  plain.clear();
  while (session_ != nullptr && plain.size() < batch_bytes) {
    const std::uint8_t* piece = nullptr;
    const auto n = nghttp2_session_mem_send(session_, &piece);
    if (n < 0) return die();
    if (n == 0) break;
    plain.append(reinterpret_cast<const char*>(piece), static_cast<std::size_t>(n));
  }
  if (!plain.empty() && !transport_.send(plain)) die();
}

void connection::flush() {
  dirty_ = false;
  bool done = false;
  for (int i = 0; i < batches_a_round && !dead_ && !done; ++i) {
    if (!send_wire()) break;
    gather();
    done = transport_.wire().empty();
  }
  if (dead_) return;
  if (!done) {
    if (!blocked_) return mark();  // others have their turn
    if (session_ != nullptr && nghttp2_session_get_outbound_queue_size(session_) > with_.bounds.unsent_frames_max) die();
    return;
  }
  if (std::exchange(blocked_, false)) home_.watch_writable(*this, false);
  if (session_ == nullptr) return;
  const bool over = nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
  if (!leaving_ && !over && !(draining_ && exchanges_.empty())) return;
  transport_.close();
  static_cast<void>(send_wire());
  die();
}

}  // namespace weft::edge::h2
