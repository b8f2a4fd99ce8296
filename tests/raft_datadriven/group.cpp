#include "tests/raft_datadriven/group.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "cluster/raft/describe.hpp"

namespace weft::datadriven {

using namespace cluster::raft;

namespace {

constexpr unsigned election_ticks = 3;
constexpr unsigned heartbeat_ticks = 1;

/// Events and effects that are messages elsewhere and calls here: none is ever on the network.
constexpr std::string_view local_kinds[] = {"MsgHup", "MsgBeat", "MsgUnreachable", "MsgSnapStatus", "MsgCheckQuorum", "MsgReadIndex", "MsgReadIndexResp",
                                            "MsgStorageAppend", "MsgStorageAppendResp", "MsgStorageApply", "MsgStorageApplyResp", "MsgForgetLeader"};

auto wrong(std::string why) { return fail(errc::invalid_argument, std::move(why)); }

template <class T>
result<T> number(std::string_view text) {
  T out{};
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), out);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) return wrong("not a number: " + std::string(text));
  return out;
}

result<bool> truth(std::string_view text) {
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0") return false;
  return wrong("neither true nor false: " + std::string(text));
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return out;
}

}  // namespace

void transcript::write(severity s, std::string_view line) {
  constexpr const char* names[] = {"DEBUG ", "INFO ", "WARN "};
  print(names[static_cast<std::size_t>(s)]);
  print(line);
  print("\n");
}

result<void> transcript::set_level(std::string_view name) {
  constexpr std::string_view names[] = {"debug", "info", "warn", "error", "fatal", "none"};
  const auto found = std::find(std::begin(names), std::end(names), lower(name));
  if (found == std::end(names)) return wrong("log levels must be either of DEBUG, INFO, WARN, ERROR, FATAL, NONE");
  level_ = static_cast<int>(found - std::begin(names));
  return {};
}

std::string group::run(const block& b) {
  static_cast<void>(out_.take());
  auto done = dispatch(b);
  // A block may hold further commands in place of an input; an error ends none of them.
  if (done && b.command != "propose-conf-change") {
    for (const auto& line : lines(b.input)) {
      auto more = parse_line(line);
      const auto outcome = more ? dispatch(*more) : result<void>(fail(more.error()));
      if (!outcome && out_.quiet()) return outcome.error().context + "\n";
      if (!outcome) out_.print(outcome.error().context);
    }
  }
  if (!done && out_.quiet()) return done.error().context + "\n";
  if (!done) out_.print(done.error().context);
  std::string text = out_.take();
  if (text.empty()) return "ok\n";
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text + "\n";
}

result<void> group::dispatch(const block& b) {
  const std::string& c = b.command;
  if (c == "_breakpoint") return {};
  if (c == "add-nodes") return add_nodes(b);
  if (c == "compact") return compact(b);
  if (c == "deliver-msgs") return deliver(b);
  if (c == "process-ready") return process_ready(b);
  if (c == "propose") return propose(b);
  if (c == "propose-conf-change") return propose_change(b);
  if (c == "raft-log") return raft_log(b);
  if (c == "raft-state") return raft_state();
  if (c == "report-unreachable") return unreachable(b);
  if (c == "send-snapshot") return send_snapshot(b);
  if (c == "set-randomized-election-timeout") return set_timeout(b);
  if (c == "stabilize") return stabilize(b);
  if (c == "status") return status(b);
  if (c == "tick-election") return tick(b, election_ticks);
  if (c == "tick-heartbeat") return tick(b, heartbeat_ticks);
  if (c == "transfer-leadership") return transfer(b);
  if (c == "campaign") {
    WEFT_TRY(member* const m, first(b));
    m->core->campaign();
    return {};
  }
  if (c == "log-level") {
    const auto words = b.words();
    if (words.empty()) return wrong("log-level takes a name");
    return out_.set_level(words.front());
  }
  return wrong("unknown command");
}

result<group::member*> group::at(std::string_view id) {
  WEFT_TRY(const auto n, number<node_id>(id));
  if (n == nobody || n > members_.size()) return wrong("there is no node " + std::string(id));
  return &members_[n - 1];
}

result<std::vector<group::member*>> group::listed(const block& b) {
  std::vector<member*> out;
  for (const auto& word : b.words()) {
    WEFT_TRY(member* const m, at(word));
    out.push_back(m);
  }
  return out;
}

