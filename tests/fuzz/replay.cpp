// weft_fuzz_replay [target...]: each target over its golden seeds, the files kept in corpus/<target>/ and seeded mutations of both.
// weft_fuzz_replay --file PATH TARGET: one input, to look at a failure.
//
// WEFT_SEED (a number) gives other mutations, WEFT_FUZZ_FACTOR more of them. An input that stops the process is written to
// fuzz-failure-<target>.bin in the working directory, and said so with the seed.
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/mutate.hpp"

// A sanitizer ends the process by itself; this is how it tells us first.
extern "C" void __sanitizer_set_death_callback(void (*)()) __attribute__((weak));  // NOLINT: the sanitizers' name

using namespace weft;
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t default_seed = 20261120;

/// What runs now; read when the process dies.
struct {
  const char* target = nullptr;
  const bytes* input = nullptr;
  std::uint64_t seed = 0;
} current;

void report() {
  if (current.input == nullptr) return;
  const bytes& input = *std::exchange(current.input, nullptr);
  const std::string path = std::string("fuzz-failure-") + current.target + ".bin";
  std::ofstream(path, std::ios::binary) << input;
  std::fprintf(stderr, "target %s failed with WEFT_SEED=%llu on %zu bytes, written to %s\n", current.target,
               static_cast<unsigned long long>(current.seed), input.size(), path.c_str());
}

void on_signal(int signal) {
  report();  // not safe in a signal handler, but the process is lost anyway
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void watch() {
  std::signal(SIGABRT, on_signal);
  if (&__sanitizer_set_death_callback != nullptr) return __sanitizer_set_death_callback(report);
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) std::signal(signal, on_signal);
}

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  if (text == nullptr || *text == '\0') return otherwise;
  std::uint64_t value = 0;
  const auto* end = text + std::strlen(text);
  const auto [stop, error] = std::from_chars(text, end, value);
  if (error == std::errc{} && stop == end) return value;
  std::fprintf(stderr, "%s=%s is no number\n", variable, text);
  std::exit(2);
}

bytes read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in.good()) {
    std::fprintf(stderr, "cannot read %s\n", path.c_str());
    std::exit(2);
  }
  return bytes(std::istreambuf_iterator<char>(in), {});
}

std::vector<bytes> corpus_of(const char* target) {
  std::vector<fs::path> paths;
  std::error_code absent;
  for (const auto& entry : fs::directory_iterator(fs::path(WEFT_FUZZ_CORPUS_DIR) / target, absent)) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<bytes> out;
  for (const auto& path : paths) out.push_back(read(path));
  return out;
}

void run(const fuzz::target& t, const bytes& input) {
  // An allocation of the exact size: a sanitizer sees the first byte read too far. Empty means a null pointer, as from an empty view.
  const std::vector<std::uint8_t> exact(input.begin(), input.end());
  current.target = t.name;
  current.input = &input;
  t.fuzz_one(exact.data(), exact.size());
  current.input = nullptr;
}

/// Differs from target to target, so that a new one does not change what the others see.
std::uint64_t seed_of(const fuzz::target& t, std::uint64_t seed) {
  for (const char* c = t.name; *c != '\0'; ++c) seed = (seed ^ static_cast<unsigned char>(*c)) * 0x100000001b3;
  return seed;
}

void replay(const fuzz::target& t, std::uint64_t factor) {
  const auto start = std::chrono::steady_clock::now();
  auto seeds = t.seeds();
  const auto golden = seeds.size();
  for (auto& kept : corpus_of(t.name)) seeds.push_back(std::move(kept));
  run(t, {});
  for (const auto& seed : seeds) run(t, seed);
  std::vector<bytes> small;  // longer ones are replayed as they are
  std::copy_if(seeds.begin(), seeds.end(), std::back_inserter(small), [](const auto& s) { return s.size() <= fuzz::input_bytes_max; });
  seeded_random random(seed_of(t, current.seed));
  const auto mutations = t.mutations * factor;
  for (std::uint64_t i = 0; i < mutations; ++i) run(t, fuzz::mutate(small[random.below(small.size())], small, random));
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
  std::printf("%-16s %3zu golden, %2zu kept, %6llu mutations, %5lld ms\n", t.name, golden, seeds.size() - golden,
              static_cast<unsigned long long>(mutations), static_cast<long long>(took.count()));
  std::fflush(stdout);
}

const fuzz::target* find(const char* name) {
  for (const auto& t : fuzz::targets())
    if (std::strcmp(t.name, name) == 0) return &t;
  std::fprintf(stderr, "no target %s; there are:", name);
  for (const auto& t : fuzz::targets()) std::fprintf(stderr, " %s", t.name);
  std::fprintf(stderr, "\n");
  std::exit(2);
}

}  // namespace

int main(int argc, char** argv) {
  fuzz::silence_protobuf();
  watch();
  current.seed = number_from("WEFT_SEED", default_seed);
  const auto factor = number_from("WEFT_FUZZ_FACTOR", 1);
  if (argc == 4 && std::strcmp(argv[1], "--file") == 0) {
    run(*find(argv[3]), read(argv[2]));
    return 0;
  }
  if (argc > 1) {
    for (int i = 1; i < argc; ++i) replay(*find(argv[i]), factor);
    return 0;
  }
  for (const auto& t : fuzz::targets()) replay(t, factor);
  return 0;
}
