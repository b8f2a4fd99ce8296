// Topologies as YAML. The reader goes on after a problem, so that one run shows them all, each with its path and line.
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "config/topology/topology.hpp"

namespace weft::config {

namespace {

constexpr std::size_t document_bytes_max = MiB;

/// "1500ms", "2s", "1m".
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (unit == "ms") return std::chrono::milliseconds(number);
  if (unit == "s") return std::chrono::seconds(number);
  if (unit == "m") return std::chrono::minutes(number);
  return std::nullopt;
}
std::string print_duration(std::chrono::milliseconds d) {
  return d.count() % 1000 == 0 ? std::to_string(d.count() / 1000) + "s" : std::to_string(d.count()) + "ms";
}

class reader {
 public:
  std::vector<std::string> problems;

  /// Remembers where things stand, so that problems found later name the line too.
  void place(const std::string& path, const YAML::Node& n) { lines_.emplace(path, n.Mark().line + 1); }
  void say(const std::string& path, const std::string& what) { problems.push_back(located(path) + ": " + what); }

  /// "path: text" with the line of the path, or of the nearest thing above it that the document has.
  [[nodiscard]] std::string with_line(const std::string& problem) const {
    const auto colon = problem.find(": ");
    return located(problem.substr(0, colon)) + problem.substr(colon);
  }

  /// True for a map whose keys are all in `known`; others are reported, and what is known is still read.
  bool map(const YAML::Node& n, const std::string& path, std::initializer_list<std::string_view> known) {
    place(path, n);
    if (!n.IsMap()) return say(path, "must be a map"), false;
    for (const auto& entry : n) {
      const auto key = entry.first.IsScalar() ? entry.first.Scalar() : std::string("(not a name)");
      if (std::find(known.begin(), known.end(), key) != known.end()) continue;
      std::string allowed;
      for (const auto k : known) allowed.append(allowed.empty() ? "" : ", ").append(k);
      problems.push_back(join(path, key) + " (line " + std::to_string(entry.first.Mark().line + 1) + "): unknown; allowed: " + allowed);
    }
    return true;
  }
  /// Calls `each(node, path)` for the members of the list under `key`; an absent list is empty.
  template <class Each>
  void list(const YAML::Node& parent, const std::string& path, const char* key, Each each) {
    const auto n = parent[key];
    const auto here = join(path, key);
    if (!n) return;
    place(here, n);
    if (!n.IsSequence()) return say(here, "must be a list");
    std::size_t i = 0;
    for (const auto& item : n) each(item, here + "[" + std::to_string(i++) + "]");
  }

  void read(const YAML::Node& parent, const std::string& path, const char* key, std::string& into) {
    const auto n = parent[key];
    if (!n) return;
    text(n, join(path, key), into);
  }
  void text(const YAML::Node& n, const std::string& path, std::string& into) {
    place(path, n);
    if (!n.IsScalar()) return say(path, "must be text");
    into = n.Scalar();
  }
  void read(const YAML::Node& parent, const std::string& path, const char* key, bool& into) {
    const auto n = parent[key];
    if (!n) return;
    place(join(path, key), n);
    if (!n.IsScalar() || (n.Scalar() != "true" && n.Scalar() != "false")) return say(join(path, key), "must be true or false");
    into = n.Scalar() == "true";
  }
  template <class Number>
    requires std::is_unsigned_v<Number>
  void read(const YAML::Node& parent, const std::string& path, const char* key, Number& into) {
    const auto n = parent[key];
    if (!n) return;
    place(join(path, key), n);
    const auto raw = n.IsScalar() ? n.Scalar() : std::string();
    Number value = 0;
    const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), value);
    if (raw.empty() || error != std::errc{} || end != raw.data() + raw.size()) return say(join(path, key), "must be a whole number");
    into = value;
  }
  void read(const YAML::Node& parent, const std::string& path, const char* key, std::chrono::milliseconds& into) {
    const auto n = parent[key];
    if (!n) return;
    place(join(path, key), n);
    const auto value = n.IsScalar() ? parse_duration(n.Scalar()) : std::nullopt;
    if (!value) return say(join(path, key), "must be a duration such as 500ms or 2s");
    into = *value;
  }

  static std::string join(const std::string& path, const std::string& key) { return path.empty() ? key : path + "." + key; }

 private:
  [[nodiscard]] std::string located(std::string path) const {
    for (auto near = path;;) {
      if (const auto it = lines_.find(near); it != lines_.end()) return path + " (line " + std::to_string(it->second) + ")";
      const auto cut = near.find_last_of(".[");
      if (cut == std::string::npos) return path;
      near.resize(cut);
    }
  }
  std::map<std::string, int> lines_;
};

