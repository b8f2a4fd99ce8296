#include "tests/unit/edge/rpc/h2/wire_client.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <nghttp2/nghttp2.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace weft::testing {

namespace {
std::uint8_t* raw(const std::string& s) { return reinterpret_cast<std::uint8_t*>(const_cast<char*>(s.data())); }
}  // namespace

struct wire_client::hooks {
  static wire_client& self(void* user) { return *static_cast<wire_client*>(user); }
  static int on_header(nghttp2_session*, const nghttp2_frame* f, const std::uint8_t* name, std::size_t name_size, const std::uint8_t* value, std::size_t size,
                       std::uint8_t, void* user) {
    self(user).calls_[f->hd.stream_id].answer.headers[std::string(reinterpret_cast<const char*>(name), name_size)] = {reinterpret_cast<const char*>(value), size};
    return 0;
  }
  static int on_chunk(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* data, std::size_t size, void* user) {
    self(user).calls_[id].answer.body.append(reinterpret_cast<const char*>(data), size);
    return 0;
  }
  static int on_close(nghttp2_session*, std::int32_t id, std::uint32_t code, void* user) {
    self(user).calls_[id].answer.closed = true;
    self(user).calls_[id].answer.reset = code;
    return 0;
  }
  static int on_frame(nghttp2_session*, const nghttp2_frame* f, void* user) {
    auto& c = self(user);
    if (f->hd.type == NGHTTP2_GOAWAY) {
      c.goaway_ = f->goaway.error_code;
      c.goaway_text_.assign(reinterpret_cast<const char*>(f->goaway.opaque_data), f->goaway.opaque_data_len);
    }
    if (f->hd.type == NGHTTP2_PING) ++((f->hd.flags & NGHTTP2_FLAG_ACK) == 0 ? c.pinged_ : c.acknowledged_);
    if (f->hd.type == NGHTTP2_SETTINGS) ++c.settings_;
    return 0;
  }
  static ssize_t on_fill(nghttp2_session*, std::int32_t id, std::uint8_t* to, std::size_t room, std::uint32_t* flags, nghttp2_data_source*, void* user) {
    auto& c = self(user).calls_[id];
    const auto n = std::min(room, c.out.size());
    std::memcpy(to, c.out.data(), n);
    c.out.erase(0, n);
    if (c.out.empty() && c.end) *flags |= NGHTTP2_DATA_FLAG_EOF;
    else if (n == 0) return NGHTTP2_ERR_DEFERRED;
    return static_cast<ssize_t>(n);
  }
};

wire_client::wire_client(int port, std::uint32_t window) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(static_cast<std::uint16_t>(port));
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::connect(fd_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
  nghttp2_session_callbacks* t = nullptr;
  nghttp2_session_callbacks_new(&t);
  nghttp2_session_callbacks_set_on_header_callback(t, hooks::on_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(t, hooks::on_chunk);
  nghttp2_session_callbacks_set_on_stream_close_callback(t, hooks::on_close);
  nghttp2_session_callbacks_set_on_frame_recv_callback(t, hooks::on_frame);
  nghttp2_option* o = nullptr;
  nghttp2_option_new(&o);
  nghttp2_option_set_no_auto_window_update(o, 1);
  nghttp2_option_set_peer_max_concurrent_streams(o, 10'000);
  nghttp2_option_set_max_outbound_ack(o, 100'000);
  nghttp2_session_client_new2(&session_, t, this, o);
  nghttp2_option_del(o);
  nghttp2_session_callbacks_del(t);
  const nghttp2_settings_entry s{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, &s, 1);
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, 1 << 30);
  flush();
}

wire_client::~wire_client() {
  nghttp2_session_del(session_);
  ::close(fd_);
}

std::int32_t wire_client::request(const std::string& path, const bytes& body, bool end, const headers& more) {
  headers all{{":method", "POST"}, {":scheme", "http"}, {":path", path}, {":authority", "localhost"}, {"te", "trailers"}, {"content-type", "application/grpc"}};
  for (const auto& [name, value] : more) {
    const auto at = std::find_if(all.begin(), all.end(), [&](const auto& h) { return h.first == name; });
    if (at == all.end()) all.emplace_back(name, value);
    else at->second = value;
  }
  std::vector<nghttp2_nv> fields;
  for (const auto& [name, value] : all) fields.push_back({raw(name), raw(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
  nghttp2_data_provider from{};
  from.read_callback = hooks::on_fill;
  const auto id = nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(), &from, nullptr);
  REQUIRE(id > 0);
  calls_[id].out = body;
  calls_[id].end = end;
  flush();
  return id;
}

void wire_client::send(std::int32_t id, const bytes& more, bool end) {
  calls_[id].out += more;
  calls_[id].end = end;
  nghttp2_session_resume_data(session_, id);
  flush();
}

void wire_client::reset(std::int32_t id) { nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL); }
void wire_client::ping() { nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr); }

void wire_client::send_raw(const bytes& data) const {
  for (std::size_t at = 0; at < data.size();) {
    const auto n = ::send(fd_, data.data() + at, data.size() - at, MSG_NOSIGNAL);
    if (n <= 0) return;
    at += static_cast<std::size_t>(n);
  }
}

void wire_client::flush() {
  for (;;) {
    const std::uint8_t* piece = nullptr;
    const auto n = nghttp2_session_mem_send(session_, &piece);
    if (n <= 0) return;
    send_raw({reinterpret_cast<const char*>(piece), static_cast<std::size_t>(n)});
  }
}

bool wire_client::read_some() {
  if (ended_) return false;
  char buffer[65536];
  const auto n = ::recv(fd_, buffer, sizeof buffer, 0);
  if (n <= 0 || nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(buffer), static_cast<std::size_t>(n)) < 0) {
    ended_ = true;
    return false;
  }
  flush();
  return true;
}

const wire_answer& wire_client::finish(std::int32_t id) {
  while (!calls_[id].answer.closed && read_some()) {
  }
  return calls_[id].answer;
}
void wire_client::read_body(std::int32_t id, std::size_t size) {
  while (calls_[id].answer.body.size() < size && read_some()) {
  }
}
void wire_client::read_to_end() {
  while (read_some()) {
  }
}
void wire_client::wait_until_taken() {
  const auto before = acknowledged_;
  ping();
  flush();
  while (acknowledged_ == before && read_some()) {
  }
}
void wire_client::read_until_pinged(std::size_t times) {
  while (pinged_ < times && read_some()) {
  }
}
void wire_client::read_until_settings() {
  while (settings_ < 2 && read_some()) {  // the server's, and its word on ours
  }
}
std::uint32_t wire_client::streams_max() const { return nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS); }

bytes prefix(std::size_t n, char flags) {
  return {flags, static_cast<char>(n >> 24), static_cast<char>(n >> 16 & 255), static_cast<char>(n >> 8 & 255), static_cast<char>(n & 255)};
}
bytes framed(const bytes& message) { return prefix(message.size()) + message; }

}  // namespace weft::testing
