// configtxlator as Fabric has it: proto_encode, proto_decode, compute_update, start, version.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "cli/console.hpp"
#include "cli/kingpin.hpp"
#include "cli/tools.hpp"
#include "common/configtx.pb.h"
#include "config/yaml/problem.hpp"
#include "edge/translator/server.hpp"
#include "edge/version.hpp"
#include "ledger/channel/compute_update.hpp"
#include "ledger/json/fabric_json.hpp"
#include "proto/encode.hpp"

namespace weft::cli {

namespace {

/// What is read from a file or a pipe; more is refused before it fills the memory.
constexpr std::size_t input_bytes_max = std::size_t{1} << 30;
constexpr std::chrono::seconds close_grace{10};

struct translator_options {
  std::string type, input, output;
  std::string original, updated, channel;
  edge::translator::server_options server;
};

/// Closes what it holds, but for the standard streams.
class descriptor {
 public:
  explicit descriptor(int fd) : fd_(fd) {}
  ~descriptor() { (void)close(); }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] int close() {
    const int held = std::exchange(fd_, -1);
    return held > STDERR_FILENO ? ::close(held) : 0;
  }

 private:
  int fd_;
};

/// The system's words as Go has them: in lower case.
std::string lower_first(std::string text) {
  if (!text.empty()) text.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(text.front())));
  return text;
}

auto system_error(const std::string& what, errc code = errc::io) { return fail(code, what + ": " + lower_first(std::strerror(errno))); }