result<group::member*> group::first(const block& b) {
  const auto words = b.words();
  if (words.empty()) return wrong("which node?");
  return at(words.front());
}

/// The library whose words these files speak has two errors for all that can go wrong here.
std::string group::text_of(const message& m, const error& e) const {
  if (m.kind == message_kind::propose) return "raft proposal dropped";
  return e.code == errc::not_found ? "raft: cannot step as peer not found" : e.context;
}

result<void> group::add_nodes(const block& b) {
  const auto words = b.words();
  if (words.empty()) return wrong("how many nodes?");
  WEFT_TRY(const auto count, number<std::size_t>(words.front()));
  options o;
  o.election_ticks = election_ticks;
  o.heartbeat_ticks = heartbeat_ticks;
  o.message_bytes_max = unlimited;
  o.inflight_messages = std::numeric_limits<std::int32_t>::max();
  snapshot bootstrap;
  for (const auto& [key, values] : b.arguments) {
    for (const auto& value : values) {
      if (key == "voters" || key == "learners") {
        WEFT_TRY(const auto id, number<node_id>(value));
        (key == "voters" ? bootstrap.members.voters : bootstrap.members.learners).push_back(id);
      } else if (key == "inflight") {
        WEFT_TRY(o.inflight_messages, number<std::size_t>(value));
      } else if (key == "index") {
        WEFT_TRY(bootstrap.at.index, number<log_index>(value));
        o.applied = bootstrap.at.index;
      } else if (key == "content") {
        bootstrap.data = shared_bytes(value);
      } else if (key == "prevote") {
        WEFT_TRY(o.pre_vote, truth(value));
      } else if (key == "checkquorum") {
        WEFT_TRY(o.check_quorum, truth(value));
      } else if (key == "max-committed-size-per-ready") {
        WEFT_TRY(o.ready_bytes_max, number<std::size_t>(value));
        if (o.ready_bytes_max == 0) o.ready_bytes_max = o.message_bytes_max;
      } else if (key == "disable-conf-change-validation") {
        WEFT_TRY(const bool off, truth(value));
        o.validate_changes = !off;
      } else if (key == "step-down-on-removal") {
        WEFT_TRY(o.step_down_on_removal, truth(value));
      } else if (key == "read-only") {
        if (value != "safe" && value != "lease-based") return wrong("invalid read-only option \"" + value + "\"");
      } else {
        return wrong("add-nodes does not know " + key);
      }
    }
  }
  for (std::size_t i = 0; i < count; ++i) WEFT_CHECK(add_member(o, bootstrap));
  return {};
}

result<void> group::add_member(options o, const snapshot& bootstrap) {
  member m;
  o.id = members_.size() + 1;
  auto state = std::make_shared<snapshot>(bootstrap);
  if (bootstrap.at.index != 0 || bootstrap.members != conf_state{} || !bootstrap.data.empty()) {
    if (bootstrap.at.index <= 1) return wrong("index must be specified as > 1 due to bootstrap");
    state->at.term = 1;
    WEFT_CHECK(m.log->restore(state));
  }
  m.log->history.push_back(std::move(state));
  WEFT_TRY(m.core, core::open(o, *m.log, random_, out_));
  members_.push_back(std::move(m));
  return {};
}

result<void> group::compact(const block& b) {
  const auto words = b.words();
  if (words.size() < 2) return wrong("compact takes a node and an index");
  WEFT_TRY(member* const m, at(words[0]));
  WEFT_TRY(const auto index, number<log_index>(words[1]));
  WEFT_CHECK(m->log->compact(index));
  return raft_log(b);
}

result<void> group::deliver(const block& b) {
  std::optional<message_kind> kind;
  std::vector<recipient> to;
  bool local = false;
  for (const auto& [key, values] : b.arguments) {
    if (values.empty()) {
      WEFT_TRY(const auto id, number<node_id>(key));
      to.push_back({id, false});
    }
    for (const auto& value : values) {
      if (key == "type") {
        kind = message_kind_of(value);
        local = !kind && std::find(std::begin(local_kinds), std::end(local_kinds), value) != std::end(local_kinds);
        if (!kind && !local) return wrong("unknown message type " + value);
      } else if (key == "drop") {
        WEFT_TRY(const auto id, number<node_id>(value));
        if (std::any_of(to.begin(), to.end(), [&, id = id](const recipient& r) { return r.id == id; }))
          return wrong("can't both deliver and drop msgs to " + value);
        to.push_back({id, true});
      }
    }
  }
  if (local) to.clear();
  WEFT_TRY(const auto handled, deliver_to(kind, to));
  if (handled == 0) out_.print("no messages\n");
  return {};
}

