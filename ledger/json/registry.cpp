// Message types by name. A message of each schema file is named here: a linker takes generated code out of an archive only when somebody asks for
// it, and a type that is not linked cannot be found by its name.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/empty.pb.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <array>

#include "common/common.pb.h"
#include "common/configtx.pb.h"
#include "common/configuration.pb.h"
#include "common/ledger.pb.h"
#include "common/policies.pb.h"
#include "discovery/protocol.pb.h"
#include "gateway/gateway.pb.h"
#include "gossip/message.pb.h"
#include "ledger/json/fabric_json.hpp"
#include "ledger/queryresult/kv_query_result.pb.h"
#include "ledger/rwset/kvrwset/kv_rwset.pb.h"
#include "ledger/rwset/rwset.pb.h"
#include "msp/identities.pb.h"
#include "msp/msp_config.pb.h"
#include "msp/msp_principal.pb.h"
#include "orderer/ab.pb.h"
#include "orderer/configuration.pb.h"
#include "orderer/etcdraft/configuration.pb.h"
#include "orderer/etcdraft/metadata.pb.h"
#include "orderer/kafka.pb.h"
#include "orderer/smartbft/configuration.pb.h"
#include "peer/chaincode.pb.h"
#include "peer/chaincode_event.pb.h"
#include "peer/chaincode_shim.pb.h"
#include "peer/collection.pb.h"
#include "peer/configuration.pb.h"
#include "peer/events.pb.h"
#include "peer/lifecycle/chaincode_definition.pb.h"
#include "peer/lifecycle/db.pb.h"
#include "peer/lifecycle/lifecycle.pb.h"
#include "peer/policy.pb.h"
#include "peer/proposal.pb.h"
#include "peer/proposal_response.pb.h"
#include "peer/query.pb.h"
#include "peer/resources.pb.h"
#include "peer/signed_cc_dep_spec.pb.h"
#include "peer/transaction.pb.h"
#include "smartbftprotos/messages.pb.h"

namespace weft::ledger {

namespace {

namespace pb = google::protobuf;

/// One message of every schema file of Fabric's that holds messages.
const std::vector<const pb::Descriptor*>& representatives() {
  static const std::vector<const pb::Descriptor*> out = {
      ::common::Envelope::descriptor(), ::common::ConfigGroup::descriptor(), ::common::Capabilities::descriptor(),
      ::common::BlockchainInfo::descriptor(), ::common::Policy::descriptor(), ::discovery::Query::descriptor(),
      ::gateway::PreparedTransaction::descriptor(), ::gossip::GossipMessage::descriptor(), ::queryresult::KV::descriptor(),
      ::kvrwset::KVRWSet::descriptor(), ::rwset::TxReadWriteSet::descriptor(), ::msp::SerializedIdentity::descriptor(),
      ::msp::MSPConfig::descriptor(), ::common::MSPPrincipal::descriptor(), ::orderer::SeekInfo::descriptor(),
      ::orderer::ConsensusType::descriptor(), ::etcdraft::ConfigMetadata::descriptor(), ::etcdraft::BlockMetadata::descriptor(),
      ::orderer::KafkaMetadata::descriptor(), ::orderer::smartbft::Options::descriptor(), ::protos::ChaincodeSpec::descriptor(),
      ::protos::ChaincodeEvent::descriptor(), ::protos::ChaincodeMessage::descriptor(), ::protos::CollectionConfig::descriptor(),
      ::protos::AnchorPeers::descriptor(), ::protos::FilteredBlock::descriptor(), ::lifecycle::ChaincodeEndorsementInfo::descriptor(),
      ::lifecycle::StateMetadata::descriptor(), ::lifecycle::InstallChaincodeArgs::descriptor(), ::protos::ApplicationPolicy::descriptor(),
      ::protos::Proposal::descriptor(), ::protos::ProposalResponse::descriptor(), ::protos::ChaincodeQueryResponse::descriptor(),
      ::protos::ConfigTree::descriptor(), ::protos::SignedChaincodeDeploymentSpec::descriptor(), ::protos::Transaction::descriptor(),
      ::smartbftprotos::ViewMetadata::descriptor(), pb::Empty::descriptor(),
  };
  return out;
}

void collect(const pb::Descriptor& type, std::vector<std::string>& out) {
  if (type.options().map_entry()) return;
  out.push_back(type.full_name());
  for (int i = 0; i < type.nested_type_count(); ++i) collect(*type.nested_type(i), out);
}

}  // namespace

std::unique_ptr<pb::Message> new_message(std::string_view type) {
  (void)representatives();
  const auto* found = pb::DescriptorPool::generated_pool()->FindMessageTypeByName(std::string(type));
  if (!found || found->options().map_entry()) return nullptr;
  const auto* prototype = pb::MessageFactory::generated_factory()->GetPrototype(found);
  return std::unique_ptr<pb::Message>(prototype ? prototype->New() : nullptr);
}

std::vector<std::string> message_types() {
  std::vector<std::string> out;
  for (const auto* one : representatives()) {
    const auto& file = *one->file();
    for (int i = 0; i < file.message_type_count(); ++i) collect(*file.message_type(i), out);
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace weft::ledger
