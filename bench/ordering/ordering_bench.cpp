#include "bench/ordering/ordering_bench.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace weft::bench {

namespace {

double tenths(double x) { return std::round(x * 10) / 10; }

std::string in_words(const spread& s, int digits) {
  char text[80];
  std::snprintf(text, sizeof text, "%.*f [%.*f-%.*f]", digits, s.median, digits, s.least, digits, s.most);
  return text;
}

nlohmann::json as_json(const spread& s) { return {{"median", tenths(s.median)}, {"least", tenths(s.least)}, {"most", tenths(s.most)}}; }

/// The row whose orderers are as many, agree by raft and live in the first process.
const ordering_row* together(const ordering_report& r, std::size_t orderers) {
  for (const auto& row : r.rows) {
    if (row.way.raft && !row.way.processes && row.way.orderers == orderers) return &row;
  }
  return nullptr;
}

struct measured {
  std::vector<double> cpu_us, tps, p50, txs_per_block;
};

}  // namespace

spread spread_of(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const auto n = values.size();
  return {n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2, values.front(), values.back()};
}

std::vector<ordering_way> ways_of(const std::vector<std::size_t>& sizes) {
  std::vector<ordering_way> out{{"solo, 1 orderer", 1, false, false}};
  for (const bool processes : {false, true}) {
    for (const auto n : sizes) {
      out.push_back({"raft, " + std::to_string(n) + (n == 1 ? " orderer" : " orderers") + (processes ? ", a process each" : ""), n, true, processes});
    }
  }
  return out;
}

result<ordering_report> run_ordering(const ordering_options& o, const std::function<void(const std::string&)>& say) {
  if (o.rounds < 1 || o.rounds > 100) return fail(errc::invalid_argument, "--rounds is from 1 to 100");
  const auto ways = ways_of(o.sizes);
  std::vector<measured> found(ways.size());
  ordering_report out;
  for (std::size_t round = 1; round <= o.rounds; ++round) {
    for (std::size_t i = 0; i < ways.size(); ++i) {
      auto put = o.put;
      put.orderers = ways[i].orderers;
      put.raft = ways[i].raft;
      put.processes = ways[i].processes;
      const auto ran = run_put(put);
      if (!ran) return fail(ran.error().code, ways[i].name + ": " + ran.error().context);
      found[i].cpu_us.push_back(ran->cpu_us_total);
      found[i].tps.push_back(ran->committed_tps);
      found[i].p50.push_back(ran->latency.p50);
      found[i].txs_per_block.push_back(ran->conditions.txs_per_block);
      out.conditions = ran->conditions;
      char text[120];
      std::snprintf(text, sizeof text, "round %zu of %zu: %s: %.0f us", round, o.rounds, ways[i].name.c_str(), ran->cpu_us_total);
      if (say) say(text);
    }
  }
  out.rounds = o.rounds;
  for (std::size_t i = 0; i < ways.size(); ++i) {
    out.rows.push_back({ways[i], spread_of(found[i].cpu_us), spread_of(found[i].tps), spread_of(found[i].p50), spread_of(found[i].txs_per_block)});
  }
  return out;
}

std::string to_text(const ordering_report& r) {
  char text[240];
  std::string out;
  const auto line = [&](const char* name, const std::string& cpu, const std::string& more, const std::string& tunnel, const std::string& tps,
                        const std::string& p50, const std::string& block) {
    std::snprintf(text, sizeof text, "%-34s %-18s %9s %9s %-20s %-18s %s\n", name, cpu.c_str(), more.c_str(), tunnel.c_str(), tps.c_str(), p50.c_str(),
                  block.c_str());
    out += text;
  };
  line("ordering", "CPU us a tx", "to solo", "tunnel", "committed tx/s", "p50 ms", "txs a block");
  const auto by = [](double x) {
    char t[32];
    std::snprintf(t, sizeof t, "%+.0f", x);
    return std::string(t);
  };
  for (const auto& row : r.rows) {
    const auto* same = row.way.processes ? together(r, row.way.orderers) : nullptr;
    line(row.way.name.c_str(), in_words(row.cpu_us, 0), &row == &r.rows.front() ? "" : by(row.cpu_us.median - r.rows.front().cpu_us.median),
         same ? by(row.cpu_us.median - same->cpu_us.median) : "", in_words(row.committed_tps, 0), in_words(row.p50_ms, 1), in_words(row.txs_per_block, 0));
  }
  const auto& c = r.conditions;
  std::snprintf(text, sizeof text, "conditions: median [least-most] of %zu rounds in turn; %llu transactions, %llu clients, values of %zu bytes, envelopes of %.0f; ",
                r.rounds, static_cast<unsigned long long>(c.txs), static_cast<unsigned long long>(c.clients), c.value_bytes, c.envelope_bytes);
  out += text;
  std::snprintf(text, sizeof text, "durability %s, trust %s; %u cores, %s, %s build\n", c.durable ? "full" : "off", c.trust.c_str(), c.cores,
                c.cpu_model.c_str(), c.build.c_str());
  return out + text;
}

std::string to_json(const ordering_report& r) {
  nlohmann::json rows = nlohmann::json::array();
  for (const auto& row : r.rows) {
    nlohmann::json j{{"ordering", row.way.raft ? "raft" : "solo"}, {"orderers", row.way.orderers}, {"processes", row.way.processes ? row.way.orderers + 1 : 1},
                     {"cpu_us_per_tx", as_json(row.cpu_us)}, {"committed_tps", as_json(row.committed_tps)}, {"p50_ms", as_json(row.p50_ms)},
                     {"txs_per_block", as_json(row.txs_per_block)}, {"cpu_us_over_solo", tenths(row.cpu_us.median - r.rows.front().cpu_us.median)}};
    if (const auto* same = row.way.processes ? together(r, row.way.orderers) : nullptr) j["cpu_us_of_the_tunnel"] = tenths(row.cpu_us.median - same->cpu_us.median);
    rows.push_back(std::move(j));
  }
  const auto& c = r.conditions;
  const nlohmann::json out{{"bench", "ordering"}, {"rounds", r.rounds}, {"rows", std::move(rows)},
                           {"conditions", {{"txs", c.txs}, {"clients", c.clients}, {"value_bytes", c.value_bytes}, {"envelope_bytes", tenths(c.envelope_bytes)},
                                           {"durability", c.durable ? "full" : "off"}, {"trust", c.trust}, {"cores", c.cores}, {"cpu_model", c.cpu_model},
                                           {"build", c.build}}}};
  return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace weft::bench
