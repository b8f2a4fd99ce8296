// How often the same is written into a log: whoever knocks does not fill our disk.
#pragma once

#include <map>
#include <string>

#include "actors/remoting/dialling.hpp"

namespace weft::actors::remoting {

/// A line of some key at most once a minute, and any line at most once a second; no more than 64 keys are remembered. One thread.
class log_pace {
 public:
  [[nodiscard]] bool may_say(const std::string& key, steady_time now) {
    constexpr std::chrono::seconds any{1}, same{60};
    constexpr std::size_t keys_max = 64;
    if (begun_ && now - last_ < any) return false;
    const auto known = said_.find(key);
    if (known != said_.end() && now - known->second < same) return false;
    if (known == said_.end() && said_.size() >= keys_max) said_.clear();
    said_[key] = last_ = now;
    begun_ = true;
    return true;
  }

 private:
  std::map<std::string, steady_time> said_;
  steady_time last_{};
  bool begun_ = false;
};

}  // namespace weft::actors::remoting
