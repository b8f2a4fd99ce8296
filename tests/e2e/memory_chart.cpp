#include "tests/e2e/memory_chart.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace weft::live {

namespace {

constexpr double width = 900, height = 360, left = 60, top = 40, right = 150, bottom = 40;
constexpr std::array<const char*, 7> colours{"#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#17becf"};

std::string number(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", x);
  return text;
}
std::string text_at(double x, double y, const std::string& what, const char* more) {
  return "<text x='" + number(x) + "' y='" + number(y) + "' " + more + ">" + what + "</text>\n";
}
std::string line(double x1, double y1, double x2, double y2) {
  return "<line x1='" + number(x1) + "' y1='" + number(y1) + "' x2='" + number(x2) + "' y2='" + number(y2) + "' stroke='#ccc'/>\n";
}

}  // namespace

std::string memory_chart(const std::string& title, const std::vector<memory_sample>& samples) {
  double last = 1, most = 10;
  std::map<std::string, std::string> paths;
  for (const auto& s : samples) {
    last = std::max(last, s.second);
    for (const auto& [name, mib] : s.mib) most = std::max(most, mib);
  }
  most = std::ceil(most / 10) * 10;
  const auto x = [&](double second) { return left + (width - left - right) * second / last; };
  const auto y = [&](double mib) { return height - bottom - (height - top - bottom) * mib / most; };
  std::map<std::string, bool> drawing;
  for (const auto& s : samples) {
    for (const auto& [name, mib] : s.mib) {
      bool& on = drawing[name];
      if (mib > 0) paths[name] += (on ? " L" : " M") + number(x(s.second)) + " " + number(y(mib));
      on = mib > 0;
    }
  }
  std::string out = "<svg xmlns='http://www.w3.org/2000/svg' width='" + number(width) + "' height='" + number(height) +
                    "' font-family='sans-serif' font-size='12'>\n<rect width='100%' height='100%' fill='white'/>\n" +
                    text_at(left, top - 16, title, "font-size='14'");
  constexpr int steps = 5;
  for (int i = 0; i <= steps; ++i) {
    const double mib = most * i / steps, second = last * i / steps;
    out += line(left, y(mib), width - right, y(mib)) + text_at(left - 8, y(mib) + 4, number(mib), "text-anchor='end'");
    out += text_at(x(second), height - bottom + 18, number(second / 60), "text-anchor='middle'");
  }
  out += text_at(left - 8, top - 4, "MiB", "text-anchor='end'") + text_at(width - right + 8, height - bottom + 18, "minutes", "");
  std::size_t i = 0;
  for (const auto& [name, path] : paths) {
    const std::string colour = colours[i % colours.size()];
    out += "<path d='" + path + "' fill='none' stroke='" + colour + "'/>\n";
    out += text_at(width - right + 20, top + 18 * static_cast<double>(++i), name, ("fill='" + colour + "'").c_str());
  }
  return out + "</svg>\n";
}

}  // namespace weft::live
