#include "cluster/private_data/search.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "config/base/random.hpp"

using namespace weft;
using namespace weft::cluster;
using std::chrono::milliseconds;

namespace {

ledger::missing_private_data claim(std::uint64_t block) { return {{block_number(block), tx_number(0)}, "cc", "own", "hash"}; }

// A ledger and siblings behind the core; carries its effects out until it rests.
struct world {
  private_data_search core;
  std::set<std::uint64_t> missing;                       ///< By block.
  std::vector<std::set<std::uint64_t>> siblings;         ///< What each of them has.
  std::size_t sets_max = 1000;                           ///< In one answer.
  std::string log;                                       ///< "ask 0: 1 2; stored 1; pause 100; "
  std::deque<search_effect> open;
  std::optional<begin_pause> pause;

  world(std::size_t count, std::size_t page = 64, std::size_t fruitless = 16)
      : core({count, page, fruitless, milliseconds(100), milliseconds(1000)}), siblings(count) {}

  void tell(search_event e) {
    for (auto& effect : core.step(std::move(e))) {
      if (auto* p = std::get_if<begin_pause>(&effect)) carry_out(*p);
      else open.push_back(std::move(effect));
    }
    CHECK(open.size() <= 1);
  }
  void tell_and_run(search_event e) {
    tell(std::move(e));
    while (!open.empty()) one();
  }
  void one() {
    auto effect = std::move(open.front());
    open.pop_front();
    std::visit([&](auto& e) { carry_out(e); }, effect);
  }
  void carry_out(read_page& e) {
    missing_list page;
    for (const auto b : missing) {
      if (page.size() < e.limit && (!e.after || claim(b).at >= e.after->at) && (!e.after || e.after->ns.empty() || b != e.after->at.block.value)) page.push_back(claim(b));
    }
    tell(page_read{page});
  }
  void carry_out(ask_sibling& e) {
    log += "ask " + std::to_string(e.sibling) + ":";
    std::vector<ledger::late_private_data> found;
    for (const auto& w : e.wanted) {
      log += " " + std::to_string(w.at.block.value);
      if (siblings.at(e.sibling).count(w.at.block.value) && found.size() < sets_max) found.push_back({w.at, w.ns, w.collection, "set"});
    }
    log += "; ";
    tell(sibling_answered{found});
  }
  void carry_out(store_found& e) {
    log += "stored";
    for (const auto& f : e.found) {
      log += " " + std::to_string(f.at.block.value);
      missing.erase(f.at.block.value);
    }
    log += "; ";
    tell(found_stored{e.found});
  }
  void carry_out(begin_pause& e) {
    log += "pause " + std::to_string(e.length.count()) + "; ";
    pause = e;
  }
  void commit_without(std::uint64_t block) {
    missing.insert(block);
    tell_and_run(gap_came{block_number(block)});
  }
  void wait() {
    REQUIRE(pause);
    tell_and_run(pause_over{std::exchange(pause, std::nullopt)->pause});
  }
  std::string said() { return std::exchange(log, {}); }
};

}  // namespace

TEST_CASE("nothing is missing, or nobody is there: nothing is asked") {
  world w(2);
  w.tell_and_run(gap_came{block_number(0)});
  CHECK(w.said().empty());
  world alone(0);
  alone.commit_without(3);
  CHECK(alone.said().empty());
  CHECK_FALSE(alone.pause);
}

TEST_CASE("siblings are asked in turn; who had something is asked first the next time") {
  world w(3);
  w.siblings[1] = {4, 5, 6};
  w.siblings[2] = {5};
  w.commit_without(4);
  CHECK(w.said() == "ask 0: 4; ask 1: 4; stored 4; pause 100; ");  // what lies before block 4 has not been looked at
  w.wait();
  CHECK(w.said().empty());
  w.commit_without(5);
  CHECK(w.said() == "ask 1: 5; stored 5; pause 100; ");
  w.siblings[1].clear();
  w.siblings[2] = {6};
  w.commit_without(6);
  CHECK(w.said() == "ask 1: 6; ask 2: 6; stored 6; pause 100; ");
}

TEST_CASE("what nobody has is asked for again, ever more seldom, until something comes") {
  world w(1);
  w.commit_without(1);
  CHECK(w.said() == "ask 0: 1; pause 100; ");
  for (const char* length : {"200", "400", "800", "1000", "1000"}) {
    w.wait();
    CHECK(w.said() == std::string("ask 0: 1; pause ") + length + "; ");
  }
  w.commit_without(2);  // ends the pause
  CHECK(w.said() == "ask 0: 2; pause 100; ");
  w.siblings[0] = {1, 2};
  w.wait();
  CHECK(w.said() == "ask 0: 1 2; stored 1 2; ");
  CHECK_FALSE(std::exchange(w.pause, std::nullopt));
}

