#include "cli/view.hpp"

#include <nlohmann/json.hpp>

#include "common/common.pb.h"
#include "crypto/x509/certificate.hpp"
#include "ledger/tx/fields.hpp"
#include "ledger/validation/validator.hpp"
#include "msp/identities.pb.h"
#include "peer/chaincode.pb.h"
#include "peer/chaincode_event.pb.h"
#include "peer/proposal.pb.h"
#include "peer/proposal_response.pb.h"
#include "proto/encode.hpp"

namespace weft::cli {

using nlohmann::json;

namespace {

constexpr std::size_t argument_shown_max = 60;

void take_proposal(tx_view& out, bytes_view raw) {
  ::protos::ChaincodeProposalPayload payload;
  ::protos::ChaincodeInvocationSpec spec;
  if (!proto::decode(raw, payload) || !proto::decode(payload.input(), spec)) return;
  for (const auto& arg : spec.chaincode_spec().input().args()) out.args.push_back(arg);
}

void take_answer(tx_view& out, bytes_view raw) {
  ::protos::ProposalResponsePayload payload;
  ::protos::ChaincodeAction action;
  if (!proto::decode(raw, payload) || !proto::decode(payload.extension(), action)) return;
  out.answer_status = action.response().status();
  out.answer = action.response().payload();
  ::protos::ChaincodeEvent event;
  if (!action.events().empty() && proto::decode(action.events(), event)) {
    out.event_name = event.event_name();
    out.event_payload = event.payload();
  }
}

void take_endorser_tx(tx_view& out, const ledger::envelope& e) {
  auto tx = ledger::parse_endorser_tx(e);
  if (!tx) {
    out.defect = tx.error().why;
    return;
  }
  out.contract = tx->header_chaincode_name;
  out.version = tx->chaincode_version;
  take_proposal(out, tx->chaincode_proposal_payload);
  take_answer(out, tx->proposal_response_payload);
  for (const auto& endorsement : tx->endorsements) out.endorsers.push_back(member_of(endorsement.endorser));
  out.sets = std::move(tx->sets);
}

json version_json(const std::optional<version>& at) {
  if (!at) return nullptr;
  return {{"block", at->block.value}, {"tx", at->tx.value}};
}

json namespace_json(const ledger::namespace_rwset& ns) {
  json out{{"namespace", ns.name}, {"reads", json::array()}, {"writes", json::array()}};
  for (const auto& r : ns.reads) out["reads"].push_back({{"key", json_bytes(r.key)}, {"version", version_json(r.at)}});
  for (const auto& w : ns.writes) {
    json write{{"key", json_bytes(w.key)}, {"delete", w.is_delete}};
    if (!w.is_delete) write["value"] = json_bytes(w.value);
    out["writes"].push_back(std::move(write));
  }
  for (const auto& q : ns.ranges) {
    out["ranges"].push_back({{"start", json_bytes(q.start_key)}, {"end", json_bytes(q.end_key)}, {"exhausted", q.exhausted},
                             {"results", q.raw_reads.size()}, {"summaries", q.hashes.size()}});
  }
  for (const auto& m : ns.metadata_writes) out["metadata_writes"].push_back(json_bytes(m.key));
  for (const auto& c : ns.collections) {
    out["collections"].push_back({{"name", c.name}, {"reads", c.reads.size()}, {"writes", c.writes.size()},
                                  {"private_hash", to_hex(c.private_hash)}});
  }
  return out;
}

std::string version_text(const json& at) {
  if (!at.is_object()) return "no such key";
  return "block " + at.value("block", json(0)).dump() + ", transaction " + at.value("tx", json(0)).dump();
}

}  // namespace

std::string header_type_name(std::int32_t type) {
  return ::common::HeaderType_IsValid(type) ? ::common::HeaderType_Name(static_cast<::common::HeaderType>(type)) : std::to_string(type);
}
std::string code_name(std::uint8_t code) {
  const auto name = ledger::to_string(static_cast<ledger::verdict>(code));
  return name.empty() ? std::to_string(code) : std::string(name);
}

std::string member_view::text() const {
  const auto& name = common_name.empty() ? subject : common_name;
  return msp_id.empty() ? name : name + " (" + msp_id + ")";
}

member_view member_of(bytes_view serialized_identity) {
  ::msp::SerializedIdentity wire;
  if (!proto::decode(serialized_identity, wire)) return {};
  member_view out{wire.mspid(), {}, {}};
  if (const auto cert = crypto::certificate::from_pem(wire.id_bytes())) {
    out.common_name = cert->common_name();
    out.subject = cert->subject();
  }
  return out;
}

tx_view view_of(const ledger::envelope& e, std::uint8_t code) {
  tx_view out;
  out.size = e.raw().size();
  out.code = code;
  out.code_name = code_name(code);
  const auto& header = e.header();
  if (!header) {
    out.type = "unreadable";
    out.defect = header.error().context;
    return out;
  }
  out.tx_id = header->tx_id;
  out.type = header_type_name(header->type);
  out.channel = header->channel_id;
  out.creator = member_of(header->creator);
  if (header->has_time) out.time = to_rfc3339(header->time);
  if (header->type == static_cast<std::int32_t>(ledger::header_type::endorser_transaction)) take_endorser_tx(out, e);
  return out;
}

std::string tx_view::call() const {
  auto out = contract;
  for (const auto& arg : args) {
    // The arguments of `_lifecycle` are messages: their size says more than their bytes.
    const bool text = ledger::fields::valid_utf8(arg) && std::none_of(arg.begin(), arg.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
    out += " " + (text ? show(arg, argument_shown_max) : "(" + count(arg.size(), "byte") + ")");
  }
  return out;
}

std::string tx_view::sets_text() const {
  std::string out;
  for (const auto& ns : sets.namespaces) {
    std::string line = ns.name + ": " + count(ns.reads.size(), "read") + ", " + count(ns.writes.size(), "write");
    if (!ns.ranges.empty()) line += ", " + count(ns.ranges.size(), "range");
    for (const auto& c : ns.collections) {
      line += "; collection " + c.name + ": " + count(c.reads.size(), "read") + ", " + count(c.writes.size(), "write");
    }
    out.append(out.empty() ? "" : "\n").append(line);
  }
  return out;
}

json json_bytes(bytes_view data) {
  if (ledger::fields::valid_utf8(data)) return std::string(data);
  return {{"hex", to_hex(data)}};
}

json to_json(const member_view& m) { return {{"msp_id", m.msp_id}, {"common_name", m.common_name}, {"subject", m.subject}}; }

json to_json(const tx_view& tx) {
  json out{{"index", tx.index}, {"tx_id", tx.tx_id}, {"type", tx.type}, {"time", tx.time}, {"channel", tx.channel}, {"code", tx.code},
           {"code_name", tx.code_name}, {"valid", tx.code == 0}, {"creator", to_json(tx.creator)}, {"bytes", tx.size}};
  if (!tx.defect.empty()) out["defect"] = tx.defect;
  if (!tx.contract.empty()) {
    out["contract"] = tx.contract;
    out["contract_version"] = tx.version;
    out["args"] = json::array();
    for (const auto& arg : tx.args) out["args"].push_back(json_bytes(arg));
    out["endorsers"] = json::array();
    for (const auto& m : tx.endorsers) out["endorsers"].push_back(to_json(m));
    out["answer"] = {{"status", tx.answer_status}, {"payload", json_bytes(tx.answer)}};
    if (!tx.event_name.empty()) out["event"] = {{"name", tx.event_name}, {"payload", json_bytes(tx.event_payload)}};
    out["sets"] = json::array();
    for (const auto& ns : tx.sets.namespaces) out["sets"].push_back(namespace_json(ns));
  }
  if (!tx.reason.empty()) out["reason"] = reason_to_json(tx.reason);
  return out;
}

json reason_to_json(bytes_view reason_json) { return json::parse(reason_json, nullptr, false, true).is_discarded() ? json() : json::parse(reason_json); }

void add_reason(rows& out, bytes_view reason_json) {
  if (reason_json.empty()) return;
  const auto reason = reason_to_json(reason_json);
  if (!reason.is_object()) return;
  const auto text = [&](const char* name) {
    const auto it = reason.find(name);
    return it != reason.end() && it->is_string() ? it->get<std::string>() : std::string{};
  };
  auto why = text("text");
  while (!why.empty() && why.back() == '\n') why.pop_back();
  out.add_some("why", why);
  if (!reason.contains("namespace")) return;
  out.add("key", text("namespace") + " / " + show(text("key")));
  const auto version = [&](const char* name) { return reason.value(name, json()); };
  if (version("read").is_object() || version("committed").is_object()) {  // else it is not about versions, as when a key's policy is not satisfied
    out.add("read", version_text(version("read"))).add("committed", version_text(version("committed")));
  }
  out.add_some("won by", text("winner"));
}

}  // namespace weft::cli
