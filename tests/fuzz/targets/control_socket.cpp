// What arrives on the Unix socket, as the handlers of a running network get it: every call is answered once, answers can be read, and only what a
// user signed is carried out. The first byte chooses the method and, with its highest bit, names a peer; the rest is the message.
#include <algorithm>
#include <set>

#include "cluster/deliver/seek.hpp"
#include "common/common.pb.h"
#include "gateway/gateway.pb.h"
#include "ledger/block/block.hpp"
#include "ledger/tx/envelope.hpp"
#include "peer/events.pb.h"
#include "peer/proposal_response.pb.h"
#include "proto/encode.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/golden.hpp"
#include "tests/fuzz/live_network.hpp"
#include "weft/control.pb.h"

using namespace weft;
using namespace weft::fuzz;

namespace {

namespace control = ::weft::control;
using google::protobuf::MessageLite;

/// By number, so that kept inputs stay what they are: add at the end.
const std::vector<std::string>& methods() {
  static const std::vector<std::string> all = {
      "weft.control.Control/Status",         "weft.control.Control/SetLogLevel",    "weft.control.Control/Stop",     "weft.control.Control/ChannelInfo",
      "weft.control.Control/GetBlock",       "weft.control.Control/GetTransaction", "weft.control.Control/KillRole", "weft.control.Control/CreateChannel",
      "weft.control.Control/JoinChannel",    "gateway.Gateway/Evaluate",            "gateway.Gateway/Endorse",       "gateway.Gateway/Submit",
      "gateway.Gateway/CommitStatus",        "gateway.Gateway/ChaincodeEvents",     "protos.Endorser/ProcessProposal",
      "protos.Deliver/Deliver",              "protos.Deliver/DeliverFiltered",      "protos.Deliver/DeliverWithPrivateData",
  };
  return all;
}
std::size_t number_of(std::string_view method) {
  const auto it = std::find(methods().begin(), methods().end(), method);
  FUZZ_CHECK(it != methods().end());
  return static_cast<std::size_t>(it - methods().begin());
}

/// What users signed; whoever sends anything else is nobody.
std::set<bytes, std::less<>>& signed_by_users() {
  static std::set<bytes, std::less<>> all;
  return all;
}

template <class Message>
Message decoded(bytes_view raw) {
  Message out;
  FUZZ_CHECK(proto::decode(raw, out));
  return out;
}

/// The bytes in a request that its signature covers; empty if there are none.
bytes signed_part(const std::string& method, const bytes& request) {
  if (method == "gateway.Gateway/Submit") {
    ::gateway::SubmitRequest in;
    return proto::decode(request, in) ? in.prepared_transaction().payload() : bytes();
  }
  if (method == "gateway.Gateway/Evaluate") {
    ::gateway::EvaluateRequest in;
    return proto::decode(request, in) ? in.proposed_transaction().proposal_bytes() : bytes();
  }
  if (method == "gateway.Gateway/Endorse") {
    ::gateway::EndorseRequest in;
    return proto::decode(request, in) ? in.proposed_transaction().proposal_bytes() : bytes();
  }
  if (method == "protos.Endorser/ProcessProposal") {
    ::protos::SignedProposal in;
    return proto::decode(request, in) ? in.proposal_bytes() : bytes();
  }
  if (method.starts_with("protos.Deliver/")) return bytes(ledger::envelope::keep(shared_bytes(request)).payload());
  ::gateway::SignedCommitStatusRequest in;  // ChaincodeEvents has the same form
  return proto::decode(request, in) ? in.request() : bytes();
}
bool is_signed(const std::string& method, const bytes& request) { return signed_by_users().contains(signed_part(method, request)); }

/// An answer of our own service can be read, and a refusal says in one line what is wrong.
void check_control(const std::string& method, const door_answer& a) {
  if (!a.status.ok()) {
    for (const char c : a.status.message) FUZZ_CHECK(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
    return;
  }
  if (method.ends_with("/Status")) FUZZ_CHECK(decoded<control::StatusResponse>(a.response).channels_size() > 0);
  if (method.ends_with("/ChannelInfo")) FUZZ_CHECK(decoded<control::ChannelInfoResponse>(a.response).height() > 0);
  if (method.ends_with("/GetBlock")) FUZZ_CHECK(ledger::block::parse(shared_bytes(decoded<control::GetBlockResponse>(a.response).block())).has_value());
  if (method.ends_with("/GetTransaction")) FUZZ_CHECK(!decoded<control::GetTransactionResponse>(a.response).code_name().empty());
  if (method.ends_with("/CreateChannel") || method.ends_with("/JoinChannel")) {
    const auto r = decoded<control::ParticipationResponse>(a.response);
    FUZZ_CHECK(r.status() == 201 || (r.status() >= 400 && r.status() < 600 && !r.info().empty()));
  }
}

void check_call(const std::string& method, const bytes& request, const door_answer& a) {
  if (!a.status.ok()) FUZZ_CHECK(a.status.code > 0 && a.status.code <= 16 && !a.status.message.empty());
  if (method.starts_with("weft.control.")) return check_control(method, a);
  if (!a.status.ok()) return;
  if (method == "protos.Endorser/ProcessProposal" && !decoded<::protos::ProposalResponse>(a.response).has_endorsement()) return;
  FUZZ_CHECK(is_signed(method, request));
}

void check_stream(const std::string& method, const bytes& request, const door_stream& s) {
  for (const auto& m : s.messages) {
    if (method.starts_with("protos.Deliver/") && decoded<::protos::DeliverResponse>(m).Type_case() == ::protos::DeliverResponse::kStatus) continue;
    FUZZ_CHECK(is_signed(method, request));
  }
}

const std::vector<bytes>& known_requests();

int fuzz_one(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static_cast<void>(known_requests());  // what is signed is known before anything is judged
  auto& network = live_network::get();
  const auto& method = methods()[(data[0] & 0x7fu) % methods().size()];
  const std::string peer = data[0] < 128 ? "" : "peer0.org2.example.com";
  const bytes request(view(data, size).substr(1));
  const auto& streams = network.stream_methods();
  if (std::find(streams.begin(), streams.end(), method) != streams.end()) check_stream(method, request, network.listen(method, request, peer));
  else check_call(method, request, network.call(method, request, peer));
  return 0;
}

// ---- seeds: what the command and a client send

/// Requests of User1 of Org1, each signed; what was signed is remembered.
struct client {
  live_network& network = live_network::get();
  crypto::signing_identity who = network.user("User1@org1.example.com");
  seeded_random random{7};
  std::vector<bytes> out;

  void add(const std::string& method, const bytes& request) {
    out.push_back(static_cast<char>(number_of(method)) + request);
    out.push_back(static_cast<char>(number_of(method) | 0x80) + request);
  }
  void add(const std::string& method, const MessageLite& m) { add(method, proto::encode(m)); }
  void ask(const char* method, const MessageLite& m) { add(std::string("weft.control.Control/") + method, m); }
  bytes sign(const bytes& content) {
    signed_by_users().insert(content);
    return who.sign(content).value();
  }

  bytes proposal(const std::string& contract, std::vector<bytes> args) {
    const auto made = ledger::make_proposal({"mychannel", contract, std::move(args), {}, false}, who.serialized(), random.make_bytes(24), network.now());
    return ledger::make_signed_proposal(made.proposal_bytes, sign(made.proposal_bytes));
  }
  void commands() {
    ask("Status", control::StatusRequest());
    for (const auto* level : {"off", "info", "loud"}) {
      control::SetLogLevelRequest r;
      r.set_level(level);
      ask("SetLogLevel", r);
    }
    ask("Stop", control::StopRequest());
    control::ChannelInfoRequest info;
    info.set_channel_id("mychannel");
    info.set_peer("peer0.org1.example.com");
    ask("ChannelInfo", info);
    control::GetBlockRequest block;
    block.set_newest(true);
    ask("GetBlock", block);
    block.set_channel_id("mychannel");
    block.set_number(1);
    ask("GetBlock", block);
    control::GetTransactionRequest tx;
    tx.set_tx_id(std::string(64, '0'));
    ask("GetTransaction", tx);
    const auto status = decoded<control::StatusResponse>(network.call("weft.control.Control/Status", {}, {}).response);
    for (const auto& role : status.roles()) {
      if (role.name().starts_with("deployer")) continue;  // comes and goes
      control::KillRoleRequest kill;
      kill.set_role(role.name());
      ask("KillRole", kill);
    }
  }
  void channels() {
    control::CreateChannelRequest create;
    create.set_channel_id("trade");
    create.add_organizations("Org1");
    ask("CreateChannel", create);
    create.set_channel_id("No Name");
    create.add_contracts("nosuch");
    ask("CreateChannel", create);
    for (const auto& genesis : {network.genesis(), golden_file("config/mychannel.genesis.block")}) {
      control::JoinChannelRequest join;
      join.set_member("peer0.org2.example.com");
      join.set_block(genesis);
      ask("JoinChannel", join);
    }
  }
  void transactions() {
    ::gateway::EvaluateRequest evaluate;
    FUZZ_CHECK(proto::decode(proposal("mycc", {"query", "a"}), *evaluate.mutable_proposed_transaction()));
    add("gateway.Gateway/Evaluate", evaluate);
    add("protos.Endorser/ProcessProposal", proposal("kv", {"put", "k", "v"}));
    ::gateway::EndorseRequest endorse;
    FUZZ_CHECK(proto::decode(proposal("kv", {"put", "k", "v"}), *endorse.mutable_proposed_transaction()));
    add("gateway.Gateway/Endorse", endorse);
    const auto prepared = network.call("gateway.Gateway/Endorse", proto::encode(endorse), {});
    FUZZ_CHECK(prepared.status.ok());
    ::gateway::SubmitRequest submit;
    *submit.mutable_prepared_transaction() = decoded<::gateway::EndorseResponse>(prepared.response).prepared_transaction();
    submit.mutable_prepared_transaction()->set_signature(sign(submit.prepared_transaction().payload()));
    add("gateway.Gateway/Submit", submit);
    ::gateway::CommitStatusRequest status;
    status.set_channel_id("mychannel");
    status.set_transaction_id(std::string(64, '0'));
    status.set_identity(who.serialized());
    ::gateway::SignedCommitStatusRequest signed_status;
    signed_status.set_request(proto::encode(status));
    signed_status.set_signature(sign(signed_status.request()));
    add("gateway.Gateway/CommitStatus", signed_status);
  }
  void streams() {
    ::gateway::ChaincodeEventsRequest events;
    events.set_channel_id("mychannel");
    events.set_chaincode_id("kv");
    events.set_identity(who.serialized());
    events.mutable_start_position()->mutable_specified()->set_number(0);
    ::gateway::SignedChaincodeEventsRequest signed_events;
    signed_events.set_request(proto::encode(events));
    signed_events.set_signature(sign(signed_events.request()));
    add("gateway.Gateway/ChaincodeEvents", signed_events);
    for (const auto* method : {"protos.Deliver/Deliver", "protos.Deliver/DeliverFiltered", "protos.Deliver/DeliverWithPrivateData"}) {
      const auto payload = cluster::make_seek_payload("mychannel", block_number{0}, block_number{1}, who.serialized(), random.make_bytes(24), network.now());
      add(method, ledger::envelope::make(payload, sign(payload)).raw().to_bytes());
    }
  }
};

std::vector<bytes> made_requests() {
  auto& network = live_network::get();
  for (const auto* names : {&network.unary_methods(), &network.stream_methods()})
    for (const auto& name : *names) static_cast<void>(number_of(name));  // a method that is not in the list is not tested
  client c;
  c.commands();
  c.channels();
  c.transactions();
  c.streams();
  return std::move(c.out);
}
const std::vector<bytes>& known_requests() {
  static const auto all = made_requests();
  return all;
}
std::vector<bytes> seeds() { return known_requests(); }

}  // namespace

WEFT_FUZZ_TARGET(control_socket, 6'000);
