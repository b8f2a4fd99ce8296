#include "cluster/wal/statement.hpp"

#include "ledger/store/crc32c.hpp"
#include "ledger/store/numbers.hpp"

namespace weft::cluster::raft::wal {
namespace {

using ledger::crc32c;
using ledger::get_little;
using ledger::put_little;

constexpr bytes_view magic = "WFW1";

enum class kind : std::uint8_t { head = 1, batch = 2, compaction = 3, followed = 4 };
enum flag : std::uint8_t { has_hard = 1, has_restore = 2, has_entries = 4 };
constexpr std::size_t note_bytes = 17;

// ---- writing

void put(bytes& out, std::uint8_t n) { put_little<std::uint8_t>(out, n); }
void put(bytes& out, std::uint32_t n) { put_little<std::uint32_t>(out, n); }
void put(bytes& out, std::uint64_t n) { put_little<std::uint64_t>(out, n); }

void put(bytes& out, const position& p) {
  put(out, p.term);
  put(out, p.index);
}

void put(bytes& out, const hard_state& h) {
  put(out, h.term);
  put(out, h.vote);
  put(out, h.commit);
}

void put(bytes& out, const std::vector<node_id>& ids) {
  put(out, static_cast<std::uint32_t>(ids.size()));
  for (const auto id : ids) put(out, id);
}

void put(bytes& out, const snapshot& s) {
  put(out, s.at);
  put(out, static_cast<std::uint8_t>(s.members.auto_leave));
  put(out, s.members.voters);
  put(out, s.members.learners);
  put(out, s.members.voters_outgoing);
  put(out, s.members.learners_next);
  put(out, static_cast<std::uint32_t>(s.data.size()));
  out.append(s.data.view());
}

struct writer {
  bytes out;
  void operator()(const head& h) {
    put(out, static_cast<std::uint8_t>(kind::head));
    put(out, version);
    put(out, h.segment);
    put(out, h.hard);
    put(out, h.before);
    put(out, h.last);
    put(out, *h.state);
    if (h.followed != 0) put(out, h.followed);
  }
  void operator()(const batch_note& b) {
    put(out, static_cast<std::uint8_t>(kind::batch));
    put(out, static_cast<std::uint8_t>((b.hard ? has_hard : 0) | (b.restore ? has_restore : 0) | (b.entries.empty() ? 0 : has_entries)));
    if (b.hard) put(out, *b.hard);
    if (b.restore) put(out, *b.restore);
    if (b.entries.empty()) return;
    out.reserve(out.size() + 12 + b.entries.size() * note_bytes);
    put(out, b.first);
    put(out, static_cast<std::uint32_t>(b.entries.size()));
    for (const auto& e : b.entries) {
      put(out, e.term);
      put(out, static_cast<std::uint8_t>(e.kind));
      put(out, e.length);
      put(out, e.crc);
    }
  }
  void operator()(const compaction& c) {
    put(out, static_cast<std::uint8_t>(kind::compaction));
    put(out, c.before);
    put(out, static_cast<std::uint8_t>(c.state != nullptr));
    if (c.state) put(out, *c.state);
  }
  void operator()(const follow_note& f) {
    put(out, static_cast<std::uint8_t>(kind::followed));
    put(out, f.until);
  }
};

// ---- reading: every taker leaves `ok` false when the bytes do not hold what it looks for

class reader {
 public:
  explicit reader(bytes_view in) : in_(in) {}
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool empty() const { return in_.empty(); }
  [[nodiscard]] bool done() const { return ok_ && in_.empty(); }

