// weft invoke and weft query: a transaction and a question, signed with an identity of the network's folder, through Fabric's gateway.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/bracket_words.hpp"
#include "cli/console.hpp"
#include "cli/network.hpp"
#include "cli/verbs.hpp"
#include "cli/view.hpp"
#include "edge/quoted.hpp"

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
    edge::contract_call out{n.channel(), n.contract(contract), {}, {}, init};
    for (const auto& word : args) out.args.push_back(unshield_brackets(word));
    for (const auto& word : literal_words()) out.args.push_back(word);
    for (const auto& t : transient) {
      const auto equals = t.find('=');
      if (equals == std::string::npos) quit(exit_usage, "--transient needs NAME=VALUE, but got " + edge::in_quotes(t));
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

/// A call on its way; `failure` says where it stopped being one.
struct invocation {
  std::optional<edge::endorsed_call> tx;
  std::optional<edge::committed_call> committed;
  std::optional<edge::call_failure> failure;
  bytes reason;               ///< JSON: why a committed transaction is not valid.
  std::uint64_t took_ms = 0;
  [[nodiscard]] bool valid() const { return committed && committed->code == 0; }
};

json to_json(const edge::call_failure& f) {
  json out{{"ok", false}, {"stage", edge::to_string(f.at)}, {"code", rpc_code_name(f.status.code)}, {"message", f.status.message}};
  if (!f.tx_id.empty()) out["tx_id"] = f.tx_id;
  out["details"] = json::array();
  for (const auto& d : f.status.details) out["details"].push_back({{"address", d.address}, {"msp_id", d.msp_id}, {"message", d.message}});
  return out;
}

json to_json(const invocation& i) {
  if (i.failure) return to_json(*i.failure);
  json out{{"ok", i.valid()}, {"tx_id", i.tx->tx_id}, {"block", i.committed->block}, {"code", i.committed->code},
           {"code_name", code_name(i.committed->code)}, {"result", json_bytes(i.tx->answer.payload)}, {"took_ms", i.took_ms}};
  if (!i.reason.empty()) out["reason"] = reason_to_json(i.reason);
  return out;
}

void print_text(const edge::call_failure& f) {
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

void print_text(const invocation& i) {
  if (i.failure) return print_text(*i.failure);
  rows out;
  if (i.valid()) {
    out.add("committed", code_name(i.committed->code));
    out.add_some("result", show(i.tx->answer.payload));
  } else {
    out.add("failed", code_name(i.committed->code));
    add_reason(out, i.reason);
  }
  out.add("tx", i.tx->tx_id).add("block", std::to_string(i.committed->block)).add("took", show_duration(i.took_ms));
  std::fprintf(i.valid() ? stdout : stderr, "%s", out.text().c_str());
}

bytes reason_of(const network& n, const edge::endorsed_call& tx) {
  control::GetTransactionRequest request;
  request.set_channel_id(tx.channel);
  request.set_tx_id(tx.tx_id);
  const auto raw = n.try_ask("GetTransaction", proto::encode(request));
  control::GetTransactionResponse response;
  return raw && proto::decode(*raw, response) ? response.reason() : bytes{};
}

/// All are endorsed before the first is submitted: two calls of the same keys then conflict for certain.
std::vector<invocation> run_calls(network& n, const edge::contract_call& call, std::size_t count) {
  const auto gateway = n.gateway();
  const stopwatch watch;
  std::vector<invocation> calls(count);
  const auto keep = [](auto outcome, invocation& i, auto& where) {
    if (outcome) where = std::move(*outcome);
    else i.failure = outcome.error();
  };
  for (auto& i : calls) keep(gateway.endorse(call), i, i.tx);
  for (auto& i : calls) {
    if (i.failure) continue;
    if (auto done = gateway.submit(*i.tx); !done) i.failure = done.error();
  }
  for (auto& i : calls) {
    if (i.failure) continue;
    keep(gateway.commit_status(i.tx->channel, i.tx->tx_id), i, i.committed);
    i.took_ms = watch.milliseconds();
    if (i.committed && !i.valid()) i.reason = reason_of(n, *i.tx);
  }
  return calls;
}

void run_invoke(const call_options& o) {
  network n(o);
  const auto calls = run_calls(n, o.call(n), o.race ? 2 : 1);
  const bool all_valid = std::all_of(calls.begin(), calls.end(), [](const invocation& i) { return i.valid(); });
  if (o.json) {
    const auto out = o.race ? json{{"ok", all_valid}, {"first", to_json(calls[0])}, {"second", to_json(calls[1])}} : to_json(calls[0]);
    std::printf("%s\n", out.dump().c_str());
  } else {
    for (std::size_t i = 0; i < calls.size(); ++i) {
      if (i > 0) std::printf("\n");
      std::fflush(stdout);
      print_text(calls[i]);
    }
  }
  if (!all_valid) quit(exit_failed);
}

void run_query(const call_options& o) {
  network n(o);
  const auto call = o.call(n);
  const auto answer = n.gateway().evaluate(call);
  if (o.json) {
    const auto out = answer ? json{{"ok", true}, {"status", answer->status}, {"message", answer->message}, {"result", json_bytes(answer->payload)}}
                            : to_json(answer.error());
    std::printf("%s\n", out.dump().c_str());
  } else if (answer) {
    std::printf("%s\n", show(answer->payload, answer->payload.size()).c_str());
  } else {
    print_text(answer.error());
  }
  if (!answer) quit(exit_failed);
}

}  // namespace

void add_invoke_verb(CLI::App& app) {
  auto* verb = app.add_subcommand("invoke", "Call a contract in a transaction and wait until it is committed");
  auto o = std::make_shared<call_options>();
  o->add_to(*verb);
  verb->add_flag("--init", o->init, "This is the contract's first call, where its definition demands one");
  verb->add_flag("--race", o->race, "Endorse two transactions before the first is ordered: shows what a read conflict looks like.\n"
                               "With --json: {\"ok\", \"first\", \"second\"}, each of the two as without --race");
  verb->callback([o] { run_invoke(*o); });
  example(*verb, "weft invoke mycc invoke a b 10\n  weft invoke mycc invoke a b 10 --race\n  weft invoke --as User1@org2.example.com basic CreateAsset asset1 blue 5 Tom 300");
}

void add_query_verb(CLI::App& app) {
  auto* verb = app.add_subcommand("query", "Ask a contract; nothing is ordered or written");
  auto o = std::make_shared<call_options>();
  o->add_to(*verb);
  verb->callback([o] { run_query(*o); });
  example(*verb, "weft query mycc query a");
}

}  // namespace weft::cli
