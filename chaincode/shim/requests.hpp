// What an external contract may ask while it runs, answered from its frame's stub: one request, one answer. interop/05 §2, the table.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "chaincode/shim/stream.hpp"

namespace weft::chaincode::shim {

/// A query whose results go out in several messages.
class open_query;

struct request_limits {
  std::size_t iterators_max = 1'000;          ///< Open at once in one run of a contract.
  std::size_t batch_max = 1'000;              ///< Records of one WRITE_BATCH_STATE, keys of one GET_STATE_MULTIPLE: what READY offers.
  std::size_t answer_bytes_max = message_bytes_max - 64 * KiB;  ///< Payload of one answer.
};

/// A request that only the simulation can go on with (INVOKE_CHAINCODE).
struct call_request {
  std::string contract;  ///< "contract" or "contract/channel"
  std::vector<bytes> args;
};

/// Answers the requests of one run of a contract, and holds its open queries. A failure is an answer: ERROR, in Fabric's words.
/// Borrows the stub. Used by one thread.
class request_handler {
 public:
  explicit request_handler(frame_stub& stub, request_limits limits = {});
  ~request_handler();
  request_handler(const request_handler&) = delete;
  request_handler& operator=(const request_handler&) = delete;

  [[nodiscard]] std::variant<message, call_request> serve(const message& request);
  /// The answer to INVOKE_CHAINCODE: a RESPONSE with the callee's last message in it, or ERROR when it did not come to run.
  [[nodiscard]] static message answer_call(const call_key& caller, const result<response>& answer);

 private:
  using answer = result<bytes>;
  answer get(const message& m);
  answer put(const message& m);
  answer erase(const message& m);
  answer range(const message& m);
  answer page(std::string_view start, std::string_view end, bytes_view metadata);
  answer history(const message& m);
  answer next(const message& m);
  answer close(const message& m);
  answer get_metadata(const message& m);
  answer put_metadata(const message& m);
  answer hash(const message& m);
  answer purge(const message& m);
  answer write_batch(const message& m);
  answer get_multiple(const message& m);
  answer dispatch(const message& m);
  /// Keeps the query, if there is more of it than its first batch.
  answer open(std::unique_ptr<open_query> q);

  frame_stub& stub_;
  request_limits limits_;
  std::map<std::string, std::unique_ptr<open_query>> queries_;
  std::uint64_t opened_ = 0;
};

}  // namespace weft::chaincode::shim
