// From YAML to the structs of configtx.hpp. Shapes only: whether a profile makes sense is check.cpp's.
#include <algorithm>
#include <set>
#include <tuple>

#include "config/configtx/configtx.hpp"
#include "config/yaml/scalars.hpp"

namespace weft::config {

smartbft_options default_smartbft_options() {
  smartbft_options o;
  o.request_batch_max_count = 100;
  o.request_batch_max_bytes = 10 * MiB;
  o.request_batch_max_interval = "50ms";
  o.incoming_message_buffer_size = 200;
  o.request_pool_size = 400;
  o.request_forward_timeout = "2s";
  o.request_complain_timeout = "20s";
  o.request_auto_remove_timeout = "3m0s";
  o.view_change_resend_interval = "5s";
  o.view_change_timeout = "20s";
  o.leader_heartbeat_timeout = "1m0s";
  o.leader_heartbeat_count = 10;
  o.collect_timeout = "1s";
  return o;
}

namespace configtx {
namespace {

constexpr std::size_t document_bytes_max = 4 * MiB;

class reader {
 public:
  explicit reader(const read_options& o) : folder_(o.folder) {}

  document read(yaml::document source) {
    document out{{}, {}, {}, std::move(source)};
    const auto root = out.source.root();
    if (!root.map({"Profiles", "Organizations", "Channel", "Application", "Orderer", "Capabilities", "Resources"})) return out;
    // The sections that profiles merge come first: a problem in one of them is told by its path there, not by that of the profile.
    out.organizations = organizations(root["Organizations"]);
    root["Capabilities"].each_entry([&](const std::string&, const yaml::value& level) { capabilities(level); });
    application_of(root["Application"]);
    orderer_of(root["Orderer"]);
    profile_of(root["Channel"], "Channel");
    // A document of nothing but organizations is what configtxgen -printOrg is given for one that is to be added to a channel.
    root["Profiles"].each_entry([&](const std::string& name, const yaml::value& v) {
      if (v.present()) out.profiles.push_back(profile_of(v, name));
      else v.say("is empty", "a profile has Policies, Orderer, Application");
    });
    return out;
  }

 private:
  profile profile_of(const yaml::value& v, const std::string& name) {
    profile p;
    p.path = v.path();
    p.name = name;
    if (!v.map({"Consortium", "Application", "Orderer", "Consortiums", "Capabilities", "Policies"})) return p;
    v["Consortium"].read(p.consortium);
    if (const auto a = v["Application"]; a.present()) p.application = application_of(a);
    if (const auto o = v["Orderer"]; o.present()) p.orderer = orderer_of(o);
    if (const auto c = v["Consortiums"]; c.present()) p.consortiums = consortiums(c);
    p.capabilities = capabilities(v["Capabilities"]);
    p.policies = policies(v["Policies"]);
    return p;
  }

  application application_of(const yaml::value& v) {
    application a;
    a.path = v.path();
    if (!v.map({"Organizations", "Capabilities", "Policies", "ACLs", "Resources"})) return a;
    a.organizations = organizations(v["Organizations"]);
    a.capabilities = capabilities(v["Capabilities"]);
    a.policies = policies(v["Policies"]);
    v["ACLs"].each_entry([&](const std::string& resource, const yaml::value& ref) {
      std::string policy;
      ref.read(policy);
      a.acls.emplace_back(resource, std::move(policy));
    });
    return a;
  }

  std::vector<consortium> consortiums(const yaml::value& v) {
    std::vector<consortium> out;
    v.each_entry([&](const std::string& name, const yaml::value& c) {
      out.push_back({c.path(), name, {}});
      if (c.map({"Organizations"})) out.back().organizations = organizations(c["Organizations"]);
    });
    return out;
  }

  orderer orderer_of(const yaml::value& v) {
    orderer o;
    o.path = v.path();
    if (!v.map({"OrdererType", "Addresses", "BatchTimeout", "BatchSize", "Kafka", "EtcdRaft", "ConsenterMapping", "SmartBFT", "Organizations",
                "MaxChannels", "Capabilities", "Policies"}))
      return o;
    consensus_type(v["OrdererType"], o.type);
    v["Addresses"].read(o.addresses);
    batching(v, o);
    v["MaxChannels"].read(o.max_channels);
    if (const auto k = v["Kafka"]; k.map({"Brokers"})) k["Brokers"].read(o.kafka_brokers);
    if (const auto r = v["EtcdRaft"]; r.present()) raft(r, o);
    if (const auto s = v["SmartBFT"]; s.present()) smartbft(s, o.smartbft);
    v["ConsenterMapping"].each([&](const yaml::value& c) { o.consenter_mapping.push_back(bft_consenter_of(c)); });
    o.organizations = organizations(v["Organizations"]);
    o.capabilities = capabilities(v["Capabilities"]);
    o.policies = policies(v["Policies"]);
    note_defaults(v, o);
    return o;
  }

