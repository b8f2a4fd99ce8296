// A running network, as the command sees it: through the Unix socket in the network's folder.
#pragma once

#include <CLI/App.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "crypto/msp/msp.hpp"
#include "edge/client/deliver_client.hpp"
#include "edge/client/gateway_client.hpp"
#include "edge/rpc/client.hpp"
#include "proto/encode.hpp"
#include "weft/control.pb.h"

namespace weft::cli {

namespace control = ::weft::control;

/// Options that verbs share. Each verb has an object of its own.
struct network_options {
  std::string dir = "weft-network";
  std::string as, channel, peer;
  bool json = false;

  void add_dir(CLI::App& verb);
  void add_json(CLI::App& verb);
  void add_channel(CLI::App& verb);  ///< --channel and --peer
  void add_identity(CLI::App& verb); ///< --as
};

/// Every method ends the verb when it fails: exit 3 when nobody answers, else exit 1.
class network {
 public:
  explicit network(const network_options& options);

  /// Calls weft.control.Control.
  template <class Response, class Request>
  [[nodiscard]] Response ask(const char* method, const Request& request) const {
    Response response;
    const auto raw = ask_raw(method, proto::encode(request));
    if (!proto::decode(raw, response)) malformed();
    return response;
  }
  /// The same, but a refusal is given back.
  [[nodiscard]] tl::expected<bytes, actors::rpc_status> try_ask(const char* method, bytes request) const;

  /// Any method, such as "/weft.control.Contracts/Start"; `peer`: who shall serve it, where peers do. A refusal is given back.
  [[nodiscard]] tl::expected<bytes, actors::rpc_status> try_call(const std::string& method, bytes request, std::chrono::milliseconds timeout, const std::string& peer = {}) const;

  /// The network's folder, as it was named.
  [[nodiscard]] const std::string& dir() const noexcept { return options_.dir; }
  [[nodiscard]] const control::StatusResponse& status();
  /// The channel that was named, or the first one. Ends the verb when the network has no such channel.
  [[nodiscard]] std::string channel();
  /// `name`. Ends the verb when nobody can call it in this channel.
  [[nodiscard]] const std::string& contract(const std::string& name);
  /// `--as`: a name in the network's folder, or "Org3MSP:FOLDER" for an MSP folder elsewhere; else User1 of the first organization with peers.
  [[nodiscard]] crypto::signing_identity identity();
  /// The identity of that name, whoever --as says.
  [[nodiscard]] crypto::signing_identity identity_of(const std::string& name);
  /// Reads blocks as `who` from `peer`; empty: from the one that was named.
  [[nodiscard]] edge::deliver_client reader(crypto::signing_identity who, const std::string& peer = {}) const;
  [[nodiscard]] edge::gateway_client gateway_as(crypto::signing_identity who) const;
  /// The same at a peer, whichever --peer says.
  [[nodiscard]] edge::gateway_client gateway_at(const std::string& peer, crypto::signing_identity who) const;
  /// Calls go to the peer that was named. Ends the verb when there is none of that name.
  [[nodiscard]] edge::gateway_client gateway();

 private:
  [[nodiscard]] static std::map<std::string, std::string> ask_peer(const std::string& peer);
  [[nodiscard]] bytes ask_raw(const char* method, bytes request) const;
  [[nodiscard]] const control::ChannelStatus& channel_status();
  [[noreturn]] void unreachable() const;
  [[noreturn]] void silent() const;
  [[noreturn]] static void malformed();

  network_options options_;
  std::shared_ptr<edge::rpc_client> connection_;
  std::unique_ptr<control::StatusResponse> status_;
};

/// "ABORTED", "UNAVAILABLE", …
[[nodiscard]] std::string_view rpc_code_name(std::int32_t code) noexcept;

}  // namespace weft::cli
