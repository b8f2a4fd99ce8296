// A folder in memory that stops at a chosen effect, as a process does that dies there, and whose syncs can be told to fail.
#pragma once

#include <limits>
#include <memory>
#include <string>

#include "ledger/store/env.hpp"

namespace weft::testing {

class faulty_env final : public ledger::env {
 public:
  explicit faulty_env(std::shared_ptr<ledger::memory_env> inner) : plan_(std::make_shared<plan>()), inner_(std::move(inner)) {}

  /// After this many more effects (a file made or removed, an append, a sync, a truncate) nothing happens any more.
  void stop_after(std::uint64_t effects) { plan_->left = effects; }
  void fail_syncs(bool yes) { plan_->syncs_fail = yes; }
  void fail_removes(bool yes) { removes_fail_ = yes; }
  [[nodiscard]] std::uint64_t effects() const { return plan_->done; }
  [[nodiscard]] std::uint64_t syncs() const { return plan_->syncs; }
  [[nodiscard]] std::uint64_t appends() const { return plan_->appends; }
  [[nodiscard]] bool stopped() const { return plan_->left == 0; }
  [[nodiscard]] const std::shared_ptr<ledger::memory_env>& inner() const { return inner_; }

  result<std::unique_ptr<ledger::file>> open(const std::string& name) override {
    WEFT_CHECK(plan_->effect());
    WEFT_TRY(auto f, inner_->open(name));
    return std::make_unique<faulty_file>(plan_, std::move(f));
  }
  result<std::vector<std::string>> list() const override { return inner_->list(); }
  result<void> remove(const std::string& name) override {
    if (removes_fail_) return fail(errc::io, "cannot remove " + name);
    WEFT_CHECK(plan_->effect());
    return inner_->remove(name);
  }
  result<void> replace(const std::string& name, bytes_view contents) override {
    WEFT_CHECK(plan_->effect());
    return inner_->replace(name, contents);
  }

 private:
  struct plan {
    std::uint64_t left = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t done = 0, syncs = 0, appends = 0;
    bool syncs_fail = false;
    result<void> effect() {
      if (left == 0) return fail(errc::io, "the process is dead");
      --left;
      ++done;
      return {};
    }
  };

  class faulty_file final : public ledger::file {
   public:
    faulty_file(std::shared_ptr<plan> p, std::unique_ptr<ledger::file> inner) : plan_(std::move(p)), inner_(std::move(inner)) {}
    result<void> append_pieces(std::span<const bytes_view> pieces) override {
      WEFT_CHECK(plan_->effect());
      ++plan_->appends;
      return inner_->append_pieces(pieces);
    }
    result<void> sync() override {
      WEFT_CHECK(plan_->effect());
      ++plan_->syncs;
      if (plan_->syncs_fail) return fail(errc::io, "cannot sync");
      return inner_->sync();
    }
    result<bytes> read(std::uint64_t offset, std::size_t count) const override { return inner_->read(offset, count); }
    std::uint64_t size() const override { return inner_->size(); }
    result<void> truncate(std::uint64_t size) override {
      WEFT_CHECK(plan_->effect());
      return inner_->truncate(size);
    }

   private:
    std::shared_ptr<plan> plan_;
    std::unique_ptr<ledger::file> inner_;
  };

  std::shared_ptr<plan> plan_;
  std::shared_ptr<ledger::memory_env> inner_;
  bool removes_fail_ = false;
};

}  // namespace weft::testing
