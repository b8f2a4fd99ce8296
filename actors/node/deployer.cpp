#include "actors/node/deployer.hpp"

#include <spdlog/spdlog.h>

#include "common/policies.pb.h"
#include "crypto/policy/policy.hpp"
#include "ledger/tx/envelope.hpp"
#include "ledger/validation/definition.hpp"
#include "peer/lifecycle/lifecycle.pb.h"
#include "peer/policy.pb.h"
#include "proto/encode.hpp"

namespace weft::actors {

using deployer_actor = caf::typed_actor<
    // INTERNAL: begins.
    caf::reacts_to<atom::tick>>;

/// One transaction on its way: proposed by `org`, endorsed through its peer's gateway.
struct deploy_tx {
  const deploying_org* org = nullptr;
  std::string contract;
  ledger::proposal_request request;
  std::string tx_id;
  ledger::envelope envelope;
  bool settled = false;  ///< Nothing to order: it was done before.
};

struct deployer_state {
  deployment what;
  progress_fn progress;
  std::function<void(const result<void>&)> done;
  std::vector<std::function<void()>> phases;  ///< Taken from the back.
  std::shared_ptr<std::vector<deploy_tx>> txs;
  std::size_t open = 0;
  std::size_t attempts = 0;      ///< Plans begun; a conflict begins another.
  bool replanning = false;
  std::size_t asked = 0;         ///< Orderers, in turns.
  std::size_t waits = 0;         ///< Looks at peers that were behind.
  std::shared_ptr<std::vector<config::contract_placement>> definitions_awaited;
  bool over = false;
  std::string awaited;           ///< What was noted last.
  std::chrono::milliseconds waited{0};
  bool warned = false;           ///< Of this wait.
  static inline const char* name = "deployer";
};

namespace {

using deployer_self = role_self<deployer_actor, deployer_state>;

constexpr std::chrono::seconds patience{60};
constexpr std::chrono::seconds order_patience{5};
constexpr std::chrono::milliseconds look_again{10}, wait_again{50}, wait_again_most{1'000}, worth_a_warning{10'000};
constexpr std::size_t attempts_max = 5;

const std::string not_deployed = "not deployed: ";

/// Nodes start in any order and at any time, so a deployment that others have part in waits as long as it takes, and says for whom.
void say_what_is_awaited(deployer_self self, const std::string& why) {
  auto& s = self->state;
  auto text = s.what.absent ? s.what.absent() : std::string();
  text = text.empty() ? "waiting: " + why : "waiting for " + text;
  if (text != std::exchange(s.what.noted, {}) && text != s.awaited) {
    spdlog::info("{}: {}", self->seat(), text);
    s.progress("contracts of " + s.what.channel, text);
    if (s.what.note) s.what.note(text);
    s.warned = false;
  }
  s.awaited = std::move(text);
  if (s.waited < worth_a_warning || std::exchange(s.warned, true)) return;
  spdlog::warn("channel {}: contracts: {}", s.what.channel, s.awaited);
}

std::chrono::milliseconds next_pause(deployer_state& s) {
  const auto pause = std::min(wait_again + s.waited / 20, wait_again_most);
  s.waited += pause;
  return pause;
}

void finish(deployer_self self, const result<void>& r) {
  auto& s = self->state;
  if (std::exchange(s.over, true)) return;
  if (s.what.note && !(r && s.awaited.starts_with(not_deployed))) s.what.note(r ? std::string() : not_deployed + r.error().context);
  s.done(r);
  s.phases.clear();
  self->quit();  // normally: the supervisor does not start it again
}
/// A channel that lives is not kept from starting: its configuration may forbid what is to be done here, and only an update of a running
/// network can change that.
void give_up(deployer_self self, const deploy_tx& tx, const std::string& why) {
  constexpr block_number just_born{1};
  const std::string text = "deploying " + tx.contract + " for " + tx.org->msp_id + ": " + why;
  auto& s = self->state;
  if (s.what.height.value <= just_born.value) return finish(self, fail(errc::unavailable, text));
  if (!s.over) {
    s.progress("not deployed", text);
    spdlog::warn("channel {}: not deployed: {}", s.what.channel, text);
    s.awaited = not_deployed + text;
    if (s.what.note) s.what.note(s.awaited);
  }
  finish(self, {});
}

/// A crash may have left a deployment half done: what was read meanwhile is stale, so plan anew from what the peers have now.
/// `passing`: it is not the plan's fault, and worth waiting for.
void plan_again(deployer_self self, const deploy_tx& tx, const std::string& why, bool passing = false) {
  auto& s = self->state;
  if (s.over || s.replanning) return;
  if (!passing && s.attempts >= attempts_max) return give_up(self, tx, why);
  if (passing && !s.what.shared && ++s.waits * wait_again > patience) return give_up(self, tx, why);
  if (passing) --s.attempts;
  if (passing && s.what.shared) say_what_is_awaited(self, why); else spdlog::info("{}: trying again: {}", self->seat(), why);
  s.replanning = true;
  s.phases.clear();
  self->delayed_send(self, !passing ? look_again : s.what.shared ? next_pause(s) : wait_again, atom::tick::value);
}

result<bytes> validation_parameter(const config::contract_placement& c) {
  ::protos::ApplicationPolicy policy;
  if (c.policy) {
    WEFT_TRY(auto compiled, crypto::parse_policy(*c.policy));
    *policy.mutable_signature_policy() = std::move(compiled);
  } else {
    policy.set_channel_config_policy_reference("/Channel/Application/Endorsement");
  }
  return proto::encode(policy);
}

/// Fields that approval and commit arguments have in common; both must be equal byte for byte between organizations.
template <class Args>
void fill(Args& args, const config::contract_placement& c, bytes parameter) {
  args.set_name(c.name);
  args.set_version(c.version);
  args.set_sequence(1);
  args.set_endorsement_plugin("escc");
  args.set_validation_plugin("vscc");
  args.set_validation_parameter(std::move(parameter));
  args.set_init_required(c.init_required);
}

result<deploy_tx> approval(const deployment& what, const deploying_org& org, const config::contract_placement& c) {
  WEFT_TRY(auto parameter, validation_parameter(c));
  ::lifecycle::ApproveChaincodeDefinitionForMyOrgArgs args;
  fill(args, c, std::move(parameter));
  const auto installed = org.peer->contracts.find(c.name);
  if (installed == org.peer->contracts.end()) return fail(errc::not_found, c.name + " is not installed on " + org.peer->name);
  args.mutable_source()->mutable_local_package()->set_package_id(installed->second.package_id);
  deploy_tx tx{&org, c.name, {what.channel, "_lifecycle", {"ApproveChaincodeDefinitionForMyOrg", proto::encode(args)}, {}, false}, {}, {}};
  return tx;
}

result<deploy_tx> commitment(const deployment& what, const config::contract_placement& c) {
  WEFT_TRY(auto parameter, validation_parameter(c));
  ::lifecycle::CommitChaincodeDefinitionArgs args;
  fill(args, c, std::move(parameter));
  return deploy_tx{&what.orgs.front(), c.name, {what.channel, "_lifecycle", {"CommitChaincodeDefinition", proto::encode(args)}, {}, false}, {}, {}};
}

void next_phase(deployer_self self);

/// Waits until every peer of the channel has each transaction of the phase, valid.
void await_all(deployer_self self) {
  auto& s = self->state;
  s.open = s.txs->size() * s.what.peers.size();
  for (const auto& peer : s.what.peers) {
    auto gateway = peer->to<gateway_actor>("gateway");
    for (const auto& tx : *s.txs) {
      if (!gateway.get()) return give_up(self, tx, peer->name + " has no gateway");
      self->request(gateway.get(), patience, atom::await::value, s.what.channel, tx.tx_id)
          .then(
              [self, tx, attempt = s.attempts](const commit_reply& r) {
                if (self->state.over || attempt != self->state.attempts) return;
                if (!r.status.ok()) return give_up(self, tx, r.status.message);
                if (r.code != 0) {
                  return plan_again(self, tx, "transaction " + tx.tx_id + " is " + std::string(to_string(static_cast<ledger::verdict>(r.code))));
                }
                if (--self->state.open == 0) next_phase(self);
              },
              [self, tx](const caf::error&) { give_up(self, tx, "not committed in time"); });
    }
  }
}

/// Any that is reachable; another one each time.
orderer_actor next_orderer(deployer_state& s) {
  for (std::size_t i = 0; i < s.what.orderers.size(); ++i) {
    const auto& name = s.what.orderers[s.asked++ % s.what.orderers.size()];
    if (orderer_actor found = route<orderer_actor>{s.what.peers.front()->where, name + "/orderer"}.get()) return found;
  }
  return {};
}

/// Hands all transactions of the phase to the orderer at once.
void broadcast_all(deployer_self self) {
  auto& s = self->state;
  std::erase_if(*s.txs, [](const deploy_tx& tx) { return tx.settled; });
  if (s.txs->empty()) return next_phase(self);
  const orderer_actor orderer = next_orderer(s);
  if (!orderer) return plan_again(self, s.txs->front(), "no orderer is reachable", true);
  std::vector<ledger::envelope> envelopes;
  for (auto& tx : *s.txs) if (!tx.settled) envelopes.push_back(tx.envelope);
  if (envelopes.empty()) return next_phase(self);
  spdlog::debug("{}: {} transactions to be ordered", self->seat(), envelopes.size());
  self->request(orderer, order_patience, atom::broadcast::value, std::move(envelopes))
      .then(
          [self](const std::vector<broadcast_reply>& replies) {
            auto& txs = *self->state.txs;
            std::erase_if(txs, [](const deploy_tx& tx) { return tx.settled; });
            for (std::size_t i = 0; i < txs.size() && i < replies.size(); ++i) {
              if (replies[i].status == 200) continue;
              const auto why = "the orderer answered " + std::to_string(replies[i].status) + " " + replies[i].info;
              // In a cluster an orderer may not have joined yet.
              const bool passes = replies[i].status == 503 || (self->state.what.shared && replies[i].info.find("channel does not exist") != std::string::npos);
              return passes ? plan_again(self, txs[i], why, true) : give_up(self, txs[i], why);
            }
            await_all(self);
          },
          [self](const caf::error&) { plan_again(self, self->state.txs->front(), "the orderer did not answer", true); });
}

/// An organization that approved before a crash says so; its approval stands.
bool approved_before(const gateway_reply& r) {
  for (const auto& d : r.status.details) if (d.message.find("with unchanged content") != std::string::npos) return true;
  return false;
}

result<bytes> sign_proposal(deploy_tx& tx) {
  const auto& me = *tx.org->admin;
  const auto& site = *tx.org->peer;
  auto unsigned_one = ledger::make_proposal(tx.request, me.serialized(), site.random->make_bytes(24), site.clock->now());
  tx.tx_id = unsigned_one.tx_id;
  WEFT_TRY(auto signature, me.sign(unsigned_one.proposal_bytes));
  return ledger::make_signed_proposal(unsigned_one.proposal_bytes, signature);
}

/// Endorses every transaction of the phase through its organization's gateway, then orders them together.
void run_phase(deployer_self self, std::vector<deploy_tx> txs) {
  auto& s = self->state;
  s.txs = std::make_shared<std::vector<deploy_tx>>(std::move(txs));
  spdlog::debug("{}: {} transactions to be endorsed", self->seat(), s.txs->size());
  if (s.txs->empty()) return next_phase(self);
  s.open = s.txs->size();
  for (std::size_t i = 0; i < s.txs->size(); ++i) {
    auto& tx = (*s.txs)[i];
    auto gateway = tx.org->peer->to<gateway_actor>("gateway");
    auto proposal = sign_proposal(tx);
    if (!proposal) return give_up(self, tx, proposal.error().context);
    if (!gateway.get()) return give_up(self, tx, tx.org->peer->name + " has no gateway");
    self->request(gateway.get(), patience, atom::endorse::value, signed_proposal{std::move(*proposal)})
        .then(
            [self, i](const gateway_reply& r) {
              auto& st = self->state;
              if (st.over) return;
              auto& mine = (*st.txs)[i];
              if (approved_before(r)) {
                mine.settled = true;
                if (--st.open == 0) broadcast_all(self);
                return;
              }
              if (!r.status.ok()) {
                std::string why = r.status.message;
                for (const auto& d : r.status.details) why += "; " + d.address + ": " + d.message;
                // Others have not approved yet, are not known here yet, or have seen fewer blocks: that passes.
                return self->state.what.shared ? plan_again(self, mine, why, true) : give_up(self, mine, why);
              }
              auto signature = mine.org->admin->sign(r.payload);
              if (!signature) return give_up(self, mine, signature.error().context);
              mine.envelope = ledger::envelope::make(r.payload, std::move(*signature));
              if (--st.open == 0) broadcast_all(self);
            },
            [self, i](const caf::error&) { give_up(self, (*self->state.txs)[i], "not endorsed in time"); });
  }
}

/// Collects a phase's transactions; an error ends the deployment.
void run_results(deployer_self self, std::vector<result<deploy_tx>> made) {
  std::vector<deploy_tx> txs;
  for (auto& tx : made) {
    if (!tx) return finish(self, tl::unexpected<error>(tx.error()));
    txs.push_back(std::move(*tx));
  }
  run_phase(self, std::move(txs));
}

void next_phase(deployer_self self) {
  auto& s = self->state;
  if (s.phases.empty()) return finish(self, {});
  auto phase = std::move(s.phases.back());
  s.phases.pop_back();
  phase();
}

/// Contracts that the channel does not know yet.
std::vector<config::contract_placement> missing(const deployment& what) {
  std::vector<config::contract_placement> out;
  const auto snapshot = what.peers.front()->channel(what.channel)->now.get();
  for (const auto& c : what.contracts) {
    const auto known = ledger::read_definition(*snapshot->state, c.name);
    if (!known || !*known) out.push_back(c);
  }
  return out;
}

/// True when every peer has what the orderer had when the node started, and transactions are ordered.
bool caught_up(const deployment& what) {
  if (what.orders && !what.orders()) return false;
  for (const auto& p : what.peers) if (p->channel(what.channel)->now.get()->height < what.height) return false;
  return true;
}

/// Peers that are behind and will stay so, with the reason; empty while there is hope.
std::string hopeless(const deployment& what) {
  std::string out;
  for (const auto& p : what.peers) {
    const auto channel = p->channel(what.channel);
    if (channel->now.get()->height >= what.height) continue;
    const auto stalled = channel->stalled.get();
    if (!stalled || !stalled->lasting()) return {};
    out += "\n  " + p->name + " gets no block " + std::to_string(stalled->wanted.value) + " of " + what.channel + " from " + stalled->orderer + ": " +
           stalled->why + "\n    what to do: " + stalled->advice();
  }
  return out;
}

/// Has a valid transaction ever written for the contract? Usually the first after its definition has, so the walk is short; it is long only
/// where nothing was ever written, and then only once.
bool was_written(const ledger::channel_ledger& chain, const std::string& contract) {
  for (block_number n{1}; n.value < chain.height().value; ++n.value) {
    const auto b = chain.blocks().read(n);
    if (!b) return true;  // not to be judged: leave the contract as it is
    const auto& codes = b->metadata(ledger::metadata_slot::transactions_filter);
    for (std::size_t i = 0; i < b->envelopes().size() && i < codes.size(); ++i) {
      if (codes[i] != 0) continue;
      const auto tx = ledger::parse_endorser_tx(b->envelopes()[i]);
      if (!tx) continue;  // a configuration
      for (const auto& set : tx->sets.namespaces) if (set.name == contract && !set.writes.empty()) return true;
    }
  }
  return false;
}

/// Contracts that are defined, or about to be, and were never written for: a crash may have come before their first call. One whose keys were
/// all deleted since is not called again.
std::vector<config::contract_placement> untouched(const deployment& what) {
  std::vector<config::contract_placement> out;
  const auto channel = what.peers.front()->channel(what.channel);
  const auto snapshot = channel->now.get();
  for (const auto& c : what.contracts) {
    if (c.first_call.empty()) continue;
    const auto first = snapshot->state->range(c.name, {}, {})->next();
    if (first && !*first && !was_written(*channel->ledger, c.name)) out.push_back(c);
  }
  return out;
}

}  // namespace

bool nothing_to_deploy(const deployment& what) { return missing(what).empty() && (!what.defines || untouched(what).empty()); }

namespace {

/// Wide networks take their time: a word on each part of it.
void tell(deployer_self self, const std::string& what) {
  constexpr std::size_t quick = 8;  // fewer peers have done it before anybody reads a line
  if (self->state.what.peers.size() > quick) self->state.progress("deployment", what);
}

/// Another node defines the contracts once everybody has approved: this one waits until it sees them.
void wait_for_definitions(deployer_self self, std::shared_ptr<std::vector<config::contract_placement>> contracts) {
  auto& s = self->state;
  if (!missing(s.what).empty()) {
    s.definitions_awaited = std::move(contracts);
    say_what_is_awaited(self, "another node commits the definitions when all organizations have approved");
    return self->delayed_send(self, next_pause(s), atom::tick::value);
  }
  s.definitions_awaited.reset();
  for (const auto& c : *contracts) s.progress("contract " + c.name, "version " + c.version);
  finish(self, {});
}

void plan_approvals(deployer_self self, const std::shared_ptr<std::vector<config::contract_placement>>& contracts) {
  self->state.phases.push_back([self, contracts] { wait_for_definitions(self, contracts); });
  self->state.phases.push_back([self, contracts] {
    std::vector<result<deploy_tx>> txs;
    for (const auto& c : *contracts)
      for (const auto& org : self->state.what.orgs) txs.push_back(approval(self->state.what, org, c));
    run_results(self, std::move(txs));
  });
  next_phase(self);
}

void plan(deployer_self self) {
  auto& s = self->state;
  if (s.definitions_awaited) return wait_for_definitions(self, s.definitions_awaited);
  if (!caught_up(s.what)) {
    const auto lost = hopeless(s.what);
    if (s.what.shared && lost.empty()) {
      say_what_is_awaited(self, "no orderer with the channel's blocks is there");
      return self->delayed_send(self, next_pause(s), atom::tick::value);
    }
    if (!lost.empty() || ++s.waits * look_again > patience) return finish(self, fail(errc::timeout, "peers did not catch up with the orderer" + lost));
    return self->delayed_send(self, look_again, atom::tick::value);
  }
  ++s.attempts;
  s.replanning = false;
  auto contracts = std::make_shared<std::vector<config::contract_placement>>(missing(s.what));
  if (!s.what.defines) return plan_approvals(self, contracts);
  s.phases.push_back([self, contracts] {
    for (const auto& c : *contracts) self->state.progress("contract " + c.name, "version " + c.version);
    next_phase(self);
  });
  s.phases.push_back([self, contracts] {
    std::vector<result<deploy_tx>> txs;
    auto& what = self->state.what;
    if (!contracts->empty()) tell(self, "defined everywhere; now the first calls");
    for (const auto& c : untouched(what)) {
      std::vector<bytes> args(c.first_call.begin(), c.first_call.end());
      txs.push_back(deploy_tx{&what.orgs.front(), c.name, {what.channel, c.name, std::move(args), {}, c.init_required}, {}, {}});
    }
    run_results(self, std::move(txs));
  });
  s.phases.push_back([self, contracts] {
    std::vector<result<deploy_tx>> txs;
    for (const auto& c : *contracts) txs.push_back(commitment(self->state.what, c));
    if (!txs.empty()) tell(self, "approved everywhere; now the definitions");
    run_results(self, std::move(txs));
  });
  s.phases.push_back([self, contracts] {
    std::vector<result<deploy_tx>> txs;
    for (const auto& c : *contracts)
      for (const auto& org : self->state.what.orgs) txs.push_back(approval(self->state.what, org, c));
    if (!txs.empty()) tell(self, std::to_string(txs.size()) + " approvals by " + std::to_string(self->state.what.orgs.size()) + " organizations");
    run_results(self, std::move(txs));
  });
  next_phase(self);
}

deployer_actor::behavior_type deployer(deployer_self self, deployment what, progress_fn progress, std::function<void(const result<void>&)> done) {
  auto& s = self->state;
  s.what = std::move(what);
  s.progress = std::move(progress);
  s.done = std::move(done);
  self->send(self, atom::tick::value);
  return {[self](atom::tick) { plan(self); }};
}

}  // namespace

role_spec deployer_role(seat s, deployment what, progress_fn progress, std::function<void(const result<void>&)> done) {
  return make_spec(std::move(s), &deployer, std::move(what), std::move(progress), std::move(done));
}

}  // namespace weft::actors
