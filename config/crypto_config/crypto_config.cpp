#include "config/crypto_config/crypto_config.hpp"

#include <algorithm>
#include <map>

#include "config/yaml/document.hpp"

namespace weft::config {

namespace {

/// More than these no network has; a slip of the finger in Count would fill the disk.
constexpr std::uint32_t nodes_max = 1'000, users_max = 10'000;
constexpr std::size_t filled_bytes_max = 4'096;

constexpr std::string_view default_hostname = "{{.Prefix}}{{.Index}}", default_common_name = "{{.Hostname}}.{{.Domain}}";

/// A node as it is written, before its names are filled in.
struct written_node {
  std::string hostname, common_name;
  std::vector<std::string> sans;
  key_algorithm algorithm = key_algorithm::ecdsa;
};

void read_algorithm(const yaml::value& v, key_algorithm& into) {
  std::string word = into == key_algorithm::ecdsa ? "ecdsa" : "ed25519";
  v.read_choice(word, {"ecdsa", "ed25519"});
  into = word == "ecdsa" ? key_algorithm::ecdsa : key_algorithm::ed25519;
}

std::string fill(const yaml::value& where, std::string_view text, const template_fields& fields) {
  auto filled = fill_template(text, fields);
  if (filled) return std::move(*filled);
  where.say(filled.error().context);
  return {};
}

class reader {
 public:
  crypto_config read(const yaml::value& root) {
    crypto_config c;
    if (!root.map({"OrdererOrgs", "PeerOrgs"})) return c;
    std::map<std::string, std::string> domains;
    root["OrdererOrgs"].each([&](const yaml::value& v) { c.orderers.push_back(organization(v, "orderer", domains)); });
    domains.clear();
    root["PeerOrgs"].each([&](const yaml::value& v) { c.peers.push_back(organization(v, "peer", domains)); });
    if (c.orderers.empty() && c.peers.empty()) root.say("names no organization", "write PeerOrgs or OrdererOrgs");
    return c;
  }

 private:
  static crypto_organization organization(const yaml::value& v, const char* prefix, std::map<std::string, std::string>& domains) {
    crypto_organization org;
    if (!v.present()) v.say("is empty");
    if (!v.map({"Name", "Domain", "EnableNodeOUs", "CA", "Template", "Specs", "Users"})) return org;
    v["Name"].read(org.name);
    const auto domain = v.require("Domain");
    domain.read(org.domain);
    unique(domains, domain, org.domain);
    v["EnableNodeOUs"].read(org.enable_node_ous);
    authority(v["CA"], org);
    std::map<std::string, std::string> names;
    v["Specs"].each([&](const yaml::value& spec) { add(org, names, spec, read_spec(spec)); });
    from_template(v["Template"], prefix, org, names);
    users(v["Users"], org);
    return org;
  }

  static void unique(std::map<std::string, std::string>& seen, const yaml::value& v, const std::string& name) {
    if (name.empty()) return;
    const auto [it, fresh] = seen.emplace(name, v.path());
    if (!fresh) v.say("'" + name + "' is taken by " + it->second);
  }

  /// A name that is taken: cryptogen makes it once, as the first entry says, and passes over the others in silence.
  static bool first_of(std::map<std::string, std::string>& seen, const yaml::value& v, const std::string& name) {
    const auto [it, fresh] = seen.emplace(name, v.path());
    if (!fresh) v.say("'" + name + "' is taken by " + it->second, "it is made once, as that says", problem::severity::warning);
    return fresh;
  }

