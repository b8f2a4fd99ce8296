#include "config/yaml/document.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <system_error>

#include "config/yaml/scalars.hpp"
#include "config/yaml/tree.hpp"

namespace weft::config::yaml {

namespace {

using kind = tree_node::kind;

std::string shown(const std::string& text) { return "'" + (text.size() > 60 ? text.substr(0, 57) + "..." : text) + "'"; }

/// A path grows by a key; a key longer than any that is known is cut.
std::string join(const std::string& path, const std::string& key) {
  return (path.empty() ? "" : path + ".") + (key.size() > 100 ? key.substr(0, 97) + "..." : key);
}

/// "Name|Alias|Other" one by one.
std::vector<std::string> names_of(std::string_view key) {
  std::vector<std::string> out;
  for (std::size_t from = 0;;) {
    const auto bar = key.find('|', from);
    out.emplace_back(key.substr(from, bar - from));
    if (bar == std::string_view::npos) return out;
    from = bar + 1;
  }
}

const char* kind_name(kind k) { return k == kind::map ? "a map" : k == kind::list ? "a list" : k == kind::scalar ? "text" : "nothing"; }

const tree_node& at_index(const document_state& s, int n) { return s.nodes[static_cast<std::size_t>(n)]; }

}  // namespace

std::string document_state::plain_key(std::string_view key) const {
  std::string out(key);
  if (rules.any_case)
    for (auto& c : out)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

int document_state::standing(const std::string& path, int key, int child) {
  if (!rules.replace || path.find('[') != std::string::npos) return child;
  const auto [known, fresh] = replaced.try_emplace(path, child);
  if (!fresh) return known->second;
  const auto instead = rules.replace(path);
  if (!instead) return child;
  const auto line = nodes[static_cast<std::size_t>(key)].line, column = nodes[static_cast<std::size_t>(key)].column;
  const auto add = [&](kind what, std::string text) {
    nodes.push_back({what, line, column, std::move(text), {}, {}, instead->origin});
    return static_cast<int>(nodes.size()) - 1;
  };
  const std::string_view text = instead->text;
  if (text.size() < 2 || text.front() != '[' || text.back() != ']') return known->second = add(kind::scalar, instead->text);
  std::vector<int> items;
  for (auto rest = text.substr(1, text.size() - 2); !rest.empty();) {
    const auto comma = std::min(rest.find(','), rest.size());
    auto item = rest.substr(0, comma);
    item.remove_prefix(std::min(item.find_first_not_of(" \t"), item.size()));
    item.remove_suffix(item.size() - (item.find_last_not_of(" \t") + 1));
    if (items.size() < rules.nodes_max) items.push_back(add(kind::scalar, std::string(item)));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  const int list = add(kind::list, {});
  nodes[static_cast<std::size_t>(list)].items = std::move(items);
  return known->second = list;
}

bool value::is_map() const { return present() && at_index(*state_, node_).what == kind::map; }
bool value::is_list() const { return present() && at_index(*state_, node_).what == kind::list; }
bool value::is_scalar() const { return present() && at_index(*state_, node_).what == kind::scalar; }
std::size_t value::line() const { return near_ < 0 ? 0 : at_index(*state_, near_).line; }
std::string value::text() const { return is_scalar() ? at_index(*state_, node_).text : std::string(); }

void value::say(std::string what, std::string suggestion, problem::severity how) const {
  problem p{how, 0, 0, path_, std::move(what), std::move(suggestion)};
  if (near_ >= 0) {
    p.line = at_index(*state_, near_).line;
    p.column = at_index(*state_, near_).column;
  }
  if (present() && !at_index(*state_, node_).origin.empty()) p.what += " (" + at_index(*state_, node_).origin + " says so)";
  state_->note(std::move(p));
}

/// Notes what stands here instead of what was expected. True if it `fits`.
bool value::expect(bool fits, const char* expected) const {
  if (fits) return true;
  const auto& n = at_index(*state_, node_);
  say(std::string("must be ") + expected + ", but is " + (n.what == kind::scalar ? shown(n.text) : kind_name(n.what)));
  return false;
}

bool value::map(std::initializer_list<std::string_view> known) const { return map(std::vector<std::string>(known.begin(), known.end())); }

bool value::map(const std::vector<std::string>& known) const {
  if (!present() || !expect(is_map(), "a map")) return false;
  std::set<std::string> allowed;
  std::vector<std::string> told;
  for (const auto& k : known) {
    const auto names = names_of(k);
    told.push_back(names.front());
    for (const auto& name : names) allowed.insert(state_->plain_key(name));
  }
  each_entry([&](const std::string& key, const value& v) {
    if (allowed.count(state_->plain_key(key))) return;
    v.say("unknown key", suggest(key, told), state_->rules.unknown_keys);
  });
  return true;
}

void value::each_entry(const std::function<void(const std::string& key, value)>& visit) const {
  if (!present() || !expect(is_map(), "a map")) return;
  std::set<std::string> seen;
  const auto entries = at_index(*state_, node_).entries;
  for (const auto& [key, written] : entries) {
    if (at_index(*state_, key).what != kind::scalar) {
      value(state_, -1, join(path_, "?"), key).say("a key must be text");
      continue;
    }
    // A problem with an entry belongs where its key stands, a problem with its value where that does: see operator[].
    const std::string name = at_index(*state_, key).text, path = join(path_, name);
    const int child = state_->standing(path, key, written);
    const value here(state_, at_index(*state_, child).what == kind::null ? -1 : child, path, key);
    if (!seen.insert(state_->plain_key(name)).second) {
      here.say("stands here a second time", "keep one of them");
      continue;
    }
    visit(name, here);
  }
}

void value::each(const std::function<void(value)>& visit) const {
  if (!present() || !expect(is_list(), "a list")) return;
  const auto items = at_index(*state_, node_).items;
  for (std::size_t i = 0; i < items.size(); ++i)
    visit(value(state_, at_index(*state_, items[i]).what == kind::null ? -1 : items[i], path_ + "[" + std::to_string(i) + "]", items[i]));
}

value value::operator[](std::string_view key) const {
  const auto names = names_of(key);
  if (is_map()) {
    for (const auto& name : names) {
      const auto wanted = state_->plain_key(name);
      for (const auto& [k, written] : at_index(*state_, node_).entries) {
        if (at_index(*state_, k).what != kind::scalar || state_->plain_key(at_index(*state_, k).text) != wanted) continue;
        const auto path = join(path_, at_index(*state_, k).text);
        const int key = k, child = state_->standing(path, key, written);
        const bool null = at_index(*state_, child).what == kind::null;
        return value(state_, null ? -1 : child, path, null ? key : child);
      }
    }
  }
  return value(state_, -1, join(path_, names.front()), near_);
}

value value::require(std::string_view key) const {
  auto found = (*this)[key];
  if (!found.present()) found.say("is missing");
  return found;
}

const std::string* value::scalar(const char* expected) const {
  if (!present() || !expect(is_scalar(), expected)) return nullptr;
  return &at_index(*state_, node_).text;
}

void value::read(std::string& into) const {
  if (const auto* text = scalar("text")) into = *text;
}

void value::read(bool& into) const {
  const auto* text = scalar("true or false");
  if (!text) return;
  const auto on = parse_switch(*text);
  if (expect(on.has_value(), "true or false")) into = *on;
}

void value::read(std::vector<std::string>& into) const {
  if (!present()) return;
  std::vector<std::string> out;
  each([&](const value& item) {
    if (item.present()) item.read(out.emplace_back());
    else item.say("must be text, but is nothing");
  });
  if (is_list()) into = std::move(out);
}

void value::read(std::chrono::milliseconds& into) const {
  constexpr const char* expected = "a duration such as 500ms, 2s or 1h30m";
  const auto* text = scalar(expected);
  if (!text) return;
  const auto d = parse_go_duration(*text);
  if (!expect(d && d->count() >= 0 && d->count() % 1'000'000 == 0, expected)) return;
  into = std::chrono::duration_cast<std::chrono::milliseconds>(*d);
}

bool value::read_unsigned(std::uint64_t& into, std::uint64_t most) const {
  const auto* text = scalar("a whole number");
  if (!text) return false;
  const auto n = parse_unsigned(*text);
  if (!expect(n.has_value(), "a whole number")) return false;
  if (!expect(*n <= most, ("at most " + std::to_string(most)).c_str())) return false;
  into = *n;
  return true;
}

bool value::read_signed(std::int64_t& into, std::int64_t least, std::int64_t most) const {
  const auto* text = scalar("a whole number");
  if (!text) return false;
  const auto n = parse_signed(*text);
  if (!expect(n.has_value(), "a whole number")) return false;
  if (!expect(*n >= least && *n <= most, (std::to_string(least) + " to " + std::to_string(most)).c_str())) return false;
  into = *n;
  return true;
}

bool value::read_size(std::uint64_t& into, std::uint64_t most) const {
  constexpr const char* expected = "a size such as 512 KB, 10 MB or 4096";
  const auto* text = scalar(expected);
  if (!text) return false;
  const auto n = parse_byte_size(*text);
  if (!expect(n.has_value(), expected)) return false;
  if (!expect(*n <= most, ("at most " + std::to_string(most) + " bytes").c_str())) return false;
  into = *n;
  return true;
}
void value::read_bytes(std::uint32_t& into) const {
  if (std::uint64_t n = 0; read_size(n, std::numeric_limits<std::uint32_t>::max())) into = static_cast<std::uint32_t>(n);
}
void value::read_bytes(std::uint64_t& into) const { read_size(into, std::numeric_limits<std::uint64_t>::max()); }

void value::read_choice(std::string& into, const std::vector<std::string>& allowed) const {
  std::string expected;
  for (std::size_t i = 0; i < allowed.size(); ++i) expected += (i == 0 ? "" : i + 1 == allowed.size() ? " or " : ", ") + allowed[i];
  const auto* text = scalar(expected.c_str());
  if (!text) return;
  if (std::find(allowed.begin(), allowed.end(), *text) != allowed.end()) {
    into = *text;
    return;
  }
  const auto meant = nearest(*text, allowed);
  say("must be " + expected + ", but is " + shown(*text), meant.empty() ? "" : "did you mean '" + meant + "'?");
}

document document::parse(std::string_view text, const options& o) {
  auto s = std::make_shared<document_state>();
  s->rules = o;
  if (text.size() > o.bytes_max) {
    s->note({problem::severity::error, 0, 0, {}, "the document is larger than " + std::to_string(o.bytes_max) + " bytes", {}});
  } else {
    parse_into(*s, text);
    if (s->problems.empty() && s->root >= 0 && s->nodes[static_cast<std::size_t>(s->root)].what == kind::null) s->root = -1;
    if (s->problems.empty() && s->root < 0 && !o.may_be_empty) s->note({problem::severity::error, 0, 0, {}, "the document is empty", {}});
  }
  return document(std::move(s));
}

value document::root() const { return value(state_.get(), state_->root, {}, state_->root); }

value document::at(std::string_view path) const {
  auto v = root();
  while (!path.empty()) {
    if (path[0] == '[') {
      const auto end = path.find(']');
      const auto i = parse_unsigned(path.substr(1, end == std::string_view::npos ? 0 : end - 1));
      value next(state_.get(), -1, v.path_ + std::string(path.substr(0, end == std::string_view::npos ? path.size() : end + 1)), v.near_);
      if (v.is_list() && i) {
        const auto& items = at_index(*state_, v.node_).items;
        if (*i < items.size()) next.node_ = next.near_ = items[static_cast<std::size_t>(*i)];
      }
      v = std::move(next);
      path.remove_prefix(end == std::string_view::npos ? path.size() : end + 1);
    } else {
      const auto end = std::min(path.find('.'), path.find('['));
      v = v[path.substr(0, end)];
      path.remove_prefix(end == std::string_view::npos ? path.size() : end);
    }
    if (!path.empty() && path[0] == '.') path.remove_prefix(1);
  }
  return v;
}

void document::add(problem p) {
  if (p.line == 0) {
    if (const auto v = at(p.path); v.near_ >= 0) {
      p.line = at_index(*state_, v.near_).line;
      p.column = at_index(*state_, v.near_).column;
    }
  }
  state_->note(std::move(p));
}

std::vector<problem> document::problems() const {
  auto out = state_->problems;
  put_in_order(out);
  if (state_->untold > 0)
    out.push_back({state_->untold_how, 0, 0, {}, "and " + std::to_string(state_->untold) + " more problems", {}});
  return out;
}

result<std::string> read_file(const std::string& path, std::size_t bytes_max) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    const std::error_code why(errno, std::generic_category());
    return fail(why == std::errc::no_such_file_or_directory ? errc::not_found : errc::io, "cannot read " + path + ": " + why.message());
  }
  std::string text;
  for (std::size_t have = 0; in && have <= bytes_max; have += static_cast<std::size_t>(in.gcount())) {
    text.resize(std::min(have + 64 * KiB, bytes_max + 1));  // piece by piece: a bound may be far above what there is
    in.read(text.data() + have, static_cast<std::streamsize>(text.size() - have));
    text.resize(have + static_cast<std::size_t>(in.gcount()));
  }
  if (in.bad()) {
    std::error_code unknown;
    return fail(errc::io, "cannot read " + path + (std::filesystem::is_directory(path, unknown) ? ": it is a folder" : ""));
  }
  if (text.size() > bytes_max) return fail(errc::invalid_argument, path + " is larger than " + std::to_string(bytes_max) + " bytes");
  return text;
}

}  // namespace weft::config::yaml
