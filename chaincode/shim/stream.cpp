#include "chaincode/shim/stream.hpp"

#include <cctype>

#include "config/base/assert.hpp"

namespace weft::chaincode::shim {
namespace {

/// Text of a contract on its way into answers and logs: bounded, and valid UTF-8 whatever it was.
std::string readable(const bytes& text, std::size_t max) {
  auto out = text.substr(0, max);
  if (valid_key_text(out)) return out;
  for (auto& c : out) {
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  }
  return out;
}

constexpr std::size_t package_id_bytes_max = 512;  // a label and a hash; file systems take half of that

/// Enough of a transaction id to find it; what is no digit or letter was never one.
std::string short_id(const std::string& txid) {
  auto out = txid.substr(0, 8);
  for (auto& c : out) {
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '?';
  }
  return out;
}

/// What a COMPLETED or ERROR means for whoever called.
frame_outcome outcome_of(message&& m, std::size_t text_max) {
  if (m.type == message_type::error) {
    return {fail(errc::internal, std::string(returned_with_failure) + readable(m.payload, text_max)), std::nullopt};
  }
  auto answer = parse_response(m.payload);
  if (!answer) {
    return {fail(errc::internal, std::string(returned_with_failure) + "failed to unmarshal response for transaction " + m.call.txid), std::nullopt};
  }
  return {std::move(answer), std::move(m.event)};
}

}  // namespace

message error_reply(const message& request, const std::string& why) {
  return {message_type::error, request.call, to_string(request.type) + " failed: transaction ID: " + request.call.txid + ": " + why, {}, {}, {}};
}

stream_effects stream::step(stream_event event) {
  if (phase_ == phase::over) return {};
  return std::visit([this](auto&& e) { return on(std::move(e)); }, std::move(event));
}

stream_effects stream::over(std::string why) {
  phase_ = phase::over;
  calls_.clear();
  return {end_stream{std::move(why)}};
}

stream_effects stream::on(received e) {
  auto parsed = parse_message(e.raw);
  if (!parsed) return over("the contract sent " + parsed.error().context);
  auto& m = *parsed;
  if (m.type == message_type::keepalive) return {};  // never answered: Node's shim exits on one
  if (phase_ == phase::opened) return on_first(m);
  if (phase_ == phase::asked) return over("the contract sent " + to_string(m.type) + " before it was registered");
  if (is_request(m.type)) return on_request(std::move(m));
  if (m.type == message_type::completed || m.type == message_type::error) return on_end(std::move(m));
  return over("the contract sent " + to_string(m.type) + ", which is not for a peer that is ready");
}

stream_effects stream::on_first(const message& m) {
  if (m.type != message_type::register_contract) return over("the contract sent " + to_string(m.type) + " where REGISTER was expected");
  auto id = parse_registration(m.payload);
  if (!id) return over("the contract sent " + id.error().context);
  if (id->size() > package_id_bytes_max) return over("the contract sent a package id of " + std::to_string(id->size()) + " bytes");
  phase_ = phase::asked;
  return {registration{std::move(*id)}};
}

stream_effects stream::on(admit) {
  if (phase_ != phase::asked) return {};
  phase_ = phase::ready;
  message ready{message_type::ready, {}, {}, {}, {}, {}};
  if (options_.offer_batches) ready.payload = encode_additional_params(options_.batch_max, options_.batch_max);
  return {send_bytes{encode({message_type::registered, {}, {}, {}, {}, {}})}, send_bytes{encode(ready)}};
}

stream_effects stream::on(start_call e) {
  WEFT_ASSERT(ready() && has_room(), "a call needs a stream that is ready and has room");
  const bool fresh = calls_.emplace(e.call, false).second;
  WEFT_ASSERT(fresh, "a transaction runs once on a stream");
  message m;
  m.type = e.is_init ? message_type::init : message_type::transaction;
  m.payload = encode_input(e.args, e.is_init);
  m.call = std::move(e.call);
  m.proposal = std::move(e.proposal);
  m.proposal_signature = std::move(e.proposal_signature);
  return {send_bytes{encode(m)}};
}

stream_effects stream::on_request(message m) {
  const auto it = calls_.find(m.call);
  if (it == calls_.end()) {
    return {remark{to_string(m.type) + " for transaction " + short_id(m.call.txid) + ", which does not run here"},
            send_bytes{encode(error_reply(m, "no ledger context"))}};
  }
  if (it->second) {
    return {remark{"another request (" + to_string(m.type) + ") of transaction " + short_id(m.call.txid) + " while one is outstanding: dropped"}};
  }
  it->second = true;
  return {serve{std::move(m)}};
}

stream_effects stream::on_end(message m) {
  const auto it = calls_.find(m.call);
  if (it == calls_.end()) return {remark{to_string(m.type) + " for transaction " + short_id(m.call.txid) + ", which does not run here: dropped"}};
  calls_.erase(it);
  auto key = m.call;
  return {call_ended{std::move(key), outcome_of(std::move(m), options_.failure_text_max)}};
}

stream_effects stream::on(answered e) {
  const auto it = calls_.find(e.reply.call);
  if (it == calls_.end() || !it->second) return {};
  it->second = false;
  return {send_bytes{encode(e.reply)}};
}

stream_effects stream::on(forget_call e) {
  calls_.erase(e.call);
  return {};
}

}  // namespace weft::chaincode::shim
