#include "actors/node/package_runner.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "chaincode/process/node_source.hpp"

namespace weft::actors {

namespace {

constexpr std::chrono::seconds dial_timeout{25};  ///< Below a call's 30 seconds: the first one may meet a contract that is being installed.

class started_store final : public chaincode::package_store {
 public:
  started_store(std::shared_ptr<package_store> store, std::shared_ptr<package_runner> runner) : store_(std::move(store)), runner_(std::move(runner)) {}
  result<chaincode::installed_package> install(bytes_view raw) override {
    WEFT_TRY(auto p, store_->install(raw));
    runner_->start(p, store_);
    return p;
  }
  std::vector<chaincode::installed_package> list() const override { return store_->list(); }
  std::optional<chaincode::installed_package> find(std::string_view id) const override { return store_->find(id); }
  result<bytes> read(std::string_view id) const override { return store_->read(id); }

 private:
  std::shared_ptr<package_store> store_;
  std::shared_ptr<package_runner> runner_;
};

}  // namespace

bool package_runner::runs(const chaincode::installed_package& p) { return p.type == chaincode::node_type && !p.service; }

std::filesystem::path package_runner::folder_of(const chaincode::installed_package& p) const {
  auto name = p.id;
  std::replace(name.begin(), name.end(), ':', '.');
  return folder_ / name;
}

void package_runner::start(const chaincode::installed_package& p, std::shared_ptr<const chaincode::package_store> from) {
  if (!runs(p) || !keeper_.address_of(p.id).empty()) return;
  {
    const std::lock_guard lock(mutex_);
    if (!starting_.insert(p.id).second) return;
  }
  const bool taken = background_->try_run([self = shared_from_this(), p, from = std::move(from)] { self->begin(p, *from); });
  if (taken) return;
  spdlog::warn("contract {} is not started now: too much waits to be done", p.label);
  const std::lock_guard lock(mutex_);
  starting_.erase(p.id);
}

void package_runner::begin(const chaincode::installed_package& p, const chaincode::package_store& from) {
  if (const auto done = unpack_and_start(p, from); !done) spdlog::error("contract {} is installed, but cannot be started: {}", p.label, done.error().context);
  const std::lock_guard lock(mutex_);
  starting_.erase(p.id);
}

result<void> package_runner::unpack_and_start(const chaincode::installed_package& p, const chaincode::package_store& from) {
  WEFT_TRY(const auto raw, from.read(p.id));
  WEFT_TRY(const auto package, chaincode::parse_package(raw));
  WEFT_TRY(const auto script, chaincode::unpack_node_source(package.code, folder_of(p)));
  WEFT_TRY(const auto address, keeper_.address_for(p.label, script.string()));
  return keeper_.start({p.label, script.string(), {p.id, address}}, [label = p.label](const result<void>& done) {
    if (done) spdlog::info("contract {} runs", label);
    else spdlog::warn("{}", done.error().context);
  });
}

std::optional<chaincode::connection> package_runner::connection_of(const chaincode::installed_package& p, const std::shared_ptr<const chaincode::package_store>& from) {
  auto address = keeper_.address_of(p.id);
  if (address.empty()) {
    start(p, from);
    const auto planned = keeper_.address_for(p.label, (folder_of(p) / "start").string());
    if (!planned) return std::nullopt;
    address = *planned;
  }
  chaincode::connection out;
  out.address = std::move(address);
  out.dial_timeout = dial_timeout;
  return out;
}

std::shared_ptr<chaincode::package_store> with_runner(std::shared_ptr<chaincode::package_store> store, std::shared_ptr<package_runner> runner) {
  return std::make_shared<started_store>(std::move(store), std::move(runner));
}

}  // namespace weft::actors
