// What a contract outside of the process may send its peer: ChaincodeMessages, each with a length of two bytes in front, to the peer's end of a stream
// and to the requests behind it.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "chaincode/shim/requests.hpp"
#include "chaincode/shim/stream.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/golden.hpp"

using namespace weft;
using namespace weft::fuzz;
using namespace weft::chaincode;
using namespace weft::chaincode::shim;

namespace {

/// A stub over a few keys; writes count only.
class few_keys final : public frame_stub {
 public:
  const std::vector<bytes>& args() const override { return args_; }
  const std::string& channel_id() const override { return channel_; }
  const std::string& tx_id() const override { return tx_; }
  timestamp tx_time() const override { return {}; }
  bytes_view creator() const override { return {}; }
  std::optional<bytes> transient(std::string_view) const override { return std::nullopt; }
  bool is_init() const override { return false; }
  result<std::optional<bytes>> get(std::string_view key) override {
    const auto it = keys_.find(std::string(key));
    return it == keys_.end() ? std::optional<bytes>{} : std::optional(it->second);
  }
  result<void> put(std::string_view key, bytes_view) override { return key.empty() ? refused() : result<void>{}; }
  result<void> erase(std::string_view key) override { return put(key, {}); }
  result<std::unique_ptr<result_cursor>> range(std::string_view s, std::string_view e) override { return std::unique_ptr<result_cursor>(raw_range(s, e).value()); }
  result<std::unique_ptr<result_cursor>> composite_range(std::string_view, const std::vector<std::string>&) override { return range("", ""); }
  result<std::vector<key_modification>> history(std::string_view key) override {
    return std::vector<key_modification>(std::min<std::size_t>(key.size(), 10) * 50, key_modification{"tx", "v", timestamp{std::chrono::nanoseconds(-1)}, true});
  }
  result<void> set_validation_parameter(std::string_view key, bytes_view v) override { return put(key, v); }
  result<bytes> validation_parameter(std::string_view) override { return bytes{}; }
  result<std::optional<bytes>> get_private(std::string_view, std::string_view key) override { return get(key); }
  result<std::optional<bytes>> get_private_hash(std::string_view, std::string_view key) override { return get(key); }
  result<void> put_private(std::string_view, std::string_view key, bytes_view v) override { return put(key, v); }
  result<void> erase_private(std::string_view, std::string_view key) override { return erase(key); }
  void set_event(std::string, bytes) override {}
  response call(std::string_view, const std::vector<bytes>&) override { return failure("not here"); }
  const ledger::channel_bundle* bundle() const override { return nullptr; }
  const ledger::channel_ledger* ledger() const override { return nullptr; }
  const std::string& local_msp_id() const override { return channel_; }
  result<std::optional<bytes>> get_of(std::string_view, std::string_view key) override { return get(key); }
  result<std::vector<std::string>> private_keys(std::string_view, std::string_view) override { return std::vector<std::string>{}; }
  result<std::unique_ptr<batch_cursor>> raw_range(std::string_view start, std::string_view end) override {
    return std::unique_ptr<batch_cursor>(std::make_unique<cursor>(keys_, std::string(start), std::string(end)));
  }
  result<range_page> page(std::string_view start, std::string_view end, std::int32_t size) override {
    if (size < 0) return fail(errc::invalid_argument, "negative");
    auto batch = cursor(keys_, std::string(start), std::string(end)).next_batch().value();
    if (size > 0 && batch.records.size() > static_cast<std::size_t>(size)) batch.records.resize(static_cast<std::size_t>(size));
    return range_page{std::move(batch.records), std::string(end)};
  }
  result<std::unique_ptr<batch_cursor>> private_range(std::string_view, std::string_view start, std::string_view end) override { return raw_range(start, end); }
  result<key_metadata> metadata(std::string_view key) override { return key_metadata{{"VALIDATION_PARAMETER", bytes(key)}}; }
  result<void> set_metadata(std::string_view key, std::string_view, bytes_view v) override { return put(key, v); }

 private:
  class cursor final : public batch_cursor {
   public:
    cursor(const std::map<std::string, bytes>& keys, std::string start, std::string end) : it_(keys.lower_bound(start)), all_(keys), end_(std::move(end)) {}
    result<std::optional<key_value>> next() override {
      if (it_ == all_.end() || (!end_.empty() && it_->first >= end_)) return std::optional<key_value>{};
      const auto& [key, value] = *it_++;
      return std::optional(key_value{"cc", key, value});
    }
    result<record_batch> next_batch() override {
      record_batch out;
      while (out.records.size() < 3) {
        auto one = next().value();
        if (!one) return out;
        out.records.push_back(std::move(*one));
      }
      out.more = it_ != all_.end();
      return out;
    }

