#include "chaincode/shim/requests.hpp"

#include <algorithm>

#include "ledger/queryresult/kv_query_result.pb.h"
#include "peer/chaincode.pb.h"
#include "peer/chaincode_shim.pb.h"
#include "proto/encode.hpp"

namespace weft::chaincode::shim {
namespace {

constexpr std::size_t history_batch = 100;

template <class T>
result<T> payload_of(const message& m) {
  T out;
  if (!proto::decode(m.payload, out)) return fail(errc::invalid_argument, "unmarshal failed");
  return out;
}

bytes value_or_empty(std::optional<bytes>&& v) { return v ? std::move(*v) : bytes{}; }

result<bytes> done(const result<void>& r) {
  if (!r) return fail(r.error());
  return bytes{};
}

error unsupported(std::string why) { return {errc::unsupported, std::move(why)}; }

/// Stubs say which of their operations failed; here the request that came is named instead (a batch of writes, say).
std::string reason(const error& e, const std::string& txid) {
  const auto prefix = " failed: transaction ID: " + txid + ": ";
  const auto at = e.context.find(prefix);
  return at == std::string::npos ? e.context : e.context.substr(at + prefix.size());
}

}  // namespace

class open_query {
 public:
  virtual ~open_query() = default;
  /// Puts the next results into `out`; true if more follow.
  virtual result<bool> next(::protos::QueryResponse& out) = 0;
};

namespace {

void add_record(::protos::QueryResponse& out, key_value&& record) {
  ::queryresult::KV kv;
  kv.set_namespace_(std::move(record.ns));
  kv.set_key(std::move(record.key));
  kv.set_value(std::move(record.value));
  out.add_results()->set_resultbytes(proto::encode(kv));
}

class range_query final : public open_query {
 public:
  explicit range_query(std::unique_ptr<batch_cursor> cursor) : cursor_(std::move(cursor)) {}
  result<bool> next(::protos::QueryResponse& out) override {
    WEFT_TRY(auto batch, cursor_->next_batch());
    for (auto& record : batch.records) add_record(out, std::move(record));
    return batch.more;
  }

 private:
  std::unique_ptr<batch_cursor> cursor_;
};

class history_query final : public open_query {
 public:
  explicit history_query(std::vector<key_modification> all) : all_(std::move(all)) {}
  result<bool> next(::protos::QueryResponse& out) override {
    for (std::size_t n = 0; n < history_batch && at_ < all_.size(); ++n, ++at_) {
      auto& m = all_[at_];
      ::queryresult::KeyModification out_one;
      out_one.set_tx_id(std::move(m.tx_id));
      out_one.set_value(std::move(m.value));
      const auto since = m.time.time_since_epoch();
      const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
      out_one.mutable_timestamp()->set_seconds(seconds.count());
      out_one.mutable_timestamp()->set_nanos(static_cast<std::int32_t>((since - seconds).count()));
      out_one.set_is_delete(m.is_delete);
      out.add_results()->set_resultbytes(proto::encode(out_one));
    }
    return at_ < all_.size();
  }

