#include "ledger/state/keys.hpp"

namespace weft::ledger::state_key {
namespace {

void put_name(bytes& out, std::string_view name) {
  for (const char c : name) {
    out.push_back(c);
    if (c == '\0') out.push_back('\xff');
  }
  out.push_back('\0');
  out.push_back('\1');
}

bytes in_collection(bytes_view space, std::string_view ns, std::string_view collection, bytes_view key) {
  bytes out(space);
  out.reserve(space.size() + ns.size() + collection.size() + key.size() + 8);
  put_name(out, ns);
  put_name(out, collection);
  out.append(key);
  return out;
}

}  // namespace

bytes public_prefix(std::string_view ns) {
  bytes out = "s/p/";
  put_name(out, ns);
  return out;
}

bytes public_key(std::string_view ns, std::string_view key) {
  bytes out = public_prefix(ns);
  out.append(key);
  return out;
}

bytes hashed_key(std::string_view ns, std::string_view collection, bytes_view key_hash) { return in_collection("s/h/", ns, collection, key_hash); }
bytes private_key(std::string_view ns, std::string_view collection, std::string_view key) { return in_collection("s/v/", ns, collection, key); }

}  // namespace weft::ledger::state_key