organization read_organization(reader& r, const YAML::Node& n, const std::string& path) {
  organization org;
  if (!r.map(n, path, {"name", "msp_id", "domain", "operated_by", "kind", "hosts", "users"})) return org;
  r.read(n, path, "name", org.name);
  org.msp_id = org.name + "MSP";
  r.read(n, path, "msp_id", org.msp_id);
  r.read(n, path, "domain", org.domain);
  r.read(n, path, "operated_by", org.operated_by);
  r.read(n, path, "users", org.users);
  std::string kind = "peer";
  r.read(n, path, "kind", kind);
  if (kind != "peer" && kind != "orderer") r.say(path + ".kind", "must be peer or orderer");
  org.kind = kind == "orderer" ? org_kind::orderer : org_kind::peer;
  r.list(n, path, "hosts", [&](const YAML::Node& item, const std::string& here) { r.text(item, here, org.hosts.emplace_back()); });
  return org;
}

contract_placement read_contract(reader& r, const YAML::Node& n, const std::string& path) {
  contract_placement c;
  if (!r.map(n, path, {"name", "version", "policy", "init_required", "first_call"})) return c;
  r.read(n, path, "name", c.name);
  r.read(n, path, "version", c.version);
  r.read(n, path, "init_required", c.init_required);
  if (n["policy"]) r.read(n, path, "policy", c.policy.emplace());
  r.list(n, path, "first_call", [&](const YAML::Node& item, const std::string& here) { r.text(item, here, c.first_call.emplace_back()); });
  return c;
}

channel read_channel(reader& r, const YAML::Node& n, const std::string& path) {
  channel c;
  if (!r.map(n, path, {"name", "ordering", "batch", "contracts"})) return c;
  r.read(n, path, "name", c.name);
  r.read(n, path, "ordering", c.ordering);
  const auto here = path + ".batch";
  if (const auto b = n["batch"];
      b && r.map(b, here, {"max_message_count", "preferred_max_bytes", "absolute_max_bytes", "timeout", "cut_when_idle"})) {
    r.read(b, here, "max_message_count", c.batch.max_message_count);
    r.read(b, here, "preferred_max_bytes", c.batch.preferred_max_bytes);
    r.read(b, here, "absolute_max_bytes", c.batch.absolute_max_bytes);
    r.read(b, here, "timeout", c.batch.timeout);
    r.read(b, here, "cut_when_idle", c.batch.cut_when_idle);
  }
  r.list(n, path, "contracts", [&](const YAML::Node& item, const std::string& at) { c.contracts.push_back(read_contract(r, item, at)); });
  return c;
}

node read_node(reader& r, const YAML::Node& n, const std::string& path) {
  config::node out;
  if (!r.map(n, path, {"name", "members"})) return out;
  r.read(n, path, "name", out.name);
  r.list(n, path, "members", [&](const YAML::Node& item, const std::string& here) { r.text(item, here, out.members.emplace_back()); });
  return out;
}

tl::unexpected<error> all(const std::vector<std::string>& problems) {
  std::string text;
  for (const auto& p : problems) text.append(text.empty() ? "" : "\n").append(p);
  return fail(errc::invalid_argument, std::move(text));
}

result<topology> read_document(const YAML::Node& document) {
  reader r;
  topology t;
  if (!r.map(document, "", {"organizations", "channels", "nodes"})) return fail(errc::invalid_argument, "the document must be a map");
  r.list(document, "", "organizations",
         [&](const YAML::Node& n, const std::string& path) { t.organizations.push_back(read_organization(r, n, path)); });
  r.list(document, "", "channels", [&](const YAML::Node& n, const std::string& path) { t.channels.push_back(read_channel(r, n, path)); });
  r.list(document, "", "nodes", [&](const YAML::Node& n, const std::string& path) { t.nodes.push_back(read_node(r, n, path)); });
  for (const auto& problem : check(t)) r.problems.push_back(r.with_line(problem));
  if (!r.problems.empty()) return all(r.problems);
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
  out << YAML::Key << "users" << YAML::Value << org.users << YAML::EndMap;
}

void emit(YAML::Emitter& out, const contract_placement& c) {
  out << YAML::BeginMap << YAML::Key << "name" << YAML::Value << c.name << YAML::Key << "version" << YAML::Value << YAML::DoubleQuoted << c.version;
  if (c.policy) out << YAML::Key << "policy" << YAML::Value << YAML::DoubleQuoted << *c.policy;
  if (c.init_required) out << YAML::Key << "init_required" << YAML::Value << true;
  if (!c.first_call.empty()) emit_list(out, "first_call", c.first_call);
  out << YAML::EndMap;
}

void emit(YAML::Emitter& out, const channel& c) {
  out << YAML::BeginMap << YAML::Key << "name" << YAML::Value << c.name << YAML::Key << "ordering" << YAML::Value << c.ordering;
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

result<topology> parse_topology(std::string_view yaml) {
  if (yaml.size() > document_bytes_max) return fail(errc::invalid_argument, "the document is larger than 1 MiB");
  try {
    return read_document(YAML::Load(std::string(yaml)));
  } catch (const YAML::Exception& e) {
    return fail(errc::invalid_argument, "line " + std::to_string(e.mark.line + 1) + ": " + e.msg);
  }
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
