// MSP folders on disk (interop/03 §1): read into Fabric's own configuration message, or into a signing identity.
#pragma once

#include <filesystem>

#include "crypto/msp/msp.hpp"

namespace weft::crypto {

/// Reads cacerts, intermediatecerts, admincerts, crls, tlscacerts, tlsintermediatecerts and config.yaml into the FabricMSPConfig that
/// configtxgen would write. Errors: `not_found` without a root CA, `invalid_argument` with the file at fault.
[[nodiscard]] result<::msp::FabricMSPConfig> read_msp_folder(const std::filesystem::path& folder, const std::string& msp_id);

/// Reads signcerts and the keystore's key that matches it. Errors: `not_found`, `invalid_argument` with the file at fault.
[[nodiscard]] result<signing_identity> read_signing_identity(const std::filesystem::path& folder, const std::string& msp_id,
                                                             nonce_rule rule = nonce_rule::random);

}  // namespace weft::crypto