  static void authority(const yaml::value& v, crypto_organization& org) {
    std::string hostname = "ca", common_name;
    if (v.map({"Hostname", "CommonName", "Country", "Province", "Locality", "OrganizationalUnit", "StreetAddress", "PostalCode", "SANS",
               "PublicKeyAlgorithm"})) {
      v["Hostname"].read(hostname);
      if (hostname.empty()) hostname = "ca";
      v["CommonName"].read(common_name);
      v["Country"].read(org.ca.country);
      v["Province"].read(org.ca.province);
      v["Locality"].read(org.ca.locality);
      v["OrganizationalUnit"].read(org.ca.organizational_unit);
      v["StreetAddress"].read(org.ca.street_address);
      v["PostalCode"].read(org.ca.postal_code);
      read_algorithm(v["PublicKeyAlgorithm"], org.ca.algorithm);
    }
    org.ca.common_name = fill(v["CommonName"], common_name.empty() ? default_common_name : std::string_view(common_name), fields(hostname, org.domain));
  }

  static template_fields fields(const std::string& hostname, const std::string& domain, const std::string& common_name = {}) {
    return {{"Hostname", hostname}, {"Domain", domain}, {"CommonName", common_name}};
  }

  static written_node read_spec(const yaml::value& v) {
    written_node n;
    if (!v.present()) v.say("is empty");
    if (!v.map({"Hostname", "CommonName", "SANS", "Country", "Province", "Locality", "OrganizationalUnit", "StreetAddress", "PostalCode",
                "PublicKeyAlgorithm"})) {
      return n;
    }
    v.require("Hostname").read(n.hostname);
    v["CommonName"].read(n.common_name);
    v["SANS"].read(n.sans);
    read_algorithm(v["PublicKeyAlgorithm"], n.algorithm);
    return n;
  }

  /// Fills in a node's names and adds it; `where` is its entry, or the template's.
  static void add(crypto_organization& org, std::map<std::string, std::string>& names, const yaml::value& where, const written_node& written) {
    if (written.hostname.empty()) return;  // was told
    crypto_node node{written.hostname, {}, {}, written.algorithm};
    node.common_name = fill(where["CommonName"], written.common_name.empty() ? default_common_name : std::string_view(written.common_name),
                            fields(node.hostname, org.domain));
    const auto known = fields(node.hostname, org.domain, node.common_name);
    for (const auto& san : written.sans) node.sans.push_back(fill(where["SANS"], san, known));
    if (first_of(names, where, node.common_name)) org.nodes.push_back(std::move(node));
  }

  static void from_template(const yaml::value& v, const char* prefix, crypto_organization& org, std::map<std::string, std::string>& names) {
    std::uint32_t count = 0, start = 0;
    std::string hostname;
    written_node pattern;
    if (!v.map({"Count", "Start", "Hostname", "SANS", "PublicKeyAlgorithm"})) return;
    v["Count"].read(count);
    v["Start"].read(start);
    v["Hostname"].read(hostname);
    v["SANS"].read(pattern.sans);
    read_algorithm(v["PublicKeyAlgorithm"], pattern.algorithm);
    if (count > nodes_max) return v["Count"].say("must be at most " + std::to_string(nodes_max));
    for (std::uint32_t i = 0; i < count; ++i) {
      auto node = pattern;
      node.hostname = fill(v["Hostname"], hostname.empty() ? default_hostname : std::string_view(hostname),
                           {{"Prefix", prefix}, {"Index", std::to_string(std::uint64_t{start} + i)}, {"Domain", org.domain}});
      add(org, names, v, node);
    }
  }

