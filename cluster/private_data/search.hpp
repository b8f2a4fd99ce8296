// Whom to ask for private data that are missing, for which of them, and when again. The core of PRIVATE_PULLER: one page of claims at a time, one request
// in flight, siblings in turn.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "ledger/chain/private_gaps.hpp"

namespace weft::cluster {

using missing_list = std::vector<ledger::missing_private_data>;

/// A block was committed that lacks something; 0: look at everything (the role has just begun).
struct gap_came { block_number block; };
/// The answer to `read_page`; shorter than asked for: there is nothing behind it.
struct page_read { missing_list page; };
/// The answer to `ask_sibling`: nothing of it, or no answer at all, is an empty list.
struct sibling_answered { std::vector<ledger::late_private_data> found; };
/// The answer to `store_found`: what is not missing any more, whoever brought it.
struct found_stored { std::vector<ledger::late_private_data> gone; };
struct pause_over { std::uint64_t pause = 0; };
using search_event = std::variant<gap_came, page_read, sibling_answered, found_stored, pause_over>;

struct read_page { std::optional<ledger::missing_private_data> after; std::size_t limit = 0; };
struct ask_sibling { std::size_t sibling = 0; missing_list wanted; };
struct store_found { std::vector<ledger::late_private_data> found; };
/// `pause_over` with this number when the time has come; older ones count no more.
struct begin_pause { std::uint64_t pause = 0; std::chrono::milliseconds length{}; };
using search_effect = std::variant<read_page, ask_sibling, store_found, begin_pause>;

struct search_options {
  std::size_t siblings = 0;                      ///< How many there are; none: nothing is ever asked.
  std::size_t page = 64;                         ///< Claims in one request.
  std::size_t fruitless_pages_max = 16;          ///< Pages in a row of which nobody has anything, before a pause.
  std::chrono::milliseconds pause_min{100}, pause_max{60'000};
};

/// Invariants: at most one effect is unanswered, pauses apart; a page is offered to every sibling before it is left; a fresh gap ends a pause and comes
/// before what was in vain. Nothing is kept but one page.
class private_data_search {
 public:
  explicit private_data_search(search_options options) : options_(options), pause_length_(options.pause_min) {}
  [[nodiscard]] std::vector<search_effect> step(search_event event);

 private:
  enum class phase : std::uint8_t { idle, reading, asking, storing, pausing };
  using effects = std::vector<search_effect>;
  void on(gap_came& e, effects& out);
  void on(page_read& e, effects& out);
  void on(sibling_answered& e, effects& out);
  void on(found_stored& e, effects& out);
  void on(pause_over& e, effects& out);
  void read(effects& out);
  void walk(effects& out);
  void ask(effects& out);
  void go_on(effects& out);
  void leave_page(effects& out);
  void rest(effects& out);
  void jump();

  search_options options_;
  phase now_ = phase::idle;
  std::optional<block_number> fresh_;                    ///< The first gap that this walk may not have met.
  std::optional<ledger::missing_private_data> after_;    ///< Everything up to it has been looked at in this walk.
  bool anything_left_ = false;                           ///< Behind this walk.
  unsigned jumps_ = 0;
  missing_list page_;                                    ///< Of which nothing has come yet.
  std::optional<ledger::missing_private_data> page_end_;
  bool last_page_ = false, fruitful_ = false;
  std::size_t first_ = 0, asked_ = 0;                    ///< The sibling that was asked first for this page; how many were.
  std::size_t fruitless_pages_ = 0;
  std::uint64_t pause_ = 0;
  std::chrono::milliseconds pause_length_;
};

}  // namespace weft::cluster
