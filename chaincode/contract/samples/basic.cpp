// The asset-transfer contract of Fabric's samples: assets as JSON objects whose fields are in alphabetical order, so that all endorsers
// write the same bytes.
#include <nlohmann/json.hpp>

#include "chaincode/contract/samples/samples.hpp"

namespace weft::chaincode {
namespace {

using json = nlohmann::json;  // an object keeps its keys sorted

struct asset {
  std::int64_t appraised_value = 0;
  std::string color, id, owner;
  std::int64_t size = 0;
};

/// Errors: `invalid_argument` when a text is no UTF-8 and so cannot stand in JSON.
result<bytes> encode(const asset& a) {
  try {
    return json{{"AppraisedValue", a.appraised_value}, {"Color", a.color}, {"ID", a.id}, {"Owner", a.owner}, {"Size", a.size}}.dump();
  } catch (const json::exception& e) {
    return fail(errc::invalid_argument, e.what());
  }
}

result<asset> decode(const bytes& raw) {
  try {
    const json j = json::parse(raw);
    return asset{j.at("AppraisedValue"), j.at("Color"), j.at("ID"), j.at("Owner"), j.at("Size")};
  } catch (const json::exception& e) {
    return fail(errc::corruption, e.what());
  }
}

class basic final : public contract {
 public:
  response invoke(stub& s) override {
    static constexpr sample_function<basic> functions[] = {
        {"InitLedger", 0, 0, "InitLedger", &basic::init_ledger},
        {"CreateAsset", 5, 5, "CreateAsset ID COLOR SIZE OWNER APPRAISED_VALUE", &basic::create},
        {"ReadAsset", 1, 1, "ReadAsset ID", &basic::read},
        {"UpdateAsset", 5, 5, "UpdateAsset ID COLOR SIZE OWNER APPRAISED_VALUE", &basic::update},
        {"DeleteAsset", 1, 1, "DeleteAsset ID", &basic::remove},
        {"AssetExists", 1, 1, "AssetExists ID", &basic::exists},
        {"TransferAsset", 2, 2, "TransferAsset ID NEW_OWNER", &basic::transfer},
        {"GetAllAssets", 0, 0, "GetAllAssets", &basic::all},
    };
    return dispatch_sample(*this, s, functions);
  }

 private:
  using arguments = std::span<const bytes>;

  response init_ledger(stub& s, arguments) const {
    const asset assets[] = {{300, "blue", "asset1", "Tomoko", 5},  {400, "red", "asset2", "Brad", 5},     {500, "green", "asset3", "Jin Soo", 10},
                            {600, "yellow", "asset4", "Max", 10}, {700, "black", "asset5", "Adriana", 15}, {800, "white", "asset6", "Michel", 15}};
    for (const auto& a : assets) {
      if (auto r = put(s, a); !r) return failure("failed to put to world state. " + r.error().context);
    }
    return success();
  }

  response create(stub& s, arguments args) const {
    const auto old = s.get(args[0]);
    if (!old) return failure("failed to read from world state: " + old.error().context);
    if (*old) return failure("the asset " + args[0] + " already exists");
    return store(s, args);
  }

  response read(stub& s, arguments args) const {
    const auto value = s.get(args[0]);
    if (!value) return failure("failed to read from world state: " + value.error().context);
    if (!*value) return failure("the asset " + args[0] + " does not exist");
    return success(**value);
  }

  response update(stub& s, arguments args) const {
    if (const auto found = read(s, args.first(1)); found.status != 200) return found;
    return store(s, args);
  }

  response remove(stub& s, arguments args) const {
    if (const auto found = read(s, args); found.status != 200) return found;
    if (auto r = s.erase(args[0]); !r) return failure(r.error().context);
    return success();
  }

  response exists(stub& s, arguments args) const {
    const auto value = s.get(args[0]);
    if (!value) return failure("failed to read from world state: " + value.error().context);
    return success(*value ? "true" : "false");
  }

  /// Answers the old owner.
  response transfer(stub& s, arguments args) const {
    const auto found = read(s, args.first(1));
    if (found.status != 200) return found;
    auto a = decode(found.payload);
    if (!a) return failure("the asset " + args[0] + " is no asset: " + a.error().context);
    std::string old_owner = std::exchange(a->owner, args[1]);
    if (auto r = put(s, *a); !r) return failure(r.error().context);
    return success(std::move(old_owner));
  }

  response all(stub& s, arguments) const {
    const auto cursor = s.range("", "");
    if (!cursor) return failure(cursor.error().context);
    json list = json::array();
    for (;;) {
      const auto entry = (*cursor)->next();
      if (!entry) return failure(entry.error().context);
      if (!*entry) break;
      json parsed = json::parse((*entry)->value, nullptr, false);
      if (parsed.is_discarded()) return failure("the asset " + (*entry)->key + " is no JSON");
      list.push_back(std::move(parsed));
    }
    return success(list.dump());
  }

  static response store(stub& s, arguments args) {
    const auto size = parse_amount(args[2]), value = parse_amount(args[4]);
    if (!size) return failure("SIZE must be a whole number: " + args[2]);
    if (!value) return failure("APPRAISED_VALUE must be a whole number: " + args[4]);
    if (auto r = put(s, {*value, args[1], args[0], args[3], *size}); !r) return failure(r.error().context);
    return success();
  }

  static result<void> put(stub& s, const asset& a) {
    WEFT_TRY(const bytes raw, encode(a));
    return s.put(a.id, raw);
  }
};

}  // namespace

contract_ptr make_basic() { return std::make_shared<basic>(); }

}  // namespace weft::chaincode
