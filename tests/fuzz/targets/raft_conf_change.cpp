// Membership changes as they stand in a raft entry: what is read can be written and reads the same; carried out, they leave sound members.
#include "cluster/raft/conf_change.hpp"
#include "cluster/raft/membership.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace weft;
using namespace weft::fuzz;
namespace raft = weft::cluster::raft;

namespace {

raft::membership members() {
  return raft::restore({{1, 2, 3}, {4}, {}, {}, false}, {}).value();
}

// The first byte is the kind of the entry.
int fuzz_one(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto kind = static_cast<raft::entry_kind>(data[0] % 3);
  const auto raw = view(data, size).substr(1);
  const auto change = raft::parse_conf_change({1, 1, kind, shared_bytes(bytes(raw))});
  if (!change) {
    FUZZ_CHECK(change.error().code == errc::invalid_argument && !change.error().context.empty());
    return 0;
  }
  FUZZ_CHECK(kind != raft::entry_kind::normal);
  const auto again = raft::parse_conf_change(raft::make_entry(*change));
  FUZZ_CHECK(again && *again == *change);
  if (kind == raft::entry_kind::conf_change) {
    FUZZ_CHECK(change->changes.size() == 1 && change->how == raft::transition::automatic);
    const auto first_form = raft::parse_conf_change(raft::make_entry(change->changes[0], change->context));
    FUZZ_CHECK(first_form && *first_form == *change);
  }
  const auto words = raft::parse_changes(raft::to_string(change->changes));
  FUZZ_CHECK(words && *words == change->changes);

  const auto before = members();
  const auto after = raft::apply(before, {}, *change);
  if (!after) return 0;
  const auto restored = raft::restore(after->config.state(), {});
  FUZZ_CHECK(restored && restored->config == after->config);
  if (after->config.state().voters_outgoing.empty()) return 0;
  const auto left = raft::leave_joint(*after);
  FUZZ_CHECK(left && left->config.state().voters_outgoing.empty() && !left->config.state().voters.empty());
  return 0;
}

std::vector<bytes> seeds() {
  using raft::change_kind;
  std::vector<bytes> out{bytes(1, '\1'), bytes(1, '\2')};
  const auto add = [&](const raft::entry& e) { out.push_back(bytes(1, static_cast<char>(e.kind)) + e.data.to_bytes()); };
  for (const auto kind : {change_kind::add_voter, change_kind::remove, change_kind::update, change_kind::add_learner}) {
    for (const raft::node_id node : {1, 4, 5}) add(raft::make_entry(raft::single_change{kind, node}, "the application's"));
    add(raft::make_entry(raft::conf_change{raft::transition::automatic, {{kind, 3}}, "a block"}));
    add(raft::make_entry(raft::conf_change{raft::transition::joint_implicit, {{kind, 2}, {change_kind::add_voter, 4}, {change_kind::remove, 1}}, ""}));
    add(raft::make_entry(raft::conf_change{raft::transition::joint_explicit, {{kind, 300}, {change_kind::remove, 1}}, ""}));
  }
  return out;
}

}  // namespace

WEFT_FUZZ_TARGET(raft_conf_change, 150'000);
