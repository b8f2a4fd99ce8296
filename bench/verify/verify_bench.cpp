#include "bench/verify/verify_bench.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <limits>
#include <nlohmann/json.hpp>
#include <span>
#include <thread>

#include "bench/report/machine.hpp"
#include "crypto/keys/key_tables.hpp"

namespace weft::bench {

namespace {

constexpr std::size_t rounds = 5;

/// Signatures of several keys in turns, over messages whose digests are known: hashing is not what is measured.
struct material {
  std::vector<crypto::public_key> keys;
  std::vector<bytes> messages, signatures;
  std::vector<crypto::verify_job> jobs;

  static result<material> make(const verify_options& o) {
    material m;
    system_random random;
    const auto count = std::max<std::size_t>(256, (o.batch + o.keys - 1) / o.keys * o.keys);
    std::vector<std::shared_ptr<const crypto::signer>> signers;
    for (std::size_t i = 0; i < o.keys; ++i) signers.push_back(crypto::make_signer(crypto::private_key::generate(random)));
    for (const auto& s : signers) m.keys.push_back(s->key());
    m.messages.reserve(count);
    m.signatures.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      m.messages.push_back("message " + std::to_string(i));
      const crypto::hashed_message message(m.messages.back());
      WEFT_TRY(auto signature, signers[i % o.keys]->sign(message));
      m.signatures.push_back(std::move(signature));
      m.jobs.push_back({&m.keys[i % o.keys], {m.messages.back(), message.sha256()}, m.signatures.back()});
    }
    return m;
  }
};

/// What is measured: a verifier, asked singly or for batches.
struct subject {
  verify_row row;
  std::shared_ptr<const crypto::verifier> verifier;
  std::vector<double> per_core_second, per_second;
};

struct tally {
  std::atomic<std::uint64_t> verified{0}, cpu_nanos{0}, wrong{0};
};

/// One thread's share of one round. Starts somewhere of its own among the signatures.
void work(const subject& s, const material& m, std::chrono::nanoseconds cpu, std::size_t thread, tally& out) {
  const std::span<const crypto::verify_job> jobs(m.jobs);
  const auto begin = thread_cpu();
  std::uint64_t verified = 0, wrong = 0;
  auto used = std::chrono::nanoseconds(0);
  for (std::size_t at = thread * 17 % jobs.size(); used < cpu; used = thread_cpu() - begin) {
    if (s.row.batch == 1) {
      for (int i = 0; i < 16; ++i, at = (at + 1) % jobs.size()) wrong += !s.verifier->verify(*jobs[at].key, jobs[at].message, jobs[at].signature);
      verified += 16;
      continue;
    }
    if (at + s.row.batch > jobs.size()) at = 0;
    const auto good = s.verifier->verify_all(jobs.subspan(at, s.row.batch));
    wrong += static_cast<std::uint64_t>(std::count(good.begin(), good.end(), false));
    at += s.row.batch;
    verified += s.row.batch;
  }
  out.verified += verified;
  out.wrong += wrong;
  out.cpu_nanos += static_cast<std::uint64_t>(used.count());
}

result<void> measure(subject& s, const material& m, const verify_options& o) {
  tally t;
  const auto cpu = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(o.seconds / rounds));
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < o.threads; ++i) threads.emplace_back([&, i] { work(s, m, cpu, i, t); });
  for (auto& thread : threads) thread.join();
  const auto wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (t.wrong != 0) return fail(errc::internal, std::to_string(t.wrong) + " good signatures were refused by " + s.row.text);
  s.per_core_second.push_back(static_cast<double>(t.verified) * 1e9 / static_cast<double>(t.cpu_nanos));
  s.per_second.push_back(static_cast<double>(t.verified) / wall);
  return {};
}

double median(std::vector<double> of) {
  std::sort(of.begin(), of.end());
  return of[of.size() / 2];
}

result<void> check(const verify_options& o) {
  const auto out_of_range = [](const std::string& what) { return fail(errc::invalid_argument, what); };
  if (o.keys < 1 || o.keys > 64) return out_of_range("--keys is from 1 to 64");
  if (o.batch < 1 || o.batch > 1024) return out_of_range("--batch is from 1 to 1024");
  if (o.threads < 1 || o.threads > 256) return out_of_range("--threads is from 1 to 256");
  if (!(o.seconds >= 0.01 && o.seconds <= 600)) return out_of_range("--seconds is from 0.01 to 600");
  return {};
}

