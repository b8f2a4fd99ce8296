#include "chaincode/system/channels.hpp"

#include "ledger/chain/channel_ledger.hpp"
#include "ledger/channel/policy_manager.hpp"

namespace weft::chaincode {

std::shared_ptr<const ledger::channel_ledger> find_channel(const peer_channels& channels, const system_stub& s, const std::string& name) {
  if (s.ledger() && name == s.channel_id()) return {std::shared_ptr<const void>(), s.ledger()};  // borrowed for the call
  return channels.find ? channels.find(name) : nullptr;
}

result<void> check_acl(const ledger::channel_ledger& channel, std::string_view system_contract, const std::string& function, bytes_view creator) {
  const auto bundle = channel.bundle();
  const auto refuse = [&](const std::string& why) {
    return fail(errc::permission_denied, "access denied for [" + function + "][" + bundle->channel_id() + "]: " + why);
  };
  const auto who = bundle->msps()->validate(creator);
  if (!who) return refuse(who.error().context);
  std::string path;
  const auto policy = bundle->acl(std::string(system_contract) + "/" + function, &path);
  if (policy->evaluate({*who})) return {};
  return refuse("Failed evaluating policy on signed data during check policy on channel [" + bundle->channel_id() + "] with policy [" + path + "]: [" +
                ledger::denial_text(*policy, {*who}) + "] by " + (*who)->cert.subject() + " of " + (*who)->msp_id);
}

}  // namespace weft::chaincode
