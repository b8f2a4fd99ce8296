// The child process, and what crosses the pipe to it: lines of JSON, and a line "window".
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>

#include "bench/doors/load.hpp"

namespace weft::bench {

namespace {

using json = nlohmann::json;
constexpr const char* window_line = "window";

bool write_line(int fd, std::string text) {
  text += '\n';
  for (std::size_t at = 0; at < text.size();) {
    const auto n = ::send(fd, text.data() + at, text.size() - at, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += static_cast<std::size_t>(n);
  }
  return true;
}

/// Nothing at the end.
std::optional<std::string> read_line(int fd, std::string& rest) {
  for (;;) {
    if (const auto end = rest.find('\n'); end != std::string::npos) {
      auto line = rest.substr(0, end);
      rest.erase(0, end + 1);
      return line;
    }
    char buffer[65536];
    const auto n = ::read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return std::nullopt;
    rest.append(buffer, static_cast<std::size_t>(n));
  }
}

/// The child's whole life: plans come, results go, until the parent lets go.
int serve(int line) {
  std::string rest;
  while (const auto text = read_line(line, rest)) {
    const auto plan = parse_plan(*text);
    load_result found;
    if (plan) found = run_load(*plan, [line] { static_cast<void>(write_line(line, window_line)); });
    else found.failure = plan.error().context;
    if (!write_line(line, to_json(found))) break;
  }
  return 0;
}

}  // namespace

std::string to_json(const load_plan& p) {
  return json{{"via", p.via}, {"channel", p.channel}, {"txs", p.txs}, {"warm_up", p.warm_up}, {"clients", p.clients}, {"value_bytes", p.value_bytes},
              {"deadline_seconds", p.deadline_seconds}, {"client_msp_folder", p.client_msp_folder}, {"client_msp_id", p.client_msp_id}, {"peers", p.peers},
              {"orderer", p.orderer}}.dump();
}

std::string to_json(const load_result& r) {
  return json{{"failure", r.failure}, {"measured", r.measured}, {"valid", r.valid}, {"window_nanos", r.window_nanos}, {"starved", r.starved},
              {"envelopes", r.envelopes}, {"envelope_bytes", r.envelope_bytes}, {"endorsements_per_tx", r.endorsements_per_tx}, {"others", r.others},
              {"latencies", r.latencies}}.dump(-1, ' ', false, json::error_handler_t::replace);
}

result<load_plan> parse_plan(const std::string& text) {
  load_plan p;
  try {
    const auto j = json::parse(text);
    j.at("via").get_to(p.via);
    j.at("channel").get_to(p.channel);
    j.at("txs").get_to(p.txs);
    j.at("warm_up").get_to(p.warm_up);
    j.at("clients").get_to(p.clients);
    j.at("value_bytes").get_to(p.value_bytes);
    j.at("deadline_seconds").get_to(p.deadline_seconds);
    j.at("client_msp_folder").get_to(p.client_msp_folder);
    j.at("client_msp_id").get_to(p.client_msp_id);
    j.at("peers").get_to(p.peers);
    j.at("orderer").get_to(p.orderer);
  } catch (const json::exception& e) {
    return fail(errc::invalid_argument, std::string("no plan: ") + e.what());
  }
  return p;
}

result<load_result> parse_result(const std::string& text) {
  load_result r;
  try {
    const auto j = json::parse(text);
    j.at("failure").get_to(r.failure);
    j.at("measured").get_to(r.measured);
    j.at("valid").get_to(r.valid);
    j.at("window_nanos").get_to(r.window_nanos);
    j.at("starved").get_to(r.starved);
    j.at("envelopes").get_to(r.envelopes);
    j.at("envelope_bytes").get_to(r.envelope_bytes);
    j.at("endorsements_per_tx").get_to(r.endorsements_per_tx);
    j.at("others").get_to(r.others);
    j.at("latencies").get_to(r.latencies);
  } catch (const json::exception& e) {
    return fail(errc::invalid_argument, std::string("no result: ") + e.what());
  }
  return r;
}

result<std::unique_ptr<load_process>> load_process::start() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return fail(errc::io, std::string("no socket pair: ") + std::strerror(errno));
  const pid_t pid = ::fork();
  if (pid < 0) {
    ::close(ends[0]);
    ::close(ends[1]);
    return fail(errc::io, std::string("cannot fork: ") + std::strerror(errno));
  }
  if (pid == 0) {
    ::close(ends[0]);
    ::_exit(serve(ends[1]));
  }
  ::close(ends[1]);
  return std::unique_ptr<load_process>(new load_process(pid, ends[0]));
}

load_process::~load_process() {
  ::close(line_);
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

result<load_result> load_process::run(const load_plan& plan, const std::function<void()>& on_window) const {
  const auto gone = [] { return fail(errc::io, "the clients' process is gone"); };
  if (!write_line(line_, to_json(plan))) return gone();
  std::string rest;
  for (;;) {
    const auto line = read_line(line_, rest);
    if (!line) return gone();
    if (*line != window_line) return parse_result(*line);
    on_window();
  }
}

}  // namespace weft::bench