  template <class T>
  T number() {
    if (!ok_ || in_.size() < sizeof(T)) return refuse<T>();
    const T n = get_little<T>(in_);
    in_.remove_prefix(sizeof(T));
    return n;
  }
  bool yes_or_no() {
    const auto n = number<std::uint8_t>();
    if (n > 1) ok_ = false;
    return n == 1;
  }
  log_index index() {
    const auto n = number<std::uint64_t>();
    if (n > index_max) ok_ = false;
    return n;
  }
  position place() {
    const auto term = number<std::uint64_t>();
    return {term, index()};
  }
  hard_state hard() {
    const auto term = number<std::uint64_t>(), vote = number<std::uint64_t>();
    return {term, vote, number<std::uint64_t>()};
  }
  /// How many things of `each` bytes follow: never more than there is room for.
  std::size_t count(std::size_t each) {
    const std::size_t n = number<std::uint32_t>();
    if (n > in_.size() / each) return refuse<std::size_t>();
    return n;
  }
  log_index followed() {
    const auto n = number<std::uint64_t>();
    if (n > index_max && n != still_following) ok_ = false;
    return n;
  }
  std::vector<node_id> ids() {
    std::vector<node_id> out(count(sizeof(node_id)));
    for (auto& id : out) id = number<std::uint64_t>();
    return out;
  }
  snapshot_ptr state() {
    auto s = std::make_shared<snapshot>();
    s->at = place();
    s->members.auto_leave = yes_or_no();
    s->members.voters = ids();
    s->members.learners = ids();
    s->members.voters_outgoing = ids();
    s->members.learners_next = ids();
    const std::size_t size = count(1);
    if (size > snapshot_bytes_max) ok_ = false;
    if (!ok_) return s;
    s->data = shared_bytes(bytes(in_.substr(0, size)));
    in_.remove_prefix(size);
    return s;
  }
  entry_note note() {
    entry_note e;
    e.term = number<std::uint64_t>();
    const auto of = number<std::uint8_t>();
    if (of > static_cast<std::uint8_t>(entry_kind::conf_change_v2)) ok_ = false;
    e.kind = static_cast<entry_kind>(of);
    e.length = number<std::uint32_t>();
    if (e.length > entry_bytes_max) ok_ = false;
    e.crc = number<std::uint32_t>();
    return e;
  }
  void require(bool holds) {
    if (!holds) ok_ = false;
  }

 private:
  template <class T>
  T refuse() {
    ok_ = false;
    return T{};
  }
  bytes_view in_;
  bool ok_ = true;
};

head parse_head(reader& in) {
  head h;
  h.segment = in.number<std::uint32_t>();
  h.hard = in.hard();
  h.before = in.place();
  h.last = in.index();
  h.state = in.state();
  if (!in.empty()) {
    h.followed = in.followed();
    in.require(h.followed != 0);
  }
  in.require(h.before.index <= h.state->at.index && h.state->at.index <= h.last);
  return h;
}

batch_note parse_batch(reader& in) {
  batch_note b;
  const auto flags = in.number<std::uint8_t>();
  in.require(flags <= (has_hard | has_restore | has_entries));
  if ((flags & has_hard) != 0) b.hard = in.hard();
  if ((flags & has_restore) != 0) b.restore = in.state();
  if ((flags & has_entries) == 0) return b;
  b.first = in.index();
  b.entries.resize(in.count(note_bytes));
  for (auto& e : b.entries) e = in.note();
  in.require(b.first != 0 && !b.entries.empty());
  return b;
}

compaction parse_compaction(reader& in) {
  compaction c;
  c.before = in.place();
  if (in.yes_or_no()) c.state = in.state();
  return c;
}

}  // namespace

bytes encode(const header& h) {
  bytes out(magic);
  put(out, h.statement);
  put(out, h.payload);
  put(out, h.sequence);
  put(out, h.crc);
  put(out, crc32c(out));
  return out;
}

std::optional<header> decode_header(bytes_view raw) {
  if (raw.size() < header_bytes || !raw.starts_with(magic)) return std::nullopt;
  if (get_little<std::uint32_t>(raw.substr(24)) != crc32c(raw.substr(0, 24))) return std::nullopt;
  return header{get_little<std::uint32_t>(raw.substr(4)), get_little<std::uint32_t>(raw.substr(8)), get_little<std::uint64_t>(raw.substr(12)),
                get_little<std::uint32_t>(raw.substr(20))};
}

bytes encode(const statement& s) {
  writer w;
  std::visit(w, s);
  return std::move(w.out);
}

result<statement> parse_statement(bytes_view raw) {
  reader in(raw);
  statement out;
  switch (static_cast<kind>(in.number<std::uint8_t>())) {
    case kind::head:
      if (const auto of = in.number<std::uint32_t>(); in.ok() && of != version)
        return fail(errc::corruption, "the file is of version " + std::to_string(of) + "; this program reads version " + std::to_string(version));
      out = parse_head(in);
      break;
    case kind::batch: out = parse_batch(in); break;
    case kind::compaction: out = parse_compaction(in); break;
    case kind::followed: out = follow_note{in.followed()}; break;
    default: return fail(errc::corruption, "a record of a kind that is not known");
  }
  if (!in.done()) return fail(errc::corruption, "a record that contradicts itself");
  return out;
}

bytes whole_record(std::uint64_t sequence, bytes_view statement) {
  bytes out = encode(header{static_cast<std::uint32_t>(statement.size()), 0, sequence, crc32c(statement)});
  out.append(statement);
  out.append(end_mark);
  return out;
}

}  // namespace weft::cluster::raft::wal
