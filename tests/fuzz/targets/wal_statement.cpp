// What a record of raft's log says: what is read encodes to the same bytes.
#include "cluster/wal/log_table.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace weft;
using namespace weft::fuzz;
namespace raft = weft::cluster::raft;
namespace wal = weft::cluster::raft::wal;

namespace {

int fuzz_one(const std::uint8_t* data, std::size_t size) {
  const auto raw = view(data, size);
  const auto says = wal::parse_statement(raw);
  if (!says) {
    FUZZ_CHECK(says.error().code == errc::corruption && !says.error().context.empty());
    return 0;
  }
  FUZZ_CHECK(wal::encode(*says) == raw);
  // Behind a log of entries 3 to 9 with a snapshot at 5: what it leads to is sound.
  wal::log_table table;
  table.begin({0, {}, {}, 0, std::make_shared<raft::snapshot>()});
  auto members = std::make_shared<raft::snapshot>();
  members->at = {1, 5};
  table.apply(wal::batch_note{std::nullopt, nullptr, 1, std::vector<wal::entry_note>(9, {1, raft::entry_kind::normal, 10, 0})}, 0, 0);
  table.apply(wal::compaction{{1, 2}, members});
  if (const auto* h = std::get_if<wal::head>(&*says)) {
    table.begin(*h);
    FUZZ_CHECK(wal::encode(wal::statement(table.as_head(h->segment))) == raw && table.known() == 0);
  } else if (const auto* b = std::get_if<wal::batch_note>(&*says); b != nullptr && table.check(*b)) {
    table.apply(*b, 1, 0);
    FUZZ_CHECK(table.complete() && (b->entries.empty() || table.last() == b->first + b->entries.size() - 1));
  } else if (const auto* c = std::get_if<wal::compaction>(&*says); c != nullptr && table.check(*c)) {
    table.apply(*c);
    FUZZ_CHECK(table.complete() && table.last() == 9);
  } else if (const auto* f = std::get_if<wal::follow_note>(&*says)) {
    table.apply(*f);
    FUZZ_CHECK(table.followed() == (f->until <= 5 ? 0 : f->until) && table.last() == 9);
  }
  FUZZ_CHECK(table.before().index <= table.state()->at.index && table.state()->at.index <= table.last());
  return 0;
}

std::vector<bytes> seeds() {
  auto state = std::make_shared<raft::snapshot>();
  state->at = {1, 7};
  state->members = {{1, 2, 3}, {4}, {1, 2, 5}, {5}, true};
  state->data = shared_bytes(bytes("height and hash"));
  auto far = std::make_shared<raft::snapshot>(*state);
  far->at = {4, 20};
  const std::vector<wal::entry_note> entries{{1, raft::entry_kind::normal, 10, 77}, {2, raft::entry_kind::conf_change_v2, 0, 0}};
  std::vector<bytes> out;
  for (const auto& s : std::vector<wal::statement>{
           wal::head{3, {4, 2, 7}, {1, 5}, 9, state}, wal::batch_note{raft::hard_state{4, 2, 9}, nullptr, 0, {}},
           wal::batch_note{std::nullopt, nullptr, 10, entries}, wal::batch_note{raft::hard_state{4, 2, 9}, nullptr, 7, entries},
           wal::batch_note{raft::hard_state{4, 2, 20}, far, 21, entries}, wal::compaction{{1, 4}, state}, wal::compaction{{1, 5}, nullptr}, wal::head{3, {4, 2, 7}, {1, 5}, 9, state, 12}, wal::follow_note{30},
           wal::follow_note{raft::still_following}})
    out.push_back(wal::encode(s));
  return out;
}

}  // namespace

WEFT_FUZZ_TARGET(wal_statement, 400'000);
