// Ports for a cluster of processes that no other test of this machine has. Shares its lanes and locks with ports.sh.
#pragma once

namespace weft::live {

/// Sixteen neighbouring TCP ports of the loopback address, below those that the kernel hands out itself; nobody listened there when they were taken,
/// and no other test takes them while this object lives (a lock on a file, which the end of the process frees too). Throws when there are none.
class port_lane {
 public:
  static constexpr unsigned ports = 16;
  port_lane();
  ~port_lane();
  port_lane(const port_lane&) = delete;
  port_lane& operator=(const port_lane&) = delete;
  [[nodiscard]] unsigned base() const { return base_; }

 private:
  int lock_ = -1;
  unsigned base_ = 0;
};

}  // namespace weft::live
