#include "chaincode/shim/message.hpp"

#include "peer/chaincode.pb.h"
#include "peer/chaincode_shim.pb.h"
#include "peer/proposal_response.pb.h"
#include "proto/encode.hpp"

namespace weft::chaincode::shim {
namespace {

template <class T>
result<T> decoded(bytes_view raw, std::string_view what) {
  T out;
  if (!proto::decode(raw, out)) return fail(errc::invalid_argument, "bytes that are no " + std::string(what));
  return out;
}

}  // namespace

std::string to_string(message_type type) {
  const auto& name = ::protos::ChaincodeMessage::Type_Name(static_cast<::protos::ChaincodeMessage::Type>(type));
  return name.empty() ? std::to_string(static_cast<int>(type)) : name;
}

bool is_request(message_type type) noexcept {
  switch (type) {
    case message_type::get_state:
    case message_type::put_state:
    case message_type::del_state:
    case message_type::invoke_chaincode:
    case message_type::get_state_by_range:
    case message_type::get_query_result:
    case message_type::query_state_next:
    case message_type::query_state_close:
    case message_type::get_history_for_key:
    case message_type::get_state_metadata:
    case message_type::put_state_metadata:
    case message_type::get_private_data_hash:
    case message_type::purge_private_data:
    case message_type::write_batch_state:
    case message_type::get_state_multiple: return true;
    default: return false;
  }
}

bytes encode(const message& m) {
  ::protos::ChaincodeMessage out;
  out.set_type(static_cast<::protos::ChaincodeMessage::Type>(m.type));
  out.set_payload(m.payload);
  out.set_txid(m.call.txid);
  out.set_channel_id(m.call.channel);
  if (!m.proposal.empty()) {
    out.mutable_proposal()->set_proposal_bytes(m.proposal);
    out.mutable_proposal()->set_signature(m.proposal_signature);
  }
  if (m.event) {
    out.mutable_chaincode_event()->set_event_name(m.event->first);
    out.mutable_chaincode_event()->set_payload(m.event->second);
  }
  return proto::encode(out);
}

result<message> parse_message(bytes_view raw) {
  if (raw.size() > message_bytes_max) return fail(errc::invalid_argument, "a message of more than " + std::to_string(message_bytes_max / MiB) + " MiB");
  WEFT_TRY(auto in, decoded<::protos::ChaincodeMessage>(raw, "ChaincodeMessage"));
  message out;
  out.type = static_cast<message_type>(in.type());
  out.call = {std::move(*in.mutable_channel_id()), std::move(*in.mutable_txid())};
  out.payload = std::move(*in.mutable_payload());
  if (in.has_proposal()) {
    out.proposal = std::move(*in.mutable_proposal()->mutable_proposal_bytes());
    out.proposal_signature = std::move(*in.mutable_proposal()->mutable_signature());
  }
  if (in.has_chaincode_event()) {
    auto& e = *in.mutable_chaincode_event();
    out.event.emplace(std::move(*e.mutable_event_name()), std::move(*e.mutable_payload()));
  }
  return out;
}

bytes encode_input(const std::vector<bytes>& args, bool is_init) {
  ::protos::ChaincodeInput out;
  for (const auto& a : args) out.add_args(a);
  out.set_is_init(is_init);
  return proto::encode(out);
}

bytes encode_additional_params(std::size_t batch, std::size_t multiple) {
  ::protos::ChaincodeAdditionalParams out;
  out.set_use_write_batch(batch > 0);
  out.set_max_size_write_batch(static_cast<std::uint32_t>(batch));
  out.set_use_get_multiple_keys(multiple > 0);
  out.set_max_size_get_multiple_keys(static_cast<std::uint32_t>(multiple));
  return proto::encode(out);
}

result<std::string> parse_registration(bytes_view payload) {
  WEFT_TRY(auto id, decoded<::protos::ChaincodeID>(payload, "ChaincodeID"));
  if (id.name().empty()) return fail(errc::invalid_argument, "a registration without a package id");
  return std::move(*id.mutable_name());
}

bytes encode_response(const response& r) {
  ::protos::Response out;
  out.set_status(r.status);
  out.set_message(r.message);
  out.set_payload(r.payload);
  return proto::encode(out);
}

result<response> parse_response(bytes_view payload) {
  WEFT_TRY(auto in, decoded<::protos::Response>(payload, "Response"));
  return response{in.status(), std::move(*in.mutable_message()), std::move(*in.mutable_payload())};
}

}  // namespace weft::chaincode::shim
