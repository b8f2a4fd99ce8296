#include "ledger/channel/bundle.hpp"

#include "common/common.pb.h"
#include "common/configtx.pb.h"
#include "ledger/block/block.hpp"
#include "ledger/channel/acl.hpp"
#include "ledger/channel/config_tree.hpp"
#include "ledger/channel/config_update.hpp"
#include "ledger/channel/policy_cache.hpp"
#include "ledger/channel/policy_manager.hpp"
#include "ledger/channel/sections.hpp"
#include "proto/encode.hpp"

namespace weft::ledger {
namespace {

/// Fabric's words around what is wrong in a part of the tree; the path of the element stays in front of the reason.
error in_fabrics_words(error e) {
  if (e.code == errc::unsupported) return e;  // a capability: said by who judges compatibility
  for (const char* section : {"Application", "Orderer", "Consortiums"})
    if (e.context.starts_with(std::string("/Channel/") + section + "/")) e = within(std::string("could not create channel ") + section + " sub-group config", std::move(e));
  return within("initializing channelconfig failed", std::move(e));
}

class bundle final : public channel_bundle {
 public:
  /// The parts in the order in which they are made. What is wrong with consensus is left to the caller, who knows how to say it.
  static result<std::shared_ptr<const bundle>> make(std::string channel_id, const ::common::Config& config) {
    if (auto ok = check_channel_id(channel_id); !ok) return fail(within("bad channel ID", std::move(ok).error()));
    if (!config.has_channel_group()) return fail(errc::invalid_argument, "config must contain a channel group");
    if (auto flat = flatten(config.channel_group()); !flat) return fail(std::move(flat).error());  // names and bounds, before anything is built
    auto read = read_sections(config.channel_group());
    if (!read) return fail(in_fabrics_words(std::move(read).error()));
    channel_sections sections = *std::move(read);
    WEFT_TRY(auto msps, crypto::msp_manager::create(std::move(sections.msps)));
    WEFT_TRY(policy_manager policies, policy_manager::create(config.channel_group(), msps));
    return std::make_shared<const bundle>(std::move(channel_id), config, std::move(sections), std::move(msps), std::move(policies));
  }

  bundle(std::string channel_id, const ::common::Config& config, channel_sections sections, std::shared_ptr<const crypto::msp_manager> msps,
         policy_manager policies)
      : channel_id_(std::move(channel_id)),
        config_(config),
        sections_(std::move(sections)),
        msps_(std::move(msps)),
        policies_(std::move(policies)),
        compiled_(msps_) {}

  [[nodiscard]] const std::optional<error>& consensus_fault() const { return sections_.consensus_fault; }

  const std::string& channel_id() const override { return channel_id_; }
  config_sequence sequence() const override { return config_sequence{config_.sequence()}; }
  const ::common::Config& config() const override { return config_; }
  std::shared_ptr<const crypto::msp_manager> msps() const override { return msps_; }
  const capabilities& caps() const override { return sections_.caps; }
  const std::vector<channel_org>& application_orgs() const override { return sections_.application; }
  const std::vector<channel_org>& orderer_orgs() const override { return sections_.orderers; }
  const batch_limits& batching() const override { return sections_.batching; }
  const std::string& consensus_type() const override { return sections_.consensus_type; }
  bytes_view consensus_metadata() const override { return sections_.consensus_metadata; }
  const raft_settings* raft() const override { return sections_.raft ? &*sections_.raft : nullptr; }
  bool maintenance() const override { return sections_.caps.channel_v1_4_2 && sections_.maintenance; }
  const std::vector<bft_consenter>& consenters() const override { return sections_.consenters; }

  crypto::policy_ptr policy(std::string_view path) const override {
    auto found = policies_.find(path);
    return found ? found : missing_policy(std::string(path));
  }
  bool has_policy(std::string_view path) const override { return policies_.find(path) != nullptr; }

  crypto::policy_ptr acl(std::string_view resource, std::string* path) const override {
    const auto configured = configured_acl(resource);
    const std::string chosen = configured ? *configured : std::string(default_acl(resource).policy);
    if (path) *path = chosen;
    return chosen.empty() ? crypto::reject_all("ACL of " + std::string(resource)) : policy(chosen);
  }

  result<void> check_acl(std::string_view resource, const crypto::identity_ptr& who) const override {
    std::string path;
    const auto judge = acl(resource, &path);
    std::vector<crypto::identity_ptr> signers;
    if (who) signers.push_back(who);
    if (judge->evaluate(signers)) return {};
    const std::string by = configured_acl(resource) ? "failed evaluating policy on signed data during check policy ["
                                                    : "Failed evaluating policy on signed data during check policy on channel [" + channel_id_ + "] with policy [";
    return fail(errc::permission_denied, by + path + "]: [" + denial_text(*judge, signers) + "]");
  }

  result<crypto::policy_ptr> compile(bytes_view signature_policy_envelope) const override { return compiled_.compile(signature_policy_envelope); }