result<std::size_t> group::deliver_to(std::optional<message_kind> kind, const std::vector<recipient>& to) {
  std::size_t handled = 0;
  for (const auto& r : to) {
    const auto rest = std::stable_partition(network_.begin(), network_.end(), [&](const message& m) { return m.to != r.id || (kind && m.kind != *kind); });
    std::vector<message> chosen(std::make_move_iterator(rest), std::make_move_iterator(network_.end()));
    network_.erase(rest, network_.end());
    handled += chosen.size();
    for (auto& m : chosen) {
      out_.print((r.drop ? "dropped: " : "") + to_text(m) + "\n");
      if (r.drop) continue;
      WEFT_TRY(member* const receiver, at(std::to_string(r.id)));
      message header;
      header.kind = m.kind;
      if (const auto stepped = receiver->core->step(std::move(m)); !stepped) out_.print(text_of(header, stepped.error()) + "\n");
    }
  }
  return handled;
}

result<void> group::process_ready(const block& b) {
  WEFT_TRY(const auto chosen, listed(b));
  if (chosen.size() == 1) return process_one(*chosen.front());
  for (member* m : chosen) {
    out_.print("> " + std::to_string(m->core->id()) + " handling Ready\n");
    WEFT_CHECK(out_.indented([&] { return process_one(*m); }));
  }
  return {};
}

result<void> group::process_one(member& m) {
  WEFT_TRY(auto todo, m.core->take_ready());
  out_.print(to_text(todo));
  if (todo.hard) m.log->save(*todo.hard);
  if (todo.restore) WEFT_CHECK(m.log->restore(todo.restore));
  m.log->append(todo.entries);
  WEFT_CHECK(apply(m, todo.committed));
  std::move(todo.messages.begin(), todo.messages.end(), std::back_inserter(network_));
  return m.core->advance();
}

/// A state machine that keeps everything it was given, one behind the other.
result<void> group::apply(member& m, const std::vector<entry>& committed) {
  for (const auto& e : committed) {
    auto next = std::make_shared<snapshot>(*m.log->history.back());
    next->at = e.at();
    bytes update = e.data.to_bytes();
    if (e.kind != entry_kind::normal) {
      WEFT_TRY(const auto change, parse_conf_change(e));
      WEFT_TRY(next->members, m.core->apply(change));
      update = change.context;
    }
    next->data = shared_bytes(next->data.to_bytes() + update);
    m.log->history.push_back(std::move(next));
  }
  return {};
}

result<void> group::propose(const block& b) {
  const auto words = b.words();
  if (words.size() != 2) return wrong("propose takes a node and data");
  WEFT_TRY(member* const m, at(words[0]));
  if (!m->core->propose(shared_bytes(words[1]))) return wrong("raft proposal dropped");
  return {};
}

result<void> group::propose_change(const block& b) {
  WEFT_TRY(member* const m, first(b));
  bool v1 = false;
  conf_change change;
  for (const auto& [key, values] : b.arguments) {
    for (const auto& value : values) {
      if (key == "v1") {
        WEFT_TRY(v1, truth(value));
      } else if (key == "transition") {
        if (value == "auto") change.how = transition::automatic;
        else if (value == "implicit") change.how = transition::joint_implicit;
        else if (value == "explicit") change.how = transition::joint_explicit;
        else return wrong("unknown transition " + value);
      } else {
        return wrong("unknown command " + key);
      }
    }
  }
  WEFT_TRY(change.changes, parse_changes(b.input));
  if (v1 && (change.changes.size() != 1 || change.how != transition::automatic))
    return wrong("v1 conf change can only have one operation and no transition");
  if (!(v1 ? m->core->propose(change.changes.front()) : m->core->propose(change))) return wrong("raft proposal dropped");
  return {};
}

