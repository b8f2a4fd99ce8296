#include <algorithm>

#include "chaincode/system/channels.hpp"
#include "common/configtx.pb.h"
#include "ledger/chain/channel_ledger.hpp"
#include "peer/query.pb.h"
#include "proto/encode.hpp"

namespace weft::chaincode {
namespace {

class cscc final : public system_contract {
 public:
  explicit cscc(peer_channels channels) : channels_(std::move(channels)) {}

  response run(system_stub& s) override {
    const auto& args = s.args();
    if (args.empty()) return failure("Incorrect number of arguments, 0");
    const auto& function = args.front();
    if (function == "GetChannels") return list(s);
    if (function != "GetConfigBlock" && function != "GetChannelConfig") return failure("Requested function " + function + " not found.");
    if (args.size() < 2) return failure("Incorrect number of arguments, " + std::to_string(args.size()));
    const auto channel = find_channel(channels_, s, args[1]);
    if (!channel) return failure("Unknown chain ID, " + args[1]);
    if (auto r = check_acl(*channel, "cscc", function, s.creator()); !r) return failure(r.error().context);
    if (function == "GetChannelConfig") return success(proto::encode(channel->bundle()->config()));
    auto block = last_config_block(*channel);
    if (!block) return failure(block.error().context);
    return success(block->encode());
  }

 private:
  response list(system_stub& s) const {
    auto names = channels_.names ? channels_.names() : std::vector<std::string>{};
    if (names.empty() && !s.channel_id().empty()) names.push_back(s.channel_id());
    std::sort(names.begin(), names.end());
    ::protos::ChannelQueryResponse out;
    for (auto& name : names) out.add_channels()->set_channel_id(std::move(name));
    return success(proto::encode(out));
  }

  static result<ledger::block> last_config_block(const ledger::channel_ledger& channel) {
    const auto height = channel.height();
    if (height.value == 0) return fail(errc::not_found, "the channel has no block yet");
    WEFT_TRY(const auto newest, channel.blocks().read(block_number{height.value - 1}));
    WEFT_TRY(const auto index, ledger::last_config_index(newest));
    return channel.blocks().read(index);
  }

  peer_channels channels_;
};

}  // namespace

contract_ptr make_cscc(peer_channels channels) { return std::make_shared<cscc>(std::move(channels)); }

}  // namespace weft::chaincode
