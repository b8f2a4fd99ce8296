// A network between numbered nodes that loses, repeats, delays and reorders, and in which connections are cut.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "cluster/faults/dice.hpp"

namespace weft::cluster::faults {

/// 1 to the number of nodes.
using node_number = unsigned;

/// How messages travel. Delays differ from message to message, so they overtake each other.
struct link_quality {
  instant delay_min{100'000};          ///< 0.1 ms.
  instant delay_max{1'000'000};        ///< Evenly between the two…
  unsigned late_per_mille = 10;        ///< …but for so many,
  instant late_max{50'000'000};        ///< which take up to this long.
  unsigned loss_per_mille = 0;
  unsigned duplicate_per_mille = 0;    ///< Arrive twice, each copy with a delay of its own.
};

/// Decides about each message; carries none. Also fit to judge messages of a live system.
class links {
 public:
  /// What becomes of one message.
  struct verdict {
    unsigned copies = 0;  ///< 0: lost.
    instant delay[2] = {};
  };

  links(unsigned nodes, const link_quality& quality, dice random);

  [[nodiscard]] verdict judge(node_number from, node_number to);
  [[nodiscard]] bool connected(node_number from, node_number to) const noexcept { return cuts_[place(from, to)] == 0; }
  [[nodiscard]] unsigned nodes() const noexcept { return nodes_; }

  /// In one direction. Cuts are counted: one that was made twice must be healed twice, so faults may overlap.
  void cut(node_number from, node_number to) noexcept { ++cuts_[place(from, to)]; }
  void heal(node_number from, node_number to) noexcept;
  /// Nodes whose bit (1 << number) is in `island` and the others do not hear each other.
  void split(std::uint64_t island) noexcept { across(island, true, true); }
  void unsplit(std::uint64_t island) noexcept { across(island, false, true); }
  /// What the island says is not heard outside; it hears everything.
  void mute(std::uint64_t island) noexcept { across(island, true, false); }
  void unmute(std::uint64_t island) noexcept { across(island, false, false); }
  /// Everything to and from this node takes so many times as long; 1: as usual.
  void slow(node_number node, unsigned factor) noexcept { slow_[node] = factor; }
  [[nodiscard]] link_quality& quality() noexcept { return quality_; }
  /// No cut, nothing slow, nothing lost.
  void heal_all() noexcept;

 private:
  [[nodiscard]] std::size_t place(node_number from, node_number to) const noexcept { return from * (nodes_ + 1) + to; }
  void across(std::uint64_t island, bool cut_them, bool both_ways) noexcept;
  [[nodiscard]] instant delay(node_number from, node_number to) noexcept;

  unsigned nodes_;
  link_quality quality_;
  dice random_;
  std::vector<unsigned> cuts_, slow_;
};

/// Messages on their way. Their memory is used again: after the first moments a run allocates nothing here.
template <class Message>
class network {
 public:
  /// Names a message that is on its way.
  using parcel = std::uint32_t;
  /// `in_flight_max`: more are lost, as at a full queue.
  network(unsigned nodes, const link_quality& quality, dice random, std::size_t in_flight_max = 10'000)
      : links_(nodes, quality, random), in_flight_max_(in_flight_max) {}

  /// Calls `arrives(delay, parcel)` for each time that the message will arrive: never, once or twice. Whoever schedules it calls `take` then.
  template <class Arrives>
  void send(node_number from, node_number to, Message&& m, Arrives&& arrives) {
    ++sent_;
    const auto v = in_flight_ < in_flight_max_ ? links_.judge(from, to) : links::verdict{};
    if (v.copies == 0) {
      ++lost_;
      return;
    }
    const parcel p = store(from, to, std::move(m), v.copies);
    for (unsigned i = 0; i < v.copies; ++i) arrives(v.delay[i], p);
  }
  struct delivery {
    node_number from, to;
    Message content;
  };
  /// Whom it is for; it stays under way.
  [[nodiscard]] node_number destination(parcel p) const noexcept { return slots_[p].to; }
  /// Nothing if the connection was cut meanwhile. To be called once for each call of `arrives`.
  [[nodiscard]] std::optional<delivery> take(parcel p) {
    auto& s = slots_[p];
    std::optional<delivery> out;
    if (!links_.connected(s.from, s.to)) ++lost_;
    else if (s.copies > 1) out = delivery{s.from, s.to, s.content};
    else out = delivery{s.from, s.to, std::move(s.content)};
    if (--s.copies == 0) {
      s.content = Message{};
      free_.push_back(p);
      --in_flight_;
    }
    return out;
  }

  [[nodiscard]] class links& links() noexcept { return links_; }
  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }
  [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }
  [[nodiscard]] std::uint64_t lost() const noexcept { return lost_; }

 private:
  struct slot {
    node_number from = 0, to = 0;
    unsigned copies = 0;
    Message content;
  };
  parcel store(node_number from, node_number to, Message&& m, unsigned copies) {
    ++in_flight_;
    if (free_.empty()) {
      slots_.push_back({from, to, copies, std::move(m)});
      return static_cast<parcel>(slots_.size() - 1);
    }
    const parcel p = free_.back();
    free_.pop_back();
    slots_[p] = {from, to, copies, std::move(m)};
    return p;
  }

  class links links_;
  std::size_t in_flight_max_, in_flight_ = 0;
  std::uint64_t sent_ = 0, lost_ = 0;
  std::vector<slot> slots_;
  std::vector<parcel> free_;
};

}  // namespace weft::cluster::faults
