// How `_lifecycle` lays structures out in state: a metadata key and a key per field, so that only what changes is written. interop/05 §5.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/base/bytes.hpp"
#include "ledger/validation/definition.hpp"

namespace weft::chaincode {

/// A key space that can be read: the public keys of `_lifecycle`, or the private ones of an organization.
class readable_state {
 public:
  virtual ~readable_state() = default;
  [[nodiscard]] virtual result<std::optional<bytes>> get(std::string_view key) = 0;
};
class writable_state : public readable_state {
 public:
  [[nodiscard]] virtual result<void> put(std::string_view key, bytes_view value) = 0;
  [[nodiscard]] virtual result<void> erase(std::string_view key) = 0;
};
/// The private key space of another organization: only digests of the values are known.
class opaque_state {
 public:
  virtual ~opaque_state() = default;
  [[nodiscard]] virtual result<std::optional<bytes>> hash_of(std::string_view key) = 0;
};

inline constexpr std::string_view namespaces_table = "namespaces";
inline constexpr std::string_view sources_table = "chaincode-sources";
/// What read_datatype() finds under the name of a contract that is defined.
inline constexpr std::string_view definition_type = "ChaincodeDefinition";

/// "namespaces/metadata/mycc" and "namespaces/fields/mycc/Sequence".
[[nodiscard]] std::string metadata_key(std::string_view table, std::string_view name);
[[nodiscard]] std::string field_key(std::string_view table, std::string_view name, std::string_view field);
/// "mycc#3": under this name an organization approves sequence 3.
[[nodiscard]] std::string approval_name(std::string_view name, std::int64_t sequence);
/// The same taken apart; nothing for a name of another shape.
[[nodiscard]] std::optional<std::pair<std::string, std::int64_t>> parse_approval_name(std::string_view text);

/// What is stored under one name: its type and its fields, in the order that the metadata lists them.
struct stored_structure {
  struct field {
    std::string_view name;
    bytes data;  ///< pb(lifecycle.StateData)
  };
  std::string_view datatype;
  std::vector<field> fields;
  [[nodiscard]] bytes metadata() const;  ///< pb(lifecycle.StateMetadata)
};

/// What a channel agrees on: sequence, endorsement, validation, collections.
[[nodiscard]] stored_structure definition_structure(const ledger::chaincode_definition& d);
/// What an organization approves of it: all but the sequence.
[[nodiscard]] stored_structure parameters_structure(const ledger::chaincode_definition& d);
/// Which installed package an organization runs it with; empty: none.
[[nodiscard]] stored_structure package_structure(std::string_view package_id);

/// Writes fields that are new or changed, metadata when they differ, and removes fields that are no more.
/// Reads the metadata and the fields that it lists: these reads are part of the transaction.
[[nodiscard]] result<void> store_structure(std::string_view table, std::string_view name, const stored_structure& s, writable_state& state);

/// True if exactly this structure is stored, judged by digests. Always asks for all keys, so that endorsers read the same.
[[nodiscard]] result<bool> is_stored(std::string_view table, std::string_view name, const stored_structure& s, opaque_state& state);
/// The fields that differ, by digest; all of them when the metadata does.
[[nodiscard]] result<std::vector<std::string>> differing_fields(std::string_view table, std::string_view name, const stored_structure& s, opaque_state& state);

/// The type stored under a name; nothing when there is none. Errors: `corruption`.
[[nodiscard]] result<std::optional<std::string>> read_datatype(std::string_view table, std::string_view name, readable_state& state);
/// The Sequence of a definition, 0 when there is none.
[[nodiscard]] result<std::int64_t> read_sequence(std::string_view name, readable_state& state);
/// The definition of a contract. Reads metadata, then all fields. Errors: `not_found` "namespace X is not defined"; `corruption`.
[[nodiscard]] result<ledger::chaincode_definition> read_definition(std::string_view name, readable_state& state);
/// An approval; `sequence` is that of the approval. Nothing when there is none.
[[nodiscard]] result<std::optional<ledger::chaincode_definition>> read_parameters(std::string_view name, std::int64_t sequence, readable_state& state);
/// The package id of an approval; nothing when there is none.
[[nodiscard]] result<std::optional<std::string>> read_package(std::string_view name, std::int64_t sequence, readable_state& state);

}  // namespace weft::chaincode
