// The contract API: what a contract in C++ sees. The semantics are those of Fabric's shim (interop/05 §3).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/base/bytes.hpp"
#include "config/base/clock.hpp"

namespace weft::chaincode {

/// Answer of a contract: status < 400 is endorsed; 200 is success, 500 an error.
struct response {
  std::int32_t status = 200;
  std::string message;
  bytes payload;
};
[[nodiscard]] inline response success(bytes payload = {}) { return {200, {}, std::move(payload)}; }
[[nodiscard]] inline response failure(std::string message) { return {500, std::move(message), {}}; }

struct key_value {
  std::string ns, key;
  bytes value;
};

/// A running range query. Results are fetched in batches of 100 with one look-ahead, which is part of the read set.
class result_cursor {
 public:
  virtual ~result_cursor() = default;
  /// Nothing at the end.
  virtual result<std::optional<key_value>> next() = 0;
};

struct key_modification {
  std::string tx_id;
  bytes value;
  timestamp time{};
  bool is_delete = false;
};

/// What a contract may do during one invocation. Reads see committed state only: no read-your-writes. Used by one thread.
class stub {
 public:
  virtual ~stub() = default;
  [[nodiscard]] virtual const std::vector<bytes>& args() const = 0;     ///< args()[0] is the function.
  [[nodiscard]] virtual const std::string& channel_id() const = 0;
  [[nodiscard]] virtual const std::string& tx_id() const = 0;
  [[nodiscard]] virtual timestamp tx_time() const = 0;                   ///< The channel header's timestamp.
  [[nodiscard]] virtual bytes_view creator() const = 0;                  ///< pb(SerializedIdentity)
  [[nodiscard]] virtual std::optional<bytes> transient(std::string_view name) const = 0;
  [[nodiscard]] virtual bool is_init() const = 0;

  virtual result<std::optional<bytes>> get(std::string_view key) = 0;
  virtual result<void> put(std::string_view key, bytes_view value) = 0;  ///< An empty value deletes.
  virtual result<void> erase(std::string_view key) = 0;
  virtual result<std::unique_ptr<result_cursor>> range(std::string_view start, std::string_view end) = 0;  ///< Empty start skips composite keys.
  virtual result<std::unique_ptr<result_cursor>> composite_range(std::string_view object_type, const std::vector<std::string>& attributes) = 0;
  virtual result<std::vector<key_modification>> history(std::string_view key) = 0;  ///< Newest first; not in the read set.
  virtual result<void> set_validation_parameter(std::string_view key, bytes_view signature_policy_envelope) = 0;
  virtual result<bytes> validation_parameter(std::string_view key) = 0;

  virtual result<std::optional<bytes>> get_private(std::string_view collection, std::string_view key) = 0;
  virtual result<std::optional<bytes>> get_private_hash(std::string_view collection, std::string_view key) = 0;
  virtual result<void> put_private(std::string_view collection, std::string_view key, bytes_view value) = 0;
  virtual result<void> erase_private(std::string_view collection, std::string_view key) = 0;

  virtual void set_event(std::string name, bytes payload) = 0;           ///< The last one survives.
  /// Calls another contract of this channel in the same transaction; its event is dropped.
  virtual response call(std::string_view contract, const std::vector<bytes>& args) = 0;
};

/// A contract compiled into weft. One instance serves all channels and may be called from several threads at once: keep no state.
class contract {
 public:
  virtual ~contract() = default;
  [[nodiscard]] virtual response invoke(stub& s) = 0;
};
using contract_ptr = std::shared_ptr<contract>;

/// U+0000 type U+0000 attribute U+0000 … Errors: `invalid_argument` for U+0000 or U+10FFFF inside or invalid UTF-8.
[[nodiscard]] result<std::string> make_composite_key(std::string_view object_type, const std::vector<std::string>& attributes);
[[nodiscard]] result<std::vector<std::string>> split_composite_key(std::string_view key);  ///< type first

/// Keys travel as protobuf text: true if `text` is UTF-8 without overlong forms and surrogates.
[[nodiscard]] bool valid_key_text(std::string_view text);

/// The contracts that come with weft by name: mycc, simple, basic, kv.
[[nodiscard]] const std::vector<std::pair<std::string, contract_ptr>>& sample_contracts();

}  // namespace weft::chaincode
