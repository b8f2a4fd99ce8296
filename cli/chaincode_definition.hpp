// What `weft chaincode deploy` defines on a channel, from words of the command line: pure, and every mistake says where it is.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/base/bytes.hpp"

namespace weft::cli {

/// A definition as approvals and commits carry it.
struct contract_definition {
  std::string name, version;
  bytes validation_parameter;  ///< pb(ApplicationPolicy)
  bool init_required = false;
  std::int64_t sequence = 1;
};

/// pb(ApplicationPolicy) of a policy's text: a signature policy, or the path of a policy of the channel ("/Channel/Application/Endorsement", which
/// an empty text means too). Errors: `invalid_argument` that points at the character.
[[nodiscard]] result<bytes> validation_parameter(const std::string& policy);

/// A collections file as Fabric's tools read it. Errors: `invalid_argument` for one that they would refuse; `unsupported` for one that defines collections.
[[nodiscard]] result<void> check_collections_file(bytes_view json);

/// "127.0.0.1:9999", of a service that somebody else runs. Errors: `invalid_argument`.
[[nodiscard]] result<void> check_service_address(const std::string& address);

/// pb(ApproveChaincodeDefinitionForMyOrgArgs), pb(CommitChaincodeDefinitionArgs), pb(CheckCommitReadinessArgs)
[[nodiscard]] bytes approval_args(const contract_definition& d, const std::string& package_id);
[[nodiscard]] bytes commit_args(const contract_definition& d);
[[nodiscard]] bytes readiness_args(const contract_definition& d);

/// Names of transactions in what fabric-contract-api answers to org.hyperledger.fabric:GetMetadata; none when it is something else.
[[nodiscard]] std::vector<std::string> functions_in(bytes_view metadata_json);

}  // namespace weft::cli