/// Errors: `not_found` when the file cannot be opened, which counts as a fault of the command line; `io` for the rest.
result<bytes> read_all(const std::string& path) {
  const descriptor in(path.empty() ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (in.get() < 0) return system_error("open " + path, errc::not_found);
  const std::string name = path.empty() ? "/dev/stdin" : path;
  bytes out;
  char buffer[64 * KiB];
  for (;;) {
    const auto n = ::read(in.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error("read " + name);
    if (n == 0) return out;
    out.append(buffer, static_cast<std::size_t>(n));
    if (out.size() > input_bytes_max) return fail(errc::unsupported, name + " is larger than " + std::to_string(input_bytes_max) + " bytes");
  }
}

/// Opened only when there is something to write: a failure leaves the file that was there.
result<void> write_all(const std::string& path, bytes_view data) {
  const std::string name = path.empty() ? "/dev/stdout" : path;
  descriptor out(path.empty() ? STDOUT_FILENO : ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (out.get() < 0) return system_error("open " + path, errc::not_found);
  while (!data.empty()) {
    const auto n = ::write(out.get(), data.data(), data.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error("error writing output: write " + name);
    data.remove_prefix(static_cast<std::size_t>(n));
  }
  if (out.close() != 0) return system_error("error writing output: close " + name);
  return {};
}

/// The words behind an unknown type: what may have been meant.
std::string suggestion(const std::string& type) {
  const auto meant = config::nearest(type, ledger::message_types());
  return meant.empty() ? "; a type is written with its package, as in common.Block" : "; did you mean " + meant + "?";
}

error explained(const translator_options& o, const char* where, const error& e) {
  if (e.code == errc::not_found) return {e.code, "error encode input: proto: not found" + suggestion(o.type)};
  return within(where, e);
}

result<void> proto_encode(const translator_options& o, const bytes& input) {
  const auto out = ledger::encode_from_json(o.type, input);
  if (!out) return fail(explained(o, "error decoding input", out.error()));
  return write_all(o.output, *out);
}

result<void> proto_decode(const translator_options& o, const bytes& input) {
  const auto message = ledger::new_message(o.type);
  if (!message) return fail(explained(o, "", {errc::not_found, {}}));
  if (!proto::decode(input, *message)) return fail(errc::invalid_argument, "error unmarshalling: proto: cannot parse invalid wire-format data");
  const auto out = ledger::to_json(*message);
  if (!out) return fail(explained(o, "error encoding output", out.error()));
  return write_all(o.output, *out);
}

result<::common::Config> config_in(const bytes& data, const std::string& which) {
  ::common::Config out;
  if (!proto::decode(data, out))
    return fail(errc::invalid_argument, "error unmarshalling " + which + " config: proto: cannot parse invalid wire-format data");
  return out;
}

result<void> compute(const translator_options& o, const bytes& original, const bytes& updated) {
  WEFT_TRY(const auto before, config_in(original, "original"));
  WEFT_TRY(const auto after, config_in(updated, "updated"));
  auto update = ledger::compute_update(before, after);
  if (!update) return fail(within("error computing config update", update.error()));
  update->set_channel_id(o.channel);
  return write_all(o.output, proto::encode(*update));
}

int finish(const CLI::App& app, const char* what, const result<void>& done) {
  if (done) return exit_ok;
  return tool_failed(app, std::string(what) + ": " + done.error().context);
}

int run_translation(const CLI::App& app, const translator_options& o, result<void> (*translate)(const translator_options&, const bytes&)) {
  const auto input = read_all(o.input);
  if (!input) return input.error().code == errc::not_found ? tool_misused(app, input.error().context) : tool_failed(app, "Error decoding: " + input.error().context);
  return finish(app, "Error decoding", translate(o, *input));
}

int run_compute(const CLI::App& app, const translator_options& o) {
  bytes data[2];
  const std::pair<const char*, const std::string&> files[] = {{"original", o.original}, {"updated", o.updated}};
  for (std::size_t i = 0; i < 2; ++i) {
    const auto& [which, path] = files[i];
    const auto reading = std::string("error reading ") + which + " config: ";
    if (path.empty()) return tool_failed(app, "Error computing update: " + reading + "invalid argument; name its file with --" + which);
    auto read = read_all(path);
    if (!read && read.error().code == errc::not_found) return tool_misused(app, read.error().context);
    if (!read) return tool_failed(app, "Error computing update: " + reading + read.error().context);
    data[i] = std::move(*read);
  }
  return finish(app, "Error computing update", compute(o, data[0], data[1]));
}

int run_server(const CLI::App& app, const translator_options& o) {
  sigset_t stop{};
  ::sigemptyset(&stop);
  for (const int s : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&stop, s);
  ::pthread_sigmask(SIG_BLOCK, &stop, nullptr);  // before there is a thread, so that all inherit it
  ::signal(SIGPIPE, SIG_IGN);
  const auto address = [&](int port) { return o.server.hostname + ":" + std::to_string(port); };
  auto server = edge::translator::server::open(o.server);
  if (!server) {
    const auto at = address(o.server.port);
    return tool_failed(app, "Could not bind to address '" + at + "': listen tcp " + at + ": bind: " + lower_first(server.error().context));
  }
  std::string cors;
  for (const auto& origin : o.server.cors) cors.append(cors.empty() ? " with CORS [" : " ").append(origin);
  std::fprintf(stderr, "configtxlator: Serving HTTP requests on %s%s%s\n", address((*server)->port()).c_str(), cors.c_str(), cors.empty() ? "" : "]");
  int taken = 0;
  ::sigwait(&stop, &taken);
  std::fprintf(stderr, "configtxlator: stopping\n");
  if (!(*server)->close(close_grace)) std::_Exit(exit_ok);  // somebody keeps a connection in hand; nothing here needs an end
  return exit_ok;
}

int print_translator_version() {
  utsname machine{};
  ::uname(&machine);
  const std::string_view name = machine.machine;
  const auto arch = name == "x86_64" ? "amd64" : name == "aarch64" ? "arm64" : machine.machine;  // as Go calls them
  std::printf("configtxlator:\n Version: %s (weft, with the formats of Fabric 3.1)\n OS/Arch: linux/%s\n", std::string(edge::version()).c_str(), arch);
  return std::fflush(stdout) == 0 ? exit_ok : exit_failed;
}

CLI::App* add_translation(CLI::App& app, translator_options& o, const char* name, const char* about, const char* from, const char* to) {
  auto* command = app.add_subcommand(name, about);
  command->add_option("--type", o.type, "The type of the message, for example 'common.Config'")->required();
  command->add_option("--input", o.input, std::string("A file with the ") + from + " (default: standard input)");
  command->add_option("--output", o.output, std::string("A file to write the ") + to + " to (default: standard output)");
  return command;
}

}  // namespace

int configtxlator(int argc, char** argv) {
  translator_options o;
  CLI::App app{"Utility for generating Hyperledger Fabric channel configurations", "configtxlator"};
  auto* start = app.add_subcommand("start", "Start the configtxlator REST server");
  start->add_option("--hostname", o.server.hostname, "The hostname or IP on which the REST server will listen")->capture_default_str();
  start->add_option("--port", o.server.port, "The port on which the REST server will listen; 0 for any free one")->capture_default_str()->check(CLI::Range(0, 65535));
  start->add_option("--CORS", o.server.cors, "Allowable CORS domains, e.g. '*' or 'www.example.com' (may be repeated)")->expected(1);
  start->footer("Example:\n  configtxlator start --hostname 127.0.0.1 &\n  curl --data-binary @block.pb http://127.0.0.1:7059/protolator/decode/common.Block");
  auto* encode = add_translation(app, o, "proto_encode", "Converts a JSON document to protobuf", "JSON document", "message");
  encode->footer("Example:\n  configtxlator proto_encode --type common.Config --input config.json --output config.pb");
  auto* decode = add_translation(app, o, "proto_decode", "Converts a proto message to JSON", "message", "JSON document");
  decode->footer("Example:\n  configtxlator proto_decode --type common.Block --input genesis.block | jq '.data.data[0].payload.data.config'");
  auto* update = app.add_subcommand("compute_update", "Takes two marshaled common.Config messages and computes the config update which transitions between the two");
  update->add_option("--original", o.original, "The original config message");
  update->add_option("--updated", o.updated, "The updated config message");
  update->add_option("--channel_id", o.channel, "The name of the channel for this update")->required();
  update->add_option("--output", o.output, "A file to write the config update to (default: standard output)");
  update->footer("Example:\n  configtxlator compute_update --channel_id mychannel --original config.pb --updated modified.pb --output update.pb");
  auto* version = app.add_subcommand("version", "Show version information");
  app.footer("Example:\n  configtxlator proto_decode --type common.Block --input genesis.block\n\n`configtxlator COMMAND --help` tells more of each.");

  if (const auto code = parse_as_kingpin(app, {argv + 1, argv + argc})) return *code;
  if (start->parsed()) return run_server(app, o);
  if (encode->parsed()) return run_translation(app, o, proto_encode);
  if (decode->parsed()) return run_translation(app, o, proto_decode);
  if (update->parsed()) return run_compute(app, o);
  return version->parsed() ? print_translator_version() : exit_ok;
}

}  // namespace weft::cli
