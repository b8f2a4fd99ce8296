// The rules of a topology, and the dev network as one that keeps them.
#include <arpa/inet.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "config/topology/topology.hpp"
#include "config/yaml/scalars.hpp"

namespace weft::config {

namespace {

constexpr std::size_t hosts_max = 64;
constexpr std::size_t users_max = 1'000;
constexpr std::size_t consenters_max = 255;
constexpr std::size_t name_max = 200;

std::string at(const std::string& list, std::size_t i) { return list + "[" + std::to_string(i) + "]"; }

bool lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool alphanumeric(char c) { return lower_or_digit(c) || (c >= 'A' && c <= 'Z'); }

/// A DNS label: it becomes a part of a host name and of a path.
bool is_label(std::string_view s) {
  return !s.empty() && s.size() <= 63 && s.front() != '-' && s.back() != '-' &&
         std::all_of(s.begin(), s.end(), [](char c) { return lower_or_digit(c) || c == '-'; });
}
bool is_domain(std::string_view s) {
  if (s.empty() || s.size() > name_max) return false;
  for (std::size_t from = 0;;) {
    const auto dot = s.find('.', from);
    if (!is_label(s.substr(from, dot - from))) return false;
    if (dot == std::string_view::npos) return true;
    from = dot + 1;
  }
}
/// "host:port", port 1 to 65535.
bool is_address(std::string_view s) {
  const auto colon = s.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || colon > name_max) return false;
  const auto port = parse_unsigned(s.substr(colon + 1));
  return port && *port >= 1 && *port <= 65'535 && std::none_of(s.begin(), s.end(), [](char c) { return c <= ' ' || c == 0x7f || c == '/'; });
}
/// One spelling of an address, to compare by: hosts do not tell capitals from small letters, an address may be written in several ways, and what
/// is called localhost listens at 127.0.0.1.
std::string one_spelling(const std::string& address) {
  const auto colon = address.rfind(':');
  auto host = address.substr(0, colon);
  std::transform(host.begin(), host.end(), host.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (host == "localhost") host = "127.0.0.1";
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  unsigned char raw[sizeof(in6_addr)];
  char text[INET6_ADDRSTRLEN];
  if (bracketed && ::inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), raw) == 1 && ::inet_ntop(AF_INET6, raw, text, sizeof text) != nullptr)
    host = "[" + std::string(text) + "]";
  const auto port = parse_unsigned(std::string_view(address).substr(colon + 1));
  return host + ":" + std::to_string(port ? *port : 0);
}
/// Group names of the configuration tree and MSP ids: Fabric's alphabet for configuration keys.
bool is_config_name(std::string_view s) {
  return !s.empty() && s.size() <= name_max && s != "." && s != ".." &&
         std::all_of(s.begin(), s.end(), [](char c) { return alphanumeric(c) || c == '.' || c == '-'; });
}
/// Fabric: starts with a letter, then lower-case letters, digits, dots and dashes; at most 249 characters.
bool is_channel_name(std::string_view s) {
  return !s.empty() && s.size() < 250 && s.front() >= 'a' && s.front() <= 'z' &&
         std::all_of(s.begin(), s.end(), [](char c) { return lower_or_digit(c) || c == '.' || c == '-'; });
}
/// Fabric: words of letters and digits, joined by single dashes or underscores.
bool is_contract_name(std::string_view s) {
  bool word = false;
  for (const char c : s) {
    if (alphanumeric(c)) {
      word = true;
    } else if ((c != '-' && c != '_') || !word) {
      return false;
    } else {
      word = false;
    }
  }
  return word && s.size() <= name_max;
}
bool is_version(std::string_view s) {
  return !s.empty() && s.size() <= name_max && std::all_of(s.begin(), s.end(), [](char c) {
    return alphanumeric(c) || c == '_' || c == '.' || c == '+' || c == '-';
  });
}

class checker {
 public:
  explicit checker(const topology& t) : t_(t) {}

  std::vector<problem> run() {
    organizations();
    channels();
    nodes();
    return std::move(problems_);
  }

 private:
  void say(const std::string& path, const std::string& what) { problems_.push_back({.path = path, .what = what}); }

  void say_missing_or(const std::string& path, const std::string& value, bool fit, const std::string& what) {
    if (value.empty()) say(path, "is missing");
    else if (!fit) say(path, what);
  }

  void unique(std::map<std::string, std::string>& seen, const std::string& path, const std::string& value) {
    if (value.empty()) return;  // was told
    const auto [it, fresh] = seen.emplace(value, path);
    if (!fresh) say(path, "'" + value + "' is taken by " + it->second);
  }

