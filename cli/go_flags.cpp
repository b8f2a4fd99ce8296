#include "cli/go_flags.hpp"

#include <algorithm>

#include "config/yaml/problem.hpp"

namespace weft::cli {
namespace {

bool parse_bool(const std::string& text, bool& into) {
  for (const char* yes : {"1", "t", "T", "true", "TRUE", "True"})
    if (text == yes) return into = true;
  for (const char* no : {"0", "f", "F", "false", "FALSE", "False"})
    if (text == no) return into = false, true;
  return false;
}

}  // namespace

void go_flags::add(std::string name, std::string* into, std::string help) { flags_.push_back({std::move(name), std::move(help), into, nullptr}); }
void go_flags::add(std::string name, bool* into, std::string help) { flags_.push_back({std::move(name), std::move(help), nullptr, into}); }

const go_flags::flag* go_flags::find(const std::string& name) const {
  const auto found = std::find_if(flags_.begin(), flags_.end(), [&](const flag& f) { return f.name == name; });
  return found == flags_.end() ? nullptr : &*found;
}

result<go_flags::outcome> go_flags::parse(const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word.size() < 2 || word[0] != '-' || word == "--") return fail(errc::invalid_argument, "'" + word + "' belongs to no flag");
    std::string name = word.substr(word[1] == '-' ? 2 : 1);
    if (name[0] == '-' || name[0] == '=') return fail(errc::invalid_argument, "bad flag syntax: " + word);
    const auto equals = name.find('=');
    const bool has_value = equals != std::string::npos;
    std::string value = has_value ? name.substr(equals + 1) : std::string();
    name.resize(has_value ? equals : name.size());
    const flag* known = find(name);
    if (!known && (name == "h" || name == "help")) return outcome::help;
    if (!known) {
      std::vector<std::string> all;
      for (const auto& f : flags_) all.push_back(f.name);
      const auto meant = config::nearest(name, all);
      return fail(errc::invalid_argument, "flag provided but not defined: -" + name + (meant.empty() ? "" : "; did you mean -" + meant + "?"));
    }
    if (known->on) {
      if (!parse_bool(has_value ? value : "true", *known->on))
        return fail(errc::invalid_argument, "invalid boolean value \"" + value + "\" for -" + name + ": parse error");
      continue;
    }
    if (!has_value && i + 1 == words.size()) return fail(errc::invalid_argument, "flag needs an argument: -" + name);
    *known->text = has_value ? value : words[++i];
  }
  return outcome::parsed;
}

std::string go_flags::usage() const {
  auto sorted = flags_;
  std::sort(sorted.begin(), sorted.end(), [](const flag& a, const flag& b) { return a.name < b.name; });
  std::string out;
  for (const auto& f : sorted) out += "  -" + f.name + (f.on ? "" : " string") + "\n    \t" + f.help + "\n";
  return out;
}

}  // namespace weft::cli
