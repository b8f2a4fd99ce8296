// What a path to a contract is, and how it is started as a service: a folder of a Node contract, or an executable.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/base/bytes.hpp"

namespace weft::chaincode {

/// What one process is told about itself.
struct service_identity {
  std::string package_id;
  std::string address;  ///< "127.0.0.1:28007": where it has to listen.
};

struct launch_plan {
  enum class kind { node, executable };
  kind what{};
  std::filesystem::path program;          ///< Absolute.
  std::vector<std::string> arguments;     ///< Before those of the service.
  std::filesystem::path folder;           ///< Where it runs.
  std::string name, version;              ///< What a deployment is called that says nothing else: as chaincode names and versions may be.
};

/// Looks at the path as it is now. `search`: folders where node is looked for, as PATH has them ("/usr/bin:/bin").
/// Errors: `invalid_argument` or `not_found` that says what is accepted, or what to run first.
[[nodiscard]] result<launch_plan> plan_launch(const std::filesystem::path& path, std::string_view search);

/// All words of the command line, the program's first.
[[nodiscard]] std::vector<std::string> command_line(const launch_plan& p, const service_identity& who);
/// The same for one that has loaded what every Node contract needs and waits for its gate (child_spec::gated) before it looks at the contract: most of
/// the time that a contract takes to start is spent there. `helper` holds helper_script(). For Node contracts only.
[[nodiscard]] std::vector<std::string> gated_command_line(const launch_plan& p, const service_identity& who, const std::filesystem::path& helper);
[[nodiscard]] std::string_view helper_script() noexcept;
/// Changes when other packages are installed: then what was loaded before is another contract's.
[[nodiscard]] std::string packages_stamp(const launch_plan& p);
/// The environment of the service: `inherited` ("NAME=value" each) without what would configure another contract or a peer (CORE_…, CHAINCODE_…; not
/// CORE_CHAINCODE_LOGGING_…, by which shims are told how much to log), and CHAINCODE_SERVER_ADDRESS, CHAINCODE_ID and CORE_CHAINCODE_ID_NAME, by which contracts of every language find themselves;
/// CORE_PEER_LOCALMSPID when `msp_id` is given.
[[nodiscard]] std::vector<std::string> service_environment(const std::vector<std::string>& inherited, const service_identity& who, const std::string& msp_id = {});

/// The nearest thing to `text` that Fabric takes for a chaincode's name or version; empty when nothing of it can stay.
[[nodiscard]] std::string as_chaincode_name(std::string_view text);
[[nodiscard]] std::string as_chaincode_version(std::string_view text);

}  // namespace weft::chaincode
