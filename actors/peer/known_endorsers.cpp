#include "actors/peer/known_endorsers.hpp"

#include "ledger/validation/definition.hpp"

namespace weft::actors {

namespace {

/// Lists the endorsers of the directory when it has changed since the last time.
void list_endorsers(gateway_state& s) {
  const auto epoch = s.site->where->epoch();
  if (epoch == s.directory_epoch) return;
  s.directory_epoch = epoch;
  static constexpr std::string_view suffix = "/endorser";
  for (const auto& name : s.site->where->names_ending(suffix)) {
    const auto site = name.substr(0, name.size() - suffix.size());
    if (!s.endorsers.count(site)) s.endorsers.emplace(site, route<endorser_actor>{s.site->where, name});
  }
}

}  // namespace

void learn_endorsers(gateway_self self, const std::function<void()>& then) {
  auto& s = self->state;
  list_endorsers(s);
  auto pending = std::make_shared<std::size_t>(1);
  const auto next = [then, pending] { if (--*pending == 0) then(); };
  for (auto& [site, endorser] : s.endorsers) {
    if (s.endorser_identities.count(site) || !endorser.get()) continue;
    ++*pending;
    self->request(endorser.get(), std::chrono::seconds(2), atom::whois::value)
        .then([self, next, site = site](const bytes& identity) {
                self->state.endorser_identities[site] = identity;
                next();
              },
              [next](const caf::error&) { next(); });
  }
  next();
}

std::vector<chaincode::candidate> living_endorsers(gateway_state& s, const channel_snapshot& snapshot, const std::set<std::string>& left_out) {
  std::vector<chaincode::candidate> out;
  for (auto& [site, endorser] : s.endorsers) {
    const auto known = s.endorser_identities.find(site);
    if (left_out.count(site) || known == s.endorser_identities.end() || !endorser.get()) continue;
    if (auto who = snapshot.bundle->msps()->validate(known->second)) out.push_back({site, *who});
  }
  return out;
}

/// A commit of a definition always writes its Sequence.
result<crypto::policy_ptr> policy_of(gateway_state& s, const std::string& channel_id, const channel_snapshot& snapshot, const std::string& contract) {
  WEFT_TRY(const auto sequence, snapshot.state->get("_lifecycle", "namespaces/fields/" + contract + "/Sequence"));
  if (!sequence) return fail(errc::not_found, contract);
  auto& known = s.policies[channel_id + "/" + contract];
  if (known.policy && known.defined_at == sequence->at && known.bundle == snapshot.bundle) return known.policy;
  WEFT_TRY(auto definition, ledger::read_definition(*snapshot.state, contract));
  if (!definition) return fail(errc::not_found, contract);
  WEFT_TRY(auto policy, ledger::endorsement_policy(*definition, *snapshot.bundle));
  known = {sequence->at, snapshot.bundle, policy};
  return policy;
}

bool is_defined(gateway_state& s, const std::string& channel_id, const channel_snapshot& snapshot, const std::string& contract) {
  if (chaincode::is_system_contract(contract)) return true;
  const auto policy = policy_of(s, channel_id, snapshot, contract);
  return policy || policy.error().code != errc::not_found;
}

std::string msp_id_of(const gateway_state& s, const channel_snapshot& snapshot, const std::string& site) {
  const auto known = s.endorser_identities.find(site);
  if (known == s.endorser_identities.end()) return site == s.site->name ? s.site->msp_id : std::string{};
  const auto who = snapshot.bundle->msps()->validate(known->second);
  return who ? (*who)->msp_id : std::string{};
}

endorser_failure failure_in(const chaincode::endorsement_view& view) {
  if (view.status >= 200 && view.status < 400) return {};
  if (view.payload.empty() && view.status == 500) return {view.message, false};  // from the peer, not from the contract
  return {"chaincode response " + std::to_string(view.status) + ", " + view.message, true};
}

}  // namespace weft::actors