  void unique_address(const std::string& path, const std::string& address) {
    const auto [it, fresh] = addresses_.emplace(one_spelling(address), std::make_pair(path, address));
    if (fresh) return;
    const auto& [taker, as] = it->second;
    say(path, "'" + address + "' is taken by " + taker + (as == address ? "" : ", which is written '" + as + "'"));
  }

  void organizations() {
    std::map<std::string, std::string> names, msp_ids, domains;
    std::size_t peer_orgs = 0, orderer_orgs = 0;
    for (std::size_t i = 0; i < t_.organizations.size(); ++i) {
      const auto& org = t_.organizations[i];
      const auto path = at("organizations", i);
      ++(org.kind == org_kind::peer ? peer_orgs : orderer_orgs);
      say_missing_or(path + ".name", org.name, is_config_name(org.name), "letters, digits, '.' and '-' only");
      if (!is_config_name(org.msp_id) && !org.name.empty()) say(path + ".msp_id", "letters, digits, '.' and '-' only");
      say_missing_or(path + ".domain", org.domain, is_domain(org.domain), "must be a domain name in lower case, such as org1.example.com");
      unique(names, path + ".name", org.name);
      unique(msp_ids, path + ".msp_id", org.msp_id);
      unique(domains, path + ".domain", org.domain);
      if (org.users > users_max) say(path + ".users", "at most " + std::to_string(users_max));
      hosts(org, path + ".hosts");
      addresses(org, path + ".addresses");
    }
    if (peer_orgs == 0) say("organizations", "there must be one of kind peer at least");
    if (orderer_orgs == 0) say("organizations", "there must be one of kind orderer at least");
  }

  void hosts(const organization& org, const std::string& path) {
    if (org.hosts.empty()) {
      say(path, org.kind == org_kind::peer ? "the organization has no peer, so nobody endorses for it; write hosts: [peer0]"
                                           : "the organization has no orderer; write hosts: [orderer0]");
    } else if (org.hosts.size() > hosts_max) {
      say(path, "at most " + std::to_string(hosts_max) + " hosts");
    }
    std::map<std::string, std::string> seen;
    for (std::size_t i = 0; i < org.hosts.size(); ++i) {
      if (!is_label(org.hosts[i])) say(at(path, i), "lower-case letters, digits and '-' only, at most 63");
      unique(seen, at(path, i), org.hosts[i]);
      members_.emplace(org.hosts[i] + "." + org.domain, at(path, i));
      if (org.kind == org_kind::orderer) orderers_.push_back(org.hosts[i] + "." + org.domain);
    }
  }

  void addresses(const organization& org, const std::string& path) {
    for (const auto& [host, address] : org.addresses) {
      const auto here = path + "." + host;
      if (std::find(org.hosts.begin(), org.hosts.end(), host) == org.hosts.end())
        problems_.push_back({.path = here, .what = "the organization has no host of that name", .suggestion = suggest(host, org.hosts)});
      if (!is_address(address)) say(here, "must be a host and a port, such as " + host + "." + org.domain + ":7050");
      else unique_address(here, address);
    }
  }

  void channels() {
    if (t_.channels.empty()) say("channels", "there must be one at least");
    std::map<std::string, std::string> names;
    for (std::size_t i = 0; i < t_.channels.size(); ++i) {
      const auto& c = t_.channels[i];
      const auto path = at("channels", i);
      if (!is_channel_name(c.name)) say(path + ".name", "a lower-case letter, then lower-case letters, digits, '.' and '-'; at most 249");
      unique(names, path + ".name", c.name);
      if (c.ordering != "solo" && c.ordering != "raft") {
        say(path + ".ordering", "'" + c.ordering + "' is not offered; allowed: solo, raft");
      } else if (c.ordering == "raft") {
        raft(c, path + ".raft");
      } else if (orderers_.size() != 1) {
        say(path + ".ordering", "solo orders on one orderer, but the topology has " + std::to_string(orderers_.size()) + "; write ordering: raft");
      }
      if (c.ordering != "raft" && c.raft != raft_ordering{}) say(path + ".raft", "is for ordering: raft");
      batch(c.batch, path + ".batch");
      contracts(c, path + ".contracts");
    }
  }

