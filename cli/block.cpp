// weft block show: a block's header and what each of its transactions did.
#include <charconv>
#include <nlohmann/json.hpp>

#include "cli/console.hpp"
#include "cli/network.hpp"
#include "cli/verbs.hpp"
#include "cli/view.hpp"

namespace weft::cli {

namespace {

using nlohmann::json;

struct block_options : network_options {
  std::string which;
};

control::GetBlockResponse fetch(network& n, const block_options& o) {
  control::GetBlockRequest request;
  request.set_channel_id(o.channel);
  request.set_peer(o.peer);
  if (o.which == "newest") {
    request.set_newest(true);
  } else {
    std::uint64_t number = 0;
    const auto end = o.which.data() + o.which.size();
    if (const auto r = std::from_chars(o.which.data(), end, number); r.ec != std::errc{} || r.ptr != end) {
      quit(exit_usage, "'" + o.which + "' is neither a block number nor 'newest'");
    }
    request.set_number(number);
  }
  return n.ask<control::GetBlockResponse>("GetBlock", request);
}

std::vector<tx_view> transactions(const ledger::block& b, const control::GetBlockResponse& response) {
  std::vector<tx_view> out;
  const auto& filter = b.metadata(ledger::metadata_slot::transactions_filter);
  for (std::size_t i = 0; i < b.envelopes().size(); ++i) {
    const auto code = i < filter.size() ? static_cast<std::uint8_t>(filter[i]) : std::uint8_t{254};
    out.push_back(view_of(b.envelopes()[i], code));
    out.back().index = i;
  }
  for (const auto& r : response.reasons()) {
    if (r.tx_index() < out.size()) out[r.tx_index()].reason = r.json();
  }
  return out;
}

void print_json(const control::GetBlockResponse& response, const ledger::block& b, const std::vector<tx_view>& txs) {
  json out{{"channel", response.channel_id()}, {"peer", response.peer()}, {"number", b.number().value}, {"hash", to_hex(b.hash())},
           {"previous_hash", to_hex(b.header().previous_hash)}, {"data_hash", to_hex(b.header().data_hash)}, {"bytes", response.block().size()},
           {"metadata", json::array()}, {"signers", json::array()}, {"transactions", json::array()}};
  for (const auto& slot : b.metadata()) out["metadata"].push_back(to_hex(slot));
  if (const auto last = ledger::last_config_index(b)) out["last_config"] = last->value;
  if (const auto signatures = ledger::block_signatures(b)) {
    for (const auto& s : *signatures) out["signers"].push_back(to_json(member_of(s.identity)));
  }
  for (const auto& tx : txs) out["transactions"].push_back(to_json(tx));
  std::printf("%s\n", out.dump().c_str());
}

void print_text(const control::GetBlockResponse& response, const ledger::block& b, const std::vector<tx_view>& txs) {
  rows head;
  head.add("block", std::to_string(b.number().value) + " of " + response.channel_id() + ", as " + response.peer() + " stores it");
  head.add("hash", to_hex(b.hash())).add_some("previous", to_hex(b.header().previous_hash)).add("data", to_hex(b.header().data_hash));
  std::string signers;
  if (const auto signatures = ledger::block_signatures(b)) {
    for (const auto& s : *signatures) signers.append(signers.empty() ? "" : "\n").append(member_of(s.identity).text());
  }
  head.add_some("signed by", signers);
  head.add("size", count(response.block().size(), "byte") + ", " + count(txs.size(), "transaction"));
  std::printf("%s", head.text().c_str());
  for (const auto& tx : txs) {
    std::printf("\n%zu  %s  %s\n", tx.index, tx.code_name.c_str(), tx.tx_id.empty() ? "(no transaction id)" : tx.tx_id.c_str());
    rows body;
    body.add("type", tx.type).add_some("time", tx.time).add_some("by", tx.creator.text()).add_some("call", tx.call());
    body.add_some("sets", tx.sets_text()).add_some("defect", tx.defect);
    add_reason(body, tx.reason);
    std::printf("%s", body.text(3).c_str());
  }
}

void run(const block_options& o) {
  network n(o);
  const auto response = fetch(n, o);
  const auto b = ledger::block::parse(shared_bytes{response.block()});
  if (!b) quit(exit_failed, "the block does not parse: " + b.error().context);
  const auto txs = transactions(*b, response);
  o.json ? print_json(response, *b, txs) : print_text(response, *b, txs);
}

}  // namespace

void add_block_verb(CLI::App& app) {
  auto* noun = app.add_subcommand("block", "Look at blocks")->require_subcommand(1);
  auto* verb = noun->add_subcommand("show", "Show a block: header, transactions, verdicts");
  auto o = std::make_shared<block_options>();
  verb->add_option("which", o->which, "Number of the block, or newest")->required();
  o->add_dir(*verb);
  o->add_channel(*verb);
  o->add_json(*verb);
  verb->callback([o] { run(*o); });
  example(*verb, "weft block show newest\n  weft block show 4 --json");
  example(*noun, "weft block show newest");
}

}  // namespace weft::cli
