// What travels between roles. Fabric's own bytes where Fabric has a message; shared, never copied, inside one process.
#pragma once

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/error.hpp>
#include <caf/meta/load_callback.hpp>
#include <caf/meta/type_name.hpp>
#include <caf/none.hpp>
#include <caf/sec.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "cluster/raft/codec.hpp"
#include "config/base/once.hpp"
#include "config/base/result.hpp"
#include "ledger/block/block.hpp"
#include "ledger/tx/envelope.hpp"

namespace weft::actors {

/// Nothing larger enters a role from another node.
inline constexpr std::size_t message_bytes_max = 100 * MiB;

/// Nor more elements in one list. An element can be a hundred times larger in memory than on the wire, where an empty envelope is one byte.
inline constexpr std::uint32_t batch_elements_max = 16'384, error_details_max = 64;

/// A pb(SignedProposal) as it arrived; parsed at most once per process, whoever asks first.
class signed_proposal {
 public:
  signed_proposal() : state_(std::make_shared<state>()) {}
  explicit signed_proposal(bytes raw) : state_(std::make_shared<state>(std::move(raw))) {}
  [[nodiscard]] const bytes& raw() const { return state_->raw; }
  [[nodiscard]] const result<ledger::proposal>& parsed() const {
    state_->parsing.call([s = state_.get()] { s->parsed = ledger::parse_signed_proposal(s->raw); });
    return state_->parsed;
  }

