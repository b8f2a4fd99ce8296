// weft.control.Contracts: contracts as processes of this node. It starts programs, so it is on the folder's Unix socket only, which nobody but the folder's
// owner reaches.
#include <filesystem>

#include "chaincode/lifecycle/package.hpp"
#include "chaincode/process/contract_keeper.hpp"
#include "edge/quoted.hpp"
#include "edge/services.hpp"
#include "proto/encode.hpp"
#include "weft/contracts.pb.h"

namespace weft::edge {

namespace {

namespace control = ::weft::control;
using chaincode::contract_keeper;

constexpr std::size_t calls_max = 64;
constexpr std::chrono::seconds dial_timeout{10};  ///< As Fabric's samples have it: longer than a contract takes to be started again.

void describe(const chaincode::kept_report& r, control::ContractProcess& out) {
  out.set_package_id(r.contract.who.package_id);
  out.set_label(r.contract.label);
  out.set_path(r.contract.path);
  out.set_address(r.contract.who.address);
  out.set_phase(std::string(to_string(r.phase)));
  out.set_pid(r.pid);
  out.set_starts(r.starts);
  out.set_last_end(r.last_end);
  out.set_log(r.log);
}

result<void> start(contract_keeper& keeper, const control::StartContractRequest& in, const unary_ptr& call) {
  if (!chaincode::valid_label(in.label())) return fail(errc::invalid_argument, "the label " + in_quotes(in.label()) + " may have letters, digits and .+-_ and begins with one of the first two");
  if (!std::filesystem::path(in.path()).is_absolute()) return fail(errc::invalid_argument, "the path " + in_quotes(in.path()) + " is not absolute");
  chaincode::kept_contract what{in.label(), in.path(), {}, in.developed()};
  WEFT_TRY(what.who.address, keeper.address_for(what.label, what.path));
  auto package = chaincode::make_service_package({.address = what.who.address, .dial_timeout = dial_timeout}, what.label);
  what.who.package_id = chaincode::package_id(what.label, package);
  auto out = std::make_shared<control::StartContractResponse>();
  out->set_package(std::move(package));
  for (const auto& r : keeper.list()) if (r.contract.who.package_id == what.who.package_id) out->set_known(true);
  return keeper.start(what, [&keeper, call, out, id = what.who.package_id](const result<void>& done) {
    if (!done) out->set_failure(done.error().context);
    for (const auto& r : keeper.list()) if (r.contract.who.package_id == id) describe(r, *out->mutable_process());
    call->answer(proto::encode(*out));
  });
}

void on_start(contract_keeper& keeper, const unary_ptr& call) {
  control::StartContractRequest in;
  if (!proto::decode(call->request(), in)) return call->refuse(malformed_request());
  if (auto begun = start(keeper, in, call); !begun) call->refuse(actors::to_status(begun.error()));
}

void on_stop(contract_keeper& keeper, const unary_ptr& call) {
  control::StopContractRequest in;
  if (!proto::decode(call->request(), in)) return call->refuse(malformed_request());
  auto begun = keeper.stop(in.package_id(), [call](const result<void>& done) {
    if (!done) return call->refuse(actors::to_status(done.error()));
    call->answer(proto::encode(control::StopContractResponse()));
  });
  if (!begun) call->refuse(actors::to_status(begun.error()));
}

void on_list(const contract_keeper& keeper, const unary_ptr& call) {
  control::ListContractsResponse out;
  for (const auto& r : keeper.list()) describe(r, *out.add_processes());
  call->answer(proto::encode(out));
}

}  // namespace

equipped_service make_contract_service(const door_context& context) {
  equipped_service out{{"weft.control.Contracts", calls_max, {}, {}}, {}};
  const auto method = [node = context.node](auto handle) -> unary_handler {
    return [node, handle](const unary_ptr& call) {
      auto* keeper = node->contracts();
      if (!keeper) return call->refuse(actors::status_of(actors::rpc_code::unavailable, "this network lives in memory and starts no processes"));
      handle(*keeper, call);
    };
  };
  out.service.unary["Start"] = method([](contract_keeper& k, const unary_ptr& c) { on_start(k, c); });
  out.service.unary["Stop"] = method([](contract_keeper& k, const unary_ptr& c) { on_stop(k, c); });
  out.service.unary["List"] = method([](contract_keeper& k, const unary_ptr& c) { on_list(k, c); });
  return out;
}

}  // namespace weft::edge
