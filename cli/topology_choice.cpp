#include <charconv>

#include "cli/up.hpp"
#include "config/yaml/document.hpp"

namespace weft::cli {

namespace fs = std::filesystem;

namespace {

result<config::topology> read_topology(const fs::path& path) {
  WEFT_TRY(const auto text, config::yaml::read_file(path.string()));
  return config::parse_topology(text, path.string());
}

}  // namespace

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
  const bool shape_given = o.orgs_given || o.peers_given || o.block_messages_given || o.block_timeout_given;
  if (!o.topology_file.empty()) {
    if (shape_given) return fail(errc::invalid_argument, "--topology says everything; leave out --orgs, --peers, --block-messages and --block-timeout");
    return read_topology(o.topology_file);
  }
  const auto stored = topology_path(o.dir);
  std::error_code ignored;
  const bool again = fs::exists(stored, ignored);
  if (again && !shape_given) return read_topology(stored);
  config::dev_options dev{o.orgs, o.peers, {}};
  dev.batch.max_message_count = o.block_messages;
  if (o.block_timeout_given) {
    WEFT_TRY(dev.batch.timeout, parse_duration(o.block_timeout));
  }
  auto t = config::dev_topology(dev);
  if (const auto problems = config::check(t); !problems.empty()) return config::refuse(problems, "");
  if (again) {
    WEFT_TRY(const auto before, read_topology(stored));
    if (config::to_yaml(before) != config::to_yaml(t)) {
      return fail(errc::failed_precondition, o.dir + " holds a network of another shape (" + stored.string() +
                                                 "); start it without these options, or choose another folder with --dir");
    }
  }
  return t;
}

}  // namespace weft::cli
