#include "bench/put/generator.hpp"

#include <pthread.h>

#include <ctime>
#include <utility>

#include "config/base/assert.hpp"

namespace weft::bench {

generator::generator(generator_settings settings, crypto::signing_identity client, std::shared_ptr<const weft::clock> clock,
                     std::shared_ptr<random_source> random)
    : settings_(std::move(settings)), client_(std::move(client)), clock_(std::move(clock)), random_(std::move(random)) {}

generator::~generator() {
  stop();
  for (auto& t : threads_) t.join();
}

void generator::stop() {
  std::lock_guard lock(mutex_);
  stopping_ = true;
  wake_.notify_all();
  ahead_.notify_all();
}

void generator::start(generator_sinks sinks) {
  sinks_ = std::move(sinks);
  for (std::size_t i = 0; i < settings_.threads; ++i) threads_.emplace_back([this] { work(); });
}

void generator::wait_until_ahead() {
  std::unique_lock lock(mutex_);
  ahead_.wait(lock, [&] { return stopping_ || made_ == settings_.txs || ready_.size() >= settings_.look_ahead; });
}

std::optional<ready_proposal> generator::take() {
  std::lock_guard lock(mutex_);
  if (ready_.empty()) {
    hungry_ = true;
    return std::nullopt;
  }
  auto out = std::move(ready_.front());
  ready_.pop_front();
  // Waking a thread for every proposal would cost more than the proposal: refill when half is gone.
  if (begun_ < settings_.txs && ready_.size() <= settings_.look_ahead / 2) wake_.notify_one();
  return out;
}

void generator::sign(std::size_t client, bytes payload) {
  std::lock_guard lock(mutex_);
  WEFT_ASSERT(envelopes_.size() < settings_.clients, "a client has one envelope to sign at a time");
  envelopes_.push_back({client, std::move(payload)});
  wake_.notify_one();
}

std::uint64_t generator::cpu_nanos() const {
  std::uint64_t sum = 0;
  for (const auto& t : threads_) {
    clockid_t id{};
    timespec used{};
    if (pthread_getcpuclockid(const_cast<std::thread&>(t).native_handle(), &id) != 0 || clock_gettime(id, &used) != 0) continue;
    sum += static_cast<std::uint64_t>(used.tv_sec) * 1'000'000'000u + static_cast<std::uint64_t>(used.tv_nsec);
  }
  return sum;
}

result<ready_proposal> generator::make_one(std::uint64_t number) const {
  bytes value = to_hex(random_->make_bytes((settings_.value_bytes + 1) / 2));
  value.resize(settings_.value_bytes);
  const ledger::proposal_request request{settings_.channel, "kv", {"put", "key-" + std::to_string(number), std::move(value)}, {}, false};
  auto proposal = ledger::make_proposal(request, client_.serialized(), random_->make_bytes(24), clock_->now());
  WEFT_TRY(auto signature, client_.sign(proposal.proposal_bytes));
  return ready_proposal{ledger::make_signed_proposal(proposal.proposal_bytes, signature), std::move(proposal.tx_id)};
}

/// Envelopes first, because a client waits for each; proposals when there is room ahead.
void generator::work() {
  const auto room = [&] { return begun_ < settings_.txs && ready_.size() + (begun_ - made_) < settings_.look_ahead; };
  const auto failed = [&](const error& e) {
    stop();
    if (sinks_.on_failure) sinks_.on_failure(e);
  };
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [&] { return stopping_ || !envelopes_.empty() || room(); });
    if (stopping_) return;
    if (!envelopes_.empty()) {
      auto job = std::move(envelopes_.front());
      envelopes_.pop_front();
      lock.unlock();
      auto signature = client_.sign(job.payload);
      if (!signature) return failed(signature.error());
      sinks_.on_envelope(job.client, ledger::envelope::make(std::move(job.payload), std::move(*signature)));
      lock.lock();
      continue;
    }
    const auto number = begun_++;
    lock.unlock();
    auto made = make_one(number);
    if (!made) return failed(made.error());
    lock.lock();
    ready_.push_back(std::move(*made));
    ++made_;
    if (made_ == settings_.txs || ready_.size() >= settings_.look_ahead) ahead_.notify_all();
    if (std::exchange(hungry_, false)) {
      lock.unlock();
      sinks_.on_refill();
      lock.lock();
    }
  }
}

}  // namespace weft::bench
