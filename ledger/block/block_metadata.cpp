// What orderers write into slots 0 and 1. interop/01 §9.
#include "ledger/block/block.hpp"
#include "ledger/tx/fields.hpp"
#include "proto/wire_write.hpp"

namespace weft::ledger {

using namespace fields;

namespace {

struct metadata_signature {
  bytes_view signature_header, signature, identifier_header;
};

struct signed_metadata {
  bytes_view value;
  std::vector<metadata_signature> signatures;
};

bool take_signature(bytes_view message, metadata_signature& into) {
  return walk(message, [&](const wire_field& f) {
    if (is_block(f, 1)) into.signature_header = f.payload;
    if (is_block(f, 2)) into.signature = f.payload;
    if (is_block(f, 3)) into.identifier_header = f.payload;
    return true;
  });
}

result<signed_metadata> read_slot(const block& b, metadata_slot slot) {
  signed_metadata m;
  const bool ok = walk(b.metadata(slot), [&](const wire_field& f) {
    if (is_block(f, 1)) m.value = f.payload;
    return !is_block(f, 2) || take_signature(f.payload, m.signatures.emplace_back());
  });
  if (!ok) return fail(errc::invalid_argument, "malformed metadata in slot " + std::to_string(static_cast<std::size_t>(slot)));
  return m;
}

bool take_index(bytes_view last_config, std::uint64_t& into) {
  return walk(last_config, [&](const wire_field& f) {
    if (is_number(f, 1)) into = f.value;
    return true;
  });
}

/// CFT: the signer's identity is in the signature header.
bool take_identity(bytes_view signature_header, block_signature& into) {
  return walk(signature_header, [&](const wire_field& f) {
    if (is_block(f, 1)) into.identity = f.payload;
    return true;
  });
}

/// BFT: the identifier header names the consenter.
bool take_consenter(bytes_view identifier_header, block_signature& into) {
  into.by_consenter_id = true;
  return walk(identifier_header, [&](const wire_field& f) {
    if (is_number(f, 1)) into.consenter_id = static_cast<std::uint32_t>(f.value);
    return true;
  });
}

}  // namespace

result<block_number> last_config_index(const block& b) {
  WEFT_TRY(const auto signatures, read_slot(b, metadata_slot::signatures));
  std::uint64_t index = 0;
  if (!signatures.value.empty()) {
    bool present = false;
    const bool ok = walk(signatures.value, [&](const wire_field& f) {
      if (!is_block(f, 1)) return true;
      present = true;
      return take_index(f.payload, index);
    });
    if (!ok) return fail(errc::invalid_argument, "malformed orderer metadata in slot 0");
    if (!present) return fail(errc::invalid_argument, "orderer metadata in slot 0 name no last configuration");
    return block_number(index);
  }
  WEFT_TRY(const auto last_config, read_slot(b, metadata_slot::last_config));
  if (!take_index(last_config.value, index)) return fail(errc::invalid_argument, "malformed last configuration in slot 1");
  return block_number(index);
}

result<bytes> consenter_metadata(const block& b) {
  WEFT_TRY(const auto signatures, read_slot(b, metadata_slot::signatures));
  bytes_view metadata, value;
  bool good = walk(signatures.value, [&](const wire_field& f) {
    if (is_block(f, 2)) metadata = f.payload;
    return true;
  });
  good = good && walk(metadata, [&](const wire_field& f) {
    if (is_block(f, 1)) value = f.payload;
    return true;
  });
  if (!good) return fail(errc::invalid_argument, "malformed consenter metadata in slot 0");
  return bytes(value);
}

bytes orderer_block_metadata(block_number last_config, bytes_view consenter_metadata) {
  bytes index;
  proto::put_varint(index, 1, last_config.value);
  bytes out;
  proto::put_present(out, 1, index);
  proto::put_bytes(out, 2, consenter_metadata);
  return out;
}

result<std::vector<block_signature>> block_signatures(const block& b) {
  WEFT_TRY(const auto slot, read_slot(b, metadata_slot::signatures));
  const bytes header = header_bytes(b.header());
  std::vector<block_signature> out;
  for (const auto& s : slot.signatures) {
    auto& signature = out.emplace_back();
    const bool bft = s.signature_header.empty() && !s.identifier_header.empty();
    const bytes_view signer = bft ? s.identifier_header : s.signature_header;
    if (!(bft ? take_consenter(signer, signature) : take_identity(signer, signature)))
      return fail(errc::invalid_argument, "malformed header of signature " + std::to_string(out.size() - 1));
    signature.signature = s.signature;
    signature.signed_bytes.reserve(slot.value.size() + signer.size() + header.size());
    signature.signed_bytes.append(slot.value).append(signer).append(header);
  }
  return out;
}

}  // namespace weft::ledger
