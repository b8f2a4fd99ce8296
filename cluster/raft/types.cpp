#include "cluster/raft/types.hpp"

namespace weft::cluster::raft {

namespace {
std::size_t varint_size(std::uint64_t n) noexcept {
  std::size_t size = 1;
  for (; n >= 0x80; n >>= 7) ++size;
  return size;
}
}  // namespace

std::size_t weight(const entry& e) noexcept { return weight(e.at(), e.kind, e.data.size()); }

std::size_t weight(const position& at, entry_kind kind, std::size_t data_bytes) noexcept {
  // Three tagged numbers, and the bytes with tag and length where there are any.
  const std::size_t numbers = 3 + varint_size(static_cast<std::uint64_t>(kind)) + varint_size(at.term) + varint_size(at.index);
  return numbers + (data_bytes == 0 ? 0 : 1 + varint_size(data_bytes) + data_bytes);
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