  static void consensus_type(const yaml::value& v, std::string& into) {
    for (const auto& [written, meant] : {std::pair{"raft", "etcdraft"}, {"smartbft", "BFT"}, {"SmartBFT", "BFT"}})
      if (v.text() == written) return v.say("unknown orderer type: " + v.text(), "did you mean '" + std::string(meant) + "'?");
    v.read_choice(into, {"etcdraft", "BFT", "solo", "kafka"});
  }

  static void batching(const yaml::value& v, orderer& o) {
    v["BatchTimeout"].read(o.batch_timeout);
    const auto size = v["BatchSize"];
    if (!size.map({"MaxMessageCount", "AbsoluteMaxBytes", "PreferredMaxBytes"})) return;
    size["MaxMessageCount"].read(o.max_message_count);
    size["AbsoluteMaxBytes"].read_bytes(o.absolute_max_bytes);
    size["PreferredMaxBytes"].read_bytes(o.preferred_max_bytes);
  }

  /// Zero means "not said", as in Fabric; what was not said is told in Fabric's words.
  static void note_defaults(const yaml::value& v, orderer& o) {
    const orderer usual;
    const auto note = [&](const char* key, const std::string& value) { o.defaults_taken.push_back("Orderer." + std::string(key) + " unset, setting to " + value); };
    if (!v["OrdererType"].present()) note("OrdererType", usual.type);
    const auto number = [&](const char* key, bool said, auto& is, auto usually) {
      if (said && is != decltype(usually){}) return;
      is = usually;
      note(key, std::to_string(usually));
    };
    if (!v["BatchTimeout"].present() || o.batch_timeout.count() == 0) {
      o.batch_timeout = usual.batch_timeout;
      note("BatchTimeout", "2s");
    }
    const auto size = v["BatchSize"];
    number("BatchSize.MaxMessageCount", size["MaxMessageCount"].present(), o.max_message_count, usual.max_message_count);
    number("BatchSize.AbsoluteMaxBytes", size["AbsoluteMaxBytes"].present(), o.absolute_max_bytes, usual.absolute_max_bytes);
    number("BatchSize.PreferredMaxBytes", size["PreferredMaxBytes"].present(), o.preferred_max_bytes, usual.preferred_max_bytes);
    if (o.type == "kafka" && !v["Kafka"]["Brokers"].present()) note("Kafka", "[127.0.0.1:9092]");
    if (o.type != "etcdraft" || !o.has_raft) return;
    const auto raft = v["EtcdRaft"]["Options"];
    const raft_options said;
    if (!raft["TickInterval"].present() || o.raft.tick_interval.empty()) {
      o.raft.tick_interval = said.tick_interval;
      note("EtcdRaft.Options.TickInterval", said.tick_interval);
    }
    number("EtcdRaft.Options.ElectionTick", raft["ElectionTick"].present(), o.raft.election_tick, said.election_tick);
    number("EtcdRaft.Options.HeartbeatTick", raft["HeartbeatTick"].present(), o.raft.heartbeat_tick, said.heartbeat_tick);
    number("EtcdRaft.Options.MaxInflightBlocks", raft["MaxInflightBlocks"].present(), o.raft.max_inflight_blocks, said.max_inflight_blocks);
    number("EtcdRaft.Options.SnapshotIntervalSize", raft["SnapshotIntervalSize"].present(), o.raft.snapshot_interval_size, said.snapshot_interval_size);
  }

