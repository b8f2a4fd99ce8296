// differential_verify: the table verifier against OpenSSL, for as many triples as there is patience. Chunks are independent and numbered:
// a run that was stopped goes on with --from, and a difference is found again by its seed.
#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <thread>

#include "tests/differential/verify_round.hpp"

namespace {

constexpr std::uint64_t chunk_triples = 100'000;

struct options {
  std::uint64_t triples = 10'000'000, seed = 1, from = 0;
  unsigned threads = std::max(1u, std::thread::hardware_concurrency());
};

/// Chunks are handed out in order; the sum is behind one mutex.
struct run {
  const options& o;
  const std::uint64_t chunks = (o.triples + chunk_triples - 1) / chunk_triples;
  const std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now();
  std::atomic<std::uint64_t> next{o.from};
  std::mutex mutex;
  std::vector<bool> done = std::vector<bool>(chunks, false);
  weft::crypto::test::round_result sum;

  void work() {
    for (std::uint64_t c = next++; c < chunks; c = next++) {
      const auto size = std::min(chunk_triples, o.triples - c * chunk_triples);
      take(c, weft::crypto::test::compare_round((o.seed << 32) + c, size));
    }
  }

  void take(std::uint64_t chunk, const weft::crypto::test::round_result& r) {
    const std::lock_guard lock(mutex);
    done[chunk] = true;
    sum.triples += r.triples;
    sum.accepted += r.accepted;
    for (std::size_t k = 0; k < weft::crypto::test::triple_kinds; ++k) {
      sum.of_kind[k] += r.of_kind[k];
      sum.accepted_of_kind[k] += r.accepted_of_kind[k];
    }
    for (const auto& d : r.differences) {
      std::fprintf(stderr, "DIFFERENCE %s\n", d.c_str());
      sum.differences.push_back(d);
    }
    std::uint64_t resume = o.from;
    while (resume < chunks && done[resume]) ++resume;
    const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    std::fprintf(stderr, "%llu triples, %zu differences, %.0f s (%.0f/s); go on with --from %llu\n", static_cast<unsigned long long>(sum.triples),
                 sum.differences.size(), seconds, static_cast<double>(sum.triples) / seconds, static_cast<unsigned long long>(resume));
  }
};

void print(const run& r) {
  std::printf("%-20s %12s %12s\n", "kind", "triples", "accepted");
  for (std::size_t k = 0; k < weft::crypto::test::triple_kinds; ++k) {
    std::printf("%-20s %12llu %12llu\n", weft::crypto::test::to_string(static_cast<weft::crypto::test::triple_kind>(k)), static_cast<unsigned long long>(r.sum.of_kind[k]),
                static_cast<unsigned long long>(r.sum.accepted_of_kind[k]));
  }
  std::printf("%-20s %12llu %12llu\n%zu differences (seed %llu, chunks from %llu, %u threads)\n", "all", static_cast<unsigned long long>(r.sum.triples),
              static_cast<unsigned long long>(r.sum.accepted), r.sum.differences.size(), static_cast<unsigned long long>(r.o.seed),
              static_cast<unsigned long long>(r.o.from), r.o.threads);
}

}  // namespace

int main(int argc, char** argv) {
  options o;
  CLI::App app{"Judges (key, digest, signature) triples with OpenSSL and with weft's verifiers, and says where they differ", "differential_verify"};
  app.add_option("--triples", o.triples, "How many")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--seed", o.seed, "Other seeds, other triples")->capture_default_str();
  app.add_option("--from", o.from, "First chunk of 100,000, to go on where a run was stopped")->capture_default_str();
  app.add_option("--threads", o.threads, "Chunks at a time")->check(CLI::Range(1, 1024))->capture_default_str();
  app.footer("Example: differential_verify --triples 10000000 --seed 7");
  CLI11_PARSE(app, argc, argv);
  run r{o};
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < o.threads; ++i) threads.emplace_back([&r] { r.work(); });
  for (auto& t : threads) t.join();
  print(r);
  return r.sum.differences.empty() ? 0 : 1;
}
