// interop/01 §11: weft.commitment.Updates, written field by field, since every value in it is stored elsewhere already.
#include "ledger/state/state.hpp"
#include "proto/wire_write.hpp"

namespace weft::ledger {
namespace {

// One length byte, then the number big-endian without leading zeros: byte order is the order of numbers.
void put_ordered(bytes& out, std::uint64_t value) {
  std::size_t length = 0;
  while (length < 8 && (value >> (8 * length)) != 0) ++length;
  out.push_back(static_cast<char>(length));
  for (std::size_t i = length; i-- > 0;) out.push_back(static_cast<char>((value >> (8 * i)) & 0xff));
}

// Names are written with the first entry that they hold for, and then no more.
class entries {
 public:
  void begin_namespace(std::string_view ns) { ns_ = ns; }
  void begin_collection(std::string_view collection) { collection_ = collection; }
  void add(bytes_view key, const state_update& u) {
    bytes entry, at;
    put_ordered(at, u.at.block.value);
    put_ordered(at, u.at.tx.value);
    proto::put_bytes(entry, 1, std::exchange(ns_, {}));
    proto::put_bytes(entry, 2, std::exchange(collection_, {}));
    proto::put_bytes(entry, 3, key);
    proto::put_varint(entry, 4, u.is_delete ? 1 : 0);
    proto::put_bytes(entry, 5, u.is_delete ? bytes_view() : bytes_view(u.value));
    proto::put_bytes(entry, 6, at);
    proto::put_present(out_, 1, entry);
  }
  [[nodiscard]] bytes finish() { return std::move(out_); }

 private:
  std::string_view ns_, collection_;
  bytes out_;
};

}  // namespace

bytes encode_updates(const state_batch& batch) {
  entries out;
  for (const auto& [ns, of_ns] : batch.namespaces) {
    if (ns.empty()) continue;
    out.begin_namespace(ns);
    out.begin_collection({});
    for (const auto& [key, u] : of_ns.keys) out.add(key, u);
    for (const auto& [collection, hashes] : of_ns.hashed) {
      out.begin_collection(collection);
      for (const auto& [hash, u] : hashes) out.add(hash, u);
    }
  }
  return out.finish();
}

}  // namespace weft::ledger
