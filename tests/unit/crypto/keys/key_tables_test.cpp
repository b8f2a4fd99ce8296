#include "crypto/keys/key_tables.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <deque>
#include <thread>

#include "crypto/keys/fixed_base.hpp"
#include "crypto/keys/openssl_key.hpp"
#include "tests/differential/verify_round.hpp"

using namespace weft;
using namespace weft::crypto;

namespace {

private_key make_key(std::uint64_t seed) {
  seeded_random random(seed);
  return private_key::generate(random);
}

/// Holds tasks until the test runs them.
struct manual_executor final : executor {
  bool try_run(std::function<void()> task) override {
    if (tasks.size() >= waiting_max) return false;
    tasks.push_back(std::move(task));
    return true;
  }
  void stop() override { tasks.clear(); }
  void run() {
    for (; !tasks.empty(); tasks.pop_front()) tasks.front()();
  }
  std::size_t waiting_max = 100;
  std::deque<std::function<void()>> tasks;
};

bool has_table(key_tables& tables, const public_key& key) {
  const auto* k = &key;
  std::shared_ptr<const fixed_base> found;
  tables.use({&k, 1}, {&found, 1});
  return found != nullptr;
}

struct signed_message {
  bytes message, signature;
};
signed_message make_signed(const private_key& key, const bytes& message) {
  return {message, make_signer(key, nonce_rule::deterministic)->sign(message).value()};
}

}  // namespace

TEST_CASE("every verdict is OpenSSL's, singly and in batches") {
  const auto r = test::compare_round(20261127, 1500);
  for (const auto& d : r.differences) FAIL_CHECK(d);
  CHECK(r.triples == 1500);
  CHECK(r.accepted > r.triples / 2);
  for (std::size_t k = 0; k < test::triple_kinds; ++k) {  // none of the stories is missing
    CAPTURE(test::to_string(static_cast<test::triple_kind>(k)));
    CHECK(r.of_kind[k] > 0);
  }
  using enum test::triple_kind;
  for (const auto all_good : {valid, chosen_scalars, digest_above_n, doubling, x_above_n, x_below_p_minus_n})
    CHECK(r.accepted_of_kind[static_cast<std::size_t>(all_good)] == r.of_kind[static_cast<std::size_t>(all_good)]);
  for (const auto all_bad : {r_flipped, digest_flipped, high_s, infinity, x_wrapped, special_spoiled})
    CHECK(r.accepted_of_kind[static_cast<std::size_t>(all_bad)] == 0);
}

TEST_CASE("a table is built when a key was met often enough, by the builder and once") {
  const auto builder = std::make_shared<manual_executor>();
  const auto tables = make_key_tables(builder, {.after = 3});
  const auto key = make_key(1).public_half(), other = make_key(2).public_half();
  CHECK_FALSE(has_table(*tables, key));
  CHECK_FALSE(has_table(*tables, key));
  CHECK_FALSE(has_table(*tables, other));
  CHECK(builder->tasks.empty());
  for (int i = 0; i < 7; ++i) CHECK_FALSE(has_table(*tables, key));
  CHECK(builder->tasks.size() == 1);
  CHECK(tables->counts().building == 1);
  builder->run();
  CHECK(has_table(*tables, key));
  CHECK_FALSE(has_table(*tables, other));
  CHECK(tables->counts().held == 1);
  CHECK(tables->counts().building == 0);
}

TEST_CASE("keys of other curves get no table") {
  const auto builder = std::make_shared<manual_executor>();
  const auto tables = make_key_tables(builder, {.after = 1});
  const bytes spki_ed25519 = from_hex("302a300506032b6570032100" "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a").value();
  const auto key = public_key::from_spki(spki_ed25519).value();
  for (int i = 0; i < 5; ++i) CHECK_FALSE(has_table(*tables, key));
  CHECK(builder->tasks.empty());
  CHECK(fixed_base::build(*key.native()) == nullptr);
}

TEST_CASE("a builder that is busy is asked again when the key was met as often again") {
  const auto builder = std::make_shared<manual_executor>();
  builder->waiting_max = 0;
  const auto tables = make_key_tables(builder, {.after = 2});
  const auto key = make_key(1).public_half();
  for (int i = 0; i < 3; ++i) CHECK_FALSE(has_table(*tables, key));
  CHECK(tables->counts().building == 0);
  builder->waiting_max = 1;
  CHECK_FALSE(has_table(*tables, key));
  CHECK(builder->tasks.size() == 1);
}

