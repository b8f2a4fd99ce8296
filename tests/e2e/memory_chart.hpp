// A chart of memory over time as an SVG picture.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace weft::live {

/// Seconds since the begin, and MiB of each process: 0 stands for one that was not running, and is a gap in its line.
struct memory_sample {
  double second = 0;
  std::map<std::string, double> mib;
};

/// A line for each process, axes with numbers, a legend. Text that a browser shows.
[[nodiscard]] std::string memory_chart(const std::string& title, const std::vector<memory_sample>& samples);

}  // namespace weft::live