TEST_CASE("an answer that does not hold everything is followed by another question") {
  world w(2);
  w.sets_max = 2;
  w.siblings[1] = {1, 2, 3, 4, 5};
  w.missing = {1, 2, 3, 4, 5};
  w.tell_and_run(gap_came{block_number(0)});
  CHECK(w.said() == "ask 0: 1 2 3 4 5; ask 1: 1 2 3 4 5; stored 1 2; ask 1: 3 4 5; stored 3 4; ask 1: 5; stored 5; ");
}

TEST_CASE("many are looked at page by page; a sibling that has nothing is not asked for all of them at once") {
  world w(1, 2, 2);
  w.missing = {1, 2, 3, 4, 5, 6, 7};
  w.siblings[0] = {7};
  w.tell_and_run(gap_came{block_number(0)});
  CHECK(w.said() == "ask 0: 1 2; ask 0: 3 4; pause 100; ");
  w.wait();
  CHECK(w.said() == "ask 0: 5 6; ask 0: 7; stored 7; pause 100; ");
  w.commit_without(8);
  CHECK(w.said() == "ask 0: 8; pause 100; ");
  w.wait();
  CHECK(w.said() == "ask 0: 1 2; ask 0: 3 4; pause 200; ");
}

TEST_CASE("a gap that comes while something is asked for is looked after next, and one question is open at a time") {
  world w(1);
  w.missing = {1};
  w.tell(gap_came{block_number(0)});
  w.one();  // the page is read; the question is open
  w.missing.insert(2);
  w.tell(gap_came{block_number(2)});
  w.missing.insert(3);
  w.tell(gap_came{block_number(3)});
  CHECK(w.open.size() == 1);
  w.siblings[0] = {2, 3};
  while (!w.open.empty()) w.one();
  CHECK(w.said() == "ask 0: 1; ask 0: 2 3; stored 2 3; pause 100; ");
}

TEST_CASE("a pause that was ended counts no more when its time comes, nor does an answer that nobody waits for") {
  world w(1);
  w.commit_without(1);
  const auto old = *w.pause;
  w.commit_without(2);
  w.said();
  w.tell_and_run(pause_over{old.pause});
  w.tell_and_run(sibling_answered{{{claim(1).at, "cc", "own", "set"}}});
  w.tell_and_run(page_read{{claim(1)}});
  w.tell_and_run(found_stored{{{claim(1).at, "cc", "own", "set"}}});
  CHECK(w.said().empty());
}

TEST_CASE("where gaps never cease, what was in vain at first gets its turn all the same") {
  world w(1);
  w.commit_without(1);
  w.siblings[0] = {1};
  std::uint64_t block = 2;
  for (; block < 30 && w.missing.count(1); ++block) {
    w.siblings[0].insert(block);
    w.commit_without(block);
  }
  CHECK(w.missing.count(1) == 0);
  CHECK(block < 12);
}

TEST_CASE("whatever happens, everything that somebody has is found in the end") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    seeded_random random(seed);
    world w(1 + random.below(4), 1 + random.below(5), 1 + random.below(4));
    w.sets_max = 1 + random.below(4);
    std::set<std::uint64_t> nowhere;
    std::uint64_t block = 0;
    w.tell_and_run(gap_came{block_number(0)});
    for (auto steps = 20 + random.below(60); steps > 0; --steps) {
      if (random.below(2) == 0) {
        ++block;
        if (random.below(4) == 0) nowhere.insert(block);
        else w.siblings[random.below(w.siblings.size())].insert(block);
        w.missing.insert(block);
        w.tell(gap_came{block_number(block)});
      } else if (!w.open.empty()) {
        w.one();
      } else if (w.pause && random.below(2) == 0) {
        w.tell(pause_over{std::exchange(w.pause, std::nullopt)->pause});
      }
    }
    while (!w.open.empty()) w.one();
    for (int pauses = 0; w.pause && w.missing != nowhere && pauses < 300; ++pauses) w.wait();
    CHECK(w.missing == nowhere);
    if (nowhere.empty()) continue;
    CHECK(w.pause.has_value());  // asked for again, for ever
  }
}
