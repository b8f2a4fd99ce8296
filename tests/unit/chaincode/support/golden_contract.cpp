#include "tests/unit/chaincode/support/golden_contract.hpp"

#include <stdexcept>

namespace weft::chaincode::testing {
namespace {

constexpr std::string_view base64_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bytes from_base64(std::string_view text) {
  bytes out;
  std::uint32_t bits = 0;
  int count = 0;
  for (char c : text) {
    const auto digit = base64_digits.find(c);
    if (digit == std::string_view::npos) break;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    if ((count += 6) >= 8) out.push_back(static_cast<char>(bits >> (count -= 8)));
  }
  return out;
}

template <class T>
T must(result<T> r) {
  if (!r) throw std::runtime_error(r.error().context);
  if constexpr (!std::is_void_v<T>) return std::move(*r);
}

/// Keys of a range, joined; stops after `limit`.
std::vector<std::string> keys_of(stub& s, const bytes& start, const bytes& end, std::size_t limit) {
  std::vector<std::string> keys;
  const auto cursor = must(s.range(start, end));
  while (keys.size() < limit) {
    const auto entry = must(cursor->next());
    if (!entry) break;
    keys.push_back(entry->key);
  }
  return keys;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const auto& p : parts) out.append(out.empty() ? "" : ",").append(p);
  return out;
}

response run(stub& s) {
  const auto& a = s.args();
  const auto& f = a.at(0);
  if (f == "put") {
    must(s.put(a.at(1), a.at(2)));
    s.set_event("PutEvent", a.at(1));
    return success("ok");
  }
  if (f == "rwr") {
    auto old = must(s.get(a.at(1)));
    must(s.put(a.at(1), a.at(2)));
    return success(old.value_or(""));
  }
  if (f == "range") {
    auto keys = joined(keys_of(s, a.at(1), a.at(2), 1'000'000));
    must(s.put("r_" + a.at(1), keys));
    return success(keys);
  }
  if (f == "rangeq") return success(std::to_string(keys_of(s, a.at(1), a.at(2), a.size() > 3 ? std::stoul(a[3]) : 1'000'000).size()));
  if (f == "comp") {
    auto key = must(make_composite_key("Asset", {a.at(1), a.at(2)}));
    must(s.put(key, "v"));
    return success(key);
  }
  if (f == "putn") {
    for (int i = 0; i < std::stoi(a.at(2)); ++i) {
      const auto digits = std::to_string(i);
      must(s.put(a[1] + std::string(4 - digits.size(), '0') + digits, "v" + digits));
    }
    return success();
  }
  if (f == "pput") {
    must(s.get_private(a.at(1), a.at(2)));
    must(s.put_private(a.at(1), a.at(2), s.transient("v").value_or("secret")));
    return success();
  }
  if (f == "hist") {
    std::vector<std::string> ids;
    for (const auto& m : must(s.history(a.at(1)))) ids.push_back(m.tx_id);
    return success(joined(ids));
  }
  if (f == "meta") {
    must(s.set_validation_parameter(a.at(1), from_base64(a.at(2))));
    return success();
  }
  if (f == "del") {
    must(s.erase(a.at(1)));
    return success();
  }
  return failure("unknown function " + f);
}

}  // namespace

contract_ptr make_golden_contract() { return make_contract(&run); }

}  // namespace weft::chaincode::testing
