#include "bench/put/put_bench.hpp"

#include <ctime>
#include <fstream>
#include <future>
#include <iterator>
#include <thread>

#include "bench/doors/load.hpp"
#include "bench/put/bench_network.hpp"
#include "bench/put/driver.hpp"
#include "bench/report/machine.hpp"
#include "bench/report/schedule.hpp"
#include "edge/edge_cpu.hpp"
#include "edge/member_doors.hpp"

namespace weft::bench {

namespace fs = std::filesystem;

namespace {

const std::string channel_name = "mychannel";

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
  if (!o.via.empty() && o.via != "gateway" && o.via != "endorser" && o.via != "evaluate") return out_of_range("--via is gateway, endorser or evaluate");
  if (!o.via.empty() && (o.rate || o.parts > 1 || o.processes)) return out_of_range("--via goes with neither --rate, --parts nor --processes");
  if (!o.via.empty() && o.clients > 512) return out_of_range("--clients is at most 512 with --via: each has a thread");
  if (o.deadline_seconds < 1) return out_of_range("--deadline is at least 1 second");
  return {};
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
  c.via = o.via;
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

door_kind kind_of(const std::string& via) {
  if (via == "endorser") return door_kind::endorser;
  return via == "evaluate" ? door_kind::evaluate : door_kind::gateway;
}

result<std::string> text_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(errc::io, file.string() + " cannot be read");
  return std::string(std::istreambuf_iterator<char>(in), {});
}

/// Opens a port for one peer of each organization and the first orderer, and says where they are.
result<load_plan> open_doors(edge::member_doors& doors, const bench_network& n, const config::topology& t, const put_options& o) {
  load_plan plan;
  plan.via = kind_of(o.via);
  plan.channel = channel_name;
  plan.txs = o.txs;
  plan.warm_up = o.warm_up.value_or(warm_up_of(o.txs));
  plan.clients = o.clients;
  plan.value_bytes = o.value_bytes;
  plan.deadline_seconds = o.deadline_seconds;
  plan.client_msp_folder = client_msp_folder(n.folder, t).string();
  plan.client_msp_id = t.organizations.front().msp_id;
  for (const auto& org : t.organizations) {
    const auto member = org.hosts.front() + "." + org.domain;
    const bool orderer = org.kind == config::org_kind::orderer;
    if (orderer && !plan.orderer.first.empty()) continue;
    WEFT_CHECK(doors.open(member, "localhost:0"));
    WEFT_TRY(auto root, text_of(actors::member_folders::host(n.folder, org, org.hosts.front()) / "tls" / "ca.crt"));
    const auto address = "localhost:" + std::to_string(doors.ports().at(member));
    if (orderer) plan.orderer = {address, std::move(root)};
    else plan.peers.emplace_back(address, std::move(root));
  }
  return plan;
}

/// The same load through the doors, from a process of its own: everything that this process uses is the network's.
result<driver_outcome> drive_doors(bench_network& n, const load_process& clients, const put_options& o, const config::topology& t) {
  const auto doors = edge::member_doors::make(*n.system, *n.node, n.folder);
  WEFT_TRY(const auto plan, open_doors(*doors, n, t, o));
  const auto channel = n.node->peers().front()->channel(channel_name);
  const metering_on booked;
  const auto probe = [&] {
    usage u{process_cpu_nanos(), 0, n.node->cpu_by_role(), channel->now.get()->height.value, resident_mib()};
    u.role_nanos["edge"] = edge::edge_cpu_nanos();
    return u;
  };
  driver_outcome out;
  WEFT_TRY(const auto found, clients.run(plan, [&] { out.begin = probe(); }));
  out.end = probe();
  doors->close(std::chrono::milliseconds(0));
  if (!found.failure.empty()) return fail(errc::timeout, found.failure);
  out.window = std::chrono::nanoseconds(found.window_nanos);
  out.measured = found.measured;
  out.valid = found.valid;
  out.others = found.others;
  for (const auto nanos : found.latencies) out.latency.add(nanos);
  out.starved = found.starved;
  out.envelopes = found.envelopes;
  out.envelope_bytes = found.envelope_bytes;
  out.endorsements_per_tx = found.endorsements_per_tx;
  return out;
}

result<driver_outcome> drive_actors(bench_network& n, const put_options& o, std::size_t signers, const std::function<void(const std::string&)>& tell) {
  generator_settings g;
  g.channel = channel_name;
  g.txs = o.txs;
  g.clients = o.clients;
  g.threads = signers;
  g.value_bytes = o.value_bytes;
  generator source{g, std::move(*n.client), std::make_shared<system_clock>(), std::make_shared<system_random>()};
  tell("signing ahead, then " + std::to_string(o.txs) + " transactions");
  return drive(*n.system, *n.node, n.elsewhere.get(), o, source);
}

}  // namespace

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
  std::unique_ptr<load_process> clients;  // forked while there is one thread
  if (!o.via.empty()) {
    WEFT_TRY(clients, load_process::start());
  }
  const std::size_t threads = std::max(2u, std::thread::hardware_concurrency());
  const std::size_t signers = clients ? 1 : std::max(1u, std::thread::hardware_concurrency() / 4);
  auto network = start_network(o, t, folder.path, threads);
  if (!network) {
    tell("not ready: " + network.error().context);
    return tl::unexpected<error>(network.error());
  }
  tell("network ready in " + folder.path.string());
  const auto out = clients ? drive_doors(*network, *clients, o, t) : drive_actors(*network, o, signers, tell);
  network->node->stop();
  if (!out) return tl::unexpected<error>(out.error());
  if (out->valid == 0) {
    std::string why = "no transaction was committed as valid";
    for (const auto& [what, count] : out->others) why += "\n  " + std::to_string(count) + " x " + what;
    return fail(errc::failed_precondition, why);
  }
  return make_report(*out, conditions_of(o, t, threads, signers));
}

}  // namespace weft::bench
