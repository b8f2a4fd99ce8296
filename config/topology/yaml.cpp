// Topologies as YAML. Problems of form and rules that are broken are shown together.
#include <yaml-cpp/yaml.h>

#include "config/topology/topology.hpp"
#include "config/yaml/document.hpp"

namespace weft::config {

namespace {

std::string print_duration(std::chrono::milliseconds d) {
  return d.count() % 1000 == 0 ? std::to_string(d.count() / 1000) + "s" : std::to_string(d.count()) + "ms";
}

organization read_organization(const yaml::value& n) {
  organization org;
  if (!n.map({"name", "msp_id", "domain", "operated_by", "kind", "hosts", "users", "material", "addresses", "client_certificates"})) return org;
  n["name"].read(org.name);
  org.msp_id = org.name + "MSP";
  n["msp_id"].read(org.msp_id);
  n["domain"].read(org.domain);
  n["operated_by"].read(org.operated_by);
  n["users"].read(org.users);
  std::string kind = "peer";
  n["kind"].read_choice(kind, {"peer", "orderer"});
  org.kind = kind == "orderer" ? org_kind::orderer : org_kind::peer;
  n["hosts"].read(org.hosts);
  n["material"].read(org.material);
  std::string certificates = "none";
  n["client_certificates"].read_choice(certificates, {"none", "required"});
  org.client_certificates = certificates == "required";
  n["addresses"].each_entry([&](const std::string& host, const yaml::value& v) { v.read(org.addresses[host]); });
  return org;
}

contract_placement read_contract(const yaml::value& n) {
  contract_placement c;
  if (!n.map({"name", "version", "policy", "init_required", "first_call"})) return c;
  n["name"].read(c.name);
  n["version"].read(c.version);
  n["init_required"].read(c.init_required);
  if (n["policy"].present()) n["policy"].read(c.policy.emplace());
  n["first_call"].read(c.first_call);
  return c;
}

raft_ordering read_raft(const yaml::value& n) {
  raft_ordering r;
  if (!n.map({"consenters", "tick_interval", "election_tick", "heartbeat_tick", "max_inflight_blocks", "snapshot_interval_size"})) return r;
  n["consenters"].read(r.consenters);
  if (n["consenters"].present() && r.consenters.empty() && n["consenters"].is_list()) n["consenters"].say("is empty; leave it out for every orderer");
  n["tick_interval"].read(r.tick_interval);
  n["election_tick"].read(r.election_tick);
  n["heartbeat_tick"].read(r.heartbeat_tick);
  n["max_inflight_blocks"].read(r.max_inflight_blocks);
  n["snapshot_interval_size"].read_bytes(r.snapshot_interval_size);
  return r;
}

channel read_channel(const yaml::value& n) {
  channel c;
  if (!n.map({"name", "ordering", "raft", "batch", "contracts"})) return c;
  n["name"].read(c.name);
  n["ordering"].read(c.ordering);
  c.raft = read_raft(n["raft"]);
  if (const auto b = n["batch"]; b.map({"max_message_count", "preferred_max_bytes", "absolute_max_bytes", "timeout", "cut_when_idle"})) {
    b["max_message_count"].read(c.batch.max_message_count);
    b["preferred_max_bytes"].read_bytes(c.batch.preferred_max_bytes);
    b["absolute_max_bytes"].read_bytes(c.batch.absolute_max_bytes);
    b["timeout"].read(c.batch.timeout);
    b["cut_when_idle"].read(c.batch.cut_when_idle);
  }
  n["contracts"].each([&](const yaml::value& item) { c.contracts.push_back(read_contract(item)); });
  return c;
}

node read_node(const yaml::value& n) {
  config::node out;
  if (!n.map({"name", "address", "members"})) return out;
  n["name"].read(out.name);
  n["address"].read(out.address);
  n["members"].read(out.members);
  return out;
}

topology read_document(const yaml::value& root) {
  topology t;
  if (!root.map({"organizations", "channels", "nodes"})) return t;
  root["organizations"].each([&](const yaml::value& n) { t.organizations.push_back(read_organization(n)); });
  root["channels"].each([&](const yaml::value& n) { t.channels.push_back(read_channel(n)); });
  root["nodes"].each([&](const yaml::value& n) { t.nodes.push_back(read_node(n)); });
  return t;
}

void emit_list(YAML::Emitter& out, const char* key, const std::vector<std::string>& items) {
  out << YAML::Key << key << YAML::Value << YAML::Flow << YAML::BeginSeq;
  for (const auto& i : items) out << i;
  out << YAML::EndSeq;
}

void emit(YAML::Emitter& out, const organization& org) {
  out << YAML::BeginMap << YAML::Key << "name" << YAML::Value << org.name << YAML::Key << "msp_id" << YAML::Value << org.msp_id << YAML::Key
      << "domain" << YAML::Value << org.domain;
  if (!org.operated_by.empty()) out << YAML::Key << "operated_by" << YAML::Value << org.operated_by;
  out << YAML::Key << "kind" << YAML::Value << (org.kind == org_kind::peer ? "peer" : "orderer");
  emit_list(out, "hosts", org.hosts);
  out << YAML::Key << "users" << YAML::Value << org.users;
  if (!org.material.empty()) out << YAML::Key << "material" << YAML::Value << org.material;
  if (org.client_certificates) out << YAML::Key << "client_certificates" << YAML::Value << "required";
  if (!org.addresses.empty()) out << YAML::Key << "addresses" << YAML::Value << org.addresses;
  out << YAML::EndMap;
}

void emit(YAML::Emitter& out, const contract_placement& c) {
  out << YAML::BeginMap << YAML::Key << "name" << YAML::Value << c.name << YAML::Key << "version" << YAML::Value << YAML::DoubleQuoted << c.version;
  if (c.policy) out << YAML::Key << "policy" << YAML::Value << YAML::DoubleQuoted << *c.policy;
  if (c.init_required) out << YAML::Key << "init_required" << YAML::Value << true;
  if (!c.first_call.empty()) emit_list(out, "first_call", c.first_call);
  out << YAML::EndMap;
}

void emit(YAML::Emitter& out, const raft_ordering& r) {
  out << YAML::BeginMap;
  if (!r.consenters.empty()) emit_list(out, "consenters", r.consenters);
  out << YAML::Key << "tick_interval" << YAML::Value << print_duration(r.tick_interval) << YAML::Key << "election_tick" << YAML::Value << r.election_tick
      << YAML::Key << "heartbeat_tick" << YAML::Value << r.heartbeat_tick << YAML::Key << "max_inflight_blocks" << YAML::Value << r.max_inflight_blocks
      << YAML::Key << "snapshot_interval_size" << YAML::Value << r.snapshot_interval_size << YAML::EndMap;
}

void emit(YAML::Emitter& out, const channel& c) {
  out << YAML::BeginMap << YAML::Key << "name" << YAML::Value << c.name << YAML::Key << "ordering" << YAML::Value << c.ordering;
  if (c.ordering == "raft") {
    out << YAML::Key << "raft" << YAML::Value;
    emit(out, c.raft);
  }
  out << YAML::Key << "batch" << YAML::Value << YAML::BeginMap << YAML::Key << "max_message_count" << YAML::Value << c.batch.max_message_count
      << YAML::Key << "preferred_max_bytes" << YAML::Value << c.batch.preferred_max_bytes << YAML::Key << "absolute_max_bytes" << YAML::Value
      << c.batch.absolute_max_bytes << YAML::Key << "timeout" << YAML::Value << print_duration(c.batch.timeout) << YAML::Key << "cut_when_idle"
      << YAML::Value << c.batch.cut_when_idle << YAML::EndMap;
  out << YAML::Key << "contracts" << YAML::Value << YAML::BeginSeq;
  for (const auto& contract : c.contracts) emit(out, contract);
  out << YAML::EndSeq << YAML::EndMap;
}

void emit(YAML::Emitter& out, const config::node& n) {
  out << YAML::BeginMap << YAML::Key << "name" << YAML::Value << n.name;
  if (!n.address.empty()) out << YAML::Key << "address" << YAML::Value << n.address;
  emit_list(out, "members", n.members);
  out << YAML::EndMap;
}

template <class Item>
void emit_section(YAML::Emitter& out, const char* key, const std::vector<Item>& items) {
  out << YAML::Key << key << YAML::Value << YAML::BeginSeq;
  for (const auto& i : items) emit(out, i);
  out << YAML::EndSeq;
}

}  // namespace

topology read_topology(yaml::document& document) {
  auto t = read_document(document.root());
  if (document.root().is_map())  // rules about what could not be read at all would only be noise
    for (auto& p : check(t)) document.add(std::move(p));
  return t;
}

topology_document read_topology(std::string_view yaml) {
  auto doc = yaml::document::parse(yaml);
  topology_document out{read_topology(doc), {}};
  out.problems = doc.problems();
  return out;
}

result<topology> parse_topology(std::string_view yaml, std::string_view file) {
  auto read = read_topology(yaml);
  if (any_error(read.problems)) return refuse(read.problems, file);
  return std::move(read.contents);
}

std::string to_yaml(const topology& t) {
  YAML::Emitter out;
  out << YAML::BeginMap;
  emit_section(out, "organizations", t.organizations);
  emit_section(out, "channels", t.channels);
  emit_section(out, "nodes", t.nodes);
  out << YAML::EndMap;
  return std::string(out.c_str()) + "\n";
}

}  // namespace weft::config
