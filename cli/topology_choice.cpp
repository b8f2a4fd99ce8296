#include <algorithm>
#include <charconv>

#include "actors/node/material.hpp"
#include "chaincode/contract/samples/samples.hpp"
#include "cli/up.hpp"
#include "config/yaml/document.hpp"
#include "crypto/policy/policy.hpp"
#include "common/policies.pb.h"
#include "msp/msp_principal.pb.h"
#include "proto/encode.hpp"

namespace weft::cli {

namespace fs = std::filesystem;

namespace {

/// Does the network already hold what another tool made for this organization?
bool taken_in(const fs::path& network, const config::organization& org) {
  std::error_code ignored;
  return !network.empty() &&
         fs::exists(network / "crypto" / (org.kind == config::org_kind::peer ? "peerOrganizations" : "ordererOrganizations") / org.domain, ignored);
}

/// MSP ids that a policy asks for and that no organization here has: nobody can sign for them.
std::vector<std::string> strangers(const ::common::SignaturePolicyEnvelope& policy, const config::topology& t) {
  std::vector<std::string> out;
  for (const auto& principal : policy.identities()) {
    ::common::MSPRole role;
    if (principal.principal_classification() != ::common::MSPPrincipal::ROLE || !proto::decode(principal.principal(), role)) continue;
    const auto& id = role.msp_identifier();
    if (std::any_of(t.organizations.begin(), t.organizations.end(), [&](const auto& org) { return org.msp_id == id; })) continue;
    if (std::find(out.begin(), out.end(), id) == out.end()) out.push_back(id);
  }
  return out;
}

void check_policy(const std::string& text, const config::topology& t, const std::string& path, std::vector<config::problem>& problems) {
  if (const auto parsed = crypto::parse_policy(text)) {
    std::vector<std::string> known;
    for (const auto& org : t.organizations) known.push_back(org.msp_id);
    for (const auto& id : strangers(*parsed, t))  // it may be that an organization is to join later
      problems.push_back({.how = config::problem::severity::warning, .path = path, .what = "no organization here is " + id, .suggestion = config::suggest(id, known)});
  } else {
    const auto& why = parsed.error().context;
    const auto line = std::min(why.find('\n'), why.size());
    problems.push_back({.path = path, .what = why.substr(0, line), .excerpt = line < why.size() ? why.substr(line + 1) : std::string()});
  }
}

void check_contracts(const config::topology& t, std::vector<config::problem>& problems) {
  std::vector<std::string> known;
  for (const auto& [name, unused] : chaincode::sample_contracts()) known.push_back(name);
  for (std::size_t i = 0; i < t.channels.size(); ++i) {
    const auto& contracts = t.channels[i].contracts;
    for (std::size_t k = 0; k < contracts.size(); ++k) {
      const auto& c = contracts[k];
      const auto path = "channels[" + std::to_string(i) + "].contracts[" + std::to_string(k) + "]";
      if (!c.name.empty() && std::find(known.begin(), known.end(), c.name) == known.end())
        problems.push_back({.path = path + ".name", .what = "no contract '" + c.name + "' comes with weft", .suggestion = config::suggest(c.name, known)});
      if (c.policy && !c.policy->empty()) check_policy(*c.policy, t, path + ".policy", problems);
    }
  }
}

void check_material(const config::topology& t, const fs::path& network, std::vector<config::problem>& problems) {
  for (std::size_t i = 0; i < t.organizations.size(); ++i) {
    const auto& org = t.organizations[i];
    if (org.material.empty() || org.domain.empty() || taken_in(network, org)) continue;
    for (auto& p : crypto::import_organization(org.material, actors::import_request_of(org), system_clock().now()).problems) {
      p.what = p.path + (p.path.empty() ? "" : ": ") + p.what;
      p.path = "organizations[" + std::to_string(i) + "].material";
      problems.push_back(std::move(p));
    }
  }
}

/// What --ports says; 0: nothing that belongs into a topology. Errors: `invalid_argument`.
result<std::uint16_t> base_of(const std::string& ports) {
  if (ports.empty() || ports == "off") return std::uint16_t{0};
  std::uint16_t base = 0;
  const auto [end, error] = std::from_chars(ports.data(), ports.data() + ports.size(), base);
  if (error == std::errc{} && end == ports.data() + ports.size() && base != 0) return base;
  return fail(errc::invalid_argument, "--ports is off, or the first of them, such as 7050; '" + ports + "' is neither");
}

}  // namespace

config::topology_document examine_topology(std::string_view text, const fs::path& document_folder, const fs::path& network) {
  auto doc = config::yaml::document::parse(text);
  config::topology_document out{config::read_topology(doc), {}};
  for (auto& org : out.contents.organizations)
    if (!org.material.empty()) org.material = fs::absolute(document_folder / org.material).lexically_normal().string();
  std::vector<config::problem> found;
  check_contracts(out.contents, found);
  check_material(out.contents, network, found);
  for (auto& p : found) doc.add(std::move(p));
  out.problems = doc.problems();
  return out;
}

result<config::topology> read_topology(const fs::path& path, const fs::path& network) {
  WEFT_TRY(const auto text, config::yaml::read_file(path.string()));
  auto read = examine_topology(text, path.parent_path(), network);
  if (config::any_error(read.problems)) return config::refuse(read.problems, path.string());
  return std::move(read.contents);
}

fs::path topology_path(const fs::path& folder) { return folder / "topology.yaml"; }

result<std::chrono::milliseconds> parse_duration(const std::string& text) {
  std::uint32_t number = 0;
  const auto end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  const std::string unit(at, end);
  if (error == std::errc{} && unit == "ms") return std::chrono::milliseconds(number);
  if (error == std::errc{} && unit == "s") return std::chrono::seconds(number);
  return fail(errc::invalid_argument, "'" + text + "' is no duration; write 500ms or 2s");
}

result<config::topology> choose_topology(const up_options& o) {
  WEFT_TRY(const auto ports, base_of(o.ports));
  const bool shape_given = o.orgs_given || o.peers_given || o.orderers_given || o.block_messages_given || o.block_timeout_given || ports != 0;
  if (!o.topology_file.empty()) {
    if (shape_given) return fail(errc::invalid_argument, "--topology says everything; leave out --orgs, --peers, --orderers, --block-messages, --block-timeout and --ports (but for off)");
    return read_topology(o.topology_file, o.dir);
  }
  const auto stored = topology_path(o.dir);
  std::error_code ignored;
  const bool again = fs::exists(stored, ignored);
  if (again && !shape_given) {
    auto kept = read_topology(stored, o.dir);
    if (kept) return kept;
    return fail(errc::failed_precondition, kept.error().context + "\nIt is what this network was started with: put it back from a copy, or name one with --topology");
  }
  config::dev_options dev{o.orgs, o.peers, {}, o.orderers, ports};
  WEFT_CHECK(config::check_size(dev));
  dev.batch.max_message_count = o.block_messages;
  if (o.block_timeout_given) {
    WEFT_TRY(dev.batch.timeout, parse_duration(o.block_timeout));
    if (dev.batch.timeout < std::chrono::milliseconds(1) || dev.batch.timeout > std::chrono::hours(1)) {
      return fail(errc::invalid_argument, "--block-timeout is from 1ms to 3600s");
    }
  }
  auto t = config::dev_topology(dev);
  if (const auto problems = config::check(t); config::any_error(problems)) return config::refuse(problems, "");
  if (again) {
    WEFT_TRY(const auto before, read_topology(stored, o.dir));
    if (config::to_yaml(before) != config::to_yaml(t)) {
      return fail(errc::failed_precondition, o.dir + " holds a network of another shape (" + stored.string() +
                                                 "); start it without these options, or choose another folder with --dir");
    }
  }
  return t;
}

}  // namespace weft::cli
