// The two-account example that every Fabric tutorial begins with: init a 100 b 200; invoke a b 10; query a; delete a.
#include "chaincode/contract/samples/samples.hpp"

namespace weft::chaincode {
namespace {

class mycc final : public contract {
 public:
  response invoke(stub& s) override {
    static constexpr sample_function<mycc> functions[] = {
        {"init", 4, 4, "init A AMOUNT B AMOUNT", &mycc::init},
        {"invoke", 3, 3, "invoke FROM TO AMOUNT", &mycc::pay},
        {"query", 1, 1, "query NAME", &mycc::query},
        {"delete", 1, 1, "delete NAME", &mycc::remove},
    };
    return dispatch_sample(*this, s, functions);
  }

 private:
  using arguments = std::span<const bytes>;

  response init(stub& s, arguments args) const {
    const auto a = parse_amount(args[1]), b = parse_amount(args[3]);
    if (!a || !b) return failure("Expecting integer value for asset holding");
    if (auto r = s.put(args[0], args[1]); !r) return failure(r.error().context);
    if (auto r = s.put(args[2], args[3]); !r) return failure(r.error().context);
    return success();
  }

  /// Moves an amount. Balances may become negative, as in Fabric's example.
  response pay(stub& s, arguments args) const {
    const auto from = balance(s, args[0]), to = balance(s, args[1]);
    for (const auto* b : {&from, &to}) {
      if (!*b) return failure(b->error().context);
    }
    const auto amount = parse_amount(args[2]);
    if (!amount) return failure("Invalid transaction amount, expecting a integer value");
    std::int64_t left = 0, right = 0;
    if (__builtin_sub_overflow(*from, *amount, &left) || __builtin_add_overflow(*to, *amount, &right)) {
      return failure("Invalid transaction amount, the balance would not fit into 64 bits");
    }
    if (auto r = s.put(args[0], std::to_string(left)); !r) return failure(r.error().context);
    if (auto r = s.put(args[1], std::to_string(right)); !r) return failure(r.error().context);
    return success();
  }

  response query(stub& s, arguments args) const {
    const auto value = s.get(args[0]);
    if (!value) return failure("{\"Error\":\"Failed to get state for " + args[0] + "\"}");
    if (!*value) return failure("{\"Error\":\"Nil amount for " + args[0] + "\"}");
    return success(**value);
  }

  response remove(stub& s, arguments args) const {
    if (auto r = s.erase(args[0]); !r) return failure("Failed to delete state");
    return success();
  }

  static result<std::int64_t> balance(stub& s, const std::string& name) {
    const auto value = s.get(name);
    if (!value) return fail(value.error().code, "Failed to get state");
    if (!*value) return fail(errc::not_found, "Entity not found");
    const auto amount = parse_amount(**value);
    if (!amount) return fail(errc::corruption, "Entity " + name + " holds no amount");
    return *amount;
  }
};

}  // namespace

contract_ptr make_mycc() { return std::make_shared<mycc>(); }

}  // namespace weft::chaincode
