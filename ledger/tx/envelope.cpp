#include "ledger/tx/envelope.hpp"

#include "config/base/once.hpp"
#include "ledger/tx/fields.hpp"
#include "ledger/tx/headers.hpp"
#include "proto/wire_write.hpp"

namespace weft::ledger {

using namespace fields;

namespace {

constexpr std::uint8_t bad_payload = 2, bad_common_header = 3;

std::size_t singular_size(std::uint32_t number, bytes_view value) { return value.empty() ? 0 : proto::field_size(number, value.size()); }

}  // namespace

struct envelope::state {
  shared_bytes raw;
  bytes_view payload, signature;
  bool well_formed = false;
  bool canonical = false;

  once digesting;
  crypto::digest payload_digest{};

  once parsing;  // guards what follows
  result<headers> parsed = fail(errc::invalid_argument, "no envelope");
  std::uint8_t code = bad_payload;
  bytes_view data;

  void split();
  void parse_payload();
};

void envelope::state::split() {
  well_formed = walk(raw.view(), [&](const wire_field& f) {
    if (is_block(f, 1)) payload = f.payload;
    if (is_block(f, 2)) signature = f.payload;
    return true;
  });
  if (!well_formed) {
    payload = signature = {};
    return;
  }
  // Both values in their shortest form fill the bytes exactly: nothing else can be in there but the two in the wrong order.
  canonical = singular_size(1, payload) + singular_size(2, signature) == raw.size() && (payload.empty() || raw.view().front() == 0x0a);
}

void envelope::state::parse_payload() {
  if (!well_formed) return;
  headers h;
  bool has_header = false;
  bytes_view content;
  const bool ok = walk(payload, [&](const wire_field& f) {
    if (is_block(f, 1)) {
      has_header = true;
      return take_header(f.payload, h);
    }
    if (is_block(f, 2)) content = f.payload;
    return true;
  });
  if (!ok) {
    parsed = fail(errc::invalid_argument, "error unmarshaling Payload: proto: cannot parse invalid wire-format data");
    return;
  }
  data = content;
  code = bad_common_header;
  std::string why = has_header ? take_inner_headers(h) : "nil header";
  if (!why.empty()) {
    parsed = fail(errc::invalid_argument, std::move(why));
    return;
  }
  code = 0;
  parsed = std::move(h);
}

envelope envelope::keep(shared_bytes raw) {
  envelope e;
  e.state_ = std::make_shared<state>();
  e.state_->raw = std::move(raw);
  e.state_->split();
  return e;
}

result<envelope> envelope::parse(shared_bytes raw) {
  envelope e = keep(std::move(raw));
  if (!e.well_formed()) return fail(errc::invalid_argument, "error unmarshaling Envelope: proto: cannot parse invalid wire-format data");
  return e;
}

envelope envelope::make(bytes payload, bytes signature) {
  bytes raw;
  raw.reserve(singular_size(1, payload) + singular_size(2, signature));
  proto::put_bytes(raw, 1, payload);
  proto::put_bytes(raw, 2, signature);
  return keep(shared_bytes(std::move(raw)));
}

const shared_bytes& envelope::raw() const {
  static const shared_bytes none;
  return state_ ? state_->raw : none;
}

bytes_view envelope::payload() const { return state_ ? state_->payload : bytes_view(); }
bytes_view envelope::signature() const { return state_ ? state_->signature : bytes_view(); }
crypto::hashed_message envelope::signed_payload() const {
  if (!state_) return bytes_view();
  state_->digesting.call([s = state_.get()] { s->payload_digest = crypto::sha256(s->payload); });
  return {state_->payload, state_->payload_digest};
}
bool envelope::well_formed() const { return state_ && state_->well_formed; }
bool envelope::canonical() const { return state_ && state_->canonical; }

const result<headers>& envelope::header() const {
  static const result<headers> none = fail(errc::invalid_argument, "no envelope");
  if (!state_) return none;
  state_->parsing.call([s = state_.get()] { s->parse_payload(); });
  return state_->parsed;
}

std::uint8_t envelope::header_code() const { return header() ? 0 : state_ ? state_->code : bad_payload; }

bytes_view envelope::data() const {
  static_cast<void>(header());
  return state_ ? state_->data : bytes_view();
}

}  // namespace weft::ledger
