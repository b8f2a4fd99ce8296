#include "chaincode/lifecycle/layout.hpp"

#include <charconv>
#include <map>

#include "crypto/hash/sha256.hpp"
#include "peer/lifecycle/chaincode_definition.pb.h"
#include "peer/lifecycle/db.pb.h"
#include "proto/encode.hpp"

namespace weft::chaincode {
namespace {

constexpr std::string_view parameters_type = "ChaincodeParameters", package_type = "ChaincodeLocalPackage";

bytes data_of(std::int64_t number) {
  ::lifecycle::StateData data;
  data.set_int64(number);
  return proto::encode(data);
}
bytes data_of_bytes(bytes value) {
  ::lifecycle::StateData data;
  data.set_bytes(std::move(value));
  return proto::encode(data);
}

bytes endorsement_info(const ledger::chaincode_definition& d) {
  ::lifecycle::ChaincodeEndorsementInfo info;
  info.set_version(d.version);
  info.set_init_required(d.init_required);
  info.set_endorsement_plugin(d.endorsement_plugin);
  return proto::encode(info);
}
bytes validation_info(const ledger::chaincode_definition& d) {
  ::lifecycle::ChaincodeValidationInfo info;
  info.set_validation_plugin(d.validation_plugin);
  info.set_validation_parameter(d.validation_parameter);
  return proto::encode(info);
}

std::string in_table(std::string_view table, std::string_view name) { return std::string(table) + "/" + std::string(name); }

result<std::optional<::lifecycle::StateMetadata>> read_metadata(std::string_view table, std::string_view name, readable_state& state) {
  WEFT_TRY(const auto stored, state.get(metadata_key(table, name)));
  if (!stored) return std::optional<::lifecycle::StateMetadata>{};
  ::lifecycle::StateMetadata metadata;
  if (!proto::decode(*stored, metadata)) return fail(errc::corruption, "could not unmarshal metadata for namespace " + in_table(table, name));
  return std::optional(std::move(metadata));
}

/// A missing field reads as one without value.
result<::lifecycle::StateData> read_field(std::string_view table, std::string_view name, std::string_view field, readable_state& state) {
  const auto key = field_key(table, name, field);
  WEFT_TRY(const auto stored, state.get(key));
  ::lifecycle::StateData data;
  if (stored && !proto::decode(*stored, data)) return fail(errc::corruption, "could not unmarshal state for key " + key);
  return data;
}

result<bytes> read_bytes(std::string_view table, std::string_view name, std::string_view field, readable_state& state) {
  WEFT_TRY(const auto data, read_field(table, name, field, state));
  if (data.Type_case() == ::lifecycle::StateData::TYPE_NOT_SET) return bytes{};
  if (data.Type_case() != ::lifecycle::StateData::kBytes) {
    return fail(errc::corruption, "expected key " + field_key(table, name, field) + " to encode a value of type []byte");
  }
  return bytes(data.bytes());
}

/// EndorsementInfo, ValidationInfo and Collections, which definitions and approvals share.
result<void> read_shared_fields(std::string_view name, ledger::chaincode_definition& d, readable_state& state) {
  ::lifecycle::ChaincodeEndorsementInfo endorsement;
  ::lifecycle::ChaincodeValidationInfo validation;
  WEFT_TRY(const bytes endorsement_raw, read_bytes(namespaces_table, name, "EndorsementInfo", state));
  WEFT_TRY(const bytes validation_raw, read_bytes(namespaces_table, name, "ValidationInfo", state));
  WEFT_TRY(d.collections, read_bytes(namespaces_table, name, "Collections", state));
  if (!proto::decode(endorsement_raw, endorsement) || !proto::decode(validation_raw, validation)) {
    return fail(errc::corruption, "could not unmarshal EndorsementInfo or ValidationInfo of " + in_table(namespaces_table, name));
  }
  d.version = endorsement.version();
  d.init_required = endorsement.init_required();
  d.endorsement_plugin = endorsement.endorsement_plugin();
  d.validation_plugin = validation.validation_plugin();
  d.validation_parameter = validation.validation_parameter();
  return {};
}

error wrong_type(std::string_view name, std::string_view wanted, std::string_view found) {
  return {errc::corruption, "could not deserialize namespace " + std::string(name) + " as chaincode: type name mismatch '" + std::string(wanted) +
                                "' != '" + std::string(found) + "'"};
}

}  // namespace

std::string metadata_key(std::string_view table, std::string_view name) { return std::string(table) + "/metadata/" + std::string(name); }
std::string field_key(std::string_view table, std::string_view name, std::string_view field) {
  return std::string(table) + "/fields/" + std::string(name) + "/" + std::string(field);
}
std::string approval_name(std::string_view name, std::int64_t sequence) { return std::string(name) + "#" + std::to_string(sequence); }

std::optional<std::pair<std::string, std::int64_t>> parse_approval_name(std::string_view text) {
  const auto mark = text.rfind('#');
  if (mark == std::string_view::npos || mark == 0) return std::nullopt;
  std::int64_t sequence = 0;
  const auto end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data() + mark + 1, end, sequence);
  if (error != std::errc{} || at != end || sequence < 1) return std::nullopt;
  return std::pair(std::string(text.substr(0, mark)), sequence);
}

