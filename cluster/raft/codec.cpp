#include "cluster/raft/codec.hpp"

#include "proto/wire.hpp"
#include "proto/wire_write.hpp"

namespace weft::cluster::raft {

namespace {

using proto::put_bytes;
using proto::put_present;
using proto::put_varint;
using proto::wire_field;
using proto::wire_type;

/// raftpb.MessageType, in the order of message_kind.
constexpr std::uint64_t kinds[] = {2, 3, 4, 7, 8, 9, 5, 6, 17, 18, 14, 13};

std::uint64_t number_of(message_kind k) { return kinds[static_cast<std::size_t>(k)]; }
bool kind_of(std::uint64_t number, message_kind& out) {
  for (std::size_t i = 0; i < std::size(kinds); ++i) {
    if (kinds[i] != number) continue;
    out = static_cast<message_kind>(i);
    return true;
  }
  return false;
}

bytes encode(const entry& e) {
  bytes out;
  put_varint(out, 1, static_cast<std::uint64_t>(e.kind));
  put_varint(out, 2, e.term);
  put_varint(out, 3, e.index);
  put_bytes(out, 4, e.data);
  return out;
}

bytes encode(const conf_state& s) {
  bytes out;
  for (const auto id : s.voters) put_varint(out, 1, id);
  for (const auto id : s.learners) put_varint(out, 2, id);
  for (const auto id : s.voters_outgoing) put_varint(out, 3, id);
  for (const auto id : s.learners_next) put_varint(out, 4, id);
  put_varint(out, 5, s.auto_leave ? 1 : 0);
  return out;
}

bytes encode(const snapshot& s) {
  bytes about;
  put_present(about, 1, encode(s.members));
  put_varint(about, 2, s.at.index);
  put_varint(about, 3, s.at.term);
  bytes out;
  put_bytes(out, 1, s.data);
  put_present(out, 2, about);
  return out;
}

bytes encode(const message& m) {
  bytes out;
  put_varint(out, 1, number_of(m.kind));
  put_varint(out, 2, m.to);
  put_varint(out, 3, m.from);
  put_varint(out, 4, m.term);
  put_varint(out, 5, m.log.term);
  put_varint(out, 6, m.log.index);
  for (const auto& e : m.entries) put_present(out, 7, encode(e));
  put_varint(out, 8, m.commit);
  if (m.state) put_present(out, 9, encode(*m.state));
  put_varint(out, 10, m.rejected ? 1 : 0);
  put_varint(out, 11, m.hint);
  if (m.transfer) put_bytes(out, 12, "CampaignTransfer");
  return out;
}

bool is_number(const wire_field& f, std::uint32_t number) { return f.number == number && f.type == wire_type::varint; }
bool is_block(const wire_field& f, std::uint32_t number) { return f.number == number && f.type == wire_type::length_delimited; }

bool decode(const shared_bytes& raw, bytes_view part, entry& out) {
  bool good = true;
  return proto::for_each_field(part, [&](const wire_field& f) {
           if (is_number(f, 1)) {
             good = good && f.value <= static_cast<std::uint64_t>(entry_kind::conf_change_v2);
             if (good) out.kind = static_cast<entry_kind>(f.value);
           }
           if (is_number(f, 2)) out.term = f.value;
           if (is_number(f, 3)) out.index = f.value;
           if (is_block(f, 4)) out.data = shared_bytes(raw, f.payload);
         }) && good;
}

bool decode(bytes_view part, conf_state& out) {
  std::size_t seen = 0;
  return proto::for_each_field(part, [&](const wire_field& f) {
           if (f.type != wire_type::varint || ++seen > members_max) return;
           if (f.number == 1) out.voters.push_back(f.value);
           if (f.number == 2) out.learners.push_back(f.value);
           if (f.number == 3) out.voters_outgoing.push_back(f.value);
           if (f.number == 4) out.learners_next.push_back(f.value);
           if (f.number == 5) out.auto_leave = f.value != 0;
         }) && seen <= members_max;
}

bool decode(const shared_bytes& raw, bytes_view part, snapshot& out) {
  bool good = true;
  const bool walked = proto::for_each_field(part, [&](const wire_field& f) {
    if (is_block(f, 1)) out.data = shared_bytes(raw, f.payload);
    if (!is_block(f, 2)) return;
    good = proto::for_each_field(f.payload, [&](const wire_field& a) {
      if (is_block(a, 1)) good = decode(a.payload, out.members) && good;
      if (is_number(a, 2)) out.at.index = a.value;
      if (is_number(a, 3)) out.at.term = a.value;
    }) && good;
  });
  return walked && good;
}

bool decode(const shared_bytes& raw, bytes_view part, message& out, std::size_t& entries_left) {
  bool good = true, has_kind = false;
  const bool walked = proto::for_each_field(part, [&](const wire_field& f) {
    if (is_number(f, 1)) good = (has_kind = kind_of(f.value, out.kind)) && good;
    if (is_number(f, 2)) out.to = f.value;
    if (is_number(f, 3)) out.from = f.value;
    if (is_number(f, 4)) out.term = f.value;
    if (is_number(f, 5)) out.log.term = f.value;
    if (is_number(f, 6)) out.log.index = f.value;
    if (is_number(f, 8)) out.commit = f.value;
    if (is_number(f, 10)) out.rejected = f.value != 0;
    if (is_number(f, 11)) out.hint = f.value;
    if (is_block(f, 12)) out.transfer = !f.payload.empty();
    if (is_block(f, 7)) {
      if (entries_left == 0) return void(good = false);
      --entries_left;
      good = decode(raw, f.payload, out.entries.emplace_back()) && good;
    }
    if (is_block(f, 9)) {
      auto s = std::make_shared<snapshot>();
      good = decode(raw, f.payload, *s) && good;
      out.state = std::move(s);
    }
  });
  return walked && good && has_kind;
}

}  // namespace

bytes encode(const std::vector<message>& batch) {
  bytes out;
  for (const auto& m : batch) put_present(out, 1, encode(m));
  return out;
}

result<std::vector<message>> decode_messages(const shared_bytes& raw) {
  std::vector<message> out;
  std::size_t entries_left = entries_max;
  bool good = true;
  const bool walked = proto::for_each_field(raw.view(), [&](const wire_field& f) {
    if (!is_block(f, 1) || out.size() >= messages_max) return void(good = false);
    good = good && decode(raw, f.payload, out.emplace_back(), entries_left);
  });
  if (!walked || !good) return fail(errc::invalid_argument, "malformed raft messages");
  return out;
}

}  // namespace weft::cluster::raft