 private:
  struct state {
    state() = default;
    explicit state(bytes r) : raw(std::move(r)) {}
    bytes raw;
    once parsing;
    result<ledger::proposal> parsed = fail(errc::invalid_argument, "empty proposal");
  };
  std::shared_ptr<state> state_;
};

/// gRPC's status codes that roles answer with (interop/04 §2); 0 is OK.
enum class rpc_code : std::int32_t {
  ok = 0, cancelled = 1, unknown = 2, invalid_argument = 3, deadline_exceeded = 4, not_found = 5, already_exists = 6, permission_denied = 7,
  resource_exhausted = 8, failed_precondition = 9, aborted = 10, unimplemented = 12, internal = 13, unavailable = 14,
};
[[nodiscard]] rpc_code to_rpc(errc code) noexcept;

/// One `gateway.ErrorDetail`.
struct error_detail {
  std::string address, msp_id, message;
};
/// How a call ended. Errors that Fabric reports inside a response (status 500) are ok here and stand in the response.
struct rpc_status {
  std::int32_t code = 0;
  std::string message;
  std::vector<error_detail> details;
  [[nodiscard]] bool ok() const noexcept { return code == 0; }
};
[[nodiscard]] rpc_status to_status(const error& e);
[[nodiscard]] inline rpc_status status_of(rpc_code c, std::string message, std::vector<error_detail> details = {}) {
  return {static_cast<std::int32_t>(c), std::move(message), std::move(details)};
}

/// Answer of an endorser: pb(ProposalResponse) when `status` is ok.
struct endorse_reply {
  rpc_status status;
  bytes response;
};
/// Answer of an orderer: common.Status number and text. 200 is SUCCESS: the envelope's block is durable.
struct broadcast_reply {
  std::int32_t status = 0;
  std::string info;
  std::string leader;  ///< Member that ordered it, where it was sent on to that one: ask it directly next time.
};
/// Answer of a gateway; what `payload` holds stands with each message of gateway_actor.
struct gateway_reply {
  rpc_status status;
  bytes payload;
};
/// What became of a transaction.
struct commit_reply {
  rpc_status status;
  std::uint8_t code = 0;       ///< TxValidationCode
  std::uint64_t block = 0;
};
/// One committed transaction of a block.
struct committed_tx {
  std::string tx_id;
  std::uint8_t code = 0;
};
/// What a committed block did, for everyone who waits on transactions.
struct commit_notice {
  std::string channel;
  std::uint64_t block = 0;
  std::vector<committed_tx> txs;
};

/// What one consenter's core says to another's; shared inside a process, bytes between processes.
struct raft_batch {
  std::string channel;
  std::vector<cluster::raft::message> messages;
  bytes genesis;  ///< Hash of the block that the channel begins with: another one of that name has nothing to say here.
};

namespace detail {
/// Saves a list; loads at most `most` elements of one.
template <class Inspector, class T>
typename Inspector::result_type inspect_list(Inspector& f, std::vector<T>& xs, std::uint32_t most) {
  if constexpr (std::is_void_v<typename Inspector::result_type>) {  // into text
    for (auto& x : xs) f(x);
  } else {
    auto count = static_cast<std::uint32_t>(xs.size());
    if (auto failure = f(count)) return failure;
    if constexpr (!Inspector::reads_state) {
      xs.clear();
      if (count > most) return caf::sec::invalid_argument;
    }
    for (std::uint32_t i = 0; i < count; ++i) {
      if constexpr (!Inspector::reads_state) xs.emplace_back();
      if (auto failure = f(xs[i])) return failure;
    }
    return caf::none;
  }
}
}  // namespace detail

template <class Inspector> auto inspect(Inspector& f, error_detail& x) { return f(x.address, x.msp_id, x.message); }
template <class Inspector> typename Inspector::result_type inspect(Inspector& f, rpc_status& x) {
  if constexpr (std::is_void_v<typename Inspector::result_type>) {
    f(x.code, x.message, x.details);
  } else {
    if (auto failure = f(x.code, x.message)) return failure;
    return detail::inspect_list(f, x.details, error_details_max);
  }
}
template <class Inspector> auto inspect(Inspector& f, endorse_reply& x) { return f(x.status, x.response); }
template <class Inspector> auto inspect(Inspector& f, broadcast_reply& x) { return f(x.status, x.info, x.leader); }
template <class Inspector> typename Inspector::result_type inspect(Inspector& f, std::vector<broadcast_reply>& xs) {
  return detail::inspect_list(f, xs, batch_elements_max);
}
template <class Inspector> auto inspect(Inspector& f, gateway_reply& x) { return f(x.status, x.payload); }
template <class Inspector> auto inspect(Inspector& f, commit_reply& x) { return f(x.status, x.code, x.block); }
template <class Inspector> auto inspect(Inspector& f, committed_tx& x) { return f(x.tx_id, x.code); }
template <class Inspector> auto inspect(Inspector& f, commit_notice& x) { return f(x.channel, x.block, x.txs); }

namespace detail {
/// Saves `raw`; loads it through `accept`, which refuses by returning false.
template <class Inspector, class Accept>
typename Inspector::result_type inspect_bytes(Inspector& f, const char* name, const bytes& raw, Accept accept) {
  if constexpr (Inspector::reads_state) {
    return f(caf::meta::type_name(name), const_cast<bytes&>(raw));
  } else {
    bytes arrived;
    auto load = [&]() -> caf::error {
      if (arrived.size() > message_bytes_max || !accept(std::move(arrived))) return caf::sec::invalid_argument;
      return caf::none;
    };
    return f(caf::meta::type_name(name), arrived, caf::meta::load_callback(load));
  }
}
}  // namespace detail

template <class Inspector> typename Inspector::result_type inspect(Inspector& f, signed_proposal& x) {
  return detail::inspect_bytes(f, "proposal", x.raw(), [&](bytes raw) { x = signed_proposal{std::move(raw)}; return true; });
}
template <class Inspector> typename Inspector::result_type inspect(Inspector& f, raft_batch& x) {
  bytes raw;
  if constexpr (Inspector::reads_state) raw = x.channel + '\0' + static_cast<char>(x.genesis.size()) + x.genesis + cluster::raft::encode(x.messages);
  return detail::inspect_bytes(f, "raft", raw, [&](bytes arrived) {
    const auto end = arrived.find('\0');
    if (end == bytes::npos || end + 1 == arrived.size()) return false;
    x.channel = arrived.substr(0, end);
    const std::size_t hash = static_cast<unsigned char>(arrived[end + 1]);
    const auto behind = end + 2 + hash;
    if (behind > arrived.size()) return false;
    x.genesis = arrived.substr(end + 2, hash);
    const shared_bytes all{std::move(arrived)};
    auto messages = cluster::raft::decode_messages(shared_bytes(all, all.view().substr(behind)));
    if (messages) x.messages = std::move(*messages);
    return messages.has_value();
  });
}
inline std::string to_string(const raft_batch& x) { return "raft(" + x.channel + ", " + std::to_string(x.messages.size()) + ")"; }
inline std::string to_string(const signed_proposal& x) { return "proposal(" + std::to_string(x.raw().size()) + "B)"; }

}  // namespace weft::actors

namespace weft::ledger {

template <class Inspector> typename Inspector::result_type inspect(Inspector& f, envelope& x) {
  bytes raw;
  if constexpr (Inspector::reads_state) raw = x.raw().to_bytes();
  return actors::detail::inspect_bytes(f, "envelope", raw, [&](bytes arrived) {
    auto parsed = envelope::parse(shared_bytes{std::move(arrived)});
    if (parsed) x = std::move(*parsed);
    return parsed.has_value();
  });
}
template <class Inspector> typename Inspector::result_type inspect(Inspector& f, std::vector<envelope>& xs) {
  return actors::detail::inspect_list(f, xs, actors::batch_elements_max);
}
inline std::string to_string(const envelope& x) { return "envelope(" + std::to_string(x.raw().size()) + "B)"; }

template <class Inspector> typename Inspector::result_type inspect(Inspector& f, block& x) {
  bytes raw;
  if constexpr (Inspector::reads_state) raw = x ? x.encode() : bytes{};
  return actors::detail::inspect_bytes(f, "block", raw, [&](bytes arrived) {
    auto parsed = block::parse(shared_bytes{std::move(arrived)});
    if (parsed) x = std::move(*parsed);
    return parsed.has_value();
  });
}
inline std::string to_string(const block& x) { return x ? "block(" + std::to_string(x.number().value) + ")" : "block()"; }

}  // namespace weft::ledger
