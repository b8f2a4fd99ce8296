#include "cluster/ordering/block_cutter.hpp"

#include <algorithm>
#include <utility>

namespace weft::cluster {

std::vector<cut_effect> block_cutter::step(cut_event event) {
  std::vector<cut_effect> out;
  if (auto* s = std::get_if<submit>(&event)) {
    on(std::move(*s), out);
  } else if (auto* t = std::get_if<timer_fired>(&event)) {
    if (!timer_runs_ || t->timer != timer_) return out;  // an older timer: its batch has left
    cut(out);
  } else if (std::get_if<config_follows>(&event)) {
    cut(out);
  } else {
    on(std::get<downstream_idle>(event), out);
  }
  sync_timer(out);
  return out;
}

void block_cutter::on(submit event, std::vector<cut_effect>& out) {
  const auto size = event.item.tx.size();
  if (size > limits_.preferred_max_bytes) {  // travels alone, behind what waits already
    cut(out);
    pending_.push_back(std::move(event.item));
    cut(out);
    return;
  }
  if (pending_bytes_ + size > limits_.preferred_max_bytes) cut(out);
  pending_.push_back(std::move(event.item));
  pending_bytes_ += size;
  if (pending_.size() >= limits_.max_message_count) cut(out);
}

void block_cutter::on(downstream_idle event, std::vector<cut_effect>& out) {
  if (!limits_.cut_when_idle || pending_.empty()) return;
  const bool alone = pending_.size() == 1 && last_batch_ <= 1;  // nobody came while the last one was on its way, so nobody is expected
  if (alone || event.since_last_cut >= limits_.idle_spacing || event.since_last_submit >= limits_.idle_gap) return cut(out);
  out.push_back(look_again{std::min(limits_.idle_spacing - event.since_last_cut, limits_.idle_gap - event.since_last_submit)});
}

void block_cutter::cut(std::vector<cut_effect>& out) {
  if (pending_.empty()) return;
  last_batch_ = pending_.size();
  out.push_back(emit_batch{std::exchange(pending_, {})});
  pending_bytes_ = 0;
}

std::vector<cut_item> block_cutter::drop() {
  pending_bytes_ = 0;
  timer_runs_ = false;
  return std::exchange(pending_, {});
}

void block_cutter::sync_timer(std::vector<cut_effect>& out) {
  if (pending_.empty()) {
    timer_runs_ = false;
  } else if (!timer_runs_) {
    timer_ = timer_.next();
    timer_runs_ = true;
    out.push_back(start_timer{timer_, limits_.timeout});
  }
}

}  // namespace weft::cluster
