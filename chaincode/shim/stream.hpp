// The peer's end of one stream to a contract outside: who is at the other end, which transactions run there, and which message belongs to which.
// interop/05 §2. Events in, effects out; what a request means is not known here (requests.hpp).
//
//   opened ──REGISTER──> asked ──admit──> ready          (REGISTERED and READY are sent, and calls may start)
//
// Whatever arrives, nothing is taken down but this stream: effects say when it has to end.
#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "chaincode/shim/message.hpp"
#include "chaincode/simulation/suspended.hpp"

namespace weft::chaincode::shim {

struct stream_options {
  /// Whether READY offers batches of writes and reads of several keys, as Fabric 3.1 does; older peers send it empty.
  bool offer_batches = true;
  std::size_t batch_max = 1'000;                  ///< Records of a batch, keys of a read: what is offered.
  std::size_t calls_max = 1'000;                  ///< Transactions that run on one stream at once.
  std::size_t failure_text_max = 16 * KiB;        ///< Of an ERROR; the rest is cut off. It becomes part of answers and logs.
};

/// The contract has sent this.
struct received {
  bytes raw;
};
/// The package that registered is the one that is wanted here, and not yet connected.
struct admit {};
/// A transaction is to run. Requires `ready()` and `has_room()`, and that the key does not run here.
struct start_call {
  call_key call;
  std::vector<bytes> args;
  bool is_init = false;
  bytes proposal, proposal_signature;
};
/// The answer to the request that is outstanding; nothing happens when the transaction has ended meanwhile.
struct answered {
  message reply;
};
/// The transaction is given up: what the contract still says of it is answered with an error or passed over.
struct forget_call {
  call_key call;
};
using stream_event = std::variant<received, admit, start_call, answered, forget_call>;

struct send_bytes {
  bytes raw;
};
/// Somebody says to be this package. Answer with `admit`, or not at all.
struct registration {
  std::string package_id;
};
/// A running transaction asks; `answered` is due.
struct serve {
  message request;
};
/// A transaction has ended, with the contract's answer or its failure.
struct call_ended {
  call_key call;
  frame_outcome outcome;
};
/// The stream has to end: what came makes no sense, so nothing that comes later would.
struct end_stream {
  std::string why;
};
/// Worth a line in the log.
struct remark {
  std::string text;
};
using stream_effect = std::variant<send_bytes, registration, serve, call_ended, end_stream, remark>;
using stream_effects = std::vector<stream_effect>;

class stream {
 public:
  explicit stream(stream_options options = {}) : options_(options) {}
  [[nodiscard]] stream_effects step(stream_event event);
  [[nodiscard]] bool ready() const noexcept { return phase_ == phase::ready; }
  [[nodiscard]] bool has_room() const noexcept { return calls_.size() < options_.calls_max; }
  [[nodiscard]] std::size_t calls() const noexcept { return calls_.size(); }

 private:
  enum class phase { opened, asked, ready, over };
  stream_effects on(received e);
  stream_effects on(admit);
  stream_effects on(start_call e);
  stream_effects on(answered e);
  stream_effects on(forget_call e);
  stream_effects on_first(const message& m);
  stream_effects on_request(message m);
  stream_effects on_end(message m);
  [[nodiscard]] stream_effects over(std::string why);

  stream_options options_;
  phase phase_ = phase::opened;
  std::map<call_key, bool> calls_;  ///< Those that run; true: a request of it is outstanding.
};

/// A failure as the contract hears of it, in Fabric's words: "GET_STATE failed: transaction ID: …: why".
[[nodiscard]] message error_reply(const message& request, const std::string& why);

}  // namespace weft::chaincode::shim
