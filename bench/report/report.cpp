#include "bench/report/report.hpp"

#include <cstdarg>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace weft::bench {

namespace {

/// Figures with more digits than their noise deserves nobody reads.
double rounded(double x, double digits = 100) { return std::round(x * digits) / digits; }

[[gnu::format(printf, 2, 3)]] void line(std::string& out, const char* format, ...) {
  char buffer[512];
  va_list args;
  va_start(args, format);
  std::vsnprintf(buffer, sizeof buffer, format, args);
  va_end(args);
  out += buffer;
  out += '\n';
}

std::string block_rule(const conditions& c) {
  return std::to_string(c.block_max_messages) + " messages, " + std::to_string(c.block_preferred_bytes / 1024) + " KiB or " +
         std::to_string(c.block_timeout_ms) + " ms" + (c.cut_when_idle ? ", cut when idle" : "");
}

void add_conditions(std::string& out, const conditions& c) {
  const auto loop = c.rate ? "open loop, " + std::to_string(static_cast<long long>(*c.rate)) + " tx/s intended, at most " + std::to_string(c.clients) + " in flight"
                           : "closed loop, " + std::to_string(c.clients) + " clients";
  line(out, "conditions");
  line(out, "  load          %s: %llu transactions, the first %llu not measured; %s of %zu bytes", loop.c_str(), static_cast<unsigned long long>(c.txs),
       static_cast<unsigned long long>(c.warm_up), c.contract_call.c_str(), c.value_bytes);
  if (c.via.empty()) line(out, "  doors         none: clients are actors of the network's process");
  else line(out, "  doors         %s over TLS, clients in a process of their own with a thread each%s", c.via.c_str(), c.via == "evaluate" ? "; nothing is ordered" : "");
  line(out, "  machine       %u cores, %s, %s build, %zu scheduler and %zu generator threads", c.cores, c.cpu_model.c_str(), c.build.c_str(),
       c.scheduler_threads, c.generator_threads);
  line(out, "  network       %zu organizations x %zu peers, %zu orderer%s (%s) in %zu process%s; %zu endorsements a transaction, envelopes of %.0f bytes", c.orgs,
       c.peers_per_org, c.orderers, c.orderers == 1 ? "" : "s", c.ordering.c_str(), c.processes, c.processes == 1 ? "" : "es", c.endorsements_per_tx,
       c.envelope_bytes);
  line(out, "  blocks        %s; %.1f transactions a block came about", block_rule(c).c_str(), c.txs_per_block);
  line(out, "  durability    %s", c.durable ? "full: fdatasync per block, orderer and peers" : "OFF: nothing is synced, not for real networks");
  line(out, "  trust         %s", c.trust == "shared" ? "shared: one operator, a signature is verified once in this process" : "each: every member verifies for itself");
}

}  // namespace

std::string to_text(const report& r) {
  std::string out;
  line(out, "committed       %.0f valid tx/s (%llu of %llu measured)", r.committed_tps, static_cast<unsigned long long>(r.valid),
       static_cast<unsigned long long>(r.measured));
  for (const auto& [what, count] : r.others) line(out, "  not valid     %llu x %s", static_cast<unsigned long long>(count), what.c_str());
  line(out, "latency ms      p50 %.2f  p95 %.2f  p99 %.2f  p99.9 %.2f  (%s start to commit notice)", r.latency.p50, r.latency.p95, r.latency.p99,
       r.latency.p999, r.conditions.rate ? "intended" : "actual");
  line(out, "CPU us per tx   %.1f over all roles", r.cpu_us_total);
  for (const auto& [role, us] : r.cpu_us_by_role) line(out, "  %-19s%7.1f", role.c_str(), us);
  line(out, "  %-19s%7.1f   (no handler's: scheduling, timers, the stores' own threads)", "other", r.cpu_us_other);
  line(out, "  (generator         %7.1f   not counted)", r.cpu_us_generator);
  if (r.starved > 0) line(out, "warning         clients waited %llu times for the generator", static_cast<unsigned long long>(r.starved));
  line(out, "resident        %.0f MiB", r.rss_mib);
  if (!r.parts.empty()) line(out, "parts           keys so far    block   CPU us per tx   MiB");
  for (const auto& p : r.parts)
    line(out, "               %12llu %8llu %15.1f %5.0f", static_cast<unsigned long long>(p.txs), static_cast<unsigned long long>(p.blocks), p.cpu_us, p.rss_mib);
  add_conditions(out, r.conditions);
  return out;
}

std::string to_json(const report& r) {
  nlohmann::json cpu = nlohmann::json::object();
  for (const auto& [role, us] : r.cpu_us_by_role) cpu[role] = rounded(us);
  cpu["other"] = rounded(r.cpu_us_other);
  cpu["total"] = rounded(r.cpu_us_total);
  const auto& c = r.conditions;
  nlohmann::json conditions = {
      {"call", c.contract_call}, {"via", c.via.empty() ? "actors" : c.via}, {"txs", c.txs}, {"warm_up", c.warm_up}, {"clients", c.clients}, {"loop", c.rate ? "open" : "closed"},
      {"rate", c.rate ? nlohmann::json(*c.rate) : nlohmann::json(nullptr)}, {"value_bytes", c.value_bytes}, {"cores", c.cores},
      {"cpu_model", c.cpu_model}, {"build", c.build}, {"durability", c.durable ? "full" : "off"}, {"trust", c.trust}, {"orgs", c.orgs},
      {"peers_per_org", c.peers_per_org}, {"orderers", c.orderers}, {"ordering", c.ordering}, {"processes", c.processes}, {"endorsements_per_tx", c.endorsements_per_tx},
      {"envelope_bytes", rounded(c.envelope_bytes, 1)}, {"block_rule", block_rule(c)}, {"block_max_messages", c.block_max_messages},
      {"block_preferred_bytes", c.block_preferred_bytes}, {"block_timeout_ms", c.block_timeout_ms}, {"cut_when_idle", c.cut_when_idle},
      {"txs_per_block", rounded(c.txs_per_block, 10)}, {"scheduler_threads", c.scheduler_threads}, {"generator_threads", c.generator_threads},
  };
  nlohmann::json out = {
      {"bench", "put"},
      {"committed_tps", rounded(r.committed_tps, 10)},
      {"measured", r.measured},
      {"valid", r.valid},
      {"others", nlohmann::json(r.others)},
      {"cpu_us_per_tx", cpu},
      {"generator_us_per_tx", rounded(r.cpu_us_generator)},
      {"latency_ms", {{"p50", rounded(r.latency.p50, 1000)}, {"p95", rounded(r.latency.p95, 1000)}, {"p99", rounded(r.latency.p99, 1000)},
                      {"p999", rounded(r.latency.p999, 1000)}}},
      {"rss_mib", rounded(r.rss_mib, 10)},
      {"starved", r.starved},
      {"conditions", conditions},
  };
  for (const auto& p : r.parts) {
    nlohmann::json cpu_of_part = {{"total", rounded(p.cpu_us)}};
    for (const auto& [role, us] : p.cpu_us_by_role) cpu_of_part[role] = rounded(us);
    out["parts"].push_back({{"txs", p.txs}, {"blocks", p.blocks}, {"cpu_us_per_tx", std::move(cpu_of_part)}, {"rss_mib", rounded(p.rss_mib, 10)}});
  }
  return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace weft::bench
