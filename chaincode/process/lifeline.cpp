#include "chaincode/process/lifeline.hpp"

#include <algorithm>
#include <utility>

namespace weft::chaincode {

std::vector<lifeline::effect> lifeline::step(const event& e, time now) {
  if (phase_ == phase::gone) return {};
  if (std::holds_alternative<start_wanted>(e)) return on_start(now);
  if (std::holds_alternative<stop_wanted>(e)) return on_stop(now);
  if (const auto* failed = std::get_if<spawn_failed>(&e)) return on_end(failed->why, now);
  if (const auto* end = std::get_if<exited>(&e)) return on_end(end->how, now);
  if (std::holds_alternative<spawned>(e)) {
    since_ = now;
    wakes_ = now + options_.probe;
    return {};
  }
  if (std::holds_alternative<listens>(e)) {
    if (phase_ != phase::starting) return {};
    phase_ = phase::listening;
    since_ = now;
    wakes_.reset();
    return std::exchange(told_, true) ? std::vector<effect>{} : std::vector<effect>{tell_ready{}};
  }
  return on_tick(now);
}

std::vector<lifeline::effect> lifeline::begin() {
  phase_ = phase::starting;
  wakes_.reset();
  ++starts_;
  return {spawn{}};
}

std::vector<lifeline::effect> lifeline::on_start(time now) {
  deaths_ = 0;
  told_ = false;
  if (phase_ == phase::pausing) return begin();
  wanted_ = true;
  if (phase_ == phase::stopping) return {};
  phase_ = phase::stopping;
  wakes_ = now + options_.stop_timeout;
  return {terminate{}};
}

std::vector<lifeline::effect> lifeline::on_stop(time now) {
  std::vector<effect> out;
  if (!std::exchange(told_, true)) out.push_back(tell_failed{"it was stopped"});
  wanted_ = false;
  if (phase_ == phase::stopping) return out;
  if (phase_ == phase::pausing) {
    phase_ = phase::gone;
    wakes_.reset();
    out.push_back(tell_gone{});
    return out;
  }
  phase_ = phase::stopping;
  wakes_ = now + options_.stop_timeout;
  out.push_back(terminate{});
  return out;
}

std::vector<lifeline::effect> lifeline::on_end(const std::string& how, time now) {
  last_end_ = how;
  if (phase_ == phase::stopping) {
    if (std::exchange(wanted_, false)) return begin();
    phase_ = phase::gone;
    wakes_.reset();
    return {tell_gone{}};
  }
  std::vector<effect> out;
  if (!std::exchange(told_, true)) out.push_back(tell_failed{how});
  if (phase_ == phase::listening && now - since_ >= options_.proven) deaths_ = 0;
  if (deaths_++ == 0) {
    out.push_back(begin().front());
    return out;
  }
  const auto doublings = std::min<std::size_t>(deaths_ - 2, 16);
  phase_ = phase::pausing;
  wakes_ = now + std::min<std::chrono::milliseconds>(options_.pause * (1LL << doublings), options_.pause_most);
  return out;
}

std::vector<lifeline::effect> lifeline::on_tick(time now) {
  if (!wakes_ || now < *wakes_) return {};
  switch (phase_) {
    case phase::pausing: return begin();
    case phase::stopping: wakes_ = now + options_.stop_timeout; return {kill{}};
    case phase::starting: {
      const bool late = now - since_ >= options_.listen_timeout;
      wakes_ = now + (late ? options_.probe_slowly : options_.probe);
      std::vector<effect> out{probe{}};
      if (late && !std::exchange(told_, true)) out.push_back(tell_failed{"it runs, but does not listen after " + std::to_string(options_.listen_timeout.count() / 1000) + " s"});
      return out;
    }
    case phase::listening:
    case phase::gone: break;
  }
  wakes_.reset();
  return {};
}

std::string_view to_string(lifeline::phase p) noexcept {
  switch (p) {
    case lifeline::phase::pausing: return "waits before it is started again";
    case lifeline::phase::starting: return "starting";
    case lifeline::phase::listening: return "running";
    case lifeline::phase::stopping: return "stopping";
    case lifeline::phase::gone: return "stopped";
  }
  return "?";
}

}  // namespace weft::chaincode
