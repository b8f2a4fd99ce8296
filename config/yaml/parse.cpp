// From text to a tree of our own, through yaml-cpp's events: so that every node keeps its place, and aliases cannot grow without bound.
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <unordered_map>
#include <unordered_set>

#include "config/yaml/tree.hpp"

namespace weft::config::yaml {

namespace {

using kind = tree_node::kind;

/// Ends parsing; the place is the document's.
struct refusal {
  std::size_t line, column;
  std::string what, suggestion;
};

class builder final : public YAML::EventHandler {
 public:
  explicit builder(document_state& s) : s_(s) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& m, YAML::anchor_t a) override { add(m, a, kind::null); }
  void OnScalar(const YAML::Mark& m, const std::string& tag, YAML::anchor_t a, const std::string& text) override {
    const bool plain = tag.empty() || tag == "?";  // "!": written in quotes
    const bool nothing = plain && (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL");
    const int n = add(m, a, nothing ? kind::null : kind::scalar);
    if (!nothing) s_.nodes[index(n)].text = text;
  }
  void OnAlias(const YAML::Mark& m, YAML::anchor_t a) override {
    const auto it = anchors_.find(a);
    if (it == anchors_.end()) refuse(m, "names an anchor that is not there");
    if (std::any_of(open_.begin(), open_.end(), [&](const level& l) { return l.node == it->second; })) refuse(m, "names what it is a part of");
    count(m, weight_[index(it->second)]);
    attach(it->second);
  }
  void OnSequenceStart(const YAML::Mark& m, const std::string&, YAML::anchor_t a, YAML::EmitterStyle::value) override {
    open(m, add(m, a, kind::list));
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& m, const std::string&, YAML::anchor_t a, YAML::EmitterStyle::value) override {
    open(m, add(m, a, kind::map));
  }
  void OnMapEnd() override {
    merge(open_.back().node);
    close();
  }

  [[noreturn]] static void refuse(const YAML::Mark& m, std::string what, std::string suggestion = {}) {
    throw refusal{static_cast<std::size_t>(m.line) + 1, static_cast<std::size_t>(m.column) + 1, std::move(what), std::move(suggestion)};
  }

 private:
  static std::size_t index(int n) { return static_cast<std::size_t>(n); }

  int add(const YAML::Mark& m, YAML::anchor_t a, kind what) {
    count(m, 1);
    const int n = static_cast<int>(s_.nodes.size());
    s_.nodes.push_back({what, static_cast<std::size_t>(m.line) + 1, static_cast<std::size_t>(m.column) + 1, {}, {}, {}});
    weight_.push_back(1);
    if (a != 0) anchors_[a] = n;
    attach(n);
    return n;
  }
  void count(const YAML::Mark& m, std::size_t more) {
    total_ += more;
    if (total_ > s_.rules.nodes_max) refuse(m, "the document has more than " + std::to_string(s_.rules.nodes_max) + " values, aliases written out");
  }
  /// Puts a node into the map or list that is open.
  void attach(int n) {
    if (open_.empty()) {
      s_.root = n;
      return;
    }
    auto& parent = s_.nodes[index(open_.back().node)];
    auto& key = open_.back().key;
    if (parent.what == kind::list) {
      parent.items.push_back(n);
    } else if (key < 0) {
      key = n;
    } else {
      parent.entries.emplace_back(key, n);
      key = -1;
    }
  }
  void open(const YAML::Mark& m, int n) {
    if (open_.size() >= s_.rules.depth_max) refuse(m, "nested deeper than " + std::to_string(s_.rules.depth_max) + " levels");
    open_.push_back({n, -1, total_});
  }
  void close() {
    weight_[index(open_.back().node)] = 1 + total_ - open_.back().total_before;
    open_.pop_back();
  }

  /// Takes `<<` out of a map and puts behind its own entries those of the maps it names, unless a key is there already.
  void merge(int n) {
    std::vector<std::pair<int, int>> own;
    std::vector<int> sources;
    for (const auto& [key, v] : s_.nodes[index(n)].entries) {
      const auto& k = s_.nodes[index(key)];
      if (k.what != kind::scalar || k.text != "<<") own.emplace_back(key, v);
      else if (s_.nodes[index(v)].what == kind::list) sources.insert(sources.end(), s_.nodes[index(v)].items.begin(), s_.nodes[index(v)].items.end());
      else sources.push_back(v);
    }
    if (sources.empty()) return;
    std::unordered_set<std::string> taken;
    for (const auto& entry : own) taken.insert(s_.plain_key(s_.nodes[index(entry.first)].text));
    for (const int source : sources) {
      const auto& from = s_.nodes[index(source)];
      if (from.what != kind::map) throw refusal{from.line, from.column, "only a map can be merged with '<<'", {}};
      for (const auto& entry : from.entries)
        if (taken.insert(s_.plain_key(s_.nodes[index(entry.first)].text)).second) own.push_back(entry);
    }
    s_.nodes[index(n)].entries = std::move(own);
  }

  document_state& s_;
  struct level {
    int node;                  ///< A map or list that is being read.
    int key;                   ///< Of a map: the key that waits for its value, or -1.
    std::size_t total_before;  ///< Of `total_`.
  };
  std::vector<level> open_;
  std::unordered_map<YAML::anchor_t, int> anchors_;
  std::vector<std::size_t> weight_;  ///< Of each node: how many values it stands for.
  std::size_t total_ = 0;
};

/// The line with that number, from 1.
std::string_view line_of(std::string_view text, std::size_t number) {
  while (number > 1 && !text.empty()) {
    const auto end = text.find('\n');
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    --number;
  }
  return text.substr(0, text.find('\n'));
}

std::string hint(std::string_view text, std::size_t line) {
  for (const auto number : {line, line > 1 ? line - 1 : line}) {
    const auto it = line_of(text, number);
    const auto indent = it.substr(0, it.find_first_not_of(" \t"));
    if (indent.find('\t') != std::string_view::npos) return "line " + std::to_string(number) + " is indented with a tab; use spaces";
  }
  return {};
}

}  // namespace

void parse_into(document_state& s, std::string_view text) {
  std::istringstream in{std::string(text)};
  const auto drop = [&](std::size_t line, std::size_t column, std::string what, std::string suggestion) {
    s.nodes.clear();
    s.root = -1;
    s.problems.push_back({problem::severity::error, line, column, {}, std::move(what), std::move(suggestion)});
  };
  try {
    YAML::Parser parser(in);
    builder b(s);
    if (!parser.HandleNextDocument(b)) return;
    document_state rest;
    builder other(rest);
    if (parser.HandleNextDocument(other) && !rest.nodes.empty() && rest.nodes[0].what != kind::null)
      s.note({problem::severity::warning, rest.nodes[0].line, rest.nodes[0].column, {}, "a second document begins here; it is not read", {}});
  } catch (const refusal& r) {
    drop(r.line, r.column, r.what, r.suggestion);
  } catch (const YAML::Exception& e) {
    const auto line = e.mark.line < 0 ? 0 : static_cast<std::size_t>(e.mark.line) + 1;
    drop(line, line == 0 ? 0 : static_cast<std::size_t>(e.mark.column) + 1, "no YAML: " + e.msg, hint(text, line));
  }
}

}  // namespace weft::config::yaml