  void raft(const channel& c, const std::string& path) {
    constexpr std::uint32_t ticks_max = 1'000, inflight_max = 1'000;
    const auto& r = c.raft;
    if (r.tick_interval < std::chrono::milliseconds(1) || r.tick_interval > std::chrono::minutes(1)) say(path + ".tick_interval", "1ms to 1m");
    if (r.heartbeat_tick < 1) say(path + ".heartbeat_tick", "1 at least");
    if (r.election_tick <= r.heartbeat_tick || r.election_tick > ticks_max)
      say(path + ".election_tick", "more than heartbeat_tick, and at most " + std::to_string(ticks_max));
    if (r.max_inflight_blocks < 1 || r.max_inflight_blocks > inflight_max) say(path + ".max_inflight_blocks", "1 to " + std::to_string(inflight_max));
    if (r.snapshot_interval_size < 4 * KiB) say(path + ".snapshot_interval_size", "4 KiB at least, in bytes");
    consenters(c, path + ".consenters");
  }

  void consenters(const channel& c, const std::string& path) {
    std::map<std::string, std::string> seen;
    for (std::size_t i = 0; i < c.raft.consenters.size(); ++i) {
      const auto& name = c.raft.consenters[i];
      unique(seen, at(path, i), name);
      if (std::find(orderers_.begin(), orderers_.end(), name) == orderers_.end())
        problems_.push_back({.path = at(path, i), .what = "'" + name + "' is no host of an orderer organization", .suggestion = suggest(name, orderers_)});
    }
    const auto n = consenters_of(c, t_).size();
    if (n > consenters_max) say(path, std::to_string(n) + " consenters; at most " + std::to_string(consenters_max));
    if (n == 0 || n % 2 != 0) return;
    problems_.push_back({.how = problem::severity::warning, .path = path,
                         .what = "an even number of consenters: " + std::to_string(n) + " go on without " + std::to_string((n - 1) / 2) + " of them, as " +
                                 std::to_string(n - 1) + " do"});
  }

  void batch(const batching& b, const std::string& path) {
    if (b.max_message_count < 1 || b.max_message_count > 100'000) say(path + ".max_message_count", "1 to 100000");
    // An envelope has to fit into a gRPC message of 100 MiB with its block around it.
    if (b.absolute_max_bytes < KiB || b.absolute_max_bytes > 90 * MiB) say(path + ".absolute_max_bytes", "1 KiB to 90 MiB, in bytes");
    if (b.preferred_max_bytes < 1 || b.preferred_max_bytes > b.absolute_max_bytes) {
      say(path + ".preferred_max_bytes", "at least 1 and at most absolute_max_bytes");
    }
    if (b.timeout < std::chrono::milliseconds(1) || b.timeout > std::chrono::hours(1)) say(path + ".timeout", "1ms to 1h");
  }

  void contracts(const channel& c, const std::string& path) {
    std::map<std::string, std::string> names;
    for (std::size_t i = 0; i < c.contracts.size(); ++i) {
      const auto& contract = c.contracts[i];
      const auto here = at(path, i);
      if (!is_contract_name(contract.name)) say(here + ".name", "words of letters and digits joined by '-' or '_'");
      unique(names, here + ".name", contract.name);
      if (!is_version(contract.version)) say(here + ".version", "letters, digits, '_', '.', '+' and '-' only");
      if (contract.policy && contract.policy->empty()) say(here + ".policy", "is empty; leave it out for the channel's own policy");
      if (contract.init_required && contract.first_call.empty()) say(here + ".first_call", "needed, because init_required is set");
    }
  }

  void nodes() {
    if (t_.nodes.empty()) say("nodes", "there must be one at least");
    std::map<std::string, std::string> names, placed;
    for (std::size_t i = 0; i < t_.nodes.size(); ++i) {
      const auto path = at("nodes", i);
      if (!is_label(t_.nodes[i].name)) say(path + ".name", "lower-case letters, digits and '-' only, at most 63");
      unique(names, path + ".name", t_.nodes[i].name);
      if (t_.nodes[i].name == "operator") say(path + ".name", "'operator' is the folder of all keys beside those of the nodes; choose another name");
      node_address(t_.nodes[i], path + ".address");
      for (std::size_t m = 0; m < t_.nodes[i].members.size(); ++m) {
        const auto& member = t_.nodes[i].members[m];
        const auto here = at(path + ".members", m);
        if (!members_.count(member)) say(here, "'" + member + "' is no host of the organizations above");
        unique(placed, here, member);
      }
    }
    for (const auto& [member, path] : members_) {
      if (!t_.nodes.empty() && !placed.count(member)) say(path, "'" + member + "' lives on no node");
    }
  }

  void node_address(const config::node& n, const std::string& path) {
    if (n.address.empty()) {
      if (t_.nodes.size() > 1) say(path, "is missing: the other nodes must know where this one is; write address: \"host:port\"");
    } else if (!is_address(n.address)) {
      say(path, "must be a host and a port, such as node0.example.com:7400");
    } else {
      unique_address(path, n.address);
    }
  }

  const topology& t_;
  std::vector<problem> problems_;
  std::map<std::string, std::string> members_;  ///< "peer0.org1.example.com" → where it is declared.
  std::map<std::string, std::pair<std::string, std::string>> addresses_;  ///< Host and port in one spelling → who has them, and as what.
  std::vector<std::string> orderers_;  ///< "orderer0.example.com"
};

}  // namespace

