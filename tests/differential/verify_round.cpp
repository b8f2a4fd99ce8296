#include "tests/differential/verify_round.hpp"

#include <algorithm>
#include <limits>

#include "config/base/random.hpp"
#include "crypto/keys/key_tables.hpp"

namespace weft::crypto::test {

namespace {

using crypto::verifier;

struct subjects {
  std::shared_ptr<const verifier> plain = crypto::make_verifier();
  /// A key's table is there from its second verification on.
  std::shared_ptr<const verifier> tables = crypto::make_table_verifier(crypto::make_key_tables(make_inline_executor(), {.after = 1}));
  std::shared_ptr<const verifier> cold =
      crypto::make_table_verifier(crypto::make_key_tables(make_inline_executor(), {.after = std::numeric_limits<std::uint32_t>::max()}));
};

void note(round_result& out, const triple& t, bool expected, const char* who, std::uint64_t seed) {
  constexpr std::size_t shown_max = 10;
  if (out.differences.size() >= shown_max) return;
  out.differences.push_back(std::string(who) + " says " + (expected ? "bad" : "good") + ", OpenSSL " + (expected ? "good" : "bad") + ": " +
                            to_string(t.kind) + ", seed " + std::to_string(seed) + ", key " + to_hex(t.key->raw()) + ", digest " +
                            to_hex(crypto::view(t.message_digest)) + ", signature " + to_hex(t.signature));
}

std::vector<crypto::verify_job> jobs_of(const std::vector<triple>& batch) {
  std::vector<crypto::verify_job> jobs;
  for (const auto& t : batch) jobs.push_back({t.key, t.message(), t.signature});
  return jobs;
}

void compare(const std::vector<triple>& batch, const subjects& s, bool all, std::uint64_t seed, round_result& out) {
  const auto jobs = jobs_of(batch);
  const auto together = s.tables->verify_all(jobs);
  const auto together_cold = all ? s.cold->verify_all(jobs) : std::vector<bool>{};
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const auto& t = batch[i];
    const bool expected = openssl_accepts(t);
    const auto kind = static_cast<std::size_t>(t.kind);
    ++out.triples;
    ++out.of_kind[kind];
    out.accepted += expected;
    out.accepted_of_kind[kind] += expected;
    if (together[i] != expected) note(out, t, expected, "the batch with tables", seed);
    if (s.tables->verify(*t.key, t.message(), t.signature) != expected) note(out, t, expected, "the table", seed);
    if (!all) continue;
    if (together_cold[i] != expected) note(out, t, expected, "the batch without tables", seed);
    if (s.plain->verify(*t.key, t.message(), t.signature) != expected) note(out, t, expected, "the plain verifier", seed);
  }
}

}  // namespace

round_result compare_round(std::uint64_t seed, std::uint64_t count) {
  triple_source source(seed);
  seeded_random sizes(~seed);
  const subjects s;
  round_result out;
  for (std::uint64_t batches = 0; out.triples < count; ++batches) {
    const auto size = std::min<std::uint64_t>(count - out.triples, 1 + sizes.below(sizes.below(16) == 0 ? 200 : 64));
    std::vector<triple> batch;
    while (batch.size() < size) batch.push_back(source.next());
    compare(batch, s, batches % 4 == 0, seed, out);
  }
  return out;
}

}  // namespace weft::crypto::test
