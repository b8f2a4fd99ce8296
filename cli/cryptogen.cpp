// cryptogen: keys and certificates for a test network, with Fabric's flags, tree and exit codes.
#include "cli/cryptogen.hpp"

#include <sys/utsname.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <filesystem>

#include "cli/kingpin.hpp"
#include "config/base/clock.hpp"
#include "config/base/random.hpp"
#include "config/yaml/document.hpp"
#include "crypto/ca/network_material.hpp"
#include "edge/version.hpp"

namespace weft::cli {

namespace {

namespace fs = std::filesystem;

/// Fabric's cryptogen leaves with these; on standard output, as its texts are.
enum cryptogen_exit : int { done = 0, failed = 1, bad_config = 255 };

struct cryptogen_options {
  std::string config, folder = "crypto-config";
};

int refuse(int code, const std::string& text) {
  std::printf("%s\n", text.c_str());
  return code;
}

/// The organizations of the file, or of the template when none is named. Nothing: the reason is printed, `code` says how to leave.
std::optional<config::crypto_config> read_config(const cryptogen_options& o, int& code) {
  std::string text(config::crypto_config_template());
  if (!o.config.empty()) {
    auto file = config::yaml::read_file(o.config);
    if (!file) {
      const std::string why = file.error().code == errc::not_found ? "open " + o.config + ": no such file or directory" : file.error().context;
      std::fprintf(stderr, "cryptogen: error: %s, try --help\n", why.c_str());
      code = failed;
      return std::nullopt;
    }
    text = std::move(*file);
  }
  auto read = config::read_crypto_config(text);
  const auto told = config::to_text(read.problems, o.config);
  if (config::any_error(read.problems)) {
    code = refuse(bad_config, "Error reading config: Error Unmarshaling YAML:\n" + told);
    return std::nullopt;
  }
  if (!told.empty()) std::fprintf(stderr, "%s\n", told.c_str());
  return std::move(read.contents);
}

result<crypto::network_material> make(const std::vector<crypto::organization_description>& organizations, const crypto::existing_files& existing) {
  system_clock clock;
  system_random random;
  return crypto::make_network_material(organizations, clock, random, crypto::nonce_rule::random, existing);
}

std::string folder_of(const crypto::organization_description& org) {
  return (org.role == crypto::organization_description::kind::peer ? "peerOrganizations/" : "ordererOrganizations/") + org.domain;
}

int generate(const cryptogen_options& o) {
  int code = done;
  const auto document = read_config(o, code);
  if (!document) return code;
  const auto organizations = crypto::describe(*document);
  // The real tool would give an organization that is there a new authority and keep its old nodes, which then belong to nobody.
  std::error_code ignored;
  for (const auto& org : organizations) {
    if (const auto folder = fs::path(o.folder) / folder_of(org); fs::exists(folder, ignored)) {
      return refuse(failed, "Error generating organization " + org.domain + ":\n" + folder.string() +
                                " exists; add to it with 'extend --input " + o.folder + "', or remove it first");
    }
  }
  const auto material = make(organizations, {});
  if (!material) return refuse(failed, "Error generating key material:\n" + material.error().context);
  const auto written = crypto::add_organizations(o.folder, *material);
  if (!written) return refuse(failed, "Error writing key material:\n" + written.error().context);
  for (const auto& org : organizations)
    if (org.role == crypto::organization_description::kind::peer) std::printf("%s\n", org.domain.c_str());
  return done;
}

int extend(const cryptogen_options& o) {
  int code = done;
  const auto document = read_config(o, code);
  if (!document) return code;
  const auto organizations = crypto::describe(*document);
  const auto material = make(organizations, crypto::files_below(o.folder));
  if (!material) return refuse(failed, "Error extending " + o.folder + ":\n" + material.error().context);
  std::error_code ignored;
  std::string made;  // organizations that were not there
  for (const auto& org : organizations)
    if (org.role == crypto::organization_description::kind::peer && !fs::exists(fs::path(o.folder) / folder_of(org), ignored)) made += org.domain + "\n";
  const auto written = crypto::add_files(o.folder, *material);
  if (!written) return refuse(failed, "Error extending " + o.folder + ":\n" + written.error().context);
  std::fwrite(made.data(), 1, made.size(), stdout);
  return done;
}

int print_template() {
  const auto text = config::crypto_config_template();
  std::fwrite(text.data(), 1, text.size(), stdout);
  return done;
}

int print_cryptogen_version() {
  utsname system{};
  ::uname(&system);
  const std::string machine = system.machine;
  std::printf("cryptogen:\n Version: v3.1.5\n Commit SHA: weft %s\n Go version: none, C++20\n OS/Arch: linux/%s\n", std::string(edge::version()).c_str(),
              machine == "x86_64" ? "amd64" : machine == "aarch64" ? "arm64" : machine.c_str());
  return done;
}

}  // namespace

int run_cryptogen(int argc, char** argv) {
  CLI::App app{"Utility for generating Hyperledger Fabric key material", "cryptogen"};
  app.footer("Example:\n  cryptogen showtemplate > crypto-config.yaml\n  cryptogen generate --config crypto-config.yaml --output crypto-config");
  cryptogen_options o;
  auto* gen = app.add_subcommand("generate", "Generate key material");
  gen->add_option("--output", o.folder, "The output directory in which to place artifacts")->capture_default_str();
  gen->add_option("--config", o.config, "The configuration template to use (default: what showtemplate prints)");
  gen->footer("Example:\n  cryptogen generate --config crypto-config.yaml\nAn organization that is in the output directory already is left alone and "
              "reported; extend adds to it.");
  auto* ext = app.add_subcommand("extend", "Extend existing network");
  ext->add_option("--input", o.folder, "The input directory in which existing network place")->capture_default_str();
  ext->add_option("--config", o.config, "The configuration template to use (default: what showtemplate prints)");
  ext->footer("Example:\n  cryptogen extend --input crypto-config --config crypto-config.yaml\nWhat the configuration names and the directory "
              "lacks is made, with the authorities that are there.");
  auto* show = app.add_subcommand("showtemplate", "Show the default configuration template");
  auto* version = app.add_subcommand("version", "Show version information");
  if (const auto ended = parse_as_kingpin(app, {argv + 1, argv + argc})) return *ended;
  if (gen->parsed()) return generate(o);
  if (ext->parsed()) return extend(o);
  if (show->parsed()) return print_template();
  return version->parsed() ? print_cryptogen_version() : done;
}

}  // namespace weft::cli
