#include "ledger/channel/compute_update.hpp"

#include <google/protobuf/map.h>

#include "common/configtx.pb.h"
#include "proto/encode.hpp"

namespace weft::ledger {

namespace {

using group = ::common::ConfigGroup;
using policy = ::common::ConfigPolicy;
using value = ::common::ConfigValue;
template <class T>
using members = google::protobuf::Map<std::string, T>;

/// What a level of the tree contributes to the update.
template <class T>
struct member_difference {
  members<T> read, write;
  members<T> same;              ///< Bare: nothing but the version.
  bool membership = false;      ///< Something came or went.
};

bool same_content(const value& a, const value& b) { return a.mod_policy() == b.mod_policy() && a.value() == b.value(); }
bool same_content(const policy& a, const policy& b) {
  return a.mod_policy() == b.mod_policy() && a.has_policy() == b.has_policy() && proto::encode(a.policy()) == proto::encode(b.policy());
}

void copy_content(const value& from, value& to) { to.set_value(from.value()); }
void copy_content(const policy& from, policy& to) {
  if (from.has_policy()) *to.mutable_policy() = from.policy();
}

template <class T>
T bare(std::uint64_t version) {
  T out;
  out.set_version(version);
  return out;
}

/// `wanted` as it stands in a write set.
template <class T>
T written(const T& wanted, std::uint64_t version) {
  auto out = bare<T>(version);
  out.set_mod_policy(wanted.mod_policy());
  copy_content(wanted, out);
  return out;
}

template <class T>
member_difference<T> compare(const members<T>& original, const members<T>& updated) {
  member_difference<T> out;
  for (const auto& [name, before] : original) {
    const auto after = updated.find(name);
    if (after == updated.end()) out.membership = true;
    else if (same_content(before, after->second)) out.same[name] = bare<T>(before.version());
    else out.write[name] = written(after->second, before.version() + 1);
  }
  for (const auto& [name, after] : updated) {
    if (original.contains(name)) continue;
    out.membership = true;
    out.write[name] = written(after, 0);
  }
  return out;
}

struct group_update {
  group read, write;
  bool changed = false;
};

group_update compare_group(const group& original, const group& updated);

member_difference<group> compare_groups(const members<group>& original, const members<group>& updated) {
  member_difference<group> out;
  for (const auto& [name, before] : original) {
    const auto after = updated.find(name);
    if (after == updated.end()) {
      out.membership = true;
      continue;
    }
    auto below = compare_group(before, after->second);
    if (!below.changed) {
      out.same[name] = std::move(below.read);
    } else {
      out.read[name] = std::move(below.read);
      out.write[name] = std::move(below.write);
    }
  }
  for (const auto& [name, after] : updated) {
    if (original.contains(name)) continue;
    out.membership = true;
    auto made = compare_group({}, after).write;
    made.set_version(0);
    made.set_mod_policy(after.mod_policy());
    out.write[name] = std::move(made);
  }
  return out;
}

template <class T>
bool empty(const member_difference<T>& d) {
  return d.read.empty() && d.write.empty() && !d.membership;
}

/// Moves one kind of members into both sets; `with_same`: also those that did not change.
template <class T>
void put(member_difference<T>&& d, bool with_same, members<T>& read, members<T>& write) {
  if (with_same) {
    for (const auto& [name, same] : d.same) {
      d.read[name] = same;
      d.write[name] = same;
    }
  }
  read = std::move(d.read);
  write = std::move(d.write);
}

group_update compare_group(const group& original, const group& updated) {
  auto policies = compare(original.policies(), updated.policies());
  auto values = compare(original.values(), updated.values());
  auto groups = compare_groups(original.groups(), updated.groups());
  const bool itself = policies.membership || values.membership || groups.membership || original.mod_policy() != updated.mod_policy();

  group_update out;
  out.changed = itself || !empty(policies) || !empty(values) || !empty(groups);
  out.read.set_version(original.version());
  out.write.set_version(original.version() + (itself ? 1 : 0));
  if (!out.changed) return out;
  put(std::move(policies), itself, *out.read.mutable_policies(), *out.write.mutable_policies());
  put(std::move(values), itself, *out.read.mutable_values(), *out.write.mutable_values());
  put(std::move(groups), itself, *out.read.mutable_groups(), *out.write.mutable_groups());
  if (itself) out.write.set_mod_policy(updated.mod_policy());
  return out;
}

}  // namespace

result<::common::ConfigUpdate> compute_update(const ::common::Config& original, const ::common::Config& updated) {
  if (!original.has_channel_group()) return fail(errc::invalid_argument, "no channel group included for original config");
  if (!updated.has_channel_group()) return fail(errc::invalid_argument, "no channel group included for updated config");
  auto root = compare_group(original.channel_group(), updated.channel_group());
  if (!root.changed) return fail(errc::invalid_argument, "no differences detected between original and updated config");
  ::common::ConfigUpdate out;
  *out.mutable_read_set() = std::move(root.read);
  *out.mutable_write_set() = std::move(root.write);
  return out;
}

}  // namespace weft::ledger
