#include "cli/member_ports.hpp"

#include <spdlog/spdlog.h>

#include "actors/node/client_files.hpp"

namespace weft::cli {

member_ports::member_ports(caf::actor_system& system, actors::node& node, const up_options& options)
    : node_(node), options_(options), doors_(edge::member_doors::make(system, node, options.dir)) {}

bool member_ports::must_open(const std::string& member) const {
  if (options_.node.empty()) return !options_.ports.empty();
  for (const auto& org : node_.topology().organizations)
    for (const auto& [host, address] : org.addresses) if (host + "." + org.domain == member) return true;
  return false;
}

result<void> member_ports::open(const actors::progress_fn& progress) {
  if (options_.ports == "off") return {};
  auto addresses = config::member_addresses(node_.topology());
  const auto open_one = [&](const std::string& member) -> result<void> {
    const auto at = addresses.find(member);
    if (at == addresses.end()) return {};
    auto opened = doors_->open(member, at->second);
    if (opened) {
      open_.emplace(member, at->second);
      progress(member, "at " + at->second);
      return {};
    }
    if (must_open(member)) return fail(within(member, opened.error()));
    progress(member, "without a port for SDKs: " + opened.error().context);
    spdlog::info("{}: no port: {}", member, opened.error().context);
    return {};
  };
  for (const auto& p : node_.peers()) WEFT_CHECK(open_one(p->name));
  for (const auto& o : node_.orderers()) WEFT_CHECK(open_one(o->name));
  // In a cluster the others have ports of their own; here, who has none is of no use to a client.
  return actors::write_client_files(options_.dir, node_.topology(), options_.node.empty() ? open_ : addresses);
}

}  // namespace weft::cli
