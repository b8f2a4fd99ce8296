#include "tests/sim/block_shelf.hpp"

#include <cstring>

#include "ledger/store/crc32c.hpp"
#include "tests/sim/envelopes.hpp"

namespace weft::sim {

namespace {

struct head {
  std::uint32_t size = 0, crc = 0;
  std::uint64_t entry = 0;
};

}  // namespace

void block_shelf::take(ledger::block b, std::uint64_t entry) {
  if (cluster::is_config_block(b)) configs_.push_back(b.number().value);
  blocks_.push_back({std::move(b), entry});
}

result<std::unique_ptr<block_shelf>> block_shelf::open(std::shared_ptr<ledger::env> files) {
  std::unique_ptr<block_shelf> shelf(new block_shelf);
  WEFT_TRY(shelf->file_, files->open("blocks"));
  WEFT_TRY(const auto raw, shelf->file_->read(0, shelf->file_->size()));
  std::size_t at = 0;
  for (head h; at + sizeof h <= raw.size(); at += sizeof h + h.size) {
    std::memcpy(&h, raw.data() + at, sizeof h);
    if (h.size == 0 || h.size > raw.size() - at - sizeof h) break;
    const auto body = bytes_view(raw).substr(at + sizeof h, h.size);
    if (ledger::crc32c(body) != h.crc) break;
    WEFT_TRY(auto block, ledger::block::parse(shared_bytes(bytes(body))));
    const bool follows = block.number().value == shelf->height() && (shelf->height() == 0 || block.header().previous_hash == shelf->blocks_.back().block.hash());
    if (!follows) return fail(errc::corruption, "stored block " + std::to_string(block.number().value) + " does not follow the one before");
    shelf->take(std::move(block), h.entry);
  }
  if (at < raw.size()) WEFT_CHECK(shelf->file_->truncate(at));
  if (shelf->blocks_.empty()) WEFT_CHECK(shelf->append(genesis(), 0));
  WEFT_CHECK(shelf->sync());
  return shelf;
}

result<void> block_shelf::append(const ledger::block& b, std::uint64_t entry) {
  const auto body = b.encode();
  const head h{static_cast<std::uint32_t>(body.size()), ledger::crc32c(body), entry};
  const bytes_view pieces[] = {{reinterpret_cast<const char*>(&h), sizeof h}, body};
  WEFT_CHECK(file_->append_pieces(pieces));
  take(b, entry);
  return {};
}

cluster::chain_start block_shelf::start() const {
  const auto& last = blocks_.back();
  return {{last.block.number().next(), last.block.hash(), block_number{configs_.back()}}, last.entry};
}

}  // namespace weft::sim
