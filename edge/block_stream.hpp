// Streams of blocks to clients: a sink actor per stream subscribes to a peer's (or an orderer's) DELIVER and turns blocks into messages, by credit.
// At most `stream_window` blocks are on their way to a client, however slowly it reads, and fewer when they are large.
#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "actors/interfaces.hpp"
#include "edge/access.hpp"
#include "edge/rpc/server.hpp"

namespace weft::edge {

inline constexpr std::uint32_t stream_window = 8;
/// Blocks of the size of the last one are asked for ahead up to so many bytes.
inline constexpr std::size_t stream_window_bytes = 1 * MiB;

/// What blocks and endings look like to one kind of client. Used by one sink.
class block_form {
 public:
  virtual ~block_form() = default;
  /// Another subscription begins, by this signed seek.
  virtual void begins(const ledger::envelope&) {}
  /// The message for a block; nothing when it does not concern the client. Errors end the stream with their status.
  [[nodiscard]] virtual result<std::optional<bytes>> on_block(const std::string& channel, const ledger::block& b) = 0;
  /// The ACL resource that a subscription is judged by; empty when the door has judged already.
  [[nodiscard]] virtual std::string resource() const { return {}; }
  /// The message that ends a subscription; nothing when the kind has none.
  [[nodiscard]] virtual std::optional<bytes> on_ended(std::int32_t status) = 0;
  /// How the stream ends after a subscription did; nothing when the client may ask again.
  [[nodiscard]] virtual std::optional<actors::rpc_status> end_of_stream(std::int32_t status, const std::string& why) = 0;
};

using stream_sink_actor = actors::block_sink_actor::extend<
    // Subscribes by a signed seek envelope.
    caf::reacts_to<actors::atom::seek, ledger::envelope>,
    // So many messages have left for the client.
    caf::reacts_to<actors::atom::credit, std::uint32_t>,
    // The stream is over.
    caf::reacts_to<actors::atom::stop>>;

[[nodiscard]] stream_sink_actor spawn_sink(caf::actor_system& system, std::shared_ptr<const actors::site> from, stream_ptr out, std::unique_ptr<block_form> form);

/// Passes what happens on a stream to its sink. Derived classes say what a message of the client means; it is called at most once at a time.
class sink_events : public stream_events {
 public:
  explicit sink_events(stream_ptr out) : out_(std::move(out)) {}
  void no_more_messages() override;
  void written() override;
  void cancelled() override { stop(); }
  void closed() override;

 protected:
  [[nodiscard]] stream_sink_actor sink() const;
  void set_sink(stream_sink_actor sink);
  void subscribe(const ledger::envelope& seek);
  stream_ptr out_;

 private:
  void stop();
  mutable std::mutex mutex_;  ///< gRPC tells of reads, writes and cancellation on different threads.
  stream_sink_actor sink_;
};

/// gateway.Gateway/ChaincodeEvents.
[[nodiscard]] stream_handler chaincode_event_streams(caf::actor_system& system, std::shared_ptr<const peer_choice> peers);

/// pb(protos.FilteredBlock): ids, types and verdicts of a block, events without payload (interop/04 §4).
[[nodiscard]] bytes filtered_block(const std::string& channel_id, const ledger::block& b);
/// pb(common.Block) with header and metadata; with its data only when it holds a configuration (interop/04 §4, HEADER_WITH_SIG).
[[nodiscard]] bytes header_with_signatures(const ledger::block& b);

}  // namespace weft::edge
