#include "cluster/raft/types.hpp"

namespace weft::cluster::raft {

namespace {
std::size_t varint_size(std::uint64_t n) noexcept {
  std::size_t size = 1;
  for (; n >= 0x80; n >>= 7) ++size;
  return size;
}
}  // namespace

std::size_t weight(const entry& e) noexcept {
  // Three tagged numbers, and the bytes with tag and length where there are any.
  const std::size_t numbers = 3 + varint_size(static_cast<std::uint64_t>(e.kind)) + varint_size(e.term) + varint_size(e.index);
  return numbers + (e.data.empty() ? 0 : 1 + varint_size(e.data.size()) + e.data.size());
}

bool is_reply(message_kind kind) noexcept {
  switch (kind) {
    case message_kind::append_reply:
    case message_kind::heartbeat_reply:
    case message_kind::vote_reply:
    case message_kind::pre_vote_reply: return true;
    default: return false;
  }
}

}  // namespace weft::cluster::raft