TEST_CASE("the least recently used table goes, once it was idle for long") {
  const auto tables = make_key_tables(make_inline_executor(), {.after = 2, .tables_max = 2});
  const auto a = make_key(1).public_half(), b = make_key(2).public_half(), c = make_key(3).public_half();
  for (const auto& key : {a, b})
    for (int i = 0; i < 2; ++i) (void)has_table(*tables, key);
  CHECK(tables->counts().held == 2);

  for (int i = 0; i < 10; ++i) {  // all three are busy: nobody is driven out
    CHECK(has_table(*tables, a));
    CHECK(has_table(*tables, b));
    CHECK_FALSE(has_table(*tables, c));
  }
  CHECK(tables->counts().dropped == 0);

  for (int i = 0; i < 60; ++i) {
    CHECK(has_table(*tables, a));
    (void)has_table(*tables, c);
  }
  CHECK(has_table(*tables, c));
  CHECK(has_table(*tables, a));
  CHECK_FALSE(has_table(*tables, b));
  CHECK(tables->counts().held == 2);
  CHECK(tables->counts().dropped == 1);
}

TEST_CASE("strangers' keys cost a bounded number of counters") {
  const auto tables = make_key_tables(make_inline_executor(), {.after = 3, .keys_counted_max = 4});
  const auto regular = make_key(0).public_half();
  for (int i = 1; i <= 2; ++i) CHECK_FALSE(has_table(*tables, regular));
  for (std::uint64_t i = 1; i <= 8; ++i) CHECK_FALSE(has_table(*tables, make_key(i).public_half()));
  CHECK_FALSE(has_table(*tables, regular));  // would have been the third, had it not been forgotten
  CHECK(tables->counts().held == 0);
  for (int i = 0; i < 2; ++i) CHECK_FALSE(has_table(*tables, regular));
  CHECK(tables->counts().held == 1);
}

TEST_CASE("a batch keeps its order, whatever stands beside what") {
  const auto tables = make_key_tables(make_inline_executor(), {.after = 1});
  const auto plain = make_table_verifier(tables);
  for (const auto& v : {plain, make_sharing_verifier(plain), make_verifier()}) {
    const auto key = make_key(1), other = make_key(2);
    const auto mine = key.public_half(), others = other.public_half();
    const auto good = make_signed(key, "m"), second = make_signed(other, "n");
    const public_key nobody;
    const bytes garbage = "garbage";
    const std::vector<verify_job> jobs = {{&mine, good.message, good.signature},  {&nobody, good.message, good.signature},
                                          {nullptr, good.message, good.signature}, {&others, good.message, good.signature},
                                          {&others, second.message, second.signature}, {&mine, good.message, garbage},
                                          {&mine, second.message, good.signature}, {&mine, good.message, good.signature}};
    const std::vector<bool> expected = {true, false, false, false, true, false, false, true};
    for (int i = 0; i < 3; ++i) CHECK(v->verify_all(jobs) == expected);
    CHECK(v->verify_all({}).empty());
  }
}

TEST_CASE("the sharing verifier hands on only what it does not remember") {
  struct counting final : verifier {
    bool verify(const public_key&, const hashed_message&, bytes_view) const override { return ++asked, true; }
    mutable int asked = 0;
  };
  const auto inner = std::make_shared<counting>();
  const auto sharing = make_sharing_verifier(inner);
  const auto key = make_key(1).public_half();
  CHECK(sharing->verify(key, "a", "s"));
  const std::vector<verify_job> jobs = {{&key, "a", "s"}, {&key, "b", "s"}};
  CHECK(sharing->verify_all(jobs) == std::vector<bool>{true, true});
  CHECK(inner->asked == 2);
  CHECK(sharing->verify_all(jobs) == std::vector<bool>{true, true});
  CHECK(inner->asked == 2);
}

TEST_CASE("threads verify while tables are built and dropped behind their backs") {
  const auto builder = make_background_executor(4);
  const auto verifier = make_table_verifier(make_key_tables(builder, {.after = 5, .tables_max = 2}));
  std::vector<public_key> keys;
  std::vector<signed_message> messages;
  for (std::uint64_t i = 0; i < 4; ++i) {
    const auto key = make_key(i);
    keys.push_back(key.public_half());
    messages.push_back(make_signed(key, "message " + std::to_string(i)));
  }
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 3; ++t)
    threads.emplace_back([&, t] {
      for (std::size_t i = 0; i < 60; ++i) {
        const auto k = i < 30 ? t % 2 : 2 + i % 2;  // the busy keys change, so that tables are dropped
        const auto& m = messages[k];
        const auto& stranger = keys[(k + 1) % keys.size()];
        wrong += !verifier->verify(keys[k], m.message, m.signature);
        const std::vector<verify_job> jobs = {{&keys[k], m.message, m.signature}, {&stranger, m.message, m.signature}};
        wrong += verifier->verify_all(jobs) != std::vector<bool>{true, false};
      }
    });
  for (auto& t : threads) t.join();
  builder->stop();
  CHECK(wrong == 0);
}
