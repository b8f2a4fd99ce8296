// A group of cores with an in-memory log each and an in-memory network, driven by the commands of interaction cases.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cluster/raft/core.hpp"
#include "cluster/raft/memory_storage.hpp"
#include "tests/raft_datadriven/cases.hpp"

namespace weft::datadriven {

/// What a command prints: its own lines and, mixed in where they occurred, those of the cores.
class transcript final : public cluster::raft::journal {
 public:
  enum level { debug, info, warn, error, fatal, none };
  [[nodiscard]] bool wants(cluster::raft::severity s) const noexcept override { return static_cast<int>(s) >= level_; }
  void write(cluster::raft::severity s, std::string_view line) override;
  void print(std::string_view text) {
    if (level_ != none) text_ += text;
  }
  [[nodiscard]] bool quiet() const { return level_ == none; }
  /// Errors: `invalid_argument` for an unknown name.
  result<void> set_level(std::string_view name);
  [[nodiscard]] int current() const { return level_; }
  void set(int level) { level_ = level; }
  std::string take() { return std::exchange(text_, {}); }
  /// Indents what `body` prints.
  template <class Body>
  auto indented(Body body) {
    std::string before = take();
    auto outcome = body();
    const std::string inner = take();
    text_ = std::move(before);
    for (const auto& line : lines(inner)) text_ += "  " + line + "\n";
    return outcome;
  }

 private:
  int level_ = debug;
  std::string text_;
};

class group {
 public:
  /// What the command prints, including its error.
  std::string run(const block& b);

 private:
  /// Gives the newest of all states that its node went through, not the one at which the log was cut.
  struct storage final : cluster::raft::memory_storage {
    std::vector<cluster::raft::snapshot_ptr> history;
    [[nodiscard]] cluster::raft::snapshot_ptr latest_snapshot() const override { return history.back(); }
  };
  struct member {
    std::unique_ptr<storage> log = std::make_unique<storage>();
    std::unique_ptr<cluster::raft::core> core;
  };
  struct recipient { cluster::raft::node_id id; bool drop; };

  result<void> dispatch(const block& b);
  result<void> add_nodes(const block& b);
  result<void> add_member(cluster::raft::options o, const cluster::raft::snapshot& bootstrap);
  result<void> compact(const block& b);
  result<void> deliver(const block& b);
  result<std::size_t> deliver_to(std::optional<cluster::raft::message_kind> kind, const std::vector<recipient>& to);
  result<void> process_ready(const block& b);
  result<void> process_one(member& m);
  result<void> apply(member& m, const std::vector<cluster::raft::entry>& committed);
  result<void> propose(const block& b);
  result<void> propose_change(const block& b);
  result<void> raft_log(const block& b);
  result<void> raft_state();
  result<void> send_snapshot(const block& b);
  result<void> set_timeout(const block& b);
  result<void> stabilize(const block& b);
  result<bool> stabilize_once(const std::vector<member*>& members);
  result<void> status(const block& b);
  result<void> tick(const block& b, unsigned times);
  result<void> transfer(const block& b);
  result<void> unreachable(const block& b);

  result<member*> at(std::string_view id);
  result<std::vector<member*>> listed(const block& b);
  result<member*> first(const block& b);
  [[nodiscard]] std::string text_of(const cluster::raft::message& m, const error& e) const;

  transcript out_;
  seeded_random random_{1};
  std::vector<member> members_;
  std::vector<cluster::raft::message> network_;
};

}  // namespace weft::datadriven
