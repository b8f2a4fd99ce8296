#include "cluster/raft/conf_change.hpp"

#include <charconv>
#include <optional>

namespace weft::cluster::raft {

namespace {

// ---- protobuf's wire form, as far as these two messages use it

void put_varint(bytes& out, std::uint64_t n) {
  for (; n >= 0x80; n >>= 7) out.push_back(static_cast<char>(n | 0x80));
  out.push_back(static_cast<char>(n));
}

void put_number(bytes& out, unsigned field, std::uint64_t n) {
  put_varint(out, field << 3);
  put_varint(out, n);
}

void put_bytes(bytes& out, unsigned field, bytes_view data) {
  put_varint(out, field << 3 | 2);
  put_varint(out, data.size());
  out.append(data);
}

struct field {
  std::uint64_t number = 0;
  std::uint64_t value = 0;   ///< Of a number.
  bytes_view data;           ///< Of a string of bytes.
  bool is_bytes = false;
};

/// Walks the fields of one message; stops at the first thing that is none.
class reader {
 public:
  explicit reader(bytes_view in) : in_(in) {}
  [[nodiscard]] bool at_end() const { return in_.empty(); }
  std::optional<field> next() {
    const auto tag = varint();
    if (!tag || *tag >> 3 == 0) return std::nullopt;
    field f{*tag >> 3, 0, {}, (*tag & 7) == 2};
    if ((*tag & 7) != 0 && !f.is_bytes) return std::nullopt;
    const auto n = varint();
    if (!n) return std::nullopt;
    if (!f.is_bytes) {
      f.value = *n;
      return f;
    }
    if (*n > in_.size()) return std::nullopt;
    f.data = in_.substr(0, *n);
    in_.remove_prefix(*n);
    return f;
  }

 private:
  std::optional<std::uint64_t> varint() {
    std::uint64_t n = 0;
    for (unsigned shift = 0; shift < 64 && !in_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(in_.front());
      in_.remove_prefix(1);
      if (shift == 63 && byte > 1) return std::nullopt;
      n |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return n;
    }
    return std::nullopt;
  }
  bytes_view in_;
};

auto malformed() { return fail(errc::invalid_argument, "the bytes are no change of the membership"); }

bool known(std::uint64_t kind) { return kind <= static_cast<std::uint64_t>(change_kind::add_learner); }

result<single_change> parse_single(bytes_view data) {
  single_change change;
  for (reader in(data); !in.at_end();) {
    const auto f = in.next();
    if (!f) return malformed();
    if (f->number == 1 && !f->is_bytes && known(f->value)) change.kind = static_cast<change_kind>(f->value);
    else if (f->number == 2 && !f->is_bytes) change.node = f->value;
    else return malformed();
  }
  return change;
}

result<conf_change> parse_v1(bytes_view data) {
  conf_change out;
  single_change change;
  for (reader in(data); !in.at_end();) {
    const auto f = in.next();
    if (!f) return malformed();
    if (f->number == 2 && !f->is_bytes && known(f->value)) change.kind = static_cast<change_kind>(f->value);
    else if (f->number == 3 && !f->is_bytes) change.node = f->value;
    else if (f->number == 4 && f->is_bytes) out.context = bytes(f->data);
    else if (f->number != 1 || f->is_bytes) return malformed();  // 1: a number of the proposer's own
  }
  out.changes.push_back(change);
  return out;
}

result<conf_change> parse_v2(bytes_view data) {
  conf_change out;
  for (reader in(data); !in.at_end();) {
    const auto f = in.next();
    if (!f) return malformed();
    if (f->number == 1 && !f->is_bytes && f->value <= static_cast<std::uint64_t>(transition::joint_explicit)) {
      out.how = static_cast<transition>(f->value);
    } else if (f->number == 2 && f->is_bytes) {
      WEFT_TRY(auto change, parse_single(f->data));
      out.changes.push_back(change);
    } else if (f->number == 3 && f->is_bytes) {
      out.context = bytes(f->data);
    } else {
      return malformed();
    }
  }
  return out;
}

constexpr std::string_view letters = "vrul";  // by change_kind

}  // namespace

entry make_entry(const single_change& change, bytes_view context) {
  bytes out;
  put_number(out, 1, 0);
  put_number(out, 2, static_cast<std::uint64_t>(change.kind));
  put_number(out, 3, change.node);
  if (!context.empty()) put_bytes(out, 4, context);
  return {0, 0, entry_kind::conf_change, shared_bytes(std::move(out))};
}

entry make_entry(const conf_change& change) {
  bytes out;
  put_number(out, 1, static_cast<std::uint64_t>(change.how));
  for (const auto& one : change.changes) {
    bytes inner;
    put_number(inner, 1, static_cast<std::uint64_t>(one.kind));
    put_number(inner, 2, one.node);
    put_bytes(out, 2, inner);
  }
  if (!change.context.empty()) put_bytes(out, 3, change.context);
  return {0, 0, entry_kind::conf_change_v2, shared_bytes(std::move(out))};
}

result<conf_change> parse_conf_change(const entry& e) {
  switch (e.kind) {
    case entry_kind::conf_change: return parse_v1(e.data.view());
    case entry_kind::conf_change_v2: return parse_v2(e.data.view());
    case entry_kind::normal: break;
  }
  return fail(errc::invalid_argument, "a normal entry changes no membership");
}

result<std::vector<single_change>> parse_changes(std::string_view text) {
  std::vector<single_change> out;
  constexpr std::string_view blanks = " \t\r\n";
  for (auto from = text.find_first_not_of(blanks); from != text.npos; from = text.find_first_not_of(blanks, from)) {
    const auto until = std::min(text.find_first_of(blanks, from), text.size());
    const auto word = text.substr(from, until - from);
    from = until;
    const auto kind = letters.find(word.front());
    single_change change;
    const auto parsed = std::from_chars(word.data() + 1, word.data() + word.size(), change.node);
    if (kind == letters.npos || parsed.ec != std::errc{} || parsed.ptr != word.data() + word.size())
      return fail(errc::invalid_argument, "unknown input: " + std::string(word));
    change.kind = static_cast<change_kind>(kind);
    out.push_back(change);
  }
  return out;
}

std::string to_string(const std::vector<single_change>& changes) {
  std::string out;
  for (const auto& change : changes) {
    if (!out.empty()) out += ' ';
    out += letters[static_cast<std::size_t>(change.kind)];
    out += std::to_string(change.node);
  }
  return out;
}

}  // namespace weft::cluster::raft