double rounded(double x, double digits = 10) { return std::round(x * digits) / digits; }

}  // namespace

result<verify_report> run_verify(const verify_options& o) {
  WEFT_CHECK(check(o));
  WEFT_TRY(const auto m, material::make(o));
  const auto tables = crypto::make_table_verifier(crypto::make_key_tables(make_inline_executor(), {.after = 1}));
  const auto without = crypto::make_table_verifier(
      crypto::make_key_tables(make_inline_executor(), {.after = std::numeric_limits<std::uint32_t>::max()}));
  verify_report out;
  const auto memory = resident_mib();
  const auto begin = thread_cpu();
  for (std::size_t i = 0; i < o.keys; ++i) (void)tables->verify(*m.jobs[i].key, m.jobs[i].message, m.jobs[i].signature);  // builds
  out.table_build_ms = std::chrono::duration<double, std::milli>(thread_cpu() - begin).count() / static_cast<double>(o.keys);
  out.table_kib = (resident_mib() - memory) * 1024 / static_cast<double>(o.keys);

  const auto batches = "batches of " + std::to_string(o.batch);
  std::vector<subject> subjects = {{{"openssl", "OpenSSL", 1}, crypto::make_verifier()},
                                   {{"table", "table", 1}, tables},
                                   {{"batch", "no table, " + batches, o.batch}, without},
                                   {{"table_batch", "table, " + batches, o.batch}, tables}};
  for (std::size_t i = 0; i < rounds; ++i)
    for (auto& s : subjects) WEFT_CHECK(measure(s, m, o));
  for (auto& s : subjects) {
    s.row.per_core_second = median(s.per_core_second);
    s.row.least = *std::min_element(s.per_core_second.begin(), s.per_core_second.end());
    s.row.most = *std::max_element(s.per_core_second.begin(), s.per_core_second.end());
    s.row.per_second = median(s.per_second);
    out.rows.push_back(std::move(s.row));
  }
  out.conditions = o;
  out.rounds = rounds;
  out.cores = std::thread::hardware_concurrency();
  out.cpu_model = cpu_model();
  out.build = build_kind();
  out.openssl = crypto::library_version();
  return out;
}

std::string to_text(const verify_report& r) {
  std::string out;
  char line[256];
  std::snprintf(line, sizeof line, "%-28s %14s %20s %8s %12s\n", "P-256 verifications", "per s and core", "[least-most]", "us", "per s");
  out += line;
  for (const auto& row : r.rows) {
    char range[48];
    std::snprintf(range, sizeof range, "[%.0f-%.0f]", row.least, row.most);
    std::snprintf(line, sizeof line, "%-28s %14.0f %20s %8.1f %12.0f\n", row.text.c_str(), row.per_core_second, range, row.us(), row.per_second);
    out += line;
  }
  std::snprintf(line, sizeof line, "a table                      built in %.1f ms, about %.0f KiB\n", r.table_build_ms, r.table_kib);
  out += line;
  const auto& c = r.conditions;
  std::snprintf(line, sizeof line, "conditions\n  load          %zu keys in turns, %zu threads, %.2f s of CPU a row and thread in %zu rounds; digests known beforehand\n",
                c.keys, c.threads, c.seconds, r.rounds);
  out += line;
  std::snprintf(line, sizeof line, "  machine       %u cores, %s, %s build, %s\n", r.cores, r.cpu_model.c_str(), r.build.c_str(), r.openssl.c_str());
  return out + line;
}

std::string to_json(const verify_report& r) {
  nlohmann::json rows = nlohmann::json::array();
  for (const auto& row : r.rows) {
    rows.push_back({{"verifier", row.id}, {"batch", row.batch}, {"per_core_second", rounded(row.per_core_second)}, {"least", rounded(row.least)},
                    {"most", rounded(row.most)}, {"us", rounded(row.us(), 100)}, {"per_second", rounded(row.per_second)}});
  }
  const auto& c = r.conditions;
  const nlohmann::json out = {
      {"bench", "verify"},
      {"rows", rows},
      {"table", {{"build_ms", rounded(r.table_build_ms)}, {"kib", rounded(r.table_kib)}}},
      {"conditions", {{"keys", c.keys}, {"batch", c.batch}, {"threads", c.threads}, {"seconds", c.seconds}, {"rounds", r.rounds}, {"cores", r.cores},
                      {"cpu_model", r.cpu_model}, {"build", r.build}, {"library", r.openssl}, {"digests", "known beforehand"}}},
  };
  return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace weft::bench
