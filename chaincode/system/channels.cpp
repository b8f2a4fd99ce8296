#include "chaincode/system/channels.hpp"

#include "ledger/chain/channel_ledger.hpp"

namespace weft::chaincode {

std::shared_ptr<const ledger::channel_ledger> find_channel(const peer_channels& channels, const system_stub& s, const std::string& name) {
  if (s.ledger() && name == s.channel_id()) return {std::shared_ptr<const void>(), s.ledger()};  // borrowed for the call
  return channels.find ? channels.find(name) : nullptr;
}

result<void> check_acl(const ledger::channel_ledger& channel, std::string_view system_contract, const std::string& function, bytes_view creator) {
  const auto bundle = channel.bundle();
  const auto who = bundle->msps()->validate(creator);
  const auto allowed = bundle->check_acl(std::string(system_contract) + "/" + function, who ? *who : nullptr);
  if (allowed) return {};
  const auto by = who ? " by " + (*who)->cert.subject() + " of " + (*who)->msp_id : ": " + who.error().context;
  return fail(errc::permission_denied, access_denied(system_contract, function, bundle->channel_id(), allowed.error().context) + by);
}

}  // namespace weft::chaincode
