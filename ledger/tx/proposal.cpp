// Proposals in, proposals and transactions out. interop/01 §6–8, interop/04 §1.
#include <algorithm>

#include "common/common.pb.h"
#include "crypto/hash/sha256.hpp"
#include "ledger/tx/envelope.hpp"
#include "ledger/tx/fields.hpp"
#include "ledger/tx/headers.hpp"
#include "peer/chaincode.pb.h"
#include "peer/proposal.pb.h"
#include "proto/encode.hpp"
#include "proto/wire_write.hpp"

namespace weft::ledger {

using namespace fields;

namespace {

tl::unexpected<error> malformed(std::string_view what) {
  return fail(errc::invalid_argument, "error unmarshaling " + std::string(what) + ": proto: cannot parse invalid wire-format data");
}

struct map_entry {
  std::string key;
  bytes value;
};

bool take_map_entry(bytes_view message, map_entry& into) {
  return walk(message, [&](const wire_field& f) {
    if (is_block(f, 1)) return take_text(f, into.key);
    if (is_block(f, 2)) into.value = f.payload;
    return true;
  });
}

/// Sorts by key; of equal keys the last one stays, as in a map.
void normalise(std::vector<std::pair<std::string, bytes>>& map) {
  std::stable_sort(map.begin(), map.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::pair<std::string, bytes>> unique;
  for (auto& entry : map) {
    if (!unique.empty() && unique.back().first == entry.first) unique.back() = std::move(entry);
    else unique.push_back(std::move(entry));
  }
  map = std::move(unique);
}

bool take_payload(proposal& p) {
  const bool ok = walk(p.payload, [&](const wire_field& f) {
    if (is_block(f, 1)) p.input = f.payload;
    if (!is_block(f, 2)) return true;
    map_entry entry;
    if (!take_map_entry(f.payload, entry)) return false;
    p.transient_map.emplace_back(std::move(entry.key), std::move(entry.value));
    return true;
  });
  normalise(p.transient_map);
  return ok;
}

struct spec_presence {
  bool spec = false, input = false;
};

bool take_input(bytes_view message, proposal& p) {
  return walk(message, [&](const wire_field& f) {
    if (is_block(f, 1)) p.args.emplace_back(f.payload);
    if (is_number(f, 3)) p.is_init = f.value != 0;
    map_entry decoration;
    return !is_block(f, 2) || take_map_entry(f.payload, decoration);
  });
}

bool take_invocation(proposal& p, spec_presence& seen) {
  chaincode_id ignored;  // the header extension's name counts
  return walk(p.input, [&](const wire_field& f) {
    if (!is_block(f, 1)) return true;
    seen.spec = true;
    return walk(f.payload, [&](const wire_field& g) {
      if (is_block(g, 2)) return take_chaincode_id(g.payload, ignored);
      if (!is_block(g, 3)) return true;
      seen.input = true;
      return take_input(g.payload, p);
    });
  });
}

result<void> take_proposal(proposal& p) {
  const bool ok = walk(p.raw.view(), [&](const wire_field& f) {
    if (is_block(f, 1)) p.header_bytes = f.payload;
    if (is_block(f, 2)) p.payload = f.payload;
    return true;
  });
  if (!ok) return malformed("Proposal");
  WEFT_TRY(p.header, parse_headers(p.header_bytes));
  chaincode_id invoked;
  if (!take_extension(p.header.extension, invoked)) return malformed("ChaincodeHeaderExtension");
  if (!invoked.present) return fail(errc::invalid_argument, "ChaincodeHeaderExtension.ChaincodeId is nil");
  if (invoked.name.empty()) return fail(errc::invalid_argument, "ChaincodeHeaderExtension.ChaincodeId.Name is empty");
  p.chaincode_name = std::move(invoked.name);
  if (!take_payload(p)) return malformed("ChaincodeProposalPayload");
  spec_presence seen;
  if (!take_invocation(p, seen)) return malformed("ChaincodeInvocationSpec");
  if (!seen.spec) return fail(errc::invalid_argument, "chaincode invocation spec did not contain chaincode spec");
  if (!seen.input) return fail(errc::invalid_argument, "chaincode input did not contain any input");
  return {};
}

void set_time(google::protobuf::Timestamp& to, timestamp from) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(from);
  to.set_seconds(seconds.time_since_epoch().count());
  to.set_nanos(static_cast<std::int32_t>((from - seconds).count()));
}

bytes invocation_spec(const proposal_request& request) {
  ::protos::ChaincodeInvocationSpec cis;
  auto& spec = *cis.mutable_chaincode_spec();
  spec.set_type(::protos::ChaincodeSpec::GOLANG);
  spec.mutable_chaincode_id()->set_name(request.chaincode_name);
  auto& input = *spec.mutable_input();
  for (const auto& arg : request.args) input.add_args(arg);
  input.set_is_init(request.is_init);
  return proto::encode(cis);
}

/// One pb(ProposalResponse), as far as a transaction needs it.
struct response_parts {
  std::uint64_t status = 0;
  bytes_view message, payload, endorser, signature;
  bool endorsed = false;
};

bool take_response(bytes_view message, response_parts& r) {
  return walk(message, [&](const wire_field& f) {
    if (is_block(f, 5)) r.payload = f.payload;
    if (is_block(f, 4))
      return walk(f.payload, [&](const wire_field& g) {
        if (is_number(g, 1)) r.status = g.value;
        return !is_block(g, 2) || take_text(g, r.message);
      });
    if (!is_block(f, 6)) return true;
    r.endorsed = true;
    return walk(f.payload, [&](const wire_field& g) {
      if (is_block(g, 1)) r.endorser = g.payload;
      if (is_block(g, 2)) r.signature = g.payload;
      return true;
    });
  });
}

result<std::vector<response_parts>> take_responses(const std::vector<bytes>& responses) {
  if (responses.empty()) return fail(errc::invalid_argument, "at least one proposal response is required");
  std::vector<response_parts> all;
  for (const auto& raw : responses) {
    response_parts r;
    if (!take_response(raw, r)) return malformed("ProposalResponse");
    if (r.status < 200 || r.status >= 400)
      return fail(errc::invalid_argument, "proposal response was not successful, error code " +
                                              std::to_string(static_cast<std::int32_t>(r.status)) + ", msg " + std::string(r.message));
    if (!r.endorsed) return fail(errc::invalid_argument, "proposal response carries no endorsement");
    if (!all.empty() && r.payload != all.front().payload) return fail(errc::conflict, "ProposalResponsePayloads do not match");
    const bool known = std::any_of(all.begin(), all.end(), [&](const auto& other) { return other.endorser == r.endorser; });
    if (!known) all.push_back(r);
  }
  return all;
}

}  // namespace

result<proposal> parse_signed_proposal(bytes_view signed_proposal) {
  bytes_view body;
  proposal p;
  const bool ok = walk(signed_proposal, [&](const wire_field& f) {
    if (is_block(f, 1)) body = f.payload;
    if (is_block(f, 2)) p.signature = f.payload;
    return true;
  });
  if (!ok) return malformed("SignedProposal");
  p.raw = shared_bytes(bytes(body));
  WEFT_CHECK(take_proposal(p));
  return p;
}

bytes payload_without_transient(bytes_view stored_input) {
  bytes out;
  out.reserve(proto::field_size(1, stored_input.size()));
  proto::put_bytes(out, 1, stored_input);
  return out;
}

bytes proposal_hash(const headers& h, bytes_view stored_input) {
  bytes prefix;  // of the third part, so that the input is not copied
  if (!stored_input.empty()) proto::put_length(prefix, 1, stored_input.size());
  return crypto::to_bytes(crypto::sha256_stream{}.add(h.channel_header).add(h.signature_header).add(prefix).add(stored_input).finish());
}

unsigned_proposal make_proposal(const proposal_request& request, bytes_view creator, bytes_view nonce, timestamp now) {
  unsigned_proposal out;
  out.tx_id = compute_txid(nonce, creator);

  ::protos::ChaincodeHeaderExtension extension;
  extension.mutable_chaincode_id()->set_name(request.chaincode_name);
  ::common::ChannelHeader channel;
  channel.set_type(::common::ENDORSER_TRANSACTION);
  set_time(*channel.mutable_timestamp(), now);
  channel.set_channel_id(request.channel_id);
  channel.set_tx_id(out.tx_id);
  channel.set_extension(proto::encode(extension));

  ::common::SignatureHeader signature;
  signature.set_creator(bytes(creator));
  signature.set_nonce(bytes(nonce));
  ::common::Header header;
  header.set_channel_header(proto::encode(channel));
  header.set_signature_header(proto::encode(signature));

  ::protos::ChaincodeProposalPayload payload;
  payload.set_input(invocation_spec(request));
  for (const auto& [key, value] : request.transient_map) (*payload.mutable_transientmap())[key] = value;

  ::protos::Proposal p;
  p.set_header(proto::encode(header));
  p.set_payload(proto::encode(payload));
  out.proposal_bytes = proto::encode(p);
  return out;
}

bytes make_signed_proposal(bytes_view proposal_bytes, bytes_view signature) {
  bytes out;
  proto::put_bytes(out, 1, proposal_bytes);
  proto::put_bytes(out, 2, signature);
  return out;
}

result<bytes> make_transaction_payload(const proposal& p, const std::vector<bytes>& responses) {
  WEFT_TRY(const auto endorsed, take_responses(responses));
  bytes action;  // ChaincodeEndorsedAction
  proto::put_bytes(action, 1, endorsed.front().payload);
  for (const auto& r : endorsed) {
    bytes e;
    proto::put_bytes(e, 1, r.endorser);
    proto::put_bytes(e, 2, r.signature);
    proto::put_present(action, 2, e);
  }
  bytes action_payload;  // ChaincodeActionPayload
  proto::put_bytes(action_payload, 1, payload_without_transient(p.input));
  proto::put_present(action_payload, 2, action);
  bytes transaction_action;
  proto::put_bytes(transaction_action, 1, p.header.signature_header);
  proto::put_bytes(transaction_action, 2, action_payload);
  bytes transaction;
  proto::put_present(transaction, 1, transaction_action);
  bytes header;
  proto::put_bytes(header, 1, p.header.channel_header);
  proto::put_bytes(header, 2, p.header.signature_header);
  bytes payload;
  payload.reserve(proto::field_size(1, header.size()) + proto::field_size(2, transaction.size()));
  proto::put_present(payload, 1, header);
  proto::put_bytes(payload, 2, transaction);
  return payload;
}

bytes make_response_payload(bytes_view proposal_hash, bytes_view results, bytes_view events, bytes_view response,
                            std::string_view chaincode_name, std::string_view chaincode_version) {
  bytes id;  // ChaincodeID
  proto::put_bytes(id, 2, chaincode_name);
  proto::put_bytes(id, 3, chaincode_version);
  bytes action;  // ChaincodeAction
  proto::put_bytes(action, 1, results);
  proto::put_bytes(action, 2, events);
  proto::put_present(action, 3, response);
  proto::put_present(action, 4, id);
  bytes out;
  proto::put_bytes(out, 1, proposal_hash);
  proto::put_bytes(out, 2, action);
  return out;
}

}  // namespace weft::ledger
