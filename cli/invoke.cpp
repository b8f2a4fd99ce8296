// weft invoke and weft query: a transaction and a question, signed with an identity of the network's folder, through Fabric's gateway.
#include <nlohmann/json.hpp>

#include "cli/console.hpp"
#include "cli/network.hpp"
#include "cli/verbs.hpp"
#include "cli/view.hpp"

namespace weft::cli {

namespace {

using nlohmann::json;

struct call_options : network_options {
  std::string contract;
  std::vector<std::string> args, transient;
  bool init = false, race = false;

  void add_to(CLI::App& verb) {
    verb.add_option("contract", contract, "Contract to call")->required();
    verb.add_option("args", args, "Function and its arguments; put those that begin with a dash last, behind --");
    verb.add_option("--transient", transient, "NAME=VALUE that endorsers see and the ledger does not; may be repeated")->allow_extra_args(false);
    add_dir(verb);
    add_identity(verb);
    add_channel(verb);
    add_json(verb);
  }
  [[nodiscard]] edge::contract_call call(network& n) const {
    edge::contract_call out{n.channel(), contract, {args.begin(), args.end()}, {}, init};
    for (const auto& word : literal_words()) out.args.push_back(word);
    for (const auto& t : transient) {
      const auto equals = t.find('=');
      if (equals == std::string::npos) quit(exit_usage, "--transient needs NAME=VALUE, but got '" + t + "'");
      out.transient_map.emplace_back(t.substr(0, equals), t.substr(equals + 1));
    }
    std::sort(out.transient_map.begin(), out.transient_map.end());
    return out;
  }
};

class stopwatch {
 public:
  [[nodiscard]] std::uint64_t milliseconds() const {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - begun_).count());
  }

 private:
  system_clock clock_;
  timestamp begun_ = clock_.now();
};

/// A call that did not become a transaction.
void print_failure(const edge::call_failure& f, bool as_json) {
  if (as_json) {
    json out{{"ok", false}, {"stage", edge::to_string(f.at)}, {"code", rpc_code_name(f.status.code)}, {"message", f.status.message}};
    if (!f.tx_id.empty()) out["tx_id"] = f.tx_id;
    out["details"] = json::array();
    for (const auto& d : f.status.details) out["details"].push_back({{"address", d.address}, {"msp_id", d.msp_id}, {"message", d.message}});
    std::printf("%s\n", out.dump().c_str());
    return;
  }
  rows out;
  out.add("failed", std::string(rpc_code_name(f.status.code)) + ", at " + std::string(edge::to_string(f.at)));
  out.add("why", f.status.message);
  for (const auto& d : f.status.details) {
    auto text = d.message;
    while (!text.empty() && text.back() == '\n') text.pop_back();
    const bool one_line = text.find('\n') == std::string::npos;
    out.add(d.address.empty() ? "detail" : d.address, text + (one_line && !d.msp_id.empty() ? " (" + d.msp_id + ")" : ""));
  }
  out.add_some("tx", f.tx_id);
  std::fprintf(stderr, "%s", out.text().c_str());
}
template <class T>
T or_fail(edge::outcome<T> r, bool as_json) {
  if (r) {
    if constexpr (std::is_void_v<T>) return;
    else return std::move(*r);
  }
  print_failure(r.error(), as_json);
  quit(exit_failed);
}

bytes reason_of(const network& n, const edge::endorsed_call& tx) {
  control::GetTransactionRequest request;
  request.set_channel_id(tx.channel);
  request.set_tx_id(tx.tx_id);
  const auto raw = n.try_ask("GetTransaction", proto::encode(request));
  control::GetTransactionResponse response;
  return raw && proto::decode(*raw, response) ? response.reason() : bytes{};
}

/// A transaction that is in a block, valid or not. True if valid.
bool print_committed(const network& n, const edge::endorsed_call& tx, const edge::committed_call& committed, std::uint64_t took_ms, bool as_json) {
  const bool valid = committed.code == 0;
  const auto reason = valid ? bytes{} : reason_of(n, tx);
  if (as_json) {
    json out{{"ok", valid}, {"tx_id", tx.tx_id}, {"block", committed.block}, {"code", committed.code}, {"code_name", code_name(committed.code)},
             {"result", json_bytes(tx.answer.payload)}, {"took_ms", took_ms}};
    if (!reason.empty()) out["reason"] = reason_to_json(reason);
    std::printf("%s\n", out.dump().c_str());
    return valid;
  }
  rows out;
  if (valid) {
    out.add("committed", code_name(committed.code));
    out.add_some("result", show(tx.answer.payload));
  } else {
    out.add("failed", code_name(committed.code));
    add_reason(out, reason);
  }
  out.add("tx", tx.tx_id).add("block", std::to_string(committed.block)).add("took", show_duration(took_ms));
  std::fprintf(valid ? stdout : stderr, "%s", out.text().c_str());
  return valid;
}

void run_invoke(const call_options& o) {
  network n(o);
  const auto call = o.call(n);
  const auto gateway = n.gateway();
  const stopwatch watch;
  std::vector<edge::endorsed_call> endorsed;
  for (int i = 0; i < (o.race ? 2 : 1); ++i) endorsed.push_back(or_fail(gateway.endorse(call), o.json));
  for (const auto& tx : endorsed) or_fail(gateway.submit(tx), o.json);
  bool all_valid = true;
  for (std::size_t i = 0; i < endorsed.size(); ++i) {
    const auto committed = or_fail(gateway.commit_status(endorsed[i].channel, endorsed[i].tx_id), o.json);
    if (i > 0 && !o.json) std::printf("\n");
    std::fflush(stdout);
    all_valid &= print_committed(n, endorsed[i], committed, watch.milliseconds(), o.json);
  }
  if (!all_valid) quit(exit_failed);
}

void run_query(const call_options& o) {
  network n(o);
  const auto call = o.call(n);
  const auto answer = or_fail(n.gateway().evaluate(call), o.json);
  if (o.json) {
    std::printf("%s\n", json{{"ok", true}, {"status", answer.status}, {"message", answer.message}, {"result", json_bytes(answer.payload)}}.dump().c_str());
  } else {
    std::printf("%s\n", show(answer.payload, answer.payload.size()).c_str());
  }
}

}  // namespace

void add_invoke_verb(CLI::App& app) {
  auto* verb = app.add_subcommand("invoke", "Call a contract in a transaction and wait until it is committed");
  auto o = std::make_shared<call_options>();
  o->add_to(*verb);
  verb->add_flag("--init", o->init, "This is the contract's first call, where its definition demands one");
  verb->add_flag("--race", o->race, "Endorse two transactions before the first is ordered: shows what a read conflict looks like");
  verb->callback([o] { run_invoke(*o); });
  example(*verb, "weft invoke mycc invoke a b 10\n  weft invoke --as User1@org2.example.com basic CreateAsset asset1 blue 5 Tom 300");
}

void add_query_verb(CLI::App& app) {
  auto* verb = app.add_subcommand("query", "Ask a contract; nothing is ordered or written");
  auto o = std::make_shared<call_options>();
  o->add_to(*verb);
  verb->callback([o] { run_query(*o); });
  example(*verb, "weft query mycc query a");
}

}  // namespace weft::cli
