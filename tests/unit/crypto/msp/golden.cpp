#include "golden.hpp"

#include <fstream>
#include <functional>
#include <iterator>
#include <stdexcept>

#include "common/common.pb.h"
#include "common/configtx.pb.h"
#include "peer/proposal_response.pb.h"
#include "peer/transaction.pb.h"
#include "proto/encode.hpp"

namespace weft::crypto::test {
namespace {

template <class Message>
Message decoded(bytes_view data) {
  Message m;
  if (!weft::proto::decode(data, m)) throw std::runtime_error("golden data does not decode");
  return m;
}

void collect(const ::common::ConfigGroup& group, std::map<std::string, ::msp::FabricMSPConfig>& into) {
  if (const auto at = group.values().find("MSP"); at != group.values().end()) {
    const auto wrapper = decoded<::msp::MSPConfig>(at->second.value());
    auto config = decoded<::msp::FabricMSPConfig>(wrapper.config());
    const auto name = config.name();
    into[name] = std::move(config);
  }
  for (const auto& child : group.groups()) collect(child.second, into);
}

void endorsers(bytes_view transaction, std::vector<bytes>& out) {
  const auto parsed = decoded<::protos::Transaction>(transaction);
  for (const auto& action : parsed.actions()) {
    const auto payload = decoded<::protos::ChaincodeActionPayload>(action.payload());
    for (const auto& e : payload.action().endorsements()) out.push_back(e.endorser());
  }
}

}  // namespace

bytes read_golden(const std::filesystem::path& relative) {
  std::ifstream in(std::filesystem::path(WEFT_GOLDEN_DIR) / relative, std::ios::binary);
  if (!in) throw std::runtime_error("golden file missing: " + relative.string());
  return {std::istreambuf_iterator<char>(in), {}};
}

std::map<std::string, ::msp::FabricMSPConfig> msp_definitions(const std::filesystem::path& genesis_block) {
  const auto block = decoded<::common::Block>(read_golden(genesis_block));
  const auto payload = decoded<::common::Payload>(decoded<::common::Envelope>(block.data().data(0)).payload());
  std::map<std::string, ::msp::FabricMSPConfig> out;
  collect(decoded<::common::ConfigEnvelope>(payload.data()).config().channel_group(), out);
  return out;
}

std::vector<bytes> signers_of_block(const std::filesystem::path& file) {
  constexpr int endorser_transaction = 3;
  std::vector<bytes> out;
  const auto block = decoded<::common::Block>(read_golden(file));
  for (const auto& data : block.data().data()) {
    const auto payload = decoded<::common::Payload>(decoded<::common::Envelope>(data).payload());
    out.push_back(decoded<::common::SignatureHeader>(payload.header().signature_header()).creator());
    if (decoded<::common::ChannelHeader>(payload.header().channel_header()).type() == endorser_transaction) endorsers(payload.data(), out);
  }
  const auto slot = decoded<::common::Metadata>(block.metadata().metadata(0));
  for (const auto& s : slot.signatures())
    if (!s.signature_header().empty()) out.push_back(decoded<::common::SignatureHeader>(s.signature_header()).creator());
  return out;
}

std::shared_ptr<const msp_manager> golden_manager(const std::filesystem::path& genesis_block, msp_level level) {
  std::vector<std::shared_ptr<const msp>> msps;
  for (const auto& [name, config] : msp_definitions(genesis_block)) msps.push_back(msp::create(config, level).value());
  return msp_manager::create(std::move(msps)).value();
}

}  // namespace weft::crypto::test
