#include "ledger/validation/endorsement.hpp"

#include <algorithm>
#include <set>

#include "ledger/state/metadata_presence.hpp"
#include "ledger/validation/explain.hpp"
#include "ledger/validation/text.hpp"

namespace weft::ledger {
namespace {

bool writes_metadata(const namespace_rwset& ns) {
  return !ns.metadata_writes.empty() || std::any_of(ns.collections.begin(), ns.collections.end(),
                                                    [](const collection_rwset& c) { return !c.metadata_writes.empty(); });
}

/// The invoked namespace, then every other one that is written, in the order of the read/write set. Only read: nobody's policy.
std::vector<std::string> namespaces_to_check(const prepared_tx& tx) {
  std::vector<std::string> out{tx.tx.header_chaincode_name};
  for (const auto& ns : tx.sets.namespaces) {
    if (ns.name != out.front() && ns.writes_anything()) out.push_back(ns.name);
  }
  return out;
}

std::string shown_key(const std::string& collection, const std::string& key) {
  return collection.empty() ? printable(key) : printable(collection) + "/" + to_hex(key);
}

}  // namespace

/// One namespace of one transaction: which policies were already found satisfied.
struct endorsement_check::evaluation {
  const prepared_tx& tx;
  const std::string& ns;
  const namespace_rule& rule;
  bool some_policy_held = false;   ///< A written key was covered by a policy of its own, a collection's or the chaincode's.
  std::set<std::string> held_for;  ///< Collections, or "" for the chaincode: each evaluated once.
};

endorsement_check::endorsement_check(const prepared_block& block, const state_view& state)
    : block_(block), state_(state), policies_(state, *block.bundle) {}

result<judgement> endorsement_check::check(tx_number index) {
  const prepared_tx& tx = block_.txs[index.value];
  const auto& sets = tx.sets.namespaces;
  const bool changes_metadata = std::any_of(sets.begin(), sets.end(), writes_metadata);
  judgement first_failure;
  for (const auto& ns : namespaces_to_check(tx)) {
    WEFT_TRY(auto found, check_namespace(tx, ns));
    if (found.ok()) {
      note_metadata_writes(tx, ns, index);
      continue;
    }
    if (first_failure.ok()) first_failure = std::move(found);
    if (!changes_metadata) break;  // otherwise later transactions ask about each namespace
  }
  return first_failure;
}

result<judgement> endorsement_check::check_namespace(const prepared_tx& tx, const std::string& ns) {
  WEFT_TRY(const namespace_rule* rule, policies_.of_namespace(ns));
  if (rule->code != verdict::valid) return judgement{rule->code, {.text = rule->why}};
  evaluation e{tx, ns, *rule, false, {}};
  for (const auto& writes : tx.sets.namespaces) {
    if (writes.name != ns) continue;
    WEFT_TRY(auto found, check_keys(e, writes));
    if (!found.ok()) return found;
  }
  return e.some_policy_held ? judgement{} : check_default(e, "");
}

result<judgement> endorsement_check::check_keys(evaluation& e, const namespace_rwset& writes) {
  judgement found;
  const auto step = [&](const std::string& collection, const std::string& key) -> result<bool> {
    WEFT_TRY(found, check_key(e, collection, key));
    return found.ok();
  };
  const auto each = [&](const std::string& collection, const auto& list, auto member) -> result<bool> {
    for (const auto& write : list) {
      WEFT_TRY(const bool ok, step(collection, write.*member));
      if (!ok) return false;
    }
    return true;
  };
  WEFT_TRY(bool ok, each("", writes.writes, &kv_write::key));
  if (!ok) return found;
  WEFT_TRY(ok, each("", writes.metadata_writes, &metadata_write::key));
  for (std::size_t i = 0; ok && i < writes.collections.size(); ++i) {
    const auto& c = writes.collections[i];
    WEFT_TRY(ok, each(c.name, c.writes, &hashed_write::key_hash));
  }
  for (std::size_t i = 0; ok && i < writes.collections.size(); ++i) {
    const auto& c = writes.collections[i];
    WEFT_TRY(ok, each(c.name, c.metadata_writes, &metadata_write::key));
  }
  return found;
}

result<judgement> endorsement_check::check_key(evaluation& e, const std::string& collection, const std::string& key) {
  if (!block_.bundle->caps().key_level_endorsement) return check_default(e, collection);
  const key_id id{e.ns, collection, key};
  if (auto changed = metadata_changes_.find(id); changed != metadata_changes_.end()) return policy_in_flux(id, changed->second);
  WEFT_TRY(const bytes metadata, metadata_of(id));
  WEFT_TRY(const auto own, policies_.of_key(metadata, shown_key(collection, key)));
  if (!own) return check_default(e, collection);
  auto found = apply_policy(e, *own);
  if (!found.ok()) {
    found.why.ns = e.ns;
    found.why.key = shown_key(collection, key);
  }
  return found;
}

/// The collection's policy where it has one, else the chaincode's.
judgement endorsement_check::check_default(evaluation& e, const std::string& collection) {
  const named_policy* policy = &e.rule.endorsement;
  std::string held_for;
  if (!collection.empty()) {
    if (e.held_for.count(collection) != 0) return {};
    if (const auto* own = policies_.of_collection(e.ns, e.rule, collection)) {
      policy = own;
      held_for = collection;
    }
  }
  if (e.held_for.count(held_for) != 0) return {};
  auto found = apply_policy(e, *policy);
  if (found.ok()) e.held_for.insert(std::move(held_for));
  return found;
}

judgement endorsement_check::apply_policy(evaluation& e, const named_policy& policy) const {
  if (policy.policy && policy.policy->evaluate(e.tx.signers)) {
    e.some_policy_held = true;
    return {};
  }
  return {verdict::endorsement_policy_failure, {.text = explain_policy_failure(policy, e.tx.signers, e.tx.dropped)}};
}

judgement endorsement_check::policy_in_flux(const key_id& id, tx_number by) const {
  const auto& [ns, collection, key] = id;
  reason why;
  why.ns = ns;
  why.key = shown_key(collection, key);
  why.winner = block_.txs[by.value].tx_id;
  why.text = "transaction " + std::to_string(by.value) + " of the same block changes the endorsement policy of key '" + why.key +
             "' of '" + printable(ns) + "': whoever writes that key later in the block must come again";
  return {verdict::endorsement_policy_failure, std::move(why)};
}

result<bytes> endorsement_check::metadata_of(const key_id& id) const {
  const auto& [ns, collection, key] = id;
  if (!may_have_metadata(state_, ns)) return bytes();
  WEFT_TRY(auto stored, collection.empty() ? state_.get(ns, key) : state_.get_hashed(ns, collection, key));
  return stored ? std::move(stored->metadata) : bytes();
}

void endorsement_check::note_metadata_writes(const prepared_tx& tx, const std::string& ns, tx_number index) {
  for (const auto& writes : tx.sets.namespaces) {
    if (writes.name != ns) continue;
    for (const auto& w : writes.metadata_writes) metadata_changes_.emplace(key_id{ns, "", w.key}, index);
    for (const auto& c : writes.collections) {
      for (const auto& w : c.metadata_writes) metadata_changes_.emplace(key_id{ns, c.name, w.key}, index);
    }
  }
}

}  // namespace weft::ledger