  result<::common::Config> propose_update(bytes_view config_update_envelope, const crypto::verifier& verifier) const override {
    ::common::ConfigUpdateEnvelope envelope;
    if (!proto::decode(config_update_envelope, envelope))
      return fail(errc::invalid_argument, "error converting envelope to config update: error unmarshalling ConfigUpdateEnvelope");
    auto authorized = authorize_update(envelope, base(), verifier);
    if (!authorized) return fail(within("error authorizing update", std::move(authorized).error()));
    ::common::Config next;
    next.set_sequence(config_.sequence() + 1);
    WEFT_TRY(*next.mutable_channel_group(), result_of(*authorized));
    auto made = successor(next);
    if (!made) return fail(made.error().code == errc::unsupported ? within("config update is not compatible", std::move(made).error()) : std::move(made).error());
    return next;
  }

  std::vector<unmet_policy> unmet_policies(bytes_view config_update_envelope, const crypto::verifier& verifier) const override {
    ::common::ConfigUpdateEnvelope envelope;
    if (!proto::decode(config_update_envelope, envelope)) return {};
    auto unmet = find_unmet_policies(envelope, base(), verifier);
    const auto name_msps = [&](std::vector<unmet_policy::org>& orgs) {
      for (auto& org : orgs) {
        for (const auto* known : {&sections_.application, &sections_.orderers})
          for (const auto& k : *known) if (org.group.ends_with("/" + k.group)) org.msp_id = k.msp_id;
      }
    };
    for (auto& u : unmet) {
      name_msps(u.satisfied);
      name_msps(u.missing);
    }
    return unmet;
  }

  result<std::shared_ptr<const channel_bundle>> apply(const ::common::ConfigEnvelope& envelope, const crypto::verifier& verifier) const override {
    if (!envelope.has_config()) return fail(errc::invalid_argument, "config envelope has nil config");
    if (envelope.config().sequence() != config_.sequence() + 1)
      return fail(errc::conflict, "config currently at sequence " + std::to_string(config_.sequence()) + ", cannot validate config at sequence " +
                                      std::to_string(envelope.config().sequence()));
    if (!envelope.has_last_update()) return fail(errc::invalid_argument, "config envelope has no last update");
    WEFT_TRY(const ::common::ConfigUpdateEnvelope update, unwrap_update(envelope.last_update()));
    WEFT_TRY(const authorized_update authorized, authorize_update(update, base(), verifier));
    WEFT_TRY(const ::common::ConfigGroup expected, result_of(authorized));
    if (!same_tree(expected, envelope.config().channel_group()))
      return fail(errc::invalid_argument, "ConfigEnvelope LastUpdate did not produce the supplied config result");
    WEFT_TRY(auto next, successor(envelope.config()));
    return next;
  }

 private:
  /// The policy that the ACLs value names for a resource; null when it names none, or may not.
  [[nodiscard]] const std::string* configured_acl(std::string_view resource) const {
    const auto it = sections_.acls.find(resource);
    return it == sections_.acls.end() || default_acl(resource).scope == acl_scope::node ? nullptr : &it->second;
  }

  [[nodiscard]] update_base base() const { return {channel_id_, config_.channel_group(), policies_, *msps_}; }

  static result<::common::ConfigGroup> result_of(const authorized_update& authorized) {
    auto tree = grow(authorized.elements);
    if (!tree) return fail(within("could not turn configMap back to channelGroup", std::move(tree).error()));
    return tree;
  }

  /// The bundle of the configuration after this one, if the step is allowed.
  result<std::shared_ptr<const bundle>> successor(const ::common::Config& config) const {
    WEFT_TRY(auto next, make(channel_id_, config));
    WEFT_CHECK(check_transition(sections_, next->sections_, same_but_consensus_type(config_.channel_group(), config.channel_group())));
    if (const auto& fault = next->consensus_fault())
      return fail(within("consensus metadata update for channel config update is invalid: invalid new config metadata", *fault));
    return next;
  }

  const std::string channel_id_;
  const ::common::Config config_;
  const channel_sections sections_;
  const std::shared_ptr<const crypto::msp_manager> msps_;
  const policy_manager policies_;
  mutable policy_cache compiled_;
};

}  // namespace

result<std::shared_ptr<const channel_bundle>> channel_bundle::create(std::string channel_id, const ::common::Config& config) {
  WEFT_TRY(auto made, bundle::make(std::move(channel_id), config));
  if (const auto& fault = made->consensus_fault()) return fail(within("/Channel/Orderer/ConsensusType", *fault));
  return made;
}

result<std::shared_ptr<const channel_bundle>> channel_bundle::from_block(const block& config_block) {
  if (!config_block || config_block.envelopes().size() != 1) return fail(errc::invalid_argument, "a config block holds exactly one transaction");
  const envelope& only = config_block.envelopes().front();
  const auto& header = only.header();
  if (!header) return fail(header.error());
  if (header->type != static_cast<std::int32_t>(header_type::config))
    return fail(errc::invalid_argument, "block " + std::to_string(config_block.number().value) + " is no config block: its transaction has type " +
                                            std::to_string(header->type));
  ::common::ConfigEnvelope config;
  if (!proto::decode(only.data(), config)) return fail(errc::invalid_argument, "the transaction of the config block is no ConfigEnvelope");
  return create(header->channel_id, config.config());
}

}  // namespace weft::ledger
