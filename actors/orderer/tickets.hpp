// Who waits for which envelope: a consenter's core knows tickets, its shell knows whom to answer.
#pragma once

#include <functional>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "actors/interfaces.hpp"

namespace weft::actors {

/// How a submitter learns what became of its envelope.
using answer_fn = std::function<void(const broadcast_reply&)>;

/// Owned by one actor. Numbers are never used again.
class tickets {
 public:
  [[nodiscard]] std::uint64_t issue(answer_fn answer) {
    open_.emplace(++last_, std::move(answer));
    return last_;
  }
  /// Every ticket is answered once; an unknown one was answered already.
  void answer(std::uint64_t ticket, const broadcast_reply& r) {
    if (const auto found = open_.extract(ticket)) found.mapped()(r);
  }
  void answer_all(const broadcast_reply& r) {
    for (auto& [ticket, answer] : std::exchange(open_, {})) answer(r);
  }
  [[nodiscard]] std::size_t size() const noexcept { return open_.size(); }

 private:
  std::unordered_map<std::uint64_t, answer_fn> open_;
  std::uint64_t last_ = 0;
};

/// One promise for many envelopes: it is kept when the last of them is answered. `take` gets each envelope with its way to be answered.
template <class Self, class Take>
caf::result<std::vector<broadcast_reply>> take_all(Self* self, const std::vector<ledger::envelope>& all, Take take) {
  auto promise = self->template make_response_promise<std::vector<broadcast_reply>>();
  auto replies = std::make_shared<std::vector<broadcast_reply>>(all.size());
  auto left = std::make_shared<std::size_t>(all.size());
  if (all.empty()) promise.deliver(*replies);
  for (std::size_t i = 0; i < all.size(); ++i) {
    take(all[i], answer_fn{[promise, replies, left, i](const broadcast_reply& r) mutable {
           (*replies)[i] = r;
           if (--*left == 0) promise.deliver(*replies);
         }});
  }
  return promise;
}
template <class Self, class Take>
caf::result<broadcast_reply> take_one(Self* self, const ledger::envelope& e, Take take) {
  auto promise = self->template make_response_promise<broadcast_reply>();
  take(e, answer_fn{[promise](const broadcast_reply& r) mutable { promise.deliver(r); }});
  return promise;
}

}  // namespace weft::actors
