// weft tx show: one transaction and why it is, or is not, valid.
#include <nlohmann/json.hpp>

#include "cli/console.hpp"
#include "cli/network.hpp"
#include "cli/verbs.hpp"
#include "cli/view.hpp"

namespace weft::cli {

namespace {

struct tx_options : network_options {
  std::string tx_id;
};

void print_text(const tx_view& tx, const control::GetTransactionResponse& r) {
  rows out;
  out.add("tx", tx.tx_id).add("verdict", tx.code_name);
  add_reason(out, tx.reason);
  out.add("block", std::to_string(r.block_number()) + ", transaction " + std::to_string(r.tx_index()) + " of " + r.channel_id());
  out.add("type", tx.type).add_some("time", tx.time).add_some("by", tx.creator.text()).add_some("call", tx.call());
  std::string endorsers;
  for (const auto& e : tx.endorsers) endorsers.append(endorsers.empty() ? "" : "\n").append(e.text());
  out.add_some("endorsed by", endorsers);
  if (tx.answer_status != 0) out.add("answer", std::to_string(tx.answer_status) + (tx.answer.empty() ? "" : ", " + show(tx.answer)));
  if (!tx.event_name.empty()) out.add("event", tx.event_name + ": " + show(tx.event_payload));
  out.add_some("sets", tx.sets_text()).add_some("defect", tx.defect).add("size", count(tx.size, "byte"));
  std::printf("%s", out.text().c_str());
}

void run(const tx_options& o) {
  network n(o);
  control::GetTransactionRequest request;
  request.set_channel_id(o.channel);
  request.set_peer(o.peer);
  request.set_tx_id(o.tx_id);
  const auto r = n.ask<control::GetTransactionResponse>("GetTransaction", request);
  auto tx = view_of(ledger::envelope::keep(shared_bytes{r.envelope()}), static_cast<std::uint8_t>(r.validation_code()));
  tx.index = r.tx_index();
  tx.reason = r.reason();
  if (!o.json) return print_text(tx, r);
  auto out = to_json(tx);
  out["block"] = r.block_number();
  out["peer"] = r.peer();
  std::printf("%s\n", out.dump().c_str());
}

}  // namespace

void add_tx_verb(CLI::App& app) {
  auto* noun = app.add_subcommand("tx", "Look at transactions")->require_subcommand(1);
  auto* verb = noun->add_subcommand("show", "Show a transaction, its verdict and the reason for it");
  auto o = std::make_shared<tx_options>();
  verb->add_option("txid", o->tx_id, "Transaction id, as invoke prints it")->required();
  o->add_dir(*verb);
  o->add_channel(*verb);
  o->add_json(*verb);
  verb->callback([o] { run(*o); });
  example(*verb, "weft tx show 5f0c…");
  example(*noun, "weft tx show 5f0c…");
}

}  // namespace weft::cli
