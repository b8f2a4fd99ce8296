// What the programs that kill and freeze real processes share: the binary as a child, and a client of the network in a folder.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "edge/client/gateway_client.hpp"
#include "edge/door.hpp"
#include "ledger/block/block.hpp"
#include "proto/encode.hpp"
#include "weft/control.pb.h"

namespace weft::live {

namespace fs = std::filesystem;
namespace control = ::weft::control;

[[noreturn]] void give_up(const std::string& why);
void require(bool holds, const std::string& what);
/// An environment variable as a number.
std::uint64_t number_from(const char* name, std::uint64_t otherwise);
/// What a client does between two of its requests.
void pause(std::chrono::milliseconds time);

/// The real binary as a child. Throws when it does not say that it is ready within a minute.
class process {
 public:
  process(const std::string& weft, std::vector<std::string> arguments);
  ~process() { kill(); }
  process(const process&) = delete;
  process& operator=(const process&) = delete;
  void kill();
  void freeze();
  void thaw();
  /// Stops it as an operator does; throws when it does not end cleanly.
  void stop();
  [[nodiscard]] double resident_mib() const;  ///< 0 when it is gone.

 private:
  pid_t pid_ = 0;
};

struct acknowledged {
  std::string tx_id, key, value;
  std::uint64_t block = 0;
};

/// What a client knows how to do with the network in a folder. `users`: where the identities are.
class driver {
 public:
  explicit driver(fs::path folder, fs::path users = {});
  [[nodiscard]] edge::gateway_client gateway(std::size_t org, const std::string& peer = {}) const;
  template <class Response, class Request>
  Response ask(const std::string& method, const Request& request) const {
    const auto answer = connection_->call("/weft.control.Control/" + method, proto::encode(request), {std::chrono::seconds(30), {}});
    require(answer.status.ok(), method + ": " + answer.status.message);
    Response response;
    require(proto::decode(answer.response, response), method + ": malformed answer");
    return response;
  }
  [[nodiscard]] control::StatusResponse status() const { return ask<control::StatusResponse>("Status", control::StatusRequest()); }
  [[nodiscard]] ledger::block block(const std::string& peer, std::uint64_t number) const;

 private:
  fs::path folder_, users_;
  std::shared_ptr<edge::rpc_client> connection_;
};

/// Every block of a peer follows from the one before, and holds what its header says. "HEIGHT COMMITHASH".
std::string check_chain(const driver& d, const std::string& peer);

/// What was reported of these transactions is so, and each of `readers` reads what they wrote.
void check_acknowledged(const driver& d, const std::vector<edge::gateway_client>& readers, const std::vector<acknowledged>& all, std::size_t from);

}  // namespace weft::live
