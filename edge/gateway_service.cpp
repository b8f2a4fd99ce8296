#include "actors/peer/client_gateway.hpp"
#include "edge/block_stream.hpp"
#include "edge/bridge.hpp"
#include "edge/services.hpp"
#include "gateway/gateway.pb.h"
#include "proto/encode.hpp"
#include "proto/wire.hpp"
#include "proto/wire_write.hpp"

namespace weft::edge {

namespace {

using actors::gateway_reply;
using actors::rpc_code;
using actors::status_of;
namespace atom = actors::atom;

using gateway_bridge = caf::typed_actor<
    // Each: the site, the content, and the call that waits for the gateway's answer.
    caf::reacts_to<atom::evaluate, std::string, actors::signed_proposal, std::vector<std::string>, unary_ptr>,
    caf::reacts_to<atom::endorse, std::string, actors::signed_proposal, std::vector<std::string>, unary_ptr>,
    caf::reacts_to<atom::submit, std::string, ledger::envelope, unary_ptr>,
    caf::reacts_to<atom::await, std::string, std::string, std::string, unary_ptr>>;
using gateway_bridge_state = bridge_state<actors::client_gateway_actor>;
using locate_fn = decltype(door_context::locate);

/// Roles name members; clients of a port know them by address.
actors::rpc_status located(actors::rpc_status status, const locate_fn& locate) {
  if (!locate) return status;
  for (auto& d : status.details) {
    const auto at = locate(d.address);
    if (!at) continue;
    d.address = at->address;
    if (d.msp_id.empty()) d.msp_id = at->msp_id;
  }
  return status;
}

/// Wraps the reply's payload as field 1 of the response.
bytes wrapped(const gateway_reply& r) {
  bytes out;
  proto::put_present(out, 1, r.payload);
  return out;
}
bytes prepared(const gateway_reply& r) {
  bytes envelope, out;
  proto::put_bytes(envelope, 1, r.payload);  // common.Envelope without signature
  proto::put_present(out, 1, envelope);
  return out;
}
bytes nothing(const gateway_reply&) { return {}; }
void answer_committed(unary_call& call, const actors::commit_reply& r) {
  if (!r.status.ok()) return call.refuse(r.status);
  bytes out;
  proto::put_varint(out, 1, r.code);
  proto::put_varint(out, 2, r.block);
  call.answer(std::move(out));
}

gateway_bridge::behavior_type bridge(actors::role_self<gateway_bridge, gateway_bridge_state> self, const actors::role_options& options, const locate_fn& locate) {
  // A gateway has timeouts of its own; these are a little longer, in case it forgets.
  const auto slack = std::chrono::seconds(1);
  const patience evaluating{2 * options.endorse_timeout + slack, "evaluate timeout expired"},
      collecting{2 * options.endorse_timeout + slack, "endorsement timeout expired while collecting endorsements"},
      submitting{4 * options.broadcast_timeout + slack, "submit timeout expired while broadcasting to ordering service"},
      waiting{options.commit_timeout + slack, "context deadline exceeded"};
  const auto answer = [locate](bytes (*encode)(const gateway_reply&)) {
    return [locate, encode](unary_call& call, const gateway_reply& r) { r.status.ok() ? call.answer(encode(r)) : call.refuse(located(r.status, locate)); };
  };
  return {
      [=](atom::evaluate a, const std::string& site, const actors::signed_proposal& p, const std::vector<std::string>& orgs, const unary_ptr& call) {
        forward<gateway_reply>(self, site, call, evaluating, answer(wrapped), a, p, orgs);
      },
      [=](atom::endorse a, const std::string& site, const actors::signed_proposal& p, const std::vector<std::string>& orgs, const unary_ptr& call) {
        if (orgs.empty()) forward<gateway_reply>(self, site, call, collecting, answer(prepared), a, p);
        else forward<gateway_reply>(self, site, call, collecting, answer(prepared), a, p, orgs);
      },
      [=](atom::submit a, const std::string& site, const ledger::envelope& tx, const unary_ptr& call) {
        forward<gateway_reply>(self, site, call, submitting, answer(nothing), a, tx);
      },
      [=](atom::await a, const std::string& site, const std::string& channel, const std::string& tx, const unary_ptr& call) {
        forward<actors::commit_reply>(self, site, call, waiting, answer_committed, a, channel, tx);
      },
  };
}

/// Stored bytes of field 3, where Evaluate, Endorse and Submit carry what was signed. Refuses the call when the request is no message.
std::optional<bytes> signed_part(const unary_ptr& call) {
  std::string_view part;
  if (proto::find_bytes(call->request(), 3, part) == proto::wire_status::malformed) {
    call->refuse(malformed_request());
    return std::nullopt;
  }
  return bytes(part);
}
/// The organizations that the client names in field 4.
std::vector<std::string> named_organizations(bytes_view request) {
  std::vector<std::string> out;
  static_cast<void>(proto::for_each_field(request, [&](const proto::wire_field& f) {
    if (f.number == 4 && f.type == proto::wire_type::length_delimited) out.emplace_back(f.payload);
  }));
  return out;
}
std::string signer_msp(const actors::signed_proposal& p) { return p.parsed() ? msp_of(p.parsed()->header.creator) : std::string{}; }

void on_evaluate(const gateway_bridge& actor, const peer_choice& peers, const unary_ptr& call) {
  auto part = signed_part(call);
  if (!part) return;
  actors::signed_proposal p{std::move(*part)};
  const auto peer = peers.choose(call->metadata(peer_metadata), signer_msp(p));
  if (!peer) return call->refuse(actors::to_status(peer.error()));
  caf::anon_send(actor, atom::evaluate::value, (*peer)->name, std::move(p), named_organizations(call->request()), call);
}

void on_endorse(const gateway_bridge& actor, const peer_choice& peers, const unary_ptr& call) {
  auto part = signed_part(call);
  if (!part) return;
  actors::signed_proposal p{std::move(*part)};
  const auto peer = peers.choose(call->metadata(peer_metadata), signer_msp(p));
  if (!peer) return call->refuse(actors::to_status(peer.error()));
  caf::anon_send(actor, atom::endorse::value, (*peer)->name, std::move(p), named_organizations(call->request()), call);
}

void on_submit(const gateway_bridge& actor, const peer_choice& peers, const unary_ptr& call) {
  auto part = signed_part(call);
  if (!part) return;
  auto tx = ledger::envelope::parse(shared_bytes{std::move(*part)});
  if (!tx) return call->refuse(status_of(rpc_code::invalid_argument, "a prepared transaction is required: " + tx.error().context));
  const auto& header = tx->header();
  const auto peer = peers.choose(call->metadata(peer_metadata), header ? msp_of(header->creator) : std::string{});
  if (!peer) return call->refuse(actors::to_status(peer.error()));
  caf::anon_send(actor, atom::submit::value, (*peer)->name, std::move(*tx), call);
}

void on_commit_status(const gateway_bridge& actor, const peer_choice& peers, const unary_ptr& call) {
  ::gateway::SignedCommitStatusRequest signed_request;
  ::gateway::CommitStatusRequest request;
  const auto refuse = [&](const char* why) { call->refuse(status_of(rpc_code::invalid_argument, why)); };
  const bool whole = proto::decode(call->request(), signed_request);
  if (whole && signed_request.request().empty()) return refuse("a commit status request is required");
  if (!whole || !proto::decode(signed_request.request(), request)) return refuse("invalid status request: proto: cannot parse invalid wire-format data");
  if (request.identity().empty()) return refuse("no identity provided");
  if (request.channel_id().empty()) return refuse("no channel ID provided");
  if (request.transaction_id().empty()) return refuse("transaction ID should not be empty");
  const auto peer = peers.choose(call->metadata(peer_metadata), msp_of(request.identity()));
  if (!peer) return call->refuse(actors::to_status(peer.error()));
  const auto allowed = check_reader(**peer, request.channel_id(), "gateway/CommitStatus", request.identity(), signed_request.request(), signed_request.signature());
  if (!allowed) return call->refuse(actors::to_status(allowed.error()));
  caf::anon_send(actor, atom::await::value, (*peer)->name, request.channel_id(), request.transaction_id(), call);
}

}  // namespace

equipped_service make_gateway_service(const door_context& context) {
  const auto& options = context.node->settings().roles;
  auto actor = spawn_bridge<gateway_bridge>(*context.system, "door/gateway", [options, locate = context.locate](auto self) { return bridge(self, options, locate); },
                                          gateway_bridge_state{context.node->where(), "gateway", {}, {}});
  equipped_service out{{"gateway.Gateway", options.gateway_calls_max, {}, {}}, {caf::actor_cast<caf::strong_actor_ptr>(actor)}};
  const auto bind = [&](void (*fn)(const gateway_bridge&, const peer_choice&, const unary_ptr&)) {
    return [actor, peers = context.peers, fn](const unary_ptr& call) { fn(actor, *peers, call); };
  };
  out.service.unary["Evaluate"] = bind(on_evaluate);
  out.service.unary["Endorse"] = bind(on_endorse);
  out.service.unary["Submit"] = bind(on_submit);
  out.service.unary["CommitStatus"] = bind(on_commit_status);
  out.service.streams["ChaincodeEvents"] = chaincode_event_streams(*context.system, context.peers);
  return out;
}

}  // namespace weft::edge
