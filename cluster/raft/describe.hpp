// Raft's values as lines of text: for logs, tests and people. The forms are those of etcd's raft library, which Fabric's operators know.
#pragma once

#include <string>

#include "cluster/raft/ready.hpp"

namespace weft::cluster::raft {

[[nodiscard]] std::string to_text(node_id id);       ///< Hexadecimal without a prefix.
[[nodiscard]] std::string to_text(role r);           ///< "StateLeader"
[[nodiscard]] std::string to_text(message_kind k);   ///< "MsgApp"
[[nodiscard]] std::string to_text(entry_kind k);     ///< "EntryNormal"
[[nodiscard]] std::string to_text(const hard_state& s);  ///< "Term:1 Vote:2 Commit:3"
[[nodiscard]] std::string to_text(const soft_state& s);  ///< "Lead:1 State:StateLeader"
[[nodiscard]] std::string to_text(const conf_state& s);  ///< "Voters:[1 2] VotersOutgoing:[] Learners:[] LearnersNext:[] AutoLeave:false"
[[nodiscard]] std::string to_text(const snapshot& s);    ///< "Index:4 Term:1 ConfState:..."
[[nodiscard]] std::string to_text(const conf_change& c); ///< "transition:ConfChangeTransitionAuto changes:<type:ConfChangeAddNode node_id:3 > "
[[nodiscard]] std::string to_text(const entry& e);       ///< `1/4 EntryNormal "foo"`, `1/5 EntryConfChange v2`
[[nodiscard]] std::string to_text(const message& m);     ///< `1->2 MsgApp Term:1 Log:1/3 Commit:3 Entries:[...]`; several lines for several entries
[[nodiscard]] std::string to_text(const ready& r);       ///< A line for each part; "<empty Ready>"

/// In double quotes, with escapes where a character cannot be shown.
[[nodiscard]] std::string quoted(bytes_view data);
/// The inverse of `to_text`. Nothing for an unknown name.
[[nodiscard]] std::optional<message_kind> message_kind_of(std::string_view name);

}  // namespace weft::cluster::raft
