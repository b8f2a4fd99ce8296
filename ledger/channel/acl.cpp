#include "ledger/channel/acl.hpp"

#include <algorithm>
#include <iterator>

namespace weft::ledger {
namespace {

constexpr std::string_view readers = "/Channel/Application/Readers", writers = "/Channel/Application/Writers";

struct entry {
  std::string_view resource;
  acl_default rule;
};
constexpr acl_default node{acl_scope::node, {}}, read{acl_scope::channel, readers}, write{acl_scope::channel, writers};

// In order of resource names. lscc/Deploy and lscc/Upgrade have no entry, as in Fabric: the check of the proposal covers them.
constexpr entry entries[] = {
    {"_lifecycle/ApproveChaincodeDefinitionForMyOrg", node},
    {"_lifecycle/CheckCommitReadiness", write},
    {"_lifecycle/CommitChaincodeDefinition", write},
    {"_lifecycle/GetInstalledChaincodePackage", node},
    {"_lifecycle/InstallChaincode", node},
    {"_lifecycle/QueryApprovedChaincodeDefinition", node},
    {"_lifecycle/QueryApprovedChaincodeDefinitions", node},
    {"_lifecycle/QueryChaincodeDefinition", write},
    {"_lifecycle/QueryChaincodeDefinitions", write},
    {"_lifecycle/QueryInstalledChaincode", node},
    {"_lifecycle/QueryInstalledChaincodes", node},
    {"cscc/GetChannelConfig", read},
    {"cscc/GetChannels", node},
    {"cscc/GetConfigBlock", read},
    {"cscc/JoinBySnapshotStatus", node},
    {"cscc/JoinChain", node},
    {"cscc/JoinChainBySnapshot", node},
    {"event/Block", read},
    {"event/FilteredBlock", read},
    {"gateway/ChaincodeEvents", read},
    {"gateway/CommitStatus", read},
    {"lscc/ChaincodeExists", read},
    {"lscc/GetChaincodeData", read},
    {"lscc/GetCollectionsConfig", read},
    {"lscc/GetDeploymentSpec", read},
    {"lscc/GetInstalledChaincodes", node},
    {"lscc/GetInstantiatedChaincodes", read},
    {"lscc/Install", node},
    {"peer/ChaincodeToChaincode", write},
    {"peer/Propose", write},
    {"qscc/GetBlockByHash", read},
    {"qscc/GetBlockByNumber", read},
    {"qscc/GetBlockByTxID", read},
    {"qscc/GetChainInfo", read},
    {"qscc/GetTransactionByID", read},
    {"snapshot/cancelrequest", node},
    {"snapshot/listpending", node},
    {"snapshot/submitrequest", node},
};
static_assert(std::is_sorted(std::begin(entries), std::end(entries), [](const entry& a, const entry& b) { return a.resource < b.resource; }));

}  // namespace

acl_default default_acl(std::string_view resource) {
  const auto at = std::lower_bound(std::begin(entries), std::end(entries), resource, [](const entry& e, std::string_view r) { return e.resource < r; });
  return at != std::end(entries) && at->resource == resource ? at->rule : acl_default{};
}

}  // namespace weft::ledger
