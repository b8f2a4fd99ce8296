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
    WEFT_TRY(out.approved, find_approved(context, sets, name));
  }
  if (context.find_contract) out.code = context.find_contract(name);
  if (out.code) return out;
  if (!out.approved) return fail(errc::not_found, "chaincode " + name + " not found");
  return fail(errc::failed_precondition, "chaincode definition for '" + name + "' exists, but chaincode is not installed");
}

result<response> transaction::run(const std::string& name, const runnable& target, const std::vector<bytes>& args, bool is_init) {
  if (target.approved) WEFT_CHECK(check_init(sets, name, target.approved->definition, is_init));
  stack.push_back(name);
  invocation stub(*this, name, target, args, is_init);
  auto answer = run_guarded(*target.code, stub);
  stack.pop_back();
  return answer;
}

}  // namespace weft::chaincode