  static void users(const yaml::value& v, crypto_organization& org) {
    if (!v.map({"Count", "Specs", "PublicKeyAlgorithm"})) return;
    v["Count"].read(org.users);
    if (org.users > users_max) v["Count"].say("must be at most " + std::to_string(users_max));
    read_algorithm(v["PublicKeyAlgorithm"], org.user_algorithm);
    std::map<std::string, std::string> names{{"Admin", "the administrator"}};
    for (std::uint32_t i = 1; i <= std::min(org.users, users_max); ++i) names.emplace("User" + std::to_string(i), v["Count"].path());
    v["Specs"].each([&](const yaml::value& spec) {
      crypto_user user{{}, org.user_algorithm};
      if (!spec.map({"Name", "PublicKeyAlgorithm"})) return;
      const auto name = spec.require("Name");
      name.read(user.name);
      read_algorithm(spec["PublicKeyAlgorithm"], user.algorithm);
      if (!user.name.empty() && first_of(names, name, user.name)) org.named_users.push_back(std::move(user));
    });
  }
};

}  // namespace

crypto_config_document read_crypto_config(std::string_view text) {
  const auto doc = yaml::document::parse(text, {.unknown_keys = problem::severity::warning});
  crypto_config_document out{reader().read(doc.root()), {}};
  out.problems = doc.problems();
  return out;
}

result<std::string> fill_template(std::string_view text, const template_fields& fields) {
  std::string out;
  while (!text.empty()) {
    const auto open = text.find("{{");
    out += text.substr(0, open);
    if (open == std::string_view::npos) break;
    text.remove_prefix(open + 2);
    const auto close = text.find("}}");
    if (close == std::string_view::npos) return fail(errc::invalid_argument, "'{{' has no '}}'");
    auto name = text.substr(0, close);
    text.remove_prefix(close + 2);
    name.remove_prefix(std::min(name.find_first_not_of(" \t"), name.size()));
    name = name.substr(0, name.find_last_not_of(" \t") + 1);
    std::vector<std::string> known;
    const std::string* value = nullptr;
    for (const auto& [field, v] : fields) {
      known.push_back("{{." + field + "}}");
      if (name == "." + field) value = &v;
    }
    if (!value) return fail(errc::invalid_argument, "'{{" + std::string(name.substr(0, 40)) + "}}' is no field here; " + suggest("{{" + std::string(name) + "}}", known));
    out += *value;
    if (out.size() > filled_bytes_max) return fail(errc::invalid_argument, "is longer than " + std::to_string(filled_bytes_max) + " characters when filled in");
  }
  return out;
}

std::string_view crypto_config_template() {
  return R"yaml(
# Organizations whose nodes order transactions.
OrdererOrgs:
  - Name: Orderer
    Domain: example.com
    EnableNodeOUs: false

    # Nodes one by one; what a Spec may say is explained at Org1 below.
    Specs:
      - Hostname: orderer

# Organizations whose nodes endorse and keep the ledger.
PeerOrgs:
  - Name: Org1
    Domain: org1.example.com      # names the folder, and is the end of every host name
    EnableNodeOUs: false          # true: roles (client, peer, admin, orderer) are organizational units of certificates

    # The organization's certificate authority; all of this may be left out.
    # CA:
    #   Hostname: ca              # ca.org1.example.com
    #   Country: US
    #   Province: California
    #   Locality: San Francisco
    #   OrganizationalUnit: Hyperledger Fabric
    #   StreetAddress: 1 Example Street
    #   PostalCode: "94105"
    #   PublicKeyAlgorithm: ecdsa # or ed25519; also in Specs, Template and Users

    # Nodes one by one.
    #   Hostname:   needed, without the domain
    #   CommonName: a name, or a template for it; without it "{{.Hostname}}.{{.Domain}}"
    #   SANS:       more names and addresses for the TLS certificate, beside the common name and the host name;
    #               templates may use {{.Hostname}}, {{.Domain}} and {{.CommonName}}
    # Specs:
    #   - Hostname: foo           # foo.org1.example.com
    #     CommonName: foo27.org5.example.com
    #     SANS:
    #       - "bar.{{.Domain}}"
    #       - "{{.Hostname}}.org6.net"
    #       - 172.16.10.31
    #   - Hostname: bar

    # Nodes in a row: peer0, peer1 and so on. Template and Specs add up.
    Template:
      Count: 1
      # Start: 5                  # the first index, else 0
      # Hostname: "{{.Prefix}}{{.Index}}"
      # SANS:
      #   - "{{.Hostname}}.alt.{{.Domain}}"

    # User1 to UserN beside Admin.
    Users:
      Count: 1
      # Specs:                    # and users by name
      #   - Name: alice

  - Name: Org2
    Domain: org2.example.com
    EnableNodeOUs: false
    Template:
      Count: 1
    Users:
      Count: 1
)yaml";
}

}  // namespace weft::config
