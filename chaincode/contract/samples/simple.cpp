// Accounts as Caliper's "simple" benchmark uses them: open ACCOUNT AMOUNT; query ACCOUNT; transfer FROM TO AMOUNT.
#include "chaincode/contract/samples/samples.hpp"

namespace weft::chaincode {
namespace {

class simple final : public contract {
 public:
  response invoke(stub& s) override {
    static constexpr sample_function<simple> functions[] = {
        {"open", 2, 2, "open ACCOUNT AMOUNT", &simple::open},
        {"delete", 1, 1, "delete ACCOUNT", &simple::remove},
        {"query", 1, 1, "query ACCOUNT", &simple::query},
        {"transfer", 3, 3, "transfer FROM TO AMOUNT", &simple::transfer},
    };
    return dispatch_sample(*this, s, functions);
  }

 private:
  using arguments = std::span<const bytes>;

  response open(stub& s, arguments args) const {
    if (!parse_amount(args[1])) return failure("money must be a whole number: " + args[1]);
    const auto old = s.get(args[0]);
    if (!old) return failure(old.error().context);
    if (*old) return failure("account already exists: " + args[0]);
    if (auto r = s.put(args[0], args[1]); !r) return failure(r.error().context);
    return success();
  }

  response remove(stub& s, arguments args) const {
    if (auto r = s.erase(args[0]); !r) return failure(r.error().context);
    return success();
  }

  response query(stub& s, arguments args) const {
    const auto money = s.get(args[0]);
    if (!money) return failure(money.error().context);
    if (!*money) return failure("account does not exist: " + args[0]);
    return success(**money);
  }

  response transfer(stub& s, arguments args) const {
    const auto amount = parse_amount(args[2]);
    if (!amount || *amount < 0) return failure("money must be a whole number that is not negative: " + args[2]);
    const auto from = balance(s, args[0]), to = balance(s, args[1]);
    for (const auto* b : {&from, &to}) {
      if (!*b) return failure(b->error().context);
    }
    if (*from < *amount) return failure("not enough money in " + args[0] + ": " + std::to_string(*from));
    std::int64_t sum = 0;
    if (__builtin_add_overflow(*to, *amount, &sum)) return failure("the balance of " + args[1] + " would not fit into 64 bits");
    if (auto r = s.put(args[0], std::to_string(*from - *amount)); !r) return failure(r.error().context);
    if (auto r = s.put(args[1], std::to_string(sum)); !r) return failure(r.error().context);
    return success();
  }

  static result<std::int64_t> balance(stub& s, const std::string& account) {
    WEFT_TRY(const auto money, s.get(account));
    if (!money) return fail(errc::not_found, "account does not exist: " + account);
    const auto amount = parse_amount(*money);
    if (!amount) return fail(errc::corruption, "account holds no number: " + account);
    return *amount;
  }
};

}  // namespace

contract_ptr make_simple() { return std::make_shared<simple>(); }

}  // namespace weft::chaincode
