#include <algorithm>
#include <exception>

#include "chaincode/simulation/invocation.hpp"

namespace weft::chaincode {
namespace {

constexpr std::string_view system_version = "syscc";
/// U+0000 U+10FFFF "initialized": holds the version that was initialized.
const std::string initialized_key = std::string(1, '\0') + "\xF4\x8F\xBF\xBF" + "initialized";

/// A definition with init_required demands that the first call of each version says is_init, and no other does.
result<void> check_init(recorder& sets, const std::string& name, const ledger::chaincode_definition& d, bool is_init) {
  const auto refuse = [&](std::string_view why) { return fail(errc::failed_precondition, "invalid invocation: chaincode '" + name + "' " + std::string(why)); };
  if (!d.init_required) {
    if (is_init) return refuse("does not require initialization but called as init");
    return {};
  }
  WEFT_TRY(const auto initialized, sets.read(name, initialized_key));
  const bool done = initialized && initialized->value == d.version;
  if (!is_init && !done) return refuse("has not been initialized for this version, must call as init first");
  if (is_init && done) return refuse("is already initialized but called as init");
  if (is_init) return sets.write(name, initialized_key, d.version);
  return {};
}

/// A transaction of its own on another channel of this peer. What it records is never kept, so it is read-only in effect.
result<std::unique_ptr<callee::elsewhere>> open_channel(const transaction& from, const std::string& channel) {
  auto view = from.sources.channels ? from.sources.channels(channel) : std::nullopt;
  if (!view) return fail(errc::not_found, "failed to find ledger for channel: " + channel);
  auto out = std::make_unique<callee::elsewhere>();
  out->view = std::move(*view);
  out->proposal = *from.context.proposal;
  out->proposal.header.channel_id = channel;
  out->view.context.proposal = &out->proposal;
  out->tx.emplace(out->view.context, &from.sources, &from);
  return out;
}

/// peer/ChaincodeToChaincode of the callee's channel. Its default, Writers, was asked for the proposal's own channel when the proposal came in.
result<void> check_call_acl(const simulation_context& context, const std::string& channel, bool other_channel) {
  static const std::string resource = "peer/ChaincodeToChaincode";
  if (!context.bundle) return {};
  std::string path;
  static_cast<void>(context.bundle->acl(resource, &path));
  if (!other_channel && path == "/Channel/Application/Writers") return {};
  const auto who = context.bundle->msps()->validate(context.proposal->header.creator);
  if (auto r = context.bundle->check_acl(resource, who ? *who : nullptr); !r) {
    return fail(within("access denied for [" + resource + "][" + channel + "]", r.error()));
  }
  return {};
}

/// What contracts throw must not end the peer.
result<response> run_guarded(contract& code, stub& s) {
  try {
    return code.invoke(s);
  } catch (const std::exception& e) {
    return fail(errc::internal, std::string("transaction returned with failure: ") + e.what());
  } catch (...) {
    return fail(errc::internal, "transaction returned with failure: the contract threw something that is no exception");
  }
}

}  // namespace

std::string runnable::version() const { return approved ? approved->definition.version : std::string(system_version); }

result<runnable> transaction::find(const std::string& name) {
  runnable out;
  if (!is_system_contract(name)) {
    // Fabric 3 runs no contract of the old lifecycle, and does not let the new one be used below this capability.
    if (context.bundle && !context.bundle->caps().lifecycle_v2) {
      return fail(errc::failed_precondition, "the channel's application capability is below V2_0, and the lifecycle of Fabric 1.x is no longer supported: "
                                             "set the application capability V2_0 or V2_5 by a configuration update");
    }
    WEFT_TRY(out.approved, find_approved(context, sources, sets, name));
  }
  const bool by_name = !out.approved || !sources.contract_of || (context.installed_package && context.installed_package(name) == out.approved->package_id);
  if (!by_name) out.code = sources.contract_of(out.approved->package_id);
  if (by_name && context.find_contract) out.code = context.find_contract(name);
  if (out.code) return out;
  if (!out.approved) return fail(errc::not_found, "chaincode " + name + " not found");
  return fail(errc::failed_precondition, "chaincode definition for '" + name + "' exists, but chaincode is not installed");
}

bool transaction::is_running(const std::string& channel, const std::string& name, const std::string& package_id) const {
  const bool here = context.proposal->header.channel_id == channel && std::any_of(stack.begin(), stack.end(), [&](const running& r) {
                      return r.name == name || (!package_id.empty() && r.package_id == package_id);
                    });
  return here || (caller && caller->is_running(channel, name, package_id));
}

void callee::settle(transaction& own) const {
  if (other) own.sets.adopt(other->tx->sets.failure());
}

result<callee> transaction::find_callee(const std::string& called) {
  callee out;
  const auto slash = called.find('/');
  out.name = called.substr(0, slash);
  out.name = out.name.substr(0, out.name.find(':'));  // ":version" is allowed for old times' sake, and means nothing
  if (is_system_contract(out.name)) {
    return fail(errc::permission_denied, "system chaincode " + out.name + " cannot be invoked with a cc2cc invocation");
  }
  const auto& own_channel = context.proposal->header.channel_id;
  const auto channel = slash == std::string::npos || slash + 1 == called.size() ? own_channel : called.substr(slash + 1);
  if (channel != own_channel) {
    WEFT_TRY(out.other, open_channel(*this, channel));
  }
  auto& tx = out.in(*this);
  WEFT_CHECK(check_call_acl(tx.context, channel, out.other != nullptr));
  const auto exists = [&] {
    return fail(errc::invalid_argument, "execute failed: error sending: txid: " + context.proposal->header.tx_id + "(" + channel + ") exists: " + out.name +
                                            " is already running");
  };
  if (is_running(channel, out.name, {})) return exists();
  if (depth() >= context.limits.call_depth_max) {
    return fail(errc::invalid_argument, "execute failed: more than " + std::to_string(context.limits.call_depth_max) + " contracts call one another");
  }
  auto target = tx.find(out.name);
  if (!target) {
    return fail(within("execute failed: invalid invocation: [channel " + channel + "] failed to get chaincode container info for " + out.name, target.error()));
  }
  if (const auto* code = target->external(); code && is_running(channel, out.name, code->package_id())) return exists();
  out.target = std::move(*target);
  return out;
}

result<void> transaction::enter(const std::string& name, const runnable& target, bool is_init) {
  if (target.approved) WEFT_CHECK(check_init(sets, name, target.approved->definition, is_init));
  const auto* code = target.external();
  stack.push_back({name, code ? code->package_id() : std::string{}});
  return {};
}

result<response> transaction::run(const std::string& name, const runnable& target, const std::vector<bytes>& args, bool is_init) {
  WEFT_CHECK(enter(name, target, is_init));
  invocation stub(*this, name, target, args, is_init);
  auto answer = run_guarded(*target.code, stub);
  leave();
  return answer;
}

}  // namespace weft::chaincode
