#include "cluster/private_data/search.hpp"

#include <algorithm>

namespace weft::cluster {

namespace {
constexpr unsigned jumps_max = 8;
}

std::vector<search_effect> private_data_search::step(search_event event) {
  effects out;
  if (options_.siblings > 0) std::visit([&](auto& e) { on(e, out); }, event);
  return out;
}

void private_data_search::on(gap_came& e, effects& out) {
  fresh_ = fresh_ ? std::min(*fresh_, e.block) : e.block;
  if (now_ == phase::idle || now_ == phase::pausing) read(out);
}

/// A fresh gap comes first, and with it a short pause: siblings may be a moment behind. Where gaps never cease, the oldest get their turn all the same.
void private_data_search::jump() {
  if (!fresh_) return;
  after_.reset();
  if (fresh_->value > 0 && ++jumps_ % jumps_max != 0) after_ = ledger::missing_private_data{{*fresh_, tx_number(0)}, {}, {}, {}};
  anything_left_ = after_.has_value();  // what lies before it is looked at in the next walk
  fresh_.reset();
  fruitless_pages_ = 0;
  pause_length_ = options_.pause_min;
}

void private_data_search::read(effects& out) {
  jump();
  walk(out);
}

void private_data_search::walk(effects& out) {
  now_ = phase::reading;
  out.emplace_back(read_page{after_, options_.page});
}

void private_data_search::on(page_read& e, effects& out) {
  if (now_ != phase::reading) return;
  last_page_ = e.page.size() < options_.page;
  page_ = std::move(e.page);
  if (page_.empty()) return leave_page(out);
  page_end_ = page_.back();
  asked_ = 0;
  fruitful_ = false;
  ask(out);
}

void private_data_search::ask(effects& out) {
  now_ = phase::asking;
  out.emplace_back(ask_sibling{(first_ + asked_) % options_.siblings, page_});
  ++asked_;
}

void private_data_search::on(sibling_answered& e, effects& out) {
  if (now_ != phase::asking) return;
  if (e.found.empty()) return go_on(out);
  now_ = phase::storing;
  out.emplace_back(store_found{std::move(e.found)});
}

void private_data_search::on(found_stored& e, effects& out) {
  if (now_ != phase::storing) return;
  bool more = false;
  for (const auto& g : e.gone) {
    const auto same = [&](const ledger::missing_private_data& m) { return m.at == g.at && m.ns == g.ns && m.collection == g.collection; };
    if (std::erase_if(page_, same) > 0) more = true;
  }
  fruitful_ = fruitful_ || more;
  if (more) {  // whoever has some may have more, and is asked first from now on; the page gets shorter each time
    first_ = (first_ + asked_ - 1) % options_.siblings;
    asked_ = 0;
  }
  go_on(out);
}

void private_data_search::go_on(effects& out) {
  if (page_.empty() || asked_ >= options_.siblings) return leave_page(out);
  ask(out);
}

void private_data_search::leave_page(effects& out) {
  anything_left_ = anything_left_ || !page_.empty();
  if (page_end_) after_ = std::exchange(page_end_, std::nullopt);
  page_.clear();
  fruitless_pages_ = fruitful_ ? 0 : fruitless_pages_ + 1;
  if (std::exchange(fruitful_, false)) pause_length_ = options_.pause_min;
  const bool tired = fruitless_pages_ >= options_.fruitless_pages_max;
  if (!last_page_ && !tired) return walk(out);
  if (fresh_) return read(out);
  if (!last_page_) return rest(out);
  after_.reset();  // the walk is over; the next one begins with the oldest
  if (std::exchange(anything_left_, false)) return rest(out);
  now_ = phase::idle;
}

void private_data_search::rest(effects& out) {
  now_ = phase::pausing;
  fruitless_pages_ = 0;
  out.emplace_back(begin_pause{++pause_, pause_length_});
  pause_length_ = std::min(pause_length_ * 2, options_.pause_max);
}

void private_data_search::on(pause_over& e, effects& out) {
  if (now_ != phase::pausing || e.pause != pause_) return;
  read(out);
}

}  // namespace weft::cluster
