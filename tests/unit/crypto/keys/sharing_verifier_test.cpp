#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "crypto/keys/signer.hpp"

using namespace weft;
using namespace weft::crypto;

namespace {

/// Accepts signatures that start with "good" and counts how often it was asked.
struct counting_verifier final : verifier {
  bool verify(const public_key&, const hashed_message&, bytes_view signature) const override {
    ++asked;
    return signature.substr(0, 4) == "good";
  }
  mutable std::atomic<int> asked{0};
};

public_key make_key(std::uint64_t seed) {
  seeded_random random(seed);
  return private_key::generate(random).public_half();
}

}  // namespace

TEST_CASE("a verdict is asked for once if it is good, each time if it is not") {
  const auto inner = std::make_shared<counting_verifier>();
  const auto sharing = make_sharing_verifier(inner);
  const auto key = make_key(1);
  for (int i = 0; i < 3; ++i) CHECK(sharing->verify(key, "m", "good"));
  CHECK(inner->asked == 1);
  for (int i = 0; i < 3; ++i) CHECK_FALSE(sharing->verify(key, "m", "bad"));
  CHECK(inner->asked == 4);
}

TEST_CASE("key, message and signature all name a verdict") {
  const auto inner = std::make_shared<counting_verifier>();
  const auto sharing = make_sharing_verifier(inner);
  const auto key = make_key(1);
  CHECK(sharing->verify(key, "m", "good"));
  CHECK(sharing->verify(make_key(2), "m", "good"));
  CHECK(sharing->verify(key, "mg", "good"));
  CHECK(sharing->verify(key, "m", "good2"));
  CHECK(inner->asked == 4);
}

TEST_CASE("what was made here is not verified again, elsewhere it is") {
  const auto inner = std::make_shared<counting_verifier>();
  const auto sharing = make_sharing_verifier(inner);
  const auto key = make_key(1);
  sharing->made_here(key, "m", "made by us");
  CHECK(sharing->verify(key, "m", "made by us"));
  CHECK(inner->asked == 0);
  inner->made_here(key, "m", "made by us");
  CHECK_FALSE(inner->verify(key, "m", "made by us"));
}

TEST_CASE("memory is bounded, and what is used stays longest") {
  const auto inner = std::make_shared<counting_verifier>();
  const auto sharing = make_sharing_verifier(inner, 20);
  const auto key = make_key(1);
  const auto ask = [&](int i) { return sharing->verify(key, std::to_string(i), "good"); };
  for (int i = 0; i < 100; ++i) {
    CHECK(ask(0));  // used all the time
    CHECK(ask(i));
  }
  CHECK(inner->asked == 100);
  for (int i = 0; i < 100; ++i) CHECK(ask(i));
  CHECK(inner->asked >= 100 + 80);  // at most 20 were remembered
}

TEST_CASE("an empty key is never good, whatever was said to be made here") {
  const auto sharing = make_sharing_verifier(std::make_shared<counting_verifier>());
  sharing->made_here(public_key(), "m", "good");
  CHECK_FALSE(sharing->verify(public_key(), "m", "good"));
}

TEST_CASE("threads share one memory") {
  const auto sharing = make_sharing_verifier(std::make_shared<counting_verifier>(), 2048);
  const auto key = make_key(1);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 300; ++i) {
        wrong += !sharing->verify(key, std::to_string(i), "good");
        wrong += sharing->verify(key, std::to_string(i), "bad");
      }
    });
  for (auto& t : threads) t.join();
  CHECK(wrong == 0);
}
