#include "bench/put/put_bench.hpp"

#include <stdlib.h>  // mkdtemp
#include <unistd.h>

#include <cstring>
#include <future>
#include <sstream>
#include <thread>

#include "actors/node/cluster_layout.hpp"
#include "actors/node/node.hpp"
#include "actors/remoting/remoting.hpp"
#include "bench/put/driver.hpp"
#include "bench/put/orderer_processes.hpp"
#include "bench/report/machine.hpp"
#include "bench/report/schedule.hpp"
#include "crypto/msp/folder.hpp"

namespace weft::bench {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds start_patience{60};
const std::string channel_name = "mychannel";

/// A folder that is gone when the bench is.
struct scratch {
  fs::path path;
  scratch() = default;
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;
  ~scratch() {
    std::error_code ignored;  // what cannot be removed stays in a scratch place
    if (!path.empty()) fs::remove_all(path, ignored);
  }
  result<void> make(const fs::path& parent) {
    std::error_code ec;
    const auto base = parent.empty() ? fs::temp_directory_path(ec) : parent;
    if (ec) return fail(errc::io, "no folder for temporary files: " + ec.message() + "; name one with --dir");
    fs::create_directories(base, ec);
    auto name = (base / "weft-bench-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) return fail(errc::io, "cannot make a folder in " + base.string() + ": " + std::strerror(errno));
    path = name;
    return {};
  }
};

std::uint64_t process_cpu_nanos() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000u + static_cast<std::uint64_t>(t.tv_nsec);
}

result<void> check(const put_options& o) {
  const auto out_of_range = [](const std::string& what) { return fail(errc::invalid_argument, what); };
  if (o.txs < 1 || o.txs > 100'000'000) return out_of_range("--txs is from 1 to 100000000");
  if (o.clients < 1 || o.clients > 4'096) return out_of_range("--clients is from 1 to 4096");
  if (o.rate && !(*o.rate >= 0.01 && *o.rate <= 1e6)) return out_of_range("--rate is from 0.01 to 1000000 per second");
  if (o.value_bytes > MiB) return out_of_range("--value-bytes is at most 1048576");
  if (o.warm_up && *o.warm_up >= o.txs) return out_of_range("--warm-up is below --txs");
  if (o.parts < 1 || o.parts > 1'000 || o.parts > o.txs) return out_of_range("--parts is from 1 to 1000, and at most as many as transactions");
  if (o.processes && !o.raft) return out_of_range("orderers in processes of their own agree by raft");
  if (o.deadline_seconds < 1) return out_of_range("--deadline is at least 1 second");
  return {};
}

actors::node_settings settings_of(const put_options& o, const fs::path& folder) {
  actors::node_settings s;
  s.folder = folder;
  s.durability = o.durable ? ledger::durability::full : ledger::durability::off;
  s.trust = o.trust_shared ? actors::trust::shared : actors::trust::each;
  return s;
}

result<void> wait_until_ready(actors::node& n) {
  auto ready = std::make_shared<std::promise<result<void>>>();
  auto told = ready->get_future();
  n.when_ready([ready](const result<void>& r) { ready->set_value(r); });
  if (told.wait_for(start_patience) != std::future_status::ready) return fail(errc::timeout, "the network was not ready within 60 s");
  return told.get();
}

double per_tx_us(std::uint64_t nanos, std::uint64_t txs) { return static_cast<double>(nanos) / 1e3 / static_cast<double>(txs); }
double in_ms(std::uint64_t nanos) { return static_cast<double>(nanos) / 1e6; }
std::uint64_t since(std::uint64_t before, std::uint64_t after) { return after > before ? after - before : 0; }

/// What was used between two moments, per transaction.
struct spent {
  std::map<std::string, double> by_role;
  double total = 0, other = 0, generator = 0;
};
spent between(const usage& begin, const usage& end, std::uint64_t txs) {
  spent s;
  const auto generator = since(begin.generator_nanos, end.generator_nanos);
  const auto total = since(generator, since(begin.process_nanos, end.process_nanos));
  std::uint64_t owned = 0;
  for (const auto& [role, nanos] : end.role_nanos) {
    const auto it = begin.role_nanos.find(role);
    const auto used = since(it == begin.role_nanos.end() ? 0 : it->second, nanos);
    owned += used;
    if (used > 0) s.by_role[role] = per_tx_us(used, txs);
  }
  s.total = per_tx_us(total, txs);
  s.other = per_tx_us(since(owned, total), txs);
  s.generator = per_tx_us(generator, txs);
  return s;
}

void fill_cpu(report& r, const driver_outcome& o) {
  auto s = between(o.begin, o.end, o.valid);
  r.cpu_us_by_role = std::move(s.by_role);
  r.cpu_us_total = s.total;
  r.cpu_us_other = s.other;
  r.cpu_us_generator = s.generator;
}

/// The window's parts, one behind the other.
std::vector<part> parts_of(const driver_outcome& o, std::uint64_t txs) {
  std::vector<part> out;
  auto marks = o.marks;
  marks.push_back({txs, o.valid, o.end});
  const usage* before = &o.begin;
  std::uint64_t valid = 0;
  for (const auto& m : marks) {
    if (m.valid > valid) {
      auto s = between(*before, m.used, m.valid - valid);
      s.by_role["other"] = s.other;
      out.push_back({m.finished, m.used.height, s.total, std::move(s.by_role), m.used.rss_mib});
    }
    before = &m.used;
    valid = m.valid;
  }
  return out;
}

report make_report(const driver_outcome& o, const conditions& c) {
  report r;
  r.conditions = c;
  r.measured = o.measured;
  r.valid = o.valid;
  r.others = o.others;
  r.starved = o.starved;
  r.committed_tps = static_cast<double>(o.valid) / (static_cast<double>(o.window.count()) / 1e9);
  r.latency = {in_ms(o.latency.percentile(50)), in_ms(o.latency.percentile(95)), in_ms(o.latency.percentile(99)), in_ms(o.latency.percentile(99.9))};
  r.rss_mib = o.end.rss_mib;
  fill_cpu(r, o);
  if (!o.marks.empty()) r.parts = parts_of(o, c.txs);
  r.conditions.endorsements_per_tx = o.endorsements_per_tx;
  if (o.envelopes > 0) r.conditions.envelope_bytes = static_cast<double>(o.envelope_bytes) / static_cast<double>(o.envelopes);
  if (o.end.height > o.begin.height) r.conditions.txs_per_block = static_cast<double>(o.measured) / static_cast<double>(o.end.height - o.begin.height);
  return r;
}

conditions conditions_of(const put_options& o, const config::topology& t, std::size_t scheduler_threads, std::size_t generator_threads) {
  conditions c;
  c.contract_call = "kv put";
  c.txs = o.txs;
  c.warm_up = o.warm_up.value_or(warm_up_of(o.txs));
  c.clients = o.clients;
  c.rate = o.rate;
  c.value_bytes = o.value_bytes;
  c.cores = std::thread::hardware_concurrency();
  c.cpu_model = cpu_model();
  c.build = build_kind();
  c.durable = o.durable;
  c.trust = o.trust_shared ? "shared" : "each";
  c.orgs = o.orgs;
  c.peers_per_org = o.peers;
  for (const auto& org : t.organizations) if (org.kind == config::org_kind::orderer) c.orderers += org.hosts.size();
  c.ordering = t.channels.front().ordering;
  c.processes = std::max<std::size_t>(1, t.nodes.size());
  const auto& batch = t.channels.front().batch;
  c.block_max_messages = batch.max_message_count;
  c.block_preferred_bytes = batch.preferred_max_bytes;
  c.block_timeout_ms = static_cast<std::uint32_t>(batch.timeout.count());
  c.cut_when_idle = batch.cut_when_idle;
  c.scheduler_threads = scheduler_threads;
  c.generator_threads = generator_threads;
  return c;
}

/// Handlers book their CPU time while this lives.
struct metering_on {
  metering_on() { actors::metering = true; }
  ~metering_on() { actors::metering = false; }
};

/// Clients hang on the first organization's first peer. `elsewhere`: orderers that are not in this process, or null.
result<driver_outcome> drive(caf::actor_system& system, actors::node& network, const orderer_processes* elsewhere, const put_options& o, generator& source) {
  std::vector<actors::gateway_actor> gateways;
  for (const auto& p : network.peers()) {
    auto gateway = p->to<actors::gateway_actor>("gateway");
    if (!gateway.get()) return fail(errc::unavailable, "the gateway of " + p->name + " is not running");
    gateways.push_back(gateway.get());
  }
  const auto channel = network.peers().front()->channel(channel_name);
  const auto meter = std::make_shared<actors::role_meter>("generator");
  auto promise = std::make_shared<std::promise<driver_outcome>>();
  auto finished = promise->get_future();
  driver_settings d;
  d.channel = channel_name;
  d.txs = o.txs;
  d.warm_up = o.warm_up.value_or(warm_up_of(o.txs));
  d.clients = o.clients;
  d.parts = o.parts;
  d.rate = o.rate;
  d.gateway = gateways.front();
  d.others.assign(gateways.begin() + 1, gateways.end());
  d.source = &source;
  d.meter = meter;
  d.probe = [&network, &source, elsewhere, meter, channel] {
    usage u{process_cpu_nanos(), source.cpu_nanos() + meter->cpu_nanos.load(), network.cpu_by_role(), channel->now.get()->height.value, resident_mib()};
    if (elsewhere == nullptr) return u;
    const auto theirs = elsewhere->cpu_nanos();
    u.process_nanos += theirs;
    u.role_nanos["orderers' processes"] = theirs;
    return u;
  };
  d.done = [promise = std::move(promise)](driver_outcome out) { promise->set_value(std::move(out)); };
  const metering_on booked;
  const auto driver = spawn_driver(system, std::move(d));
  source.start({[driver](std::size_t client, ledger::envelope e) { caf::anon_send(driver, atom::made::value, std::uint64_t{client}, std::move(e)); },
                [driver] { caf::anon_send(driver, atom::refill::value); },
                [driver](const error& e) { caf::anon_send(driver, actors::atom::stop::value, "signing failed: " + e.context); }});
  source.wait_until_ahead();
  caf::anon_send(driver, actors::atom::tick::value);
  if (finished.wait_for(std::chrono::seconds(o.deadline_seconds)) != std::future_status::ready) {
    caf::anon_send(driver, actors::atom::stop::value, "the load did not end within " + std::to_string(o.deadline_seconds) +
                                                          " s; fewer --txs, or more time with --deadline");
  }
  try {
    auto out = finished.get();
    if (!out.failure.empty()) return fail(errc::timeout, out.failure);
    return out;
  } catch (const std::future_error&) {
    return fail(errc::internal, "the driver stopped without a result; its log line says why");
  }
}

}  // namespace

/// The network of one run: all of it in this process, or the orderers in others.
struct bench_network {
  std::unique_ptr<orderer_processes> elsewhere;
  std::unique_ptr<caf::actor_system_config> config;
  std::unique_ptr<caf::actor_system> system;
  std::unique_ptr<actors::node> node;
  std::optional<crypto::signing_identity> client;
};

constexpr const char* client_name = "User1";

result<crypto::signing_identity> client_of(const fs::path& network, const config::topology& t) {
  const auto& org = t.organizations.front();
  return crypto::read_signing_identity(actors::member_folders::user(network, org, client_name) / "msp", org.msp_id);
}

result<bench_network> start_network(const put_options& o, config::topology& t, const fs::path& folder, std::size_t threads) {
  bench_network n;
  auto settings = settings_of(o, folder);
  const auto nodes = folder / "nodes";
  if (o.processes) {
    WEFT_CHECK(spread_orderers(t));
    const actors::material_seams seams{std::make_shared<system_clock>(), std::make_shared<system_random>(), crypto::nonce_rule::random};
    WEFT_CHECK(actors::lay_out_nodes(nodes, t, seams, [](const std::string&, const std::string&) {}));
    WEFT_TRY(n.elsewhere, orderer_processes::start(t, nodes, settings));
    settings.node = bench_node;
    settings.folder = nodes / bench_node;
  }
  n.config = actors::make_system_config(threads);
  if (o.processes) actors::remoting::prepare(*n.config);
  n.system = std::make_unique<caf::actor_system>(*n.config);
  WEFT_TRY(n.node, actors::node::start(*n.system, t, std::move(settings)));
  WEFT_CHECK(wait_until_ready(*n.node));
  if (n.elsewhere) WEFT_CHECK(n.elsewhere->wait_until_ready(start_patience));
  WEFT_TRY(n.client, client_of(o.processes ? nodes / "operator" : folder, t));
  return n;
}

result<report> run_put(const put_options& o, const std::function<void(const std::string&)>& say) {
  const auto tell = [&](const std::string& text) { if (say) say(text); };
  WEFT_CHECK(check(o));
  config::dev_options dev;
  dev.orgs = o.orgs;
  dev.peers = o.peers;
  dev.orderers = o.orderers;
  WEFT_CHECK(config::check_size(dev));
  dev.batch.max_message_count = o.block_messages;
  dev.batch.timeout = std::chrono::milliseconds(o.block_timeout_ms);
  auto t = config::dev_topology(dev);
  if (o.raft) t.channels.front().ordering = "raft";
  scratch folder;
  WEFT_CHECK(folder.make(o.dir));
  const std::size_t threads = std::max(2u, std::thread::hardware_concurrency());
  const std::size_t signers = std::max(1u, std::thread::hardware_concurrency() / 4);
  auto started = start_network(o, t, folder.path, threads);
  if (!started) {
    tell("not ready: " + started.error().context);
    return tl::unexpected<error>(started.error());
  }
  auto& network = *started;
  tell("network ready in " + folder.path.string());
  generator_settings g;
  g.channel = channel_name;
  g.txs = o.txs;
  g.clients = o.clients;
  g.threads = signers;
  g.value_bytes = o.value_bytes;
  result<driver_outcome> out = fail(errc::internal, "not run");
  {
    generator source{g, std::move(*network.client), std::make_shared<system_clock>(), std::make_shared<system_random>()};
    tell("signing ahead, then " + std::to_string(o.txs) + " transactions");
    out = drive(*network.system, *network.node, network.elsewhere.get(), o, source);
  }
  network.node->stop();
  if (!out) return tl::unexpected<error>(out.error());
  if (out->valid == 0) {
    std::string why = "no transaction was committed as valid";
    for (const auto& [what, count] : out->others) why += "\n  " + std::to_string(count) + " x " + what;
    return fail(errc::failed_precondition, why);
  }
  return make_report(*out, conditions_of(o, t, threads, signers));
}

}  // namespace weft::bench