  void raft(const yaml::value& v, orderer& o) {
    o.has_raft = true;
    if (!v.map({"Consenters", "Options"})) return;
    v["Consenters"].each([&](const yaml::value& c) {
      raft_consenter& out = o.raft_consenters.emplace_back();
      out.path = c.path();
      if (!c.map({"Host", "Port", "ClientTLSCert", "ServerTLSCert"})) return;
      c["Host"].read(out.host);
      c["Port"].read(out.port);
      file(c["ClientTLSCert"], out.client_tls_cert);
      file(c["ServerTLSCert"], out.server_tls_cert);
    });
    const auto options = v["Options"];
    if (!options.map({"TickInterval", "ElectionTick", "HeartbeatTick", "MaxInflightBlocks", "SnapshotIntervalSize"})) return;
    duration(options["TickInterval"], o.raft.tick_interval);
    options["ElectionTick"].read(o.raft.election_tick);
    options["HeartbeatTick"].read(o.raft.heartbeat_tick);
    options["MaxInflightBlocks"].read(o.raft.max_inflight_blocks);
    options["SnapshotIntervalSize"].read_bytes(o.raft.snapshot_interval_size);
  }

  static void smartbft(const yaml::value& v, smartbft_options& o) {
    if (!v.map({"RequestBatchMaxCount", "RequestBatchMaxBytes", "RequestBatchMaxInterval", "IncomingMessageBufferSize", "RequestPoolSize",
                "RequestForwardTimeout", "RequestComplainTimeout", "RequestAutoRemoveTimeout", "RequestMaxBytes", "ViewChangeResendInterval",
                "ViewChangeTimeout", "LeaderHeartbeatTimeout", "LeaderHeartbeatCount", "CollectTimeout", "SyncOnStart", "SpeedUpViewChange",
                "LeaderRotation", "DecisionsPerLeader"}))
      return;
    o = {};  // a section says all: what it leaves out is left to the consenter
    v["RequestBatchMaxCount"].read(o.request_batch_max_count);
    v["RequestBatchMaxBytes"].read_bytes(o.request_batch_max_bytes);
    duration(v["RequestBatchMaxInterval"], o.request_batch_max_interval);
    v["IncomingMessageBufferSize"].read(o.incoming_message_buffer_size);
    v["RequestPoolSize"].read(o.request_pool_size);
    duration(v["RequestForwardTimeout"], o.request_forward_timeout);
    duration(v["RequestComplainTimeout"], o.request_complain_timeout);
    duration(v["RequestAutoRemoveTimeout"], o.request_auto_remove_timeout);
    v["RequestMaxBytes"].read_bytes(o.request_max_bytes);
    duration(v["ViewChangeResendInterval"], o.view_change_resend_interval);
    duration(v["ViewChangeTimeout"], o.view_change_timeout);
    duration(v["LeaderHeartbeatTimeout"], o.leader_heartbeat_timeout);
    v["LeaderHeartbeatCount"].read(o.leader_heartbeat_count);
    duration(v["CollectTimeout"], o.collect_timeout);
    v["SyncOnStart"].read(o.sync_on_start);
    v["SpeedUpViewChange"].read(o.speed_up_view_change);
    std::string rotation;
    v["LeaderRotation"].read_choice(rotation, {"0", "1", "2", "ROTATION_UNSPECIFIED", "ROTATION_OFF", "ROTATION_ON"});
    if (rotation == "1" || rotation == "ROTATION_OFF") o.rotation = leader_rotation::off;
    if (rotation == "2" || rotation == "ROTATION_ON") o.rotation = leader_rotation::on;
    v["DecisionsPerLeader"].read(o.decisions_per_leader);
  }

  bft_consenter bft_consenter_of(const yaml::value& c) {
    bft_consenter out;
    out.path = c.path();
    if (!c.map({"ID", "Host", "Port", "MSPID", "Identity", "ClientTLSCert", "ServerTLSCert"})) return out;
    c["ID"].read(out.id);
    c["Host"].read(out.host);
    c["Port"].read(out.port);
    c["MSPID"].read(out.msp_id);
    file(c["Identity"], out.identity);
    file(c["ClientTLSCert"], out.client_tls_cert);
    file(c["ServerTLSCert"], out.server_tls_cert);
    return out;
  }

