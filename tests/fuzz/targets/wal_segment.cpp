// Files of raft's log as they may be found after a restart: recovered the same each time and written to again, or refused and left alone.
#include "cluster/wal/files.hpp"
#include "cluster/wal/statement.hpp"
#include "ledger/store/crc32c.hpp"
#include "ledger/store/numbers.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/mutate.hpp"
#include "tests/unit/cluster/wal/model.hpp"

using namespace weft;
using namespace weft::fuzz;
namespace wal = weft::cluster::raft::wal;

namespace {

constexpr std::size_t preface = 5;  // whether checksums are set right, and how long the first of two files is

std::uint64_t number(bytes_view in, std::size_t at) { return ledger::get_little<std::uint32_t>(in.substr(at)); }

// Gives every record the checksums that it should have: else no change would get past them.
void seal(bytes& file) {
  for (std::uint64_t at = 0; at + wal::header_bytes + wal::end_mark.size() <= file.size();) {
    wal::header h{static_cast<std::uint32_t>(number(file, at + 4)), static_cast<std::uint32_t>(number(file, at + 8)),
                  ledger::get_little<std::uint64_t>(bytes_view(file).substr(at + 12)), 0};
    if (wal::record_bytes(h) > file.size() - at) return;
    const std::uint64_t payload_at = at + wal::header_bytes + h.statement;
    bytes says = file.substr(at + wal::header_bytes, h.statement);
    if (auto parsed = wal::parse_statement(says); parsed && std::holds_alternative<wal::batch_note>(*parsed)) {
      std::uint64_t data = payload_at;
      for (auto& e : std::get<wal::batch_note>(*parsed).entries) {
        if (e.length > payload_at + h.payload - data) break;
        e.crc = ledger::crc32c(bytes_view(file).substr(data, e.length));
        data += e.length;
      }
      says = wal::encode(*parsed);
      file.replace(at + wal::header_bytes, h.statement, says);
    }
    h.crc = ledger::crc32c(says);
    file.replace(at, wal::header_bytes, wal::encode(h));
    file.replace(payload_at + h.payload, wal::end_mark.size(), wal::end_mark);
    at += wal::record_bytes(h);
  }
}

std::shared_ptr<ledger::memory_env> folder_of(bytes_view input) {
  const auto files = ledger::make_memory_env();
  const std::size_t first = std::min<std::size_t>(number(input, 1), input.size() - preface);
  bytes parts[] = {bytes(input.substr(preface, first)), bytes(input.substr(preface + first))};
  for (std::uint32_t n = 0; n < (parts[1].empty() ? 1u : 2u); ++n) {
    if (input[0] % 2 == 1) seal(parts[n]);
    FUZZ_CHECK(files->replace(wal::file_name(n), parts[n]).has_value());
  }
  return files;
}

std::vector<bytes> contents(ledger::env& files) {
  std::vector<bytes> out;
  const auto names = files.list().value();
  for (const auto& name : names) out.push_back(files.open(name).value()->read(0, 2 * input_bytes_max).value());
  return out;
}

int fuzz_one(const std::uint8_t* data, std::size_t size) {
  if (size < preface) return 0;
  const auto files = folder_of(view(data, size));
  const auto before = contents(*files);
  cluster::raft::wal_report report;
  auto log = cluster::raft::write_ahead_log::open(files, {}, &report);
  if (!log) {
    FUZZ_CHECK(log.error().code == errc::corruption && log.error().context.find("wal-00000") != std::string::npos);
    FUZZ_CHECK(contents(*files) == before);
    return 0;
  }
  auto state = testing::state_of(**log);
  FUZZ_CHECK(state.has_value());
  const auto check_again = [&] {
    auto again = cluster::raft::write_ahead_log::open(files, {}, &report);
    FUZZ_CHECK(again && report.cut_bytes == 0);
    FUZZ_CHECK(testing::state_of(**again).value() == *state);
  };
  check_again();
  if (!state->begun || state->last() >= wal::index_max) return 0;
  const auto more = testing::make_entries(7, state->last() + 1, 1);
  const cluster::raft::wal_batch batch{std::nullopt, nullptr, more, true};
  FUZZ_CHECK((*log)->write(batch).has_value());
  state->take(batch);
  check_again();
  return 0;
}

// Logs of random histories, each in one file and cut into two.
std::vector<bytes> seeds() {
  std::vector<bytes> out;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    seeded_random random(seed);
    testing::histories draw(random);
    const auto files = ledger::make_memory_env();
    auto log = cluster::raft::write_ahead_log::open(files, {seed % 2 == 0 ? 16 * MiB : 700 * seed, 0}).value();
    FUZZ_CHECK(log->begin({{1, 2, 3}, {}, {}, {}, false}).has_value());
    for (auto state = testing::state_of(*log).value(); files->list()->size() < 3 && state.last() < 40;) {
      auto op = draw.next(state);
      if (seed % 2 == 1 && (op.is_compaction || op.restore)) op = {op.hard, nullptr, testing::make_entries(9, state.last() + 1, 1), true};
      op.apply_to(state);
      FUZZ_CHECK(op.run(*log).has_value());
    }
    const auto parts = contents(*files);
    for (const char sealed : {'\0', '\1'}) {
      bytes input(1, sealed);
      ledger::put_little<std::uint32_t>(input, static_cast<std::uint32_t>(parts[0].size()));
      for (std::size_t i = 0; i < std::min<std::size_t>(parts.size(), 2); ++i) input += parts[i];
      out.push_back(std::move(input));
    }
  }
  return out;
}

}  // namespace

WEFT_FUZZ_TARGET(wal_segment, 30'000);