result<void> group::raft_log(const block& b) {
  WEFT_TRY(member* const m, first(b));
  const log_index from = m->log->first_index();
  const log_index last = m->log->last_index();
  if (last < from) {
    out_.print("log is empty: first index=" + std::to_string(from) + ", last index=" + std::to_string(last));
    return {};
  }
  std::vector<entry> entries;
  WEFT_CHECK(m->log->entries(from, last + 1, unlimited, entries));
  for (const auto& e : entries) out_.print(to_text(e) + "\n");
  return {};
}

result<void> group::raft_state() {
  for (const auto& m : members_) {
    const auto s = m.core->report();
    out_.print(std::to_string(s.id) + ": " + to_text(s.soft.as) + (s.members.config.voters.contains(s.id) ? " (Voter)" : " (Non-Voter)") +
               " Term:" + std::to_string(s.hard.term) + " Lead:" + std::to_string(s.soft.leader) + "\n");
  }
  return {};
}

result<void> group::send_snapshot(const block& b) {
  const auto words = b.words();
  if (words.size() != 2) return wrong("send-snapshot takes two nodes");
  WEFT_TRY(member* const from, at(words[0]));
  message m;
  m.kind = message_kind::snapshot;
  m.from = from->core->id();
  WEFT_TRY(m.to, number<node_id>(words[1]));
  m.term = from->core->hard().term;
  m.state = from->log->latest_snapshot();
  out_.print(to_text(m));
  network_.push_back(std::move(m));
  return {};
}

result<void> group::set_timeout(const block& b) {
  WEFT_TRY(member* const m, first(b));
  const argument* given = b.find("timeout");
  if (given == nullptr) return wrong("timeout= is missing");
  WEFT_TRY(const auto ticks, number<unsigned>(given->values.front()));
  m->core->election_timeout(ticks);
  return {};
}

result<void> group::stabilize(const block& b) {
  WEFT_TRY(auto chosen, listed(b));
  if (chosen.empty())
    for (auto& m : members_) chosen.push_back(&m);
  const int before = out_.current();
  if (const argument* level = b.find("log-level")) WEFT_CHECK(out_.set_level(level->values.front()));
  result<bool> busy = true;
  for (int rounds = 0; busy && *busy; ++rounds) busy = rounds < 10'000 ? stabilize_once(chosen) : result<bool>(wrong("does not become stable"));
  out_.set(before);
  if (!busy) return fail(busy.error());
  return {};
}

result<bool> group::stabilize_once(const std::vector<member*>& members) {
  bool busy = false;
  for (member* m : members) {
    if (!m->core->has_ready()) continue;
    out_.print("> " + std::to_string(m->core->id()) + " handling Ready\n");
    WEFT_CHECK(out_.indented([&] { return process_one(*m); }));
    busy = true;
  }
  for (member* m : members) {
    const node_id id = m->core->id();
    if (std::none_of(network_.begin(), network_.end(), [&](const message& x) { return x.to == id; })) continue;
    out_.print("> " + std::to_string(id) + " receiving messages\n");
    WEFT_CHECK(out_.indented([&] { return deliver_to({}, {{id, false}}); }));
    busy = true;
  }
  return busy;
}

result<void> group::status(const block& b) {
  WEFT_TRY(member* const m, first(b));
  for (const auto& [id, node] : m->core->report().members.nodes) {
    std::ostringstream line;
    line << id << ": " << node << '\n';
    out_.print(line.str());
  }
  return {};
}

result<void> group::tick(const block& b, unsigned times) {
  WEFT_TRY(member* const m, first(b));
  for (unsigned i = 0; i < times; ++i) m->core->tick();
  return {};
}

result<void> group::transfer(const block& b) {
  const argument* from = b.find("from");
  const argument* to = b.find("to");
  if (from == nullptr || to == nullptr) return wrong("transfer-leadership takes from= and to=");
  WEFT_TRY(member* const m, at(from->values.front()));
  WEFT_TRY(const auto target, number<node_id>(to->values.front()));
  if (target == nobody) return wrong("invalid node 0");
  m->core->transfer_leadership(target);
  return {};
}

result<void> group::unreachable(const block& b) {
  const auto words = b.words();
  if (words.size() != 2) return wrong("report-unreachable takes two nodes");
  WEFT_TRY(member* const m, at(words[0]));
  WEFT_TRY(const auto id, number<node_id>(words[1]));
  m->core->report_unreachable(id);
  return {};
}

}  // namespace weft::datadriven
