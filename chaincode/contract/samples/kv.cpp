// Every operation of the stub as a function: for benches, tests and curiosity.
#include "chaincode/contract/samples/samples.hpp"

namespace weft::chaincode {
namespace {

constexpr std::size_t many = 64;  ///< Arguments that a function of variable length takes.

class kv final : public contract {
 public:
  response invoke(stub& s) override {
    static constexpr sample_function<kv> functions[] = {
        {"put", 2, many, "put KEY VALUE [KEY VALUE ...]", &kv::put},
        {"get", 1, 1, "get KEY", &kv::get},
        {"del", 1, 1, "del KEY", &kv::del},
        {"rmw", 2, 2, "rmw KEY VALUE", &kv::rmw},
        {"range", 2, 3, "range START END [LIMIT]", &kv::range},
        {"history", 1, 1, "history KEY", &kv::history},
        {"event", 2, 2, "event NAME PAYLOAD", &kv::event},
        {"call", 2, many, "call CONTRACT FUNCTION [ARG ...]", &kv::call},
        {"composite", 2, many, "composite VALUE TYPE [ATTRIBUTE ...]", &kv::composite},
        {"composite_range", 1, many, "composite_range TYPE [ATTRIBUTE ...]", &kv::composite_range},
        {"policy", 2, 2, "policy KEY SIGNATURE_POLICY_HEX", &kv::policy},
        {"pput", 2, 2, "pput COLLECTION KEY (value in transient field 'value')", &kv::pput},
        {"pget", 2, 2, "pget COLLECTION KEY", &kv::pget},
    };
    return dispatch_sample(*this, s, functions);
  }

 private:
  using arguments = std::span<const bytes>;

  static response answer(const result<void>& r) { return r ? success() : failure(r.error().context); }

  response put(stub& s, arguments args) const {
    if (args.size() % 2 != 0) return failure("Incorrect number of arguments: every KEY needs a VALUE. Usage: put KEY VALUE [KEY VALUE ...]");
    for (std::size_t i = 0; i < args.size(); i += 2) {
      if (auto r = s.put(args[i], args[i + 1]); !r) return answer(r);
    }
    return success();
  }
  response get(stub& s, arguments args) const {
    const auto value = s.get(args[0]);
    if (!value) return failure(value.error().context);
    return success(value->value_or(bytes{}));
  }
  response del(stub& s, arguments args) const { return answer(s.erase(args[0])); }

  /// Reads, then writes: two of these in one block conflict.
  response rmw(stub& s, arguments args) const {
    auto old = get(s, args.first(1));
    if (old.status != 200) return old;
    if (auto r = s.put(args[0], args[1]); !r) return answer(r);
    return old;
  }

  response range(stub& s, arguments args) const {
    const auto limit = args.size() > 2 ? parse_amount(args[2]) : std::optional<std::int64_t>(-1);
    if (!limit) return failure("LIMIT must be a whole number: " + args[2]);
    return list(s.range(args[0], args[1]), *limit);
  }
  response composite_range(stub& s, arguments args) const { return list(s.composite_range(args[0], {args.begin() + 1, args.end()}), -1); }

  response history(stub& s, arguments args) const {
    const auto changes = s.history(args[0]);
    if (!changes) return failure(changes.error().context);
    bytes out;
    for (const auto& c : *changes) out.append(c.tx_id).append(c.is_delete ? " deleted" : " ").append(c.value).append("\n");
    return success(std::move(out));
  }

  response event(stub& s, arguments args) const {
    s.set_event(args[0], args[1]);
    return success();
  }
  response call(stub& s, arguments args) const { return s.call(args[0], {args.begin() + 1, args.end()}); }

  response composite(stub& s, arguments args) const {
    const auto key = make_composite_key(args[1], {args.begin() + 2, args.end()});
    if (!key) return failure(key.error().context);
    return answer(s.put(*key, args[0]));
  }

  response policy(stub& s, arguments args) const {
    const auto raw = from_hex(args[1]);
    if (!raw) return failure("SIGNATURE_POLICY_HEX: " + raw.error().context);
    return answer(s.set_validation_parameter(args[0], *raw));
  }

  response pput(stub& s, arguments args) const {
    const auto value = s.transient("value");
    if (!value) return failure("no transient field 'value'");
    return answer(s.put_private(args[0], args[1], *value));
  }
  response pget(stub& s, arguments args) const {
    const auto value = s.get_private(args[0], args[1]);
    if (!value) return failure(value.error().context);
    return success(value->value_or(bytes{}));
  }

  /// A line "KEY=VALUE" per entry; a negative limit means all.
  static response list(const result<std::unique_ptr<result_cursor>>& cursor, std::int64_t limit) {
    if (!cursor) return failure(cursor.error().context);
    bytes out;
    for (std::int64_t n = 0; limit < 0 || n < limit; ++n) {
      const auto entry = (*cursor)->next();
      if (!entry) return failure(entry.error().context);
      if (!*entry) break;
      out.append((*entry)->key).append("=").append((*entry)->value).append("\n");
    }
    return success(std::move(out));
  }
};

}  // namespace

contract_ptr make_kv() { return std::make_shared<kv>(); }

}  // namespace weft::chaincode