   private:
    std::map<std::string, bytes>::const_iterator it_;
    const std::map<std::string, bytes>& all_;
    std::string end_;
  };
  static result<void> refused() { return fail(errc::invalid_argument, "PUT_STATE failed: transaction ID: tx: key must not be an empty string"); }
  std::vector<bytes> args_;
  std::string channel_ = "mychannel", tx_ = "tx";
  std::map<std::string, bytes> keys_{{"a", "1"}, {"b", "2"}, {"k1", "v"}, {"k2", ""}, {"q0000", "v"}, {"q0001", "v"}, {"q0002", "v"}, {"q0003", "v"}};
};

/// The peer's side as the switchboard plays it, reduced to what one stream decides.
class peer_end {
 public:
  void hears(bytes raw) { carry_out(stream_.step(received{std::move(raw)})); }

 private:
  void carry_out(stream_effects effects) {
    for (auto& effect : effects) {
      FUZZ_CHECK(!over_);
      if (auto* s = std::get_if<send_bytes>(&effect)) {
        FUZZ_CHECK(parse_message(s->raw).has_value());
      } else if (std::holds_alternative<shim::registration>(effect)) {
        carry_out(stream_.step(admit{}));
        for (const auto* tx : {"tx", "tx2"}) carry_out(stream_.step(start_call{{"mychannel", tx}, {"f"}, false, "proposal", "signature"}));
      } else if (auto* q = std::get_if<serve>(&effect)) {
        answer(q->request);
      } else if (auto* c = std::get_if<call_ended>(&effect)) {
        FUZZ_CHECK(c->outcome.answer.has_value() || c->outcome.answer.error().context.rfind(returned_with_failure, 0) == 0);
        FUZZ_CHECK(ended_.insert(c->call).second);
      } else if (std::holds_alternative<end_stream>(effect)) {
        over_ = true;
        FUZZ_CHECK(!stream_.ready());
      }
    }
  }
  void answer(const message& request) {
    FUZZ_CHECK(!ended_.contains(request.call) && is_request(request.type));
    const auto made = handler_.serve(request);
    const auto reply = std::holds_alternative<message>(made) ? std::get<message>(made) : request_handler::answer_call(request.call, success("called"));
    FUZZ_CHECK(reply.call == request.call);
    FUZZ_CHECK(reply.type == message_type::response || reply.payload.find(" failed: transaction ID: ") != bytes::npos);
    const auto effects = stream_.step(answered{reply});
    FUZZ_CHECK(effects.size() == 1 && std::holds_alternative<send_bytes>(effects[0]));
  }

  few_keys stub_;
  request_handler handler_{stub_, {.iterators_max = 4, .batch_max = 8}};
  stream stream_;
  std::set<call_key> ended_;
  bool over_ = false;
};

int fuzz_one(const std::uint8_t* data, std::size_t size) {
  peer_end peer;
  auto rest = view(data, size);
  while (rest.size() >= 2) {
    const auto length = std::min<std::size_t>(static_cast<unsigned char>(rest[0]) | static_cast<unsigned char>(rest[1]) << 8, rest.size() - 2);
    peer.hears(bytes(rest.substr(2, length)));
    rest.remove_prefix(2 + length);
  }
  return 0;
}

void put_framed(bytes& out, const bytes& raw) {
  out.push_back(static_cast<char>(raw.size() & 0xFF));
  out.push_back(static_cast<char>(raw.size() >> 8));
  out += raw;
}

/// What the contract says in the golden session: as a whole, and each request behind a registration.
std::vector<bytes> seeds() {
  std::vector<bytes> out(1);
  bytes registers;
  std::istringstream in(golden_file("chaincode/shim_transcript.jsonl"));
  for (std::string line; std::getline(in, line);) {
    const auto j = nlohmann::json::parse(line);
    if (j.at("dir").get<std::string>() != "cc->peer") continue;
    message m;
    for (int t = 0; t < 26; ++t) {
      if (to_string(static_cast<message_type>(t)) == j.at("type").get<std::string>()) m.type = static_cast<message_type>(t);
    }
    m.payload = from_hex(j.at("payload_hex").get<std::string>()).value();
    if (m.type != message_type::register_contract) m.call = {"mychannel", "tx"};
    bytes framed;
    put_framed(framed, encode(m));
    out.front() += framed;
    if (m.type == message_type::register_contract) registers = framed;
    else out.push_back(registers + framed);
  }
  const bytes paged("\x0a\x01k\x12\x01l\x22\x02\x08\x02", 10), batch("\x0a\x08\x0a\x01k\x12\x01v\x28\x09", 10), several("\x0a\x01k\x0a\x01l", 6);
  const bytes call("\x12\x04\x12\x02" "cc\x1a\x03\x0a\x01" "f", 11);
  for (const auto& [type, payload] : {std::pair(message_type::get_state_by_range, paged), std::pair(message_type::write_batch_state, batch),
                                      std::pair(message_type::get_state_multiple, several), std::pair(message_type::invoke_chaincode, call),
                                      std::pair(message_type::error, bytes("boom"))}) {
    auto both = registers;
    put_framed(both, encode({type, {"mychannel", "tx2"}, payload, {}, {}, {}}));
    out.push_back(both);
  }
  return out;
}

}  // namespace

WEFT_FUZZ_TARGET(shim_stream, 20'000);
