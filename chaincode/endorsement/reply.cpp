#include "chaincode/endorsement/reply.hpp"

#include "common/policies.pb.h"
#include "peer/proposal.pb.h"
#include "peer/proposal_response.pb.h"
#include "proto/encode.hpp"

namespace weft::chaincode {

bytes failed_response(std::string_view message, std::int32_t status) {
  ::protos::ProposalResponse out;
  out.mutable_response()->set_status(status);
  out.mutable_response()->set_message(std::string(message));
  return proto::encode(out);
}

namespace {

void fill(::protos::Response& out, const response& from) {
  out.set_status(from.status);
  out.set_message(from.message);
  out.set_payload(from.payload);
}

/// Which policies a gateway has to satisfy besides the invoked contract's.
void fill_interest(::protos::ChaincodeInterest& out, const ledger::proposal& p, const simulation_result& r) {
  const auto add = [&](const std::string& name) {
    auto* call = out.add_chaincodes();
    call->set_name(name);
    if (const auto it = r.key_policies.find(name); it != r.key_policies.end()) {
      for (const auto& raw : it->second) {
        ::common::SignaturePolicyEnvelope policy;
        if (proto::decode(raw, policy)) *call->add_key_policies() = std::move(policy);
      }
    }
  };
  add(p.chaincode_name);
  for (const auto& ns : r.written_namespaces) {
    if (ns != p.chaincode_name && !is_system_contract(ns)) add(ns);
  }
}

}  // namespace

bytes plain_response(const response& answer) {
  ::protos::ProposalResponse out;
  fill(*out.mutable_response(), answer);
  return proto::encode(out);
}

result<bytes> endorsed_response(const ledger::proposal& p, const simulation_result& r, const crypto::signing_identity& endorser,
                                const crypto::verifier& verifier) {
  ::protos::ProposalResponse out;
  out.set_version(1);
  fill(*out.mutable_response(), r.answer);
  if (r.answer.status >= 400 && r.answer.status < 500) return proto::encode(out);
  ::protos::Response answer;
  fill(answer, r.answer);
  out.set_payload(ledger::make_response_payload(ledger::proposal_hash(p.header, p.input), r.results, r.event, proto::encode(answer),
                                                p.chaincode_name, r.chaincode_version));
  if (r.answer.status >= 500) return proto::encode(out);
  auto* endorsement = out.mutable_endorsement();
  endorsement->set_endorser(endorser.serialized());
  const bytes joined = out.payload() + endorser.serialized();
  const crypto::hashed_message covered{joined};
  WEFT_TRY(auto signature, endorser.sign(covered));
  verifier.made_here(endorser.key().key(), covered, signature);
  endorsement->set_signature(std::move(signature));
  if (!is_system_contract(p.chaincode_name)) fill_interest(*out.mutable_interest(), p, r);
  return proto::encode(out);
}

result<endorsement_view> parse_response(bytes_view proposal_response) {
  ::protos::ProposalResponse in;
  if (!proto::decode(proposal_response, in)) return fail(errc::invalid_argument, "malformed proposal response");
  endorsement_view out;
  out.status = in.response().status();
  out.message = in.response().message();
  out.payload = in.payload();
  out.endorsed = !in.endorsement().signature().empty();
  auto answer = in.response();
  if (!in.payload().empty()) {
    ::protos::ProposalResponsePayload payload;
    ::protos::ChaincodeAction action;
    if (proto::decode(in.payload(), payload) && proto::decode(payload.extension(), action) && action.has_response()) answer = action.response();
  }
  out.answer = proto::encode(answer);
  for (const auto& call : in.interest().chaincodes()) {
    out.namespaces.push_back(call.name());
    for (const auto& policy : call.key_policies()) out.key_policies.push_back(proto::encode(policy));
  }
  return out;
}

}  // namespace weft::chaincode
