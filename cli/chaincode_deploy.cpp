#include "cli/chaincode_deploy.hpp"

#include <algorithm>
#include <set>
#include <thread>

#include "cli/console.hpp"
#include "edge/services.hpp"
#include "ledger/tx/envelope.hpp"
#include "ledger/validation/definition.hpp"
#include "peer/lifecycle/lifecycle.pb.h"
#include "peer/proposal_response.pb.h"
#include "proto/encode.hpp"

namespace weft::cli {
namespace {

constexpr std::chrono::seconds lifecycle_timeout{60}, answer_patience{60};
constexpr std::chrono::milliseconds ask_again{50};
constexpr const char* lifecycle_contract = "_lifecycle";
constexpr const char* ask_for_metadata = "org.hyperledger.fabric:GetMetadata";  ///< Of fabric-contract-api; other contracts refuse it, and run.

std::string text_of(const actors::rpc_status& s) {
  std::string out = s.message;
  for (const auto& d : s.details) out += "\n  " + (d.address.empty() ? "" : d.address + ": ") + d.message;
  return out;
}
std::string text_of(const edge::call_failure& f) { return text_of(f.status); }

std::string join(const std::vector<std::string>& parts) {
  std::string out;
  for (const auto& p : parts) out.append(out.empty() ? "" : ", ").append(p);
  return out;
}

/// The contract ran and said no, which is as good a sign of life as a yes.
bool contract_answered(const edge::call_failure& f) { return text_of(f).find("chaincode response ") != std::string::npos; }

}  // namespace

contract_deployment::contract_deployment(network& n, progress_fn progress) : network_(n), progress_(std::move(progress)), channel_(n.channel()) {
  if (!n.status().no_peers().empty()) quit(exit_failed, n.status().no_peers());
  for (const auto& c : n.status().channels()) {
    if (c.channel_id() != channel_) continue;
    for (const auto& p : c.peers()) {
      for (const auto& org : n.status().organizations()) if (org.msp_id() == p.msp_id()) peers_.push_back({p.peer(), p.msp_id(), org.domain()});
    }
  }
  if (peers_.empty()) quit(exit_failed, "no peer of this network is on channel " + channel_);
}

crypto::signing_identity contract_deployment::admin_of(const local_peer& p) const { return network_.identity_of("Admin@" + p.domain); }

std::vector<local_peer> contract_deployment::one_of_each_organization() const {
  std::vector<local_peer> out;
  for (const auto& p : peers_) {
    if (std::none_of(out.begin(), out.end(), [&](const local_peer& q) { return q.msp_id == p.msp_id; })) out.push_back(p);
  }
  return out;
}

contract_deployment::response contract_deployment::propose(const local_peer& p, const std::string& channel, std::vector<bytes> args) const {
  const auto who = admin_of(p);
  system_random random;
  const auto unsigned_one = ledger::make_proposal({channel, lifecycle_contract, std::move(args), {}, false}, who.serialized(), random.make_bytes(24), system_clock().now());
  const auto signature = who.sign(unsigned_one.proposal_bytes);
  if (!signature) quit(exit_failed, signature.error().context);
  const auto raw = network_.try_call("/protos.Endorser/ProcessProposal", ledger::make_signed_proposal(unsigned_one.proposal_bytes, *signature), lifecycle_timeout, p.name);
  if (!raw) quit(exit_failed, p.name + ": " + text_of(raw.error()));
  ::protos::ProposalResponse answer;
  if (!proto::decode(*raw, answer)) quit(exit_failed, p.name + " answers no proposal response");
  return {answer.response().status(), answer.response().message(), answer.response().payload()};
}

std::optional<contract_definition> contract_deployment::committed(const std::string& name) const {
  ::lifecycle::QueryChaincodeDefinitionArgs args;
  args.set_name(name);
  const auto answer = propose(peers_.front(), channel_, {"QueryChaincodeDefinition", proto::encode(args)});
  constexpr std::int32_t ok = 200, not_found = 404;
  if (answer.status == not_found) return std::nullopt;
  ::lifecycle::QueryChaincodeDefinitionResult d;
  if (answer.status != ok || !proto::decode(answer.payload, d)) quit(exit_failed, peers_.front().name + ": " + answer.message);
  return contract_definition{name, d.version(), d.validation_parameter(), d.init_required(), d.sequence()};
}

bool contract_deployment::approved_here(const contract_definition& d) const {
  ::lifecycle::QueryChaincodeDefinitionArgs args;
  args.set_name(d.name);
  const auto answer = propose(peers_.front(), channel_, {"QueryChaincodeDefinition", proto::encode(args)});
  ::lifecycle::QueryChaincodeDefinitionResult found;
  if (!proto::decode(answer.payload, found)) return false;
  return std::all_of(peers_.begin(), peers_.end(), [&](const local_peer& p) {
    const auto it = found.approvals().find(p.msp_id);
    return it != found.approvals().end() && it->second;
  });
}

std::vector<std::string> contract_deployment::packages(const std::function<bool(const std::string&, const std::string&)>& wanted) const {
  std::set<std::string> out;
  for (const auto& p : peers_) {
    const auto answer = propose(p, {}, {"QueryInstalledChaincodes", {}});
    ::lifecycle::QueryInstalledChaincodesResult installed;
    if (!proto::decode(answer.payload, installed)) quit(exit_failed, p.name + ": " + answer.message);
    for (const auto& i : installed.installed_chaincodes()) {
      for (const auto& [channel, contracts] : i.references()) {
        for (const auto& c : contracts.chaincodes()) if (wanted(channel, c.name())) out.insert(i.package_id());
      }
    }
  }
  return {out.begin(), out.end()};
}

std::vector<std::string> contract_deployment::packages_of(const std::string& name) const {
  return packages([&](const std::string& channel, const std::string& contract) { return channel == channel_ && contract == name; });
}

std::vector<std::string> contract_deployment::packages_in_use() const {
  return packages([](const std::string&, const std::string&) { return true; });
}

void contract_deployment::install(bytes_view package, const std::string& package_id) const {
  ::lifecycle::InstallChaincodeArgs args;
  args.set_chaincode_install_package(bytes(package));
  const auto encoded = proto::encode(args);
  std::vector<std::string> where;
  for (const auto& p : peers_) {
    const auto answer = propose(p, {}, {"InstallChaincode", encoded});
    if (answer.status != 200 && answer.message.find("already successfully installed (package ID '" + package_id + "')") == std::string::npos) {
      quit(exit_failed, p.name + " does not install the package: " + answer.message);
    }
    where.push_back(p.name);
  }
  progress_("installed", join(where));
}

std::uint64_t contract_deployment::await_everywhere(const std::string& tx_id, const std::string& what) const {
  std::uint64_t block = 0;
  for (const auto& p : peers_) {
    const auto done = network_.gateway_at(p.name, admin_of(p)).commit_status(channel_, tx_id);
    if (!done) quit(exit_failed, what + ": " + p.name + " does not say whether it is committed: " + text_of(done.error()));
    if (done->code != 0) quit(exit_failed, what + " is not valid: " + std::string(ledger::to_string(static_cast<ledger::verdict>(done->code))) + "; `weft tx show " + tx_id + "` says why");
    block = done->block;
  }
  return block;
}

void contract_deployment::approve(const contract_definition& d, const std::string& package_id) const {
  const edge::contract_call call{channel_, lifecycle_contract, {"ApproveChaincodeDefinitionForMyOrg", approval_args(d, package_id)}, {}, false};
  std::vector<std::pair<std::string, std::string>> ordered;  // organization, transaction
  std::vector<std::string> all;
  for (const auto& p : one_of_each_organization()) {
    const auto gateway = network_.gateway_at(p.name, admin_of(p));
    auto own = call;
    own.endorsing_orgs = {p.msp_id};
    all.push_back(p.msp_id);
    const auto tx = gateway.endorse(own);
    if (!tx) {
      const auto why = text_of(tx.error());
      const bool before = why.find("with unchanged content") != std::string::npos || why.find("attempted to redefine the current committed sequence") != std::string::npos;
      if (before && why.find("with different parameters") == std::string::npos) continue;
      quit(exit_failed, p.msp_id + " does not approve: " + why);
    }
    if (const auto done = gateway.submit(*tx); !done) quit(exit_failed, p.msp_id + "'s approval is not ordered: " + text_of(done.error()));
    ordered.emplace_back(p.msp_id, tx->tx_id);
  }
  for (const auto& [msp_id, tx_id] : ordered) await_everywhere(tx_id, msp_id + "'s approval");
  progress_("approved", join(all));
}

std::uint64_t contract_deployment::commit(const contract_definition& d) const {
  const auto asked = propose(peers_.front(), channel_, {"CheckCommitReadiness", readiness_args(d)});
  ::lifecycle::CheckCommitReadinessResult ready;
  if (asked.status != 200 || !proto::decode(asked.payload, ready)) quit(exit_failed, "the definition cannot be committed: " + asked.message);
  std::vector<std::string> for_it, missing;
  for (const auto& [msp_id, approved] : ready.approvals()) (approved ? for_it : missing).push_back(msp_id);
  std::sort(for_it.begin(), for_it.end());
  std::sort(missing.begin(), missing.end());
  edge::contract_call call{channel_, lifecycle_contract, {"CommitChaincodeDefinition", commit_args(d)}, {}, false};
  if (!missing.empty()) call.endorsing_orgs = for_it;
  const auto gateway = network_.gateway_at(peers_.front().name, admin_of(peers_.front()));
  const auto tx = gateway.endorse(call);
  const auto hint = missing.empty() ? std::string()
                                    : "\n" + join(missing) + (missing.size() == 1 ? " has" : " have") + " not approved this definition. Where " + (missing.size() == 1 ? "it is" : "they are") +
                                          " at home, deploy the same contract with the same name, version, policy and --init-required; whoever comes last commits it";
  if (!tx) quit(exit_failed, "approved here, but not committed: " + text_of(tx.error()) + hint);
  if (const auto done = gateway.submit(*tx); !done) quit(exit_failed, "approved, but the definition is not ordered: " + text_of(done.error()));
  const auto verdict = gateway.commit_status(channel_, tx->tx_id);
  if (verdict && verdict->code != 0) {
    quit(exit_failed, "approved here, but not committed: " + std::string(ledger::to_string(static_cast<ledger::verdict>(verdict->code))) + hint);
  }
  const auto block = await_everywhere(tx->tx_id, "the definition");
  progress_("committed", d.name + " " + d.version + ", sequence " + std::to_string(d.sequence) + ", in block " + std::to_string(block) + " of " + channel_);
  return block;
}

void contract_deployment::check_endorsable(const contract_definition& d) const {
  const auto tx = network_.gateway_at(peers_.front().name, admin_of(peers_.front())).endorse({channel_, d.name, {ask_for_metadata}, {}, d.init_required, {}});
  if (tx || tx.error().status.code != static_cast<int>(actors::rpc_code::failed_precondition)) return;
  quit(exit_failed, d.name + " is committed and answers queries, but no transaction of it can be endorsed now: " + text_of(tx.error()) +
                        "\nDeploy it again with a --policy that organizations of " + channel_ + " can satisfy, or where those that are missing are at home");
}

std::vector<std::string> contract_deployment::await_answer(const contract_definition& d) const {
  const edge::contract_call call{channel_, d.name, {ask_for_metadata}, {}, d.init_required, {}};
  const auto until = std::chrono::steady_clock::now() + answer_patience;
  std::vector<std::string> where, functions;
  for (const auto& p : peers_) {
    const auto gateway = network_.gateway_at(p.name, admin_of(p));
    for (;;) {
      const auto answer = gateway.evaluate(call);
      if (answer) functions = functions_in(answer->payload);
      if (answer || contract_answered(answer.error())) break;
      if (std::chrono::steady_clock::now() >= until) quit(exit_failed, d.name + " is defined, but does not answer on " + p.name + ": " + text_of(answer.error()));
      std::this_thread::sleep_for(ask_again);  // a client waits here; nothing in the network does
    }
    where.push_back(p.name);
  }
  progress_("answers", "on " + join(where));
  return functions;
}

}  // namespace weft::cli
