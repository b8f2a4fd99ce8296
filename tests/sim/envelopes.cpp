#include "tests/sim/envelopes.hpp"

#include <charconv>
#include <deque>

#include "cluster/ordering/config_admission.hpp"
#include "proto/wire_write.hpp"

namespace weft::sim {

namespace {

ledger::envelope make(ledger::header_type type, bytes_view data, bytes_view signature) {
  bytes channel_header, header, payload;
  proto::put_varint(channel_header, 1, static_cast<std::uint64_t>(type));
  proto::put_bytes(channel_header, 4, "ch");
  proto::put_bytes(header, 1, channel_header);
  proto::put_bytes(payload, 1, header);
  proto::put_bytes(payload, 2, data);
  return ledger::envelope::make(std::move(payload), bytes(signature));
}

}  // namespace

const ledger::envelope& transaction(std::uint32_t number) {
  static std::deque<ledger::envelope> made;
  while (made.size() <= number) {
    const auto n = static_cast<std::uint32_t>(made.size());
    made.push_back(make(ledger::header_type::endorser_transaction, bytes(20 + n * 37 % 340, static_cast<char>('a' + n % 26)), "tx" + std::to_string(n)));
    static_cast<void>(made.back().header());  // parsed once for all runs
  }
  return made[number];
}

std::optional<std::uint32_t> number_of(const ledger::envelope& e) {
  const auto text = e.signature();
  std::uint32_t n = 0;
  if (!text.starts_with("tx") || std::from_chars(text.data() + 2, text.data() + text.size(), n).ec != std::errc{}) return std::nullopt;
  return n;
}

ledger::envelope make_config(const config_change& c) {
  return make(ledger::header_type::config, std::to_string(c.base) + ":" + c.changes, "config");
}

result<config_change> read_config(const ledger::envelope& e) {
  const auto text = e.data();
  config_change out;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), out.base);
  if (wrong != std::errc{} || end == text.data() + text.size() || *end != ':') return fail(errc::invalid_argument, "no configuration");
  out.changes = std::string(end + 1, text.data() + text.size());
  return out;
}

const ledger::block& genesis() {
  static const ledger::block block = ledger::block::make(block_number{0}, {}, {make_config({})});
  return block;
}

}  // namespace weft::sim
