#include "edge/client/gateway_client.hpp"

#include <thread>

#include "gateway/gateway.pb.h"
#include "ledger/tx/envelope.hpp"
#include "peer/proposal_response.pb.h"
#include "proto/encode.hpp"

namespace weft::edge {

namespace {

constexpr std::size_t nonce_bytes = 24;
constexpr std::chrono::milliseconds first_pause{20}, longest_pause{320};  ///< Between questions after a commit.

tl::unexpected<call_failure> failed(stage at, actors::rpc_status status, std::string tx_id) {
  return tl::unexpected<call_failure>(call_failure{at, std::move(status), std::move(tx_id)});
}
actors::rpc_status malformed() { return actors::status_of(actors::rpc_code::internal, "the gateway's answer is malformed"); }

/// What the endorsers agreed on, from a prepared envelope.
contract_answer answer_in(const ::common::Envelope& envelope) {
  contract_answer out;
  const auto made = ledger::envelope::make(envelope.payload(), {});
  const auto tx = ledger::parse_endorser_tx(made);
  ::protos::ProposalResponsePayload payload;
  ::protos::ChaincodeAction action;
  if (!tx || !proto::decode(tx->proposal_response_payload, payload) || !proto::decode(payload.extension(), action)) return out;
  return {action.response().status(), action.response().message(), action.response().payload()};
}

}  // namespace

std::string_view to_string(stage s) noexcept {
  switch (s) {
    case stage::evaluate: return "evaluate";
    case stage::endorse: return "endorse";
    case stage::submit: return "submit";
    case stage::commit_status: return "commit status";
  }
  return "";
}

gateway_client::gateway_client(std::shared_ptr<rpc_client> connection, crypto::signing_identity who, std::shared_ptr<const weft::clock> clock,
                               std::shared_ptr<random_source> random, gateway_timeouts timeouts, std::map<std::string, std::string> metadata)
    : connection_(std::move(connection)), who_(std::move(who)), clock_(std::move(clock)), random_(std::move(random)), timeouts_(timeouts),
      metadata_(std::move(metadata)) {}

tl::expected<bytes, actors::rpc_status> gateway_client::ask(const char* method, bytes request, std::chrono::milliseconds timeout) const {
  auto answer = connection_->call(std::string("/gateway.Gateway/") + method, std::move(request), {timeout, metadata_});
  if (!answer.status.ok()) return tl::unexpected<actors::rpc_status>(std::move(answer.status));
  return std::move(answer.response);
}

result<gateway_client::proposed> gateway_client::propose(const contract_call& call) const {
  auto unsigned_proposal = ledger::make_proposal({call.channel, call.contract, call.args, call.transient_map, call.is_init}, who_.serialized(),
                                                 random_->make_bytes(nonce_bytes), clock_->now());
  WEFT_TRY(const auto signature, who_.sign(unsigned_proposal.proposal_bytes));
  return proposed{std::move(unsigned_proposal.tx_id), ledger::make_signed_proposal(unsigned_proposal.proposal_bytes, signature)};
}

outcome<contract_answer> gateway_client::evaluate(const contract_call& call) const {
  const auto p = propose(call);
  if (!p) return failed(stage::evaluate, actors::to_status(p.error()), {});
  ::gateway::EvaluateRequest request;
  request.set_transaction_id(p->tx_id);
  request.set_channel_id(call.channel);
  if (!proto::decode(p->signed_proposal, *request.mutable_proposed_transaction())) return failed(stage::evaluate, malformed(), p->tx_id);
  const auto answer = ask("Evaluate", proto::encode(request), timeouts_.evaluate);
  if (!answer) return failed(stage::evaluate, answer.error(), p->tx_id);
  ::gateway::EvaluateResponse response;
  if (!proto::decode(*answer, response)) return failed(stage::evaluate, malformed(), p->tx_id);
  return contract_answer{response.result().status(), response.result().message(), response.result().payload()};
}

outcome<endorsed_call> gateway_client::endorse(const contract_call& call) const {
  const auto p = propose(call);
  if (!p) return failed(stage::endorse, actors::to_status(p.error()), {});
  ::gateway::EndorseRequest request;
  request.set_transaction_id(p->tx_id);
  request.set_channel_id(call.channel);
  if (!proto::decode(p->signed_proposal, *request.mutable_proposed_transaction())) return failed(stage::endorse, malformed(), p->tx_id);
  for (const auto& org : call.endorsing_orgs) request.add_endorsing_organizations(org);
  const auto answer = ask("Endorse", proto::encode(request), timeouts_.endorse);
  if (!answer) return failed(stage::endorse, answer.error(), p->tx_id);
  ::gateway::EndorseResponse response;
  if (!proto::decode(*answer, response)) return failed(stage::endorse, malformed(), p->tx_id);
  auto& envelope = *response.mutable_prepared_transaction();
  auto signature = who_.sign(envelope.payload());
  if (!signature) return failed(stage::endorse, actors::to_status(signature.error()), p->tx_id);
  envelope.set_signature(std::move(*signature));
  return endorsed_call{p->tx_id, call.channel, proto::encode(envelope), answer_in(envelope)};
}

outcome<void> gateway_client::submit(const endorsed_call& tx) const {
  ::gateway::SubmitRequest request;
  request.set_transaction_id(tx.tx_id);
  request.set_channel_id(tx.channel);
  if (!proto::decode(tx.envelope, *request.mutable_prepared_transaction())) return failed(stage::submit, malformed(), tx.tx_id);
  const auto answer = ask("Submit", proto::encode(request), timeouts_.submit);
  if (!answer) return failed(stage::submit, answer.error(), tx.tx_id);
  return {};
}

outcome<committed_call> gateway_client::commit_status(const std::string& channel, const std::string& tx_id) const {
  ::gateway::CommitStatusRequest inner;
  inner.set_transaction_id(tx_id);
  inner.set_channel_id(channel);
  inner.set_identity(who_.serialized());
  ::gateway::SignedCommitStatusRequest request;
  request.set_request(proto::encode(inner));
  auto signature = who_.sign(request.request());
  if (!signature) return failed(stage::commit_status, actors::to_status(signature.error()), tx_id);
  request.set_signature(std::move(*signature));
  const auto encoded = proto::encode(request);
  auto answer = ask("CommitStatus", encoded, timeouts_.commit);
  const auto again = [&] { return !answer && answer.error().code == static_cast<std::int32_t>(actors::rpc_code::unavailable); };
  for (auto pause = first_pause; again() && pause <= longest_pause; pause *= 2) {
    std::this_thread::sleep_for(pause);  // a client waits for a role to be restarted; nothing in the network sleeps
    answer = ask("CommitStatus", encoded, timeouts_.commit);
  }
  if (!answer) return failed(stage::commit_status, answer.error(), tx_id);
  ::gateway::CommitStatusResponse response;
  if (!proto::decode(*answer, response)) return failed(stage::commit_status, malformed(), tx_id);
  return committed_call{static_cast<std::uint8_t>(response.result()), response.block_number()};
}

}  // namespace weft::edge