bytes stored_structure::metadata() const {
  ::lifecycle::StateMetadata out;
  out.set_datatype(std::string(datatype));
  for (const auto& f : fields) out.add_fields(std::string(f.name));
  return proto::encode(out);
}

stored_structure parameters_structure(const ledger::chaincode_definition& d) {
  return {parameters_type,
          {{"EndorsementInfo", data_of_bytes(endorsement_info(d))},
           {"ValidationInfo", data_of_bytes(validation_info(d))},
           {"Collections", data_of_bytes(d.collections)}}};
}

stored_structure definition_structure(const ledger::chaincode_definition& d) {
  auto s = parameters_structure(d);
  s.datatype = definition_type;
  s.fields.insert(s.fields.begin(), {"Sequence", data_of(d.sequence)});
  return s;
}

stored_structure package_structure(std::string_view package_id) {
  ::lifecycle::StateData data;
  data.set_string(std::string(package_id));
  return {package_type, {{"PackageID", proto::encode(data)}}};
}

result<void> store_structure(std::string_view table, std::string_view name, const stored_structure& s, writable_state& state) {
  WEFT_TRY(const auto old, read_metadata(table, name, state));
  std::map<std::string, std::optional<bytes>> existing;
  if (old) {
    for (const auto& field : old->fields()) {
      const auto key = field_key(table, name, field);
      WEFT_TRY(existing[key], state.get(key));
    }
  }
  for (const auto& f : s.fields) {
    const auto key = field_key(table, name, f.name);
    const auto it = existing.find(key);
    if (it == existing.end() || it->second != f.data) WEFT_CHECK(state.put(key, f.data));
    if (it != existing.end()) existing.erase(it);
  }
  const bool same_metadata = old && existing.empty() && old->datatype() == s.datatype && static_cast<std::size_t>(old->fields_size()) == s.fields.size();
  if (!same_metadata) WEFT_CHECK(state.put(metadata_key(table, name), s.metadata()));
  for (const auto& [key, value] : existing) WEFT_CHECK(state.erase(key));
  return {};
}

result<std::vector<std::string>> differing_fields(std::string_view table, std::string_view name, const stored_structure& s, opaque_state& state) {
  const auto same = [](const std::optional<bytes>& hash, bytes_view value) { return hash && *hash == crypto::view(crypto::sha256(value)); };
  WEFT_TRY(const auto metadata_hash, state.hash_of(metadata_key(table, name)));
  const bool same_metadata = same(metadata_hash, s.metadata());
  std::vector<std::string> out;
  for (const auto& f : s.fields) {
    WEFT_TRY(const auto hash, state.hash_of(field_key(table, name, f.name)));
    if (!same_metadata || !same(hash, f.data)) out.emplace_back(f.name);
  }
  return out;
}

result<bool> is_stored(std::string_view table, std::string_view name, const stored_structure& s, opaque_state& state) {
  WEFT_TRY(const auto differing, differing_fields(table, name, s, state));
  return differing.empty();
}

result<std::optional<std::string>> read_datatype(std::string_view table, std::string_view name, readable_state& state) {
  WEFT_TRY(const auto metadata, read_metadata(table, name, state));
  return metadata ? std::optional<std::string>(metadata->datatype()) : std::nullopt;
}

result<std::int64_t> read_sequence(std::string_view name, readable_state& state) {
  WEFT_TRY(const auto data, read_field(namespaces_table, name, "Sequence", state));
  if (data.Type_case() == ::lifecycle::StateData::TYPE_NOT_SET) return 0;
  if (data.Type_case() != ::lifecycle::StateData::kInt64) {
    return fail(errc::corruption, "expected key " + field_key(namespaces_table, name, "Sequence") + " to encode a value of type Int64");
  }
  return data.int64();
}

result<ledger::chaincode_definition> read_definition(std::string_view name, readable_state& state) {
  WEFT_TRY(const auto datatype, read_datatype(namespaces_table, name, state));
  if (!datatype) return fail(errc::not_found, "namespace " + std::string(name) + " is not defined");
  if (*datatype != definition_type) return fail(wrong_type(name, definition_type, *datatype));
  ledger::chaincode_definition d;
  d.name = name;
  WEFT_TRY(d.sequence, read_sequence(name, state));
  WEFT_CHECK(read_shared_fields(name, d, state));
  return d;
}

result<std::optional<ledger::chaincode_definition>> read_parameters(std::string_view name, std::int64_t sequence, readable_state& state) {
  const auto stored_as = approval_name(name, sequence);
  WEFT_TRY(const auto datatype, read_datatype(namespaces_table, stored_as, state));
  if (!datatype) return std::optional<ledger::chaincode_definition>{};
  if (*datatype != parameters_type) return fail(wrong_type(stored_as, parameters_type, *datatype));
  ledger::chaincode_definition d;
  d.name = name;
  d.sequence = sequence;
  WEFT_CHECK(read_shared_fields(stored_as, d, state));
  return std::optional(std::move(d));
}

result<std::optional<std::string>> read_package(std::string_view name, std::int64_t sequence, readable_state& state) {
  const auto stored_as = approval_name(name, sequence);
  WEFT_TRY(const auto datatype, read_datatype(sources_table, stored_as, state));
  if (!datatype) return std::optional<std::string>{};
  WEFT_TRY(const auto data, read_field(sources_table, stored_as, "PackageID", state));
  return std::optional<std::string>(data.string());
}

}  // namespace weft::chaincode
