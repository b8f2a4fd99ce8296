#include "cluster/faults/disk.hpp"

#include <algorithm>
#include <limits>

namespace weft::cluster::faults {

namespace {

constexpr std::uint64_t no_bound = std::numeric_limits<std::uint64_t>::max();

}  // namespace

/// Of one process's life: shared with the files that it opened, which may outlive the folder.
struct disk::power {
  std::uint64_t changes = 0;
  std::uint64_t left = no_bound;
  bool off = false;

  /// False: the change must not be made.
  bool change() noexcept {
    if (off) return false;
    if (left == 0) {
      off = true;
      return false;
    }
    if (left != no_bound) --left;
    ++changes;
    return true;
  }

  class switched_file;
  class switched_folder;
};

namespace {
tl::unexpected<error> gone(const std::string& name) { return fail(errc::io, name + ": the power is gone"); }
}  // namespace

class disk::power::switched_file final : public ledger::file {
 public:
  switched_file(std::string name, std::unique_ptr<ledger::file> inner, std::shared_ptr<power> p)
      : name_(std::move(name)), inner_(std::move(inner)), power_(std::move(p)) {}
  result<void> append_pieces(std::span<const bytes_view> pieces) override { return power_->change() ? inner_->append_pieces(pieces) : gone(name_); }
  result<void> sync() override { return power_->change() ? inner_->sync() : gone(name_); }
  result<void> truncate(std::uint64_t size) override { return power_->change() ? inner_->truncate(size) : gone(name_); }
  result<bytes> read(std::uint64_t offset, std::size_t count) const override {
    if (power_->off) return gone(name_);
    return inner_->read(offset, count);
  }
  std::uint64_t size() const override { return inner_->size(); }

 private:
  std::string name_;
  std::unique_ptr<ledger::file> inner_;
  std::shared_ptr<power> power_;
};

class disk::power::switched_folder final : public ledger::env {
 public:
  switched_folder(std::shared_ptr<ledger::memory_env> inner, std::shared_ptr<power> p) : inner_(std::move(inner)), power_(std::move(p)) {}

  result<std::unique_ptr<ledger::file>> open(const std::string& name) override {
    WEFT_TRY(const auto names, list());
    const bool there = std::binary_search(names.begin(), names.end(), name);
    if (!there && !power_->change()) return gone(name);
    WEFT_TRY(auto inner, inner_->open(name));
    return std::make_unique<switched_file>(name, std::move(inner), power_);
  }
  result<std::vector<std::string>> list() const override {
    if (power_->off) return gone("folder");
    return inner_->list();
  }
  result<void> remove(const std::string& name) override { return power_->change() ? inner_->remove(name) : gone(name); }
  result<void> replace(const std::string& name, bytes_view contents) override { return power_->change() ? inner_->replace(name, contents) : gone(name); }

 private:
  std::shared_ptr<ledger::memory_env> inner_;
  std::shared_ptr<power> power_;
};

disk::disk(dice random, const disk_speed& speed) : random_(random), speed_(speed), bytes_left_(no_bound), bare_(ledger::make_memory_env()) { attach(); }
disk::~disk() = default;
disk::disk(disk&&) noexcept = default;

void disk::attach() {
  const auto changes = power_ ? power_->changes : 0;
  if (power_) power_->off = true;
  power_ = std::make_shared<power>();
  power_->changes = changes;
  folder_ = std::make_shared<power::switched_folder>(bare_, power_);
}

std::shared_ptr<ledger::env> disk::folder() const { return folder_; }
std::uint64_t disk::changes() const noexcept { return power_->changes; }
bool disk::off() const noexcept { return power_->off; }

void disk::power_off_after(std::uint64_t changes) noexcept { power_->left = changes; }

void disk::restart() {
  bare_ = bare_->crash(random_);
  if (bytes_left_ != no_bound) bare_->fail_after(bytes_left_);
  attach();
}

void disk::restart_process() { attach(); }

void disk::fill_up(std::uint64_t bytes_left) {
  bytes_left_ = bytes_left;
  bare_->fail_after(bytes_left);
}

void disk::make_room() { fill_up(no_bound); }

instant disk::time_for(std::uint64_t bytes, unsigned syncs) {
  instant sum = speed_.per_kibibyte * static_cast<std::int64_t>(bytes) / 1024;
  for (; syncs > 0; --syncs) {
    const bool stalls = random_.per_mille(speed_.stall_per_mille);
    sum += stalls ? random_.between(speed_.sync_max, std::max(speed_.sync_max, speed_.stall_max)) : random_.between(speed_.sync_min, speed_.sync_max);
  }
  return sum * factor_;
}

}  // namespace weft::cluster::faults
