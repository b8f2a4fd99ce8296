#include "ledger/channel/update_file.hpp"

#include <algorithm>

#include "common/common.pb.h"
#include "common/configtx.pb.h"
#include "ledger/channel/config_tree.hpp"
#include "proto/encode.hpp"

namespace weft::ledger {
namespace {

tl::unexpected<error> no(std::string why) { return fail(errc::invalid_argument, std::move(why)); }

bool is_update(bytes_view raw, ::common::ConfigUpdate& update) {
  return proto::decode(raw, update) && check_channel_id(update.channel_id()) && (update.has_write_set() || update.has_read_set());
}

result<update_document> document(const ::common::ConfigUpdateEnvelope& envelope) {
  ::common::ConfigUpdate update;
  if (!is_update(envelope.config_update(), update)) return no("the envelope holds no ConfigUpdate");
  update_document out{update.channel_id(), proto::encode(envelope), {}};
  for (const auto& s : envelope.signatures()) {
    ::common::SignatureHeader header;
    if (!proto::decode(s.signature_header(), header)) return no("a signature of the update has no readable header");
    out.signers.push_back(header.creator());
  }
  return out;
}

/// True if the bytes are an envelope with headers; then `out` or the error is the answer.
bool try_envelope(bytes_view file, result<update_document>& out) {
  const auto e = envelope::parse(shared_bytes{bytes(file)});
  if (!e || !e->header()) return false;
  const auto& h = *e->header();
  if (h.channel_id.empty()) return false;  // other messages may look like one, with nothing in it
  ::common::ConfigUpdateEnvelope inner;
  if (h.type == static_cast<std::int32_t>(header_type::config_update)) {
    out = proto::decode(e->data(), inner) ? document(inner) : no("the envelope's payload is no ConfigUpdateEnvelope");
  } else if (h.type == static_cast<std::int32_t>(header_type::config)) {
    out = no("this is a CONFIG transaction: the configuration itself, not an update of it");
  } else {
    out = no("this is an envelope of type " + std::to_string(h.type) + ", no CONFIG_UPDATE");
  }
  return true;
}

/// What else people have at hand when they work on a configuration.
std::string guess(bytes_view file) {
  const auto first = file.find_first_not_of(" \t\r\n");
  if (first == bytes_view::npos) return "the file is empty";
  if (file[first] == '{' || file[first] == '[') {
    return "this is JSON: encode it first, with `configtxlator proto_encode --type common.Envelope` (or common.ConfigUpdate)";
  }
  ::common::Block block;
  if (proto::decode(file, block) && block.has_header() && block.has_data()) {
    return "this is a block: take the configuration out of it, change it, and let `configtxlator compute_update` find the difference";
  }
  ::common::Config config;
  if (proto::decode(file, config) && config.has_channel_group() && config.channel_group().groups_size() > 0) {
    return "this is a whole configuration: let `configtxlator compute_update` find the difference to the current one";
  }
  return "this is neither an Envelope with a CONFIG_UPDATE nor a ConfigUpdate";
}

}  // namespace

result<update_document> read_update(bytes_view file) {
  result<update_document> out = no({});
  if (try_envelope(file, out)) return out;
  ::common::ConfigUpdate bare;
  ::common::ConfigUpdateEnvelope envelope;
  if (is_update(file, bare)) {
    envelope.set_config_update(bytes(file));
    return document(envelope);
  }
  if (proto::decode(file, envelope) && is_update(envelope.config_update(), bare)) return document(envelope);
  return no(guess(file));
}

result<void> sign_update(update_document& update, const crypto::signing_identity& who, random_source& random) {
  if (std::find(update.signers.begin(), update.signers.end(), who.serialized()) != update.signers.end()) return {};
  ::common::ConfigUpdateEnvelope envelope;
  if (!proto::decode(update.envelope, envelope)) return no("the update does not parse");
  ::common::SignatureHeader header;
  header.set_creator(who.serialized());
  header.set_nonce(random.make_bytes(24));
  auto& added = *envelope.add_signatures();
  added.set_signature_header(proto::encode(header));
  WEFT_TRY(auto signature, who.sign(added.signature_header() + envelope.config_update()));
  added.set_signature(std::move(signature));
  update.envelope = proto::encode(envelope);
  update.signers.push_back(who.serialized());
  return {};
}

result<envelope> wrap_update(const update_document& update, const crypto::signing_identity& submitter, random_source& random, timestamp now) {
  ::common::ChannelHeader channel;
  channel.set_type(::common::CONFIG_UPDATE);
  channel.set_channel_id(update.channel_id);
  channel.mutable_timestamp()->set_seconds(std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count());
  ::common::SignatureHeader signer;
  signer.set_creator(submitter.serialized());
  signer.set_nonce(random.make_bytes(24));
  ::common::Payload payload;
  payload.mutable_header()->set_channel_header(proto::encode(channel));
  payload.mutable_header()->set_signature_header(proto::encode(signer));
  payload.set_data(update.envelope);
  auto encoded = proto::encode(payload);
  WEFT_TRY(auto signature, submitter.sign(encoded));
  return envelope::make(std::move(encoded), std::move(signature));
}

}  // namespace weft::ledger
