#include "proto/encode.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "common/configtx.pb.h"
#include "common/policies.pb.h"
#include "google/rpc/status.pb.h"
#include "peer/proposal.pb.h"

using weft::proto::decode;
using weft::proto::encode;

namespace {

std::string nested_policy(int depth) {
  common::SignaturePolicy policy;
  policy.set_signed_by(0);
  std::string inner = encode(policy);
  for (int i = 0; i < depth; ++i) {
    common::SignaturePolicy outer;
    outer.mutable_n_out_of()->set_n(1);
    std::string n_out_of = encode(outer.n_out_of());
    const auto field = [](char tag, const std::string& content) {
      std::string length;
      for (auto n = content.size(); ; n >>= 7) {
        length += static_cast<char>((n & 0x7f) | (n > 0x7f ? 0x80 : 0));
        if (n <= 0x7f) break;
      }
      return tag + length + content;
    };
    inner = field(0x12, n_out_of + field(0x12, inner));
  }
  return inner;
}

}  // namespace

TEST_CASE("maps are encoded in key order, whatever order they were filled in") {
  std::vector<std::string> keys;
  for (int i = 0; i < 64; ++i) keys.push_back("key" + std::to_string(i * 7919 % 64));
  common::ConfigGroup forward, backward;
  for (const auto& key : keys) (*forward.mutable_values())[key].set_value("v");
  for (auto key = keys.rbegin(); key != keys.rend(); ++key) (*backward.mutable_values())[*key].set_value("v");
  CHECK(encode(forward) == encode(backward));

  protos::ChaincodeProposalPayload payload;
  (*payload.mutable_transientmap())["b"] = "2";
  (*payload.mutable_transientmap())["a"] = "1";
  CHECK(encode(payload) == std::string("\x12\x06\x0a\x01""a\x12\x01""1\x12\x06\x0a\x01""b\x12\x01""2"));
}

TEST_CASE("an empty message is no bytes, and no bytes are an empty message") {
  CHECK(encode(protos::Proposal()).empty());
  protos::Proposal proposal;
  proposal.set_header("left over");
  CHECK(decode("", proposal));
  CHECK(proposal.header().empty());
}

TEST_CASE("unknown fields survive decoding and encoding") {
  const std::string stored = "\x0a\x01h\x12\x01p\xfa\x06\x03new";
  protos::Proposal proposal;
  REQUIRE(decode(stored, proposal));
  CHECK(proposal.payload() == "p");
  CHECK(encode(proposal) == stored);
}

TEST_CASE("malformed input is refused and leaves an empty message") {
  struct row { const char* name; std::string data; };
  const row rows[] = {
      {"length beyond the end", "\x0a\x05h"},
      {"length of 2^63", std::string("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f")},
      {"tag without value", "\x0a"},
      {"field number zero", std::string("\x02\x00", 2)},
      {"zero byte as tag", std::string(1, '\0')},
      {"end of a group that never began", "\x0c"},
      {"group that never ends", "\x0b\x08\x01"},
      {"unknown wire type", "\x0f\x01"},
      {"valid field, then garbage", "\x0a\x01h\xff"},
      {"varint of eleven bytes", "\x78\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.name);
    protos::Proposal proposal;
    proposal.set_header("left over");
    CHECK_FALSE(decode(r.data, proposal));
    CHECK(proposal.ByteSizeLong() == 0);
  }
}

TEST_CASE("text must be UTF-8, bytes need not be") {
  google::rpc::Status status;
  CHECK_FALSE(decode("\x12\x02\xc3\x28", status));
  CHECK(decode("\x12\x02\xc3\xa9", status));
  protos::Proposal proposal;
  CHECK(decode("\x0a\x02\xc3\x28", proposal));
}

TEST_CASE("nesting is bounded") {
  common::SignaturePolicy policy;
  CHECK(decode(nested_policy(40), policy));  // two messages a level
  CHECK_FALSE(decode(nested_policy(51), policy));
  CHECK_FALSE(decode(nested_policy(5000), policy));
  std::string groups(20000, '\x7b');
  CHECK_FALSE(decode(groups, policy));
}
