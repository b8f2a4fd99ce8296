#include "ledger/channel/differences.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <map>
#include <memory>

#include "common/configtx.pb.h"
#include "common/configuration.pb.h"
#include "common/policies.pb.h"
#include "crypto/policy/policy.hpp"
#include "ledger/channel/config_tree.hpp"
#include "msp/msp_config.pb.h"
#include "orderer/configuration.pb.h"
#include "peer/configuration.pb.h"
#include "proto/encode.hpp"

namespace weft::ledger {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
/// Leaves of a message by path: "max_message_count", "anchor_peers[0].host", "acls[peer/Propose].policy_ref".
using leaves = std::map<std::string, std::string>;

constexpr std::size_t text_max = 60;

/// Bytes and text as one short line: a certificate or a list is named by its length.
std::string short_text(const std::string& s) {
  const bool plain = s.size() <= text_max && std::all_of(s.begin(), s.end(), [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
  if (plain) return s;
  const bool pem = s.starts_with("-----BEGIN ");
  return (pem ? s.substr(11, s.find("-----", 11) - 11) + ", " : std::string()) + std::to_string(s.size()) + " bytes";
}

std::string scalar(const Message& m, const FieldDescriptor& f, int index) {
  const auto& r = *m.GetReflection();
  const bool many = index >= 0;
  switch (f.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32: return std::to_string(many ? r.GetRepeatedInt32(m, &f, index) : r.GetInt32(m, &f));
    case FieldDescriptor::CPPTYPE_INT64: return std::to_string(many ? r.GetRepeatedInt64(m, &f, index) : r.GetInt64(m, &f));
    case FieldDescriptor::CPPTYPE_UINT32: return std::to_string(many ? r.GetRepeatedUInt32(m, &f, index) : r.GetUInt32(m, &f));
    case FieldDescriptor::CPPTYPE_UINT64: return std::to_string(many ? r.GetRepeatedUInt64(m, &f, index) : r.GetUInt64(m, &f));
    case FieldDescriptor::CPPTYPE_BOOL: return (many ? r.GetRepeatedBool(m, &f, index) : r.GetBool(m, &f)) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_ENUM: {
      const int number = many ? r.GetRepeatedEnumValue(m, &f, index) : r.GetEnumValue(m, &f);
      const auto* named = f.enum_type()->FindValueByNumber(number);
      return named ? named->name() : std::to_string(number);
    }
    case FieldDescriptor::CPPTYPE_STRING: return short_text(many ? r.GetRepeatedString(m, &f, index) : r.GetString(m, &f));
    default: return "?";
  }
}

void collect(const Message& m, const std::string& prefix, leaves& out);

void collect_entry(const Message& entry, const std::string& name, leaves& out) {
  const auto* key = entry.GetDescriptor()->FindFieldByNumber(1);
  const auto* value = entry.GetDescriptor()->FindFieldByNumber(2);
  const auto path = name + "[" + scalar(entry, *key, -1) + "]";
  if (value->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
    out[path] = scalar(entry, *value, -1);
    return;
  }
  const auto before = out.size();
  collect(entry.GetReflection()->GetMessage(entry, value), path + ".", out);
  if (out.size() == before) out[path] = "set";
}

void collect(const Message& m, const std::string& prefix, leaves& out) {
  const auto& r = *m.GetReflection();
  std::vector<const FieldDescriptor*> set;
  r.ListFields(m, &set);
  for (const auto* f : set) {
    const auto name = prefix + f->name();
    const bool message = f->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (!f->is_repeated()) {
      if (message) collect(r.GetMessage(m, f), name + ".", out);
      else out[name] = scalar(m, *f, -1);
      continue;
    }
    for (int i = 0; i < r.FieldSize(m, f); ++i) {
      const auto indexed = name + "[" + std::to_string(i) + "]";
      if (f->is_map()) collect_entry(r.GetRepeatedMessage(m, f, i), name, out);
      else if (message) collect(r.GetRepeatedMessage(m, f, i), indexed + ".", out);
      else out[indexed] = scalar(m, *f, i);
    }
  }
}

template <class M>
std::unique_ptr<Message> make() { return std::make_unique<M>(); }

/// The message of a value by its name; null for one that is not known.
std::unique_ptr<Message> message_of(const std::string& name) {
  static const std::map<std::string, std::unique_ptr<Message> (*)()> known{
      {"HashingAlgorithm", make<::common::HashingAlgorithm>}, {"BlockDataHashingStructure", make<::common::BlockDataHashingStructure>},
      {"OrdererAddresses", make<::common::OrdererAddresses>}, {"Endpoints", make<::common::OrdererAddresses>},
      {"Consortium", make<::common::Consortium>},             {"Capabilities", make<::common::Capabilities>},
      {"Orderers", make<::common::Orderers>},                 {"ConsensusType", make<::orderer::ConsensusType>},
      {"BatchSize", make<::orderer::BatchSize>},              {"BatchTimeout", make<::orderer::BatchTimeout>},
      {"KafkaBrokers", make<::orderer::KafkaBrokers>},        {"ChannelRestrictions", make<::orderer::ChannelRestrictions>},
      {"ACLs", make<::protos::ACLs>},                         {"AnchorPeers", make<::protos::AnchorPeers>},
      {"MSP", make<::msp::FabricMSPConfig>}};
  const auto it = known.find(name);
  return it == known.end() ? nullptr : it->second();
}

leaves read_value(const std::string& name, const std::string& value) {
  leaves out;
  const auto m = message_of(name);
  ::msp::MSPConfig outer;
  const bool msp = name == "MSP" && proto::decode(value, outer);
  if (m && proto::decode(msp ? outer.config() : value, *m)) collect(*m, {}, out);
  else out["value"] = short_text(value);
  return out;
}

std::string rule_text(const ::common::Policy& p) {
  if (p.type() == ::common::Policy::IMPLICIT_META) {
    ::common::ImplicitMetaPolicy meta;
    if (proto::decode(p.value(), meta)) return ::common::ImplicitMetaPolicy::Rule_Name(meta.rule()) + " " + meta.sub_policy();
  } else if (p.type() == ::common::Policy::SIGNATURE) {
    ::common::SignaturePolicyEnvelope signature;
    if (proto::decode(p.value(), signature)) return crypto::to_text(signature);
  }
  return short_text(p.value());
}

leaves read_element(const tree_element& e) {
  const auto name = e.path.substr(e.path.rfind('/') + 1);
  auto out = e.value ? read_value(name, e.value->value()) : e.policy ? leaves{{"rule", rule_text(e.policy->policy())}} : leaves{};
  out["mod_policy"] = e.mod_policy();
  return out;
}

std::vector<std::string> compare(const leaves& from, const leaves& to) {
  std::vector<std::string> out;
  for (const auto& [path, text] : from) {
    const auto after = to.find(path);
    if (after == to.end()) out.push_back(path + ": " + text + " -> nothing");
    else if (after->second != text) out.push_back(path + ": " + text + " -> " + after->second);
  }
  for (const auto& [path, text] : to) if (!from.contains(path)) out.push_back(path + ": nothing -> " + text);
  return out;
}

/// Below a group that is itself new or gone.
bool inside(const flat_tree& other, const std::string& path) {
  return !other.contains(element_key(element_kind::group, path.substr(0, path.rfind('/'))));
}

}  // namespace

std::vector<config_difference> differences(const ::common::ConfigGroup& from, const ::common::ConfigGroup& to) {
  std::vector<config_difference> out;
  const auto before = flatten(from), after = flatten(to);
  if (!before || !after) return out;
  using kind = config_difference::kind;
  for (const auto& [key, element] : *before) {
    const auto now = after->find(key);
    if (now == after->end()) {
      if (!inside(*after, element.path)) out.push_back({kind::removed, key, {}});
      continue;
    }
    if (auto changes = compare(read_element(element), read_element(now->second)); !changes.empty()) out.push_back({kind::changed, key, std::move(changes)});
  }
  for (const auto& [key, element] : *after) {
    if (before->contains(key) || inside(*before, element.path)) continue;
    auto details = element.group ? std::vector<std::string>{} : compare({}, read_element(element));
    std::erase_if(details, [](const std::string& d) { return d.starts_with("mod_policy: "); });
    for (auto& d : details) d.erase(d.find("nothing -> "), 11);
    out.push_back({kind::added, key, std::move(details)});
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.element < b.element; });
  return out;
}

}  // namespace weft::ledger
