#include "edge/node_metrics.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <limits>

namespace weft::edge {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using labels = std::vector<ClientMetric::Label>;

constexpr std::array<const char*, method_usage::codes> code_names{"OK", "Canceled", "Unknown", "InvalidArgument", "DeadlineExceeded", "NotFound", "AlreadyExists",
                                                                  "PermissionDenied", "ResourceExhausted", "FailedPrecondition", "Aborted", "OutOfRange",
                                                                  "Unimplemented", "Internal", "Unavailable", "DataLoss", "Unauthenticated"};

/// Families by name, filled as values come along.
class families {
 public:
  void gauge(const char* name, const char* help, labels l, double value) {
    auto& m = add(name, help, MetricType::Gauge, std::move(l));
    m.gauge.value = value;
  }
  void counter(const char* name, const char* help, labels l, double value) {
    auto& m = add(name, help, MetricType::Counter, std::move(l));
    m.counter.value = value;
  }
  /// `classes` have the bounds that tallies and method_usage share; one more has none.
  template <std::size_t N>
  void durations(const char* name, const char* help, labels l, const std::array<std::uint64_t, N>& classes, double seconds) {
    static_assert(N == method_usage::bounds.size() + 1 && method_usage::bounds == actors::tallies::bounds);
    auto& h = add(name, help, MetricType::Histogram, std::move(l)).histogram;
    for (std::size_t i = 0; i < N; ++i) {
      h.sample_count += classes[i];
      h.bucket.push_back({h.sample_count, i < method_usage::bounds.size() ? method_usage::bounds[i] : std::numeric_limits<double>::infinity()});
    }
    h.sample_sum = seconds;
  }
  [[nodiscard]] std::string text() const {
    std::vector<MetricFamily> all;
    for (const auto& [name, f] : by_name_) all.push_back(f);
    return prometheus::TextSerializer().Serialize(all);
  }

