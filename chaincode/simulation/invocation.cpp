#include "chaincode/simulation/invocation.hpp"

#include <iterator>

#include "crypto/msp/msp.hpp"
#include "ledger/chain/channel_ledger.hpp"
#include "ledger/state/apply.hpp"

namespace weft::chaincode {
namespace {

constexpr std::string_view validation_parameter_name = "VALIDATION_PARAMETER";
constexpr std::string_view last_character = "\xF4\x8F\xBF\xBF";  // U+10FFFF, above every character of a composite key

}  // namespace

tl::unexpected<error> invocation::failed(std::string_view operation, const error& e) const {
  return fail(e.code, std::string(operation) + " failed: transaction ID: " + tx_id() + ": " + e.context);
}

std::optional<bytes> invocation::transient(std::string_view name) const {
  for (const auto& [key, value] : proposal().transient_map) {
    if (key == name) return value;
  }
  return std::nullopt;
}

result<std::optional<bytes>> invocation::get_of(std::string_view ns, std::string_view key) {
  auto value = tx_.sets.read(std::string(ns), std::string(key));
  if (!value) return failed("GET_STATE", value.error());
  if (!*value) return std::optional<bytes>{};
  return std::optional(std::move((*value)->value));
}

result<std::optional<bytes>> invocation::get(std::string_view key) { return get_of(ns_, key); }

result<void> invocation::put(std::string_view key, bytes_view value) {
  if (auto r = tx_.sets.write(ns_, std::string(key), value); !r) return failed("PUT_STATE", r.error());
  return {};
}

result<void> invocation::erase(std::string_view key) {
  if (auto r = tx_.sets.write(ns_, std::string(key), {}, true); !r) return failed("DEL_STATE", r.error());
  return {};
}

result<std::unique_ptr<result_cursor>> invocation::range(std::string_view start, std::string_view end) {
  for (const auto bound : {start, end}) {
    if (!bound.empty() && bound.front() == '\0') {
      return fail(errc::invalid_argument, "first character of the key [" + std::string(bound) + "] contains a null character which is not allowed");
    }
  }
  return raw_range(start.empty() ? "\x01" : start, end);
}

result<std::unique_ptr<batch_cursor>> invocation::raw_range(std::string_view start, std::string_view end) {
  auto cursor = tx_.sets.range(ns_, std::string(start), std::string(end));
  if (!cursor) return failed("GET_STATE_BY_RANGE", cursor.error());
  return cursor;
}

result<range_page> invocation::page(std::string_view start, std::string_view end, std::int32_t size) {
  auto page = tx_.sets.page(ns_, std::string(start), std::string(end), size);
  if (!page) return failed("GET_STATE_BY_RANGE", page.error());
  return page;
}

result<std::unique_ptr<result_cursor>> invocation::composite_range(std::string_view object_type, const std::vector<std::string>& attributes) {
  WEFT_TRY(const auto prefix, make_composite_key(object_type, attributes));
  return raw_range(prefix, prefix + std::string(last_character));
}

result<std::vector<key_modification>> invocation::history(std::string_view key) {
  const auto* ledger = tx_.context.history;
  if (!ledger) return failed("GET_HISTORY_FOR_KEY", {errc::unsupported, "history is not kept on this peer"});
  auto entries = ledger->history(ns_, key, tx_.context.limits.history_max);
  if (!entries) return failed("GET_HISTORY_FOR_KEY", entries.error());
  std::vector<key_modification> out;
  for (auto& e : *entries) {
    if (e.at.block >= tx_.sets.state().height()) continue;  // committed after the snapshot was taken
    out.push_back({std::move(e.tx_id), std::move(e.value), e.time, e.is_delete});
  }
  return out;
}

result<void> invocation::set_metadata(std::string_view key, std::string_view name, bytes_view value) {
  recorder::metadata_entries entries{{std::string(name), bytes(value)}};
  if (auto r = tx_.sets.write_metadata(ns_, std::string(key), std::move(entries)); !r) return failed("PUT_STATE_METADATA", r.error());
  return {};
}

result<key_metadata> invocation::metadata(std::string_view key) {
  const auto value = tx_.sets.read(ns_, std::string(key));
  if (!value) return failed("GET_STATE_METADATA", value.error());
  if (!*value) return key_metadata{};
  auto entries = ledger::decode_metadata((*value)->metadata);
  if (!entries) return failed("GET_STATE_METADATA", entries.error());
  return key_metadata{std::make_move_iterator(entries->begin()), std::make_move_iterator(entries->end())};
}

result<void> invocation::set_validation_parameter(std::string_view key, bytes_view signature_policy_envelope) {
  return set_metadata(key, validation_parameter_name, signature_policy_envelope);
}

result<bytes> invocation::validation_parameter(std::string_view key) {
  WEFT_TRY(auto entries, metadata(key));
  for (auto& [name, policy] : entries) {
    if (name == validation_parameter_name) return std::move(policy);
  }
  return bytes{};
}

result<std::optional<bytes>> invocation::get_private(std::string_view collection, std::string_view key) {
  const std::string in(collection), k(key);
  if (auto r = check_collection(in, private_access::read); !r) return failed("GET_STATE", r.error());
  const auto hash = tx_.sets.read_hash(ns_, in, k);
  if (!hash) return failed("GET_STATE", hash.error());
  auto value = tx_.sets.read_private(ns_, in, k);
  if (!value) return failed("GET_STATE", value.error());
  if (!*hash) return std::optional<bytes>{};
  const auto text = [](const version& v) { return "{BlockNum: " + std::to_string(v.block.value) + ", TxNum: " + std::to_string(v.tx.value) + "}"; };
  if (!*value || (*value)->at != (*hash)->at) {
    return failed("GET_STATE", {errc::unavailable, "private data matching public hash version is not available. Public hash version = " +
                                                       text((*hash)->at) + ", Private data version = " + (*value ? text((*value)->at) : "<nil>")});
  }
  return std::optional(std::move((*value)->value));
}

result<std::unique_ptr<batch_cursor>> invocation::private_range(std::string_view collection, std::string_view start, std::string_view end) {
  const std::string in(collection);
  if (auto r = check_collection(in, private_access::read); !r) return failed("GET_STATE_BY_RANGE", r.error());
  auto cursor = tx_.sets.private_range(ns_, in, std::string(start), std::string(end));
  if (!cursor) return failed("GET_STATE_BY_RANGE", cursor.error());
  return cursor;
}

result<std::vector<std::string>> invocation::private_keys(std::string_view collection, std::string_view prefix) {
  const std::string in(collection);
  if (auto r = check_collection(in, private_access::read); !r) return failed("GET_STATE_BY_RANGE", r.error());
  std::vector<std::string> out;
  const auto cursor = tx_.sets.state().private_range(ns_, in, prefix, {});
  for (;;) {
    auto entry = cursor->next();
    if (!entry) return failed("GET_STATE_BY_RANGE", entry.error());
    if (!*entry || !(*entry)->first.starts_with(prefix)) return out;
    out.push_back(std::move((*entry)->first));
  }
}

result<std::optional<bytes>> invocation::get_private_hash(std::string_view collection, std::string_view key) {
  const std::string in(collection);
  if (auto r = check_collection(in, private_access::hash); !r) return failed("GET_PRIVATE_DATA_HASH", r.error());
  auto hash = tx_.sets.read_hash(ns_, in, std::string(key));
  if (!hash) return failed("GET_PRIVATE_DATA_HASH", hash.error());
  if (!*hash) return std::optional<bytes>{};
  return std::optional(std::move((*hash)->value));
}

result<void> invocation::put_private(std::string_view collection, std::string_view key, bytes_view value) {
  const std::string in(collection);
  if (auto r = check_collection(in, private_access::write); !r) return failed("PUT_STATE", r.error());
  if (auto r = tx_.sets.write_private(ns_, in, std::string(key), value); !r) return failed("PUT_STATE", r.error());
  return {};
}

result<void> invocation::erase_private(std::string_view collection, std::string_view key) {
  const std::string in(collection);
  if (auto r = check_collection(in, private_access::write); !r) return failed("DEL_STATE", r.error());
  if (auto r = tx_.sets.write_private(ns_, in, std::string(key), {}, true); !r) return failed("DEL_STATE", r.error());
  return {};
}

void invocation::set_event(std::string name, bytes payload) {
  if (tx_.depth() != 1 || name.empty()) return;  // only the first contract's event counts, and it must have a name
  tx_.event_name = std::move(name);
  tx_.event_payload = std::move(payload);
  tx_.has_event = true;
}

response invocation::call(std::string_view contract, const std::vector<bytes>& args) {
  auto answer = call_in_place(std::string(contract), args);
  if (answer) return std::move(*answer);
  return failure(failed("INVOKE_CHAINCODE", answer.error()).value().context);
}

result<response> invocation::call_in_place(const std::string& contract, const std::vector<bytes>& args) {
  WEFT_TRY(const auto to, tx_.find_callee(contract));
  if (to.target.external()) {
    return fail(errc::unsupported, "execute failed: contract " + to.name + " runs outside of the peer's process, and a contract that is compiled into the peer "
                                   "cannot wait for it: call it from a client, or from a contract that runs outside too");
  }
  auto answer = to.in(tx_).run(to.name, to.target, args, false);
  to.settle(tx_);
  if (!answer) return fail(within("execute failed", answer.error()));
  return answer;
}

}  // namespace weft::chaincode
