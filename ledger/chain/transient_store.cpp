#include "ledger/chain/transient_store.hpp"

#include <algorithm>

#include "ledger/store/crc32c.hpp"
#include "ledger/store/numbers.hpp"

namespace weft::ledger {

namespace {

constexpr const char* log_name = "waiting";
constexpr std::size_t head_bytes = 8;            ///< Length and CRC-32C of what follows.
constexpr std::uint64_t log_bytes_max = 16 * MiB;  ///< Beyond: written anew with what still waits.

void put_part(bytes& out, bytes_view part) {
  put_little(out, static_cast<std::uint32_t>(part.size()));
  out.append(part);
}
bool take_part(bytes_view& in, bytes& part) {
  if (in.size() < 4) return false;
  const auto size = get_little<std::uint32_t>(in.substr(0, 4));
  if (in.size() - 4 < size) return false;
  part = bytes(in.substr(4, size));
  in.remove_prefix(4 + size);
  return true;
}

bytes encode_record(const std::string& tx_id, const private_writes& writes) {
  bytes body, out;
  for (bytes_view part : {bytes_view(tx_id), bytes_view(writes.ns), bytes_view(writes.collection)}) put_part(body, part);
  put_part(body, writes.encode());
  put_little(out, static_cast<std::uint32_t>(body.size()));
  put_little(out, crc32c(body));
  return out + body;
}

}  // namespace

result<std::shared_ptr<transient_store>> transient_store::open(std::shared_ptr<env> files, std::size_t sets_max) {
  WEFT_TRY(auto log, files->open(log_name));
  auto store = std::make_shared<transient_store>(std::move(files), std::move(log), sets_max);
  store->load();
  return store;
}

/// Takes whole records up to the first that is not: what follows was never acknowledged.
void transient_store::load() {
  std::uint64_t at = 0;
  const auto size = log_->size();
  while (size - at >= head_bytes) {
    const auto head = log_->read(at, head_bytes);
    if (!head || head->size() < head_bytes) break;
    const auto length = get_little<std::uint32_t>(bytes_view(*head).substr(0, 4));
    if (length == 0 || length > size - at - head_bytes) break;
    const auto body = log_->read(at + head_bytes, length);
    if (!body || body->size() < length || crc32c(*body) != get_little<std::uint32_t>(bytes_view(*head).substr(4, 4))) break;
    bytes_view rest = *body;
    bytes tx_id, ns, collection, raw;
    if (!take_part(rest, tx_id) || !take_part(rest, ns) || !take_part(rest, collection) || !take_part(rest, raw)) break;
    if (auto writes = private_writes::parse(ns, collection, raw)) remember(tx_id, std::move(*writes));
    at += head_bytes + length;
  }
  if (at < size) static_cast<void>(log_->truncate(at));  // a failure shows at the next append
}

void transient_store::remember(const std::string& tx_id, private_writes writes) {
  auto& sets = waiting_[tx_id];
  if (sets.empty()) order_.push_back(tx_id);
  sets.push_back(std::move(writes));
  while (order_.size() > sets_max_) {
    waiting_.erase(order_.front());
    order_.pop_front();
  }
}

/// Writes the log anew with what still waits.
result<void> transient_store::rewrite() {
  bytes all;
  for (const auto& [tx_id, sets] : waiting_) for (const auto& writes : sets) all += encode_record(tx_id, writes);
  WEFT_CHECK(files_->replace(log_name, all));
  WEFT_TRY(log_, files_->open(log_name));
  return {};
}

result<void> transient_store::keep(const std::string& tx_id, const private_writes& writes) {
  const std::lock_guard lock(mutex_);
  if (const auto it = waiting_.find(tx_id); it != waiting_.end()) {
    for (const auto& w : it->second) if (w.ns == writes.ns && w.collection == writes.collection) return {};
  }
  if (log_->size() > log_bytes_max) WEFT_CHECK(rewrite());
  WEFT_CHECK(log_->append(encode_record(tx_id, writes)));
  WEFT_CHECK(log_->sync());
  remember(tx_id, writes);
  return {};
}

std::vector<private_writes> transient_store::find(const std::string& tx_id) const {
  const std::lock_guard lock(mutex_);
  const auto it = waiting_.find(tx_id);
  return it == waiting_.end() ? std::vector<private_writes>{} : it->second;
}

void transient_store::forget(const std::string& tx_id) {
  const std::lock_guard lock(mutex_);
  if (waiting_.erase(tx_id) == 0) return;
  std::erase(order_, tx_id);
  if (waiting_.empty()) static_cast<void>(log_->truncate(0));  // if that fails, what is in there is forgotten at the next rewrite
}

}  // namespace weft::ledger
