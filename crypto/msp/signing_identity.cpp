#include "config/base/assert.hpp"
#include "crypto/msp/msp.hpp"
#include "msp/identities.pb.h"
#include "proto/encode.hpp"

namespace weft::crypto {

bytes serialize_identity(std::string_view msp_id, std::string_view pem) {
  ::msp::SerializedIdentity wire;
  wire.set_mspid(std::string(msp_id));
  wire.set_id_bytes(std::string(pem));
  return weft::proto::encode(wire);
}

signing_identity::signing_identity(std::string msp_id, certificate cert, std::shared_ptr<const signer> key)
    : msp_id_(std::move(msp_id)), cert_(std::move(cert)), key_(std::move(key)), serialized_(serialize_identity(msp_id_, cert_.to_pem())) {
  WEFT_ASSERT(key_ != nullptr && key_->key() == cert_.key(), "an identity signs with the key of its own certificate");
}

}  // namespace weft::crypto