std::vector<problem> check(const topology& t) { return checker(t).run(); }

std::vector<std::string> consenters_of(const channel& c, const topology& t) {
  if (!c.raft.consenters.empty()) return c.raft.consenters;
  std::vector<std::string> out;
  for (const auto& org : t.organizations)
    if (org.kind == org_kind::orderer)
      for (const auto& host : org.hosts) out.push_back(host + "." + org.domain);
  return out;
}

const node* find_node(const topology& t, std::string_view name) {
  const auto found = std::find_if(t.nodes.begin(), t.nodes.end(), [&](const node& n) { return n.name == name; });
  return found == t.nodes.end() ? nullptr : &*found;
}

std::map<std::string, std::string, std::less<>> placement_of(const topology& t) {
  std::map<std::string, std::string, std::less<>> out;
  for (const auto& n : t.nodes)
    for (const auto& member : n.members) out.emplace(member, n.name);
  return out;
}

result<void> check_size(const dev_options& options) {
  // Every peer has ledgers and threads of its own, and validates everything; every organization approves every contract.
  constexpr std::size_t peers_max = 128, orderers_max = 9;
  if (options.orderers < 1 || options.orderers > orderers_max)
    return fail(errc::invalid_argument, std::to_string(options.orderers) + " orderers; one process takes 1 to " + std::to_string(orderers_max));
  const auto peers = options.orgs * options.peers;
  if (peers <= peers_max) {
    auto plain = options;
    plain.ports = 0;
    const auto t = dev_topology(plain);
    if (options.ports == 0 || standard_ports(t, options.ports).size() == t.nodes.front().members.size()) return {};
    return fail(errc::invalid_argument, "not every member finds a port from " + std::to_string(options.ports) + " on, because a port is at most 65535; begin lower");
  }
  return fail(errc::invalid_argument, std::to_string(options.orgs) + " organizations with " + std::to_string(options.peers) + " peers each are " +
                                          std::to_string(peers) + " peers; one process takes at most " + std::to_string(peers_max) + ": ask for fewer --orgs or --peers");
}

topology dev_topology(const dev_options& options) {
  topology t;
  config::node everything{"dev", {}};
  const auto add = [&](organization org) {
    for (const auto& host : org.hosts) everything.members.push_back(host + "." + org.domain);
    t.organizations.push_back(std::move(org));
  };
  for (std::size_t i = 1; i <= options.orgs; ++i) {
    const auto n = std::to_string(i);
    organization org{"Org" + n, "Org" + n + "MSP", "org" + n + ".example.com", "dev", org_kind::peer, {}, 1};
    for (std::size_t p = 0; p < options.peers; ++p) org.hosts.push_back("peer" + std::to_string(p));
    add(std::move(org));
  }
  organization ordering{"OrdererOrg", "OrdererMSP", "example.com", "dev", org_kind::orderer, {}, 0};
  for (std::size_t i = 0; i < options.orderers; ++i) ordering.hosts.push_back("orderer" + std::to_string(i));
  add(std::move(ordering));
  channel c;
  if (options.orderers > 1) c.ordering = "raft";
  c.batch = options.batch;
  c.contracts = {{.name = "mycc", .first_call = {"init", "a", "100", "b", "200"}}, {.name = "simple"}, {.name = "basic"}, {.name = "kv"}};
  t.channels.push_back(std::move(c));
  t.nodes.push_back(std::move(everything));
  if (options.ports != 0) {
    const auto ports = standard_ports(t, options.ports);
    for (auto& org : t.organizations)
      for (const auto& host : org.hosts) org.addresses[host] = "localhost:" + std::to_string(ports.at(host + "." + org.domain));
  }
  return t;
}

}  // namespace weft::config