  std::vector<organization> organizations(const yaml::value& list) {
    std::vector<organization> out;
    list.each([&](const yaml::value& v) {
      organization& org = out.emplace_back();
      org.path = v.path();
      if (!v.present()) return v.say("is empty", "an organization has Name, ID, MSPDir and Policies");
      if (!v.map({"Name", "ID", "MSPDir", "MSPType", "Policies", "AnchorPeers", "OrdererEndpoints", "SkipAsForeign", "AdminPrincipal"})) return;
      v["Name"].read(org.name);
      v["ID"].read(org.id);
      file(v["MSPDir"], org.msp_dir);
      v["MSPType"].read(org.msp_type);
      v["SkipAsForeign"].read(org.skip_as_foreign);
      org.policies = policies(v["Policies"]);
      v["AnchorPeers"].each([&](const yaml::value& peer) {
        if (!peer.map({"Host", "Port"})) return;
        host_port& at = org.anchor_peers.emplace_back();
        peer.require("Host").read(at.host);
        peer.require("Port").read(at.port);
      });
      v["OrdererEndpoints"].read(org.orderer_endpoints);
      if (const auto old = v["AdminPrincipal"]; old.present())
        old.say("is not used any more", "the policy Admins says who is an admin", problem::severity::warning);
    });
    return out;
  }

  std::vector<policy> policies(const yaml::value& v) {
    std::vector<policy> out;
    v.each_entry([&](const std::string& name, const yaml::value& p) {
      policy& made = out.emplace_back();
      made.name = name;
      made.path = p.path();
      if (!p.present()) return p.say("is empty", "write {Type: ImplicitMeta, Rule: \"ANY " + name + "\"} or {Type: Signature, Rule: …}");
      if (!p.map({"Type", "Rule"})) return;
      p.require("Type").read_choice(made.type, {"Signature", "ImplicitMeta"});
      p.require("Rule").read(made.rule);
    });
    return out;
  }

  static std::vector<std::string> capabilities(const yaml::value& v) {
    std::vector<std::string> out;
    v.each_entry([&](const std::string& name, const yaml::value& needed) {
      bool on = false;
      needed.read(on);
      if (on) out.push_back(name);
    });
    return out;
  }

  void file(const yaml::value& v, std::string& into) const {
    std::string written;
    v.read(written);
    if (!written.empty()) into = (folder_ / written).lexically_normal().string();
  }

  /// Kept as text, because the channel keeps it as text.
  static void duration(const yaml::value& v, std::string& into) {
    std::string written;
    v.read(written);
    if (written.empty()) return;
    const auto d = parse_go_duration(written);
    if (!d || d->count() <= 0) v.say("must be a duration such as 500ms, 2s or 1h30m, but is '" + written + "'");
    into = std::move(written);
  }

  const std::filesystem::path folder_;
};

}  // namespace

const profile* document::find(std::string_view name) const {
  for (const profile& p : profiles)
    if (p.name == name) return &p;
  return nullptr;
}

std::vector<std::string> document::profile_names() const {
  std::vector<std::string> out;
  for (const profile& p : profiles) out.push_back(p.name);
  return out;
}

document read(std::string_view text, const read_options& o) {
  yaml::options rules;
  rules.any_case = true;
  rules.bytes_max = document_bytes_max;
  if (o.environment) {
    rules.replace = [environment = o.environment](const std::string& path) -> std::optional<yaml::replacement> {
      std::string name = "CONFIGTX_" + path;
      for (char& c : name) c = c == '.' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      auto value = environment(name);
      if (!value || value->empty()) return std::nullopt;
      return yaml::replacement{*std::move(value), std::move(name)};
    };
  }
  document out = reader(o).read(yaml::document::parse(text, rules));
  out.file = o.file;
  out.in_shape = out.source.problems();
  return out;
}

std::vector<problem> problems(const document& d) {
  const auto last = [](const problem& p) { return p.path.substr(p.path.rfind('.') + 1); };
  std::set<std::tuple<std::size_t, std::size_t, std::string>> unreadable;  // what could not be read is not "missing" as well
  for (const auto& p : d.in_shape) if (p.is_error()) unreadable.emplace(p.line, p.column, last(p));
  const auto of_shape = [&](const problem& p) { return std::find(d.in_shape.begin(), d.in_shape.end(), p) != d.in_shape.end(); };
  std::vector<problem> out;
  std::set<std::tuple<std::size_t, std::size_t, std::string, std::string>> told;
  for (auto& p : d.source.problems()) {
    if (p.line != 0 && unreadable.contains({p.line, p.column, last(p)}) && !of_shape(p)) continue;
    if (p.line == 0 || told.emplace(p.line, p.column, last(p), p.what).second) out.push_back(std::move(p));
  }
  return out;
}

}  // namespace configtx
}  // namespace weft::config