 private:
  std::vector<key_modification> all_;
  std::size_t at_ = 0;
};

}  // namespace

request_handler::request_handler(frame_stub& stub, request_limits limits) : stub_(stub), limits_(limits) {}
request_handler::~request_handler() = default;

std::variant<message, call_request> request_handler::serve(const message& m) {
  answer payload;
  if (m.type == message_type::invoke_chaincode) {
    auto spec = payload_of<::protos::ChaincodeSpec>(m);
    if (spec && !spec->chaincode_id().name().empty()) {
      return call_request{spec->chaincode_id().name(), {spec->input().args().begin(), spec->input().args().end()}};
    }
    payload = spec ? fail(errc::invalid_argument, "a call without the name of a chaincode") : fail(spec.error());
  } else {
    payload = dispatch(m);
  }
  if (payload && payload->size() > limits_.answer_bytes_max) {
    payload = fail(errc::invalid_argument, "the answer has " + std::to_string(payload->size()) + " bytes, and a message may have " +
                                               std::to_string(limits_.answer_bytes_max) + ": ask for less at once");
  }
  if (!payload) return error_reply(m, reason(payload.error(), m.call.txid));
  return message{message_type::response, m.call, std::move(*payload), {}, {}, {}};
}

message request_handler::answer_call(const call_key& caller, const result<response>& answer) {
  message inner{message_type::completed, caller, {}, {}, {}, {}};
  if (answer) {
    inner.payload = encode_response(*answer);
  } else {
    const auto& text = answer.error().context;
    const auto at = text.find(returned_with_failure);
    if (at == std::string::npos) return {message_type::error, caller, text, {}, {}, {}};
    inner.type = message_type::error;  // the callee ran, and said ERROR: its caller gets that message
    inner.payload = text.substr(at + returned_with_failure.size());
  }
  return {message_type::response, caller, encode(inner), {}, {}, {}};
}

request_handler::answer request_handler::dispatch(const message& m) {
  switch (m.type) {
    case message_type::get_state: return get(m);
    case message_type::put_state: return put(m);
    case message_type::del_state: return erase(m);
    case message_type::get_state_by_range: return range(m);
    case message_type::get_query_result: return fail(unsupported("ExecuteQuery not supported for leveldb"));
    case message_type::query_state_next: return next(m);
    case message_type::query_state_close: return close(m);
    case message_type::get_history_for_key: return history(m);
    case message_type::get_state_metadata: return get_metadata(m);
    case message_type::put_state_metadata: return put_metadata(m);
    case message_type::get_private_data_hash: return hash(m);
    case message_type::purge_private_data: return purge(m);
    case message_type::write_batch_state: return write_batch(m);
    case message_type::get_state_multiple: return get_multiple(m);
    default: return fail(unsupported("no request that this peer knows"));
  }
}

request_handler::answer request_handler::get(const message& m) {
  WEFT_TRY(const auto r, payload_of<::protos::GetState>(m));
  auto value = r.collection().empty() ? stub_.get(r.key()) : stub_.get_private(r.collection(), r.key());
  if (!value) return fail(value.error());
  return value_or_empty(std::move(*value));
}

request_handler::answer request_handler::put(const message& m) {
  WEFT_TRY(const auto r, payload_of<::protos::PutState>(m));
  return done(r.collection().empty() ? stub_.put(r.key(), r.value()) : stub_.put_private(r.collection(), r.key(), r.value()));
}

request_handler::answer request_handler::erase(const message& m) {
  WEFT_TRY(const auto r, payload_of<::protos::DelState>(m));
  return done(r.collection().empty() ? stub_.erase(r.key()) : stub_.erase_private(r.collection(), r.key()));
}

request_handler::answer request_handler::range(const message& m) {
  WEFT_TRY(const auto r, payload_of<::protos::GetStateByRange>(m));
  if (!r.collection().empty()) {
    WEFT_TRY(auto cursor, stub_.private_range(r.collection(), r.startkey(), r.endkey()));
    return open(std::make_unique<range_query>(std::move(cursor)));
  }
  ::protos::QueryMetadata page_of;
  if (!proto::decode(r.metadata(), page_of)) return fail(errc::invalid_argument, "unmarshal failed");
  if (page_of.pagesize() != 0 || !page_of.bookmark().empty()) return page(r.startkey(), r.endkey(), r.metadata());
  WEFT_TRY(auto cursor, stub_.raw_range(r.startkey(), r.endkey()));
  return open(std::make_unique<range_query>(std::move(cursor)));
}

request_handler::answer request_handler::page(std::string_view start, std::string_view end, bytes_view metadata) {
  ::protos::QueryMetadata wanted;
  if (!proto::decode(metadata, wanted)) return fail(errc::invalid_argument, "unmarshal failed");
  WEFT_TRY(auto page, stub_.page(wanted.bookmark().empty() ? start : std::string_view(wanted.bookmark()), end, wanted.pagesize()));
  ::protos::QueryResponse out;
  ::protos::QueryResponseMetadata about;
  about.set_fetched_records_count(static_cast<std::int32_t>(page.records.size()));
  about.set_bookmark(std::move(page.bookmark));
  for (auto& record : page.records) add_record(out, std::move(record));
  out.set_id(std::to_string(++opened_));
  out.set_metadata(proto::encode(about));
  return proto::encode(out);
}

request_handler::answer request_handler::history(const message& m) {
  WEFT_TRY(const auto r, payload_of<::protos::GetHistoryForKey>(m));
  WEFT_TRY(auto all, stub_.history(r.key()));
  return open(std::make_unique<history_query>(std::move(all)));
}

request_handler::answer request_handler::open(std::unique_ptr<open_query> q) {
  if (queries_.size() >= limits_.iterators_max) {
    return fail(errc::busy, "more than " + std::to_string(limits_.iterators_max) + " queries are open: close those that were read");
  }
  ::protos::QueryResponse out;
  WEFT_TRY(const bool more, q->next(out));
  out.set_id(std::to_string(++opened_));
  out.set_has_more(more);
  if (more) queries_.emplace(out.id(), std::move(q));
  return proto::encode(out);
}

request_handler::answer request_handler::next(const message& m) {
  WEFT_TRY(const auto r, payload_of<::protos::QueryStateNext>(m));
  const auto it = queries_.find(r.id());
  if (it == queries_.end()) return fail(errc::not_found, "query iterator not found");
  ::protos::QueryResponse out;
  const auto more = it->second->next(out);
  if (!more || !*more) queries_.erase(it);
  if (!more) return fail(more.error());
  out.set_id(r.id());
  out.set_has_more(*more);
  return proto::encode(out);
}

request_handler::answer request_handler::close(const message& m) {
  WEFT_TRY(const auto r, payload_of<::protos::QueryStateClose>(m));
  queries_.erase(r.id());  // one that is finished is closed already
  ::protos::QueryResponse out;
  out.set_id(r.id());
  return proto::encode(out);
}

request_handler::answer request_handler::get_metadata(const message& m) {
  WEFT_TRY(const auto r, payload_of<::protos::GetStateMetadata>(m));
  if (!r.collection().empty()) return fail(unsupported("metadata of private data is not offered by this peer yet"));
  WEFT_TRY(auto entries, stub_.metadata(r.key()));
  ::protos::StateMetadataResult out;
  for (auto& [name, value] : entries) {
    auto* e = out.add_entries();
    e->set_metakey(std::move(name));
    e->set_value(std::move(value));
  }
  return proto::encode(out);
}

request_handler::answer request_handler::put_metadata(const message& m) {
  WEFT_TRY(const auto r, payload_of<::protos::PutStateMetadata>(m));
  if (!r.collection().empty()) return fail(unsupported("metadata of private data is not offered by this peer yet"));
  return done(stub_.set_metadata(r.key(), r.metadata().metakey(), r.metadata().value()));
}

request_handler::answer request_handler::hash(const message& m) {
  WEFT_TRY(const auto r, payload_of<::protos::GetState>(m));
  if (r.collection().empty()) return fail(errc::invalid_argument, "collection must not be an empty string");
  auto value = stub_.get_private_hash(r.collection(), r.key());
  if (!value) return fail(value.error());
  return value_or_empty(std::move(*value));
}

request_handler::answer request_handler::purge(const message& m) {
  WEFT_CHECK(payload_of<::protos::PurgePrivateState>(m));
  return fail(unsupported("purging private data is not offered by this peer yet; deleting it is"));
}

request_handler::answer request_handler::write_batch(const message& m) {
  WEFT_TRY(const auto batch, payload_of<::protos::WriteBatchState>(m));
  if (static_cast<std::size_t>(batch.rec_size()) > limits_.batch_max) {
    return fail(errc::invalid_argument, "a batch of more than " + std::to_string(limits_.batch_max) + " writes");
  }
  for (const auto& r : batch.rec()) {
    result<void> written;
    switch (r.type()) {
      case ::protos::WriteRecord::PUT_STATE:
        written = r.collection().empty() ? stub_.put(r.key(), r.value()) : stub_.put_private(r.collection(), r.key(), r.value());
        break;
      case ::protos::WriteRecord::DEL_STATE:
        written = r.collection().empty() ? stub_.erase(r.key()) : stub_.erase_private(r.collection(), r.key());
        break;
      case ::protos::WriteRecord::PUT_STATE_METADATA:
        if (!r.collection().empty()) return fail(unsupported("metadata of private data is not offered by this peer yet"));
        written = stub_.set_metadata(r.key(), r.metadata().metakey(), r.metadata().value());
        break;
      case ::protos::WriteRecord::PURGE_PRIVATE_DATA: return purge({});
      default: return fail(errc::invalid_argument, "unknown operation type");
    }
    WEFT_CHECK(written);
  }
  return bytes{};
}

request_handler::answer request_handler::get_multiple(const message& m) {
  WEFT_TRY(const auto r, payload_of<::protos::GetStateMultiple>(m));
  if (static_cast<std::size_t>(r.keys_size()) > limits_.batch_max) {
    return fail(errc::invalid_argument, "more than " + std::to_string(limits_.batch_max) + " keys at once");
  }
  ::protos::GetStateMultipleResult out;
  std::size_t size = 0;
  for (const auto& key : r.keys()) {
    auto value = r.collection().empty() ? stub_.get(key) : stub_.get_private(r.collection(), key);
    if (!value) return fail(value.error());
    size += *value ? (*value)->size() : 0;
    if (size > limits_.answer_bytes_max) return fail(errc::invalid_argument, "the values are too large for one message: ask for fewer keys at once");
    out.add_values(value_or_empty(std::move(*value)));
  }
  return proto::encode(out);
}

}  // namespace weft::chaincode::shim
