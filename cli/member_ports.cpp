#include "cli/member_ports.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <mutex>

#include "actors/node/client_files.hpp"
#include "edge/operations/log_spec.hpp"
#include "edge/version.hpp"

namespace weft::cli {

namespace {

constexpr const char* standard_operations = "127.0.0.1:9443";

spdlog::level::level_enum level_of(const std::string& name) {
  if (name == "warn") return spdlog::level::warn;
  if (name == "error") return spdlog::level::err;
  if (name == "debug") return spdlog::level::debug;
  return name == "info" ? spdlog::level::info : spdlog::level::critical;
}

/// The specification as it was set, while `weft log` has not said otherwise. weft has one logger: levels of single ones are kept and have no effect.
class kept_log_spec {
 public:
  std::string text() {
    std::lock_guard lock(mutex_);
    const auto now = spdlog::get_level();
    if (level_of(spec_.level) != now) {
      for (const auto* name : {"debug", "info", "warn", "error", "fatal"}) if (level_of(name) == now) spec_.level = name;
      if (now == spdlog::level::trace) spec_.level = "debug";
      if (now == spdlog::level::off) spec_.level = "fatal";
    }
    return spec_.to_text();
  }
  result<void> set(const std::string& text) {
    WEFT_TRY(auto spec, edge::operations::parse_log_spec(text));
    std::lock_guard lock(mutex_);
    spec_ = std::move(spec);
    spdlog::set_level(level_of(spec_.level));
    spdlog::flush_on(std::min(spdlog::get_level(), spdlog::level::warn));
    return {};
  }

 private:
  std::mutex mutex_;
  edge::operations::log_spec spec_;
};

}  // namespace

member_ports::member_ports(caf::actor_system& system, actors::node& node, const up_options& options)
    : node_(node), options_(options), doors_(edge::member_doors::make(system, node, options.dir)) {}

bool member_ports::must_open(const std::string& member) const {
  if (options_.node.empty()) return !options_.ports.empty();
  for (const auto& org : node_.topology().organizations)
    for (const auto& [host, address] : org.addresses) if (host + "." + org.domain == member) return true;
  return false;
}

result<void> member_ports::open_operations(const actors::progress_fn& progress) {
  if (options_.operations == "off") return {};
  const auto address = options_.operations.empty() ? standard_operations : options_.operations;
  const auto spec = std::make_shared<kept_log_spec>();
  edge::operations::subject about;
  about.health = [this] { return edge::node_health(node_); };
  about.log_spec = [spec] { return spec->text(); };
  about.set_log_spec = [spec](const std::string& text) { return spec->set(text); };
  about.metrics = [this] { return edge::node_metrics(node_, doors_->usage(), edge::version()); };
  about.version = edge::version();
  about.now = [clock = node_.settings().clock] { return clock->now(); };
  auto opened = edge::operations::server::open(address, std::move(about));
  if (opened) {
    operations_ = std::move(*opened);
    progress("operations", "http://" + address.substr(0, address.rfind(':')) + ":" + std::to_string(operations_->port()) + "/healthz, /metrics, /logspec, /version");
    return {};
  }
  if (!options_.operations.empty()) return fail(within("the operations service at " + address, opened.error()));
  progress("operations", "without a port: " + address + ": " + opened.error().context);
  return {};
}

void member_ports::close(std::chrono::milliseconds grace) {
  if (operations_ && !operations_->close(grace)) spdlog::warn("a request to the operations service is still open");
  operations_.reset();
  doors_->close(grace);
}

result<void> member_ports::open(const actors::progress_fn& progress) {
  WEFT_CHECK(open_members(progress));
  return open_operations(progress);
}

/// Few contracts dial their peer: one without that port is told in the log.
void member_ports::open_contracts(const std::string& peer, const std::string& address) {
  const auto& peers = node_.peers();
  if (std::none_of(peers.begin(), peers.end(), [&](const auto& p) { return p->name == peer; })) return;
  const auto next = config::contracts_address(node_.topology(), address);
  if (!next) return spdlog::info("{}: the port after {} is another member's, so contracts cannot dial this peer", peer, address);
  if (const auto opened = doors_->open_contracts(peer, *next); !opened) return spdlog::info("{}: contracts cannot dial it at {}: {}", peer, *next, opened.error().context);
  spdlog::info("{}: contracts may dial it at {}", peer, *next);
}

result<void> member_ports::open_members(const actors::progress_fn& progress) {
  if (options_.ports == "off") return {};
  auto addresses = config::member_addresses(node_.topology());
  const auto open_one = [&](const std::string& member) -> result<void> {
    const auto at = addresses.find(member);
    if (at == addresses.end()) return {};
    auto opened = doors_->open(member, at->second);
    if (opened) {
      open_.emplace(member, at->second);
      progress(member, "at " + at->second);
      open_contracts(member, at->second);
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
