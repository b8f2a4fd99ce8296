#include "crypto/hash/sha256.hpp"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

using namespace weft;
using crypto::sha256;

TEST_CASE("digests of FIPS 180-4's examples") {
  struct row {
    std::string message, digest_hex;
  };
  const row rows[] = {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
      {std::string(1'000'000, 'a'), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
  };
  for (const auto& r : rows) CHECK(to_hex(crypto::view(sha256(r.message))) == r.digest_hex);
}

TEST_CASE("a stream digests the concatenation, however it is cut") {
  const std::string message(300, 'x');
  for (std::size_t cut : {0u, 1u, 63u, 64u, 65u, 299u, 300u}) {
    CAPTURE(cut);
    const std::string_view all(message);
    CHECK(crypto::sha256_stream{}.add(all.substr(0, cut)).add(all.substr(cut)).finish() == sha256(message));
  }
}

TEST_CASE("a finished stream starts anew, and a moved one goes on where it was") {
  crypto::sha256_stream stream;
  stream.add("abc");
  CHECK(stream.finish() == sha256("abc"));
  CHECK(stream.finish() == sha256(""));
  stream.add("a");
  crypto::sha256_stream other = std::move(stream);
  CHECK(other.add("bc").finish() == sha256("abc"));
}

TEST_CASE("threads do not disturb each other") {
  std::vector<int> wrong(4, 0);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([t, &wrong] {
      const std::string message(static_cast<std::size_t>(100 + t), static_cast<char>('a' + t));
      const auto expected = sha256(message);
      for (int i = 0; i < 500; ++i) wrong[static_cast<std::size_t>(t)] += sha256(message) != expected;
    });
  for (auto& t : threads) t.join();
  for (int w : wrong) CHECK(w == 0);
}
