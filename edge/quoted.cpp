#include "edge/quoted.hpp"

namespace weft::edge {

std::string in_quotes(std::string_view name) {
  constexpr std::size_t shown_max = 60;
  auto end = name.size();
  if (end > shown_max) {
    end = shown_max;
    while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xc0) == 0x80) --end;  // never half a letter
  }
  std::string out = "'";
  for (const char c : name.substr(0, end)) out.push_back(static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c);
  if (end < name.size()) out += "… (" + std::to_string(name.size()) + " bytes)";
  return out + "'";
}

}  // namespace weft::edge
