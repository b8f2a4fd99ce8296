#include "cluster/ordering/assembly.hpp"

#include <utility>

#include "common/common.pb.h"
#include "proto/encode.hpp"

namespace weft::cluster {

using ledger::metadata_slot;

ledger::block assemble(chain_tip& tip, std::vector<ledger::envelope> envelopes) {
  const bool config = envelopes.size() == 1 && envelopes.front().header() &&
                      envelopes.front().header()->type == static_cast<std::int32_t>(ledger::header_type::config);
  auto b = ledger::block::make(tip.next, tip.last_hash, std::move(envelopes));
  if (config) tip.last_config = tip.next;
  tip.next = tip.next.next();
  tip.last_hash = b.hash();
  return b;
}

result<void> sign_block(ledger::block& b, block_number last_config, bytes_view consenter_metadata, const crypto::signing_identity& orderer,
                        random_source& random, const crypto::verifier& verifier) {
  ::common::SignatureHeader header;
  header.set_creator(orderer.serialized());
  header.set_nonce(random.make_bytes(24));
  ::common::Metadata slot;
  bytes wrapped;
  if (!consenter_metadata.empty()) {
    ::common::Metadata of_consenter;
    of_consenter.set_value(bytes(consenter_metadata));
    wrapped = proto::encode(of_consenter);
  }
  slot.set_value(ledger::orderer_block_metadata(last_config, wrapped));
  auto* signature = slot.add_signatures();
  signature->set_signature_header(proto::encode(header));
  const bytes joined = slot.value() + signature->signature_header() + ledger::header_bytes(b.header());
  const crypto::hashed_message covered{joined};
  WEFT_TRY(auto made, orderer.sign(covered));
  verifier.made_here(orderer.key().key(), covered, made);
  signature->set_signature(std::move(made));
  b.set_metadata(metadata_slot::signatures, proto::encode(slot));

  ::common::LastConfig last;
  last.set_index(last_config.value);
  ::common::Metadata last_slot;
  last_slot.set_value(proto::encode(last));
  b.set_metadata(metadata_slot::last_config, proto::encode(last_slot));
  return {};
}

result<chain_tip> tip_after(const ledger::block& last) {
  WEFT_TRY(auto config, ledger::last_config_index(last));
  return chain_tip{last.number().next(), last.hash(), config};
}

}  // namespace weft::cluster