 private:
  ClientMetric& add(const char* name, const char* help, MetricType type, labels l) {
    auto& f = by_name_[name];
    f.name = name;
    f.help = help;
    f.type = type;
    f.metric.emplace_back().label = std::move(l);
    return f.metric.back();
  }
  std::map<std::string, MetricFamily> by_name_;
};

void add_calls(families& out, const std::string& member, const method_usage& u) {
  const labels who{{"member", member}, {"method", u.method}, {"service", u.service}};
  const bool s = u.streaming;
  out.counter(s ? "grpc_server_stream_requests_received" : "grpc_server_unary_requests_received", "Calls that came", who, static_cast<double>(u.received));
  for (std::size_t i = 0; i < u.completed.size(); ++i) {
    if (u.completed[i] == 0) continue;
    auto ended = who;
    ended.insert(ended.begin(), {"code", code_names[i]});
    out.counter(s ? "grpc_server_stream_requests_completed" : "grpc_server_unary_requests_completed", "Calls that ended", std::move(ended), static_cast<double>(u.completed[i]));
  }
  out.durations(s ? "grpc_server_stream_request_duration" : "grpc_server_unary_request_duration", "Seconds from the beginning of a call to its end", who, u.durations, u.seconds);
  if (!s) return;
  out.counter("grpc_server_stream_messages_received", "Messages of clients", who, static_cast<double>(u.messages_received));
  out.counter("grpc_server_stream_messages_sent", "Messages to clients", who, static_cast<double>(u.messages_sent));
}

void add_raft(families& out, const labels& where, const actors::consensus_view& v) {
  out.gauge("consensus_etcdraft_cluster_size", "Consenters of the channel", where, static_cast<double>(v.members.size()));
  out.gauge("consensus_etcdraft_active_nodes", "Consenters that can be reached, this one included", where, static_cast<double>(v.reachable()));
  out.gauge("consensus_etcdraft_is_leader", "1 at the leader", where, v.id != 0 && v.id == v.leader ? 1 : 0);
}

void add_members(families& out, const actors::node& node) {
  for (const auto& p : node.peers()) {
    const auto all = p->channels->all();
    for (const auto& [id, c] : *all) out.gauge("ledger_blockchain_height", "Blocks of the channel", {{"channel", id}, {"member", p->name}}, static_cast<double>(c->ledger->height().value));
  }
  for (const auto& o : node.orderers()) {
    const auto all = o->channels->all();
    for (const auto& [id, c] : *all) {
      const labels where{{"channel", id}, {"member", o->name}};
      const auto height = c->blocks->height().value;
      out.gauge("ledger_blockchain_height", "Blocks of the channel", where, static_cast<double>(height));
      const auto group = c->consensus.get();
      if (!group) continue;
      add_raft(out, where, *group);
      out.gauge("consensus_etcdraft_committed_block_number", "The newest block", where, height == 0 ? 0 : static_cast<double>(height - 1));
    }
  }
}

labels to_labels(const std::string& member, const actors::tallies::labels& of) {
  labels out;
  for (const auto& [name, value] : of) out.push_back({name, value});
  out.push_back({"member", member});
  return out;
}

void add_tallies(families& out, const std::string& member, const actors::tallies& counted) {
  for (const auto& [name, f] : counted.all_counts())
    for (const auto& [l, n] : f.series) out.counter(name.c_str(), f.help, to_labels(member, l), static_cast<double>(n));
  for (const auto& [name, f] : counted.all_timings())
    for (const auto& [l, t] : f.series) out.durations(name.c_str(), f.help, to_labels(member, l), t.classes, t.seconds);
}

void add_process(families& out) {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  out.counter("process_cpu_seconds_total", "CPU time of the process", {}, seconds(used.ru_utime) + seconds(used.ru_stime));
  std::uint64_t pages = 0, resident = 0;
  if (std::ifstream("/proc/self/statm") >> pages >> resident) {
    const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
    out.gauge("process_resident_memory_bytes", "Resident memory", {}, static_cast<double>(resident) * page);
    out.gauge("process_virtual_memory_bytes", "Virtual memory", {}, static_cast<double>(pages) * page);
  }
  std::error_code ignored;
  std::size_t open = 0;
  for ([[maybe_unused]] const auto& fd : std::filesystem::directory_iterator("/proc/self/fd", ignored)) ++open;
  out.gauge("process_open_fds", "Open file descriptors", {}, static_cast<double>(open));
}

}  // namespace

std::string node_metrics(const actors::node& node, const doors_usage& doors, std::string_view version) {
  families out;
  out.gauge("fabric_version", "The version that runs", {{"version", std::string(version)}}, 1);
  for (const auto& [member, methods] : doors)
    for (const auto& u : methods) add_calls(out, member, u);
  add_members(out, node);
  for (const auto& p : node.peers()) add_tallies(out, p->name, *p->counted);
  for (const auto& o : node.orderers()) add_tallies(out, o->name, *o->counted);
  for (const auto& r : node.roles()) {
    out.gauge("weft_role_alive", "0 while a role is being restarted", {{"role", r.name}}, r.alive ? 1 : 0);
    out.counter("weft_role_restarts", "How often a role was started again", {{"role", r.name}}, r.restarts);
  }
  add_process(out);
  return out.text();
}

std::vector<operations::failed_check> node_health(const actors::node& node) {
  std::vector<operations::failed_check> out;
  for (const auto& o : node.orderers()) {
    const auto all = o->channels->all();
    for (const auto& [id, c] : *all) {
      const auto group = c->consensus.get();
      if (group && !group->why().empty()) out.push_back({"consenter " + o->name + "/" + id, group->why()});
    }
  }
  for (const auto& p : node.peers()) {
    const auto all = p->channels->all();
    for (const auto& [id, c] : *all)
      if (const auto stalled = c->stalled.get()) out.push_back({"peer " + p->name + "/" + id, stalled->why});
  }
  for (const auto& r : node.roles()) if (!r.alive) out.push_back({r.name, "is being restarted: " + r.last_death});
  return out;
}

}  // namespace weft::edge
