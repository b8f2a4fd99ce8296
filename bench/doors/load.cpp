// Clients that call the doors as SDKs do: a thread each, one transaction at a time.
#include "bench/doors/load.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "bench/put/generator.hpp"
#include "bench/report/schedule.hpp"
#include "cluster/deliver/seek.hpp"
#include "crypto/msp/folder.hpp"
#include "edge/rpc/client.hpp"
#include "gateway/gateway.pb.h"
#include "orderer/ab.pb.h"
#include "peer/events.pb.h"
#include "proto/encode.hpp"

namespace weft::bench {

namespace {

using edge::rpc_client;
using steady = std::chrono::steady_clock;
constexpr std::size_t kinds_max = 32;
constexpr std::chrono::seconds call_patience{60};

/// What a transaction came to; not empty: why not valid.
using ending = std::string;

/// Verdicts as they are committed, for those who wait: the peer's stream of filtered blocks.
class commit_watch {
 public:
  commit_watch(rpc_client& peer, const load_plan& plan, const crypto::signing_identity& who, random_source& random) {
    stream_ = peer.open("/protos.Deliver/DeliverFiltered", {std::chrono::seconds(plan.deadline_seconds + 60), {}});
    auto payload = cluster::make_seek_payload(plan.channel, block_number{0}, std::nullopt, who.serialized(), random.make_bytes(24), system_clock().now());
    auto signature = who.sign(payload);
    if (signature) alive_ = stream_->write(ledger::envelope::make(std::move(payload), std::move(*signature)).raw().to_bytes());
    reader_ = std::thread([this] { read(); });
  }
  ~commit_watch() {
    stream_->cancel();
    reader_.join();
  }
  /// Before the transaction is sent.
  void expect(const std::string& tx_id) {
    std::lock_guard lock(mutex_);
    verdicts_[tx_id] = -1;
  }
  ending wait_for(const std::string& tx_id) {
    std::unique_lock lock(mutex_);
    const auto& verdict = verdicts_[tx_id];
    committed_.wait_for(lock, call_patience, [&] { return verdict >= 0 || !alive_; });
    const int code = verdict;
    verdicts_.erase(tx_id);
    if (code < 0) return "no commit was heard of";
    return code == 0 ? ending{} : "code " + std::to_string(code);
  }

 private:
  void read() {
    while (const auto raw = stream_->read()) {
      ::protos::DeliverResponse r;
      if (!proto::decode(*raw, r)) break;
      std::lock_guard lock(mutex_);
      for (const auto& tx : r.filtered_block().filtered_transactions())
        if (const auto it = verdicts_.find(tx.txid()); it != verdicts_.end()) it->second = tx.tx_validation_code();
      committed_.notify_all();
    }
    std::lock_guard lock(mutex_);
    alive_ = false;
    committed_.notify_all();
  }

  std::unique_ptr<edge::client_stream> stream_;
  std::mutex mutex_;
  std::condition_variable committed_;
  std::unordered_map<std::string, int> verdicts_;  ///< -1: awaited.
  bool alive_ = false;
  std::thread reader_;
};

/// What all clients share.
struct session {
  const load_plan& plan;
  crypto::signing_identity who;
  std::vector<std::shared_ptr<rpc_client>> peers;
  std::shared_ptr<rpc_client> orderer;
  std::unique_ptr<commit_watch> commits;
  std::atomic<std::uint64_t> envelopes{0}, envelope_bytes{0}, endorsements{0};

  void count(const ::common::Envelope& e) {
    if (envelopes.fetch_add(1) == 0) {
      const auto tx = ledger::parse_endorser_tx(ledger::envelope::make(e.payload(), e.signature()));
      if (tx) endorsements = tx->endorsements.size();
    }
    envelope_bytes += e.ByteSizeLong();
  }
};

ending refused(const char* step, const actors::rpc_status& s) { return std::string(step) + ": " + s.message; }

/// A call with what is encoded and decoded around it. Not empty: why it failed.
template <class Request, class Response>
ending ask(rpc_client& peer, const char* method, const Request& request, Response& response) {
  const auto answer = peer.call(method, proto::encode(request), {call_patience, {}});
  if (!answer.status.ok()) return refused(method, answer.status);
  return proto::decode(answer.response, response) ? ending{} : std::string(method) + ": malformed answer";
}

ending evaluate(session& s, const ready_proposal& p) {
  ::gateway::EvaluateRequest request;
  request.set_transaction_id(p.tx_id);
  request.set_channel_id(s.plan.channel);
  static_cast<void>(proto::decode(p.signed_proposal, *request.mutable_proposed_transaction()));
  ::gateway::EvaluateResponse response;
  return ask(*s.peers.front(), "/gateway.Gateway/Evaluate", request, response);
}

ending through_gateway(session& s, const ready_proposal& p) {
  auto& peer = *s.peers.front();
  ::gateway::EndorseRequest endorse;
  endorse.set_transaction_id(p.tx_id);
  endorse.set_channel_id(s.plan.channel);
  static_cast<void>(proto::decode(p.signed_proposal, *endorse.mutable_proposed_transaction()));
  ::gateway::EndorseResponse endorsed;
  if (auto why = ask(peer, "/gateway.Gateway/Endorse", endorse, endorsed); !why.empty()) return why;
  ::gateway::SubmitRequest submit;
  submit.set_transaction_id(p.tx_id);
  submit.set_channel_id(s.plan.channel);
  auto& tx = *submit.mutable_prepared_transaction();
  tx = std::move(*endorsed.mutable_prepared_transaction());
  auto signature = s.who.sign(tx.payload());
  if (!signature) return signature.error().context;
  tx.set_signature(std::move(*signature));
  s.count(tx);
  ::gateway::SubmitResponse submitted;
  if (auto why = ask(peer, "/gateway.Gateway/Submit", submit, submitted); !why.empty()) return why;
  ::gateway::CommitStatusRequest inner;
  inner.set_transaction_id(p.tx_id);
  inner.set_channel_id(s.plan.channel);
  inner.set_identity(s.who.serialized());
  ::gateway::SignedCommitStatusRequest status;
  status.set_request(proto::encode(inner));
  auto signed_request = s.who.sign(status.request());
  if (!signed_request) return signed_request.error().context;
  status.set_signature(std::move(*signed_request));
  ::gateway::CommitStatusResponse verdict;
  if (auto why = ask(peer, "/gateway.Gateway/CommitStatus", status, verdict); !why.empty()) return why;
  return verdict.result() == 0 ? ending{} : "code " + std::to_string(verdict.result());
}

/// Proposals to one peer of each organization, then the client's own stream to an orderer.
ending directly(session& s, edge::client_stream& broadcast, const ready_proposal& p) {
  std::vector<bytes> responses;
  for (const auto& peer : s.peers) {
    auto answer = peer->call("/protos.Endorser/ProcessProposal", p.signed_proposal, {call_patience, {}});
    if (!answer.status.ok()) return refused("ProcessProposal", answer.status);
    responses.push_back(std::move(answer.response));
  }
  const auto proposal = ledger::parse_signed_proposal(p.signed_proposal);
  if (!proposal) return proposal.error().context;
  auto payload = ledger::make_transaction_payload(*proposal, responses);
  if (!payload) return payload.error().context;
  auto signature = s.who.sign(*payload);
  if (!signature) return signature.error().context;
  ::common::Envelope tx;
  tx.set_payload(std::move(*payload));
  tx.set_signature(std::move(*signature));
  s.count(tx);
  s.commits->expect(p.tx_id);
  if (!broadcast.write(proto::encode(tx))) return "the orderer's stream broke";
  const auto raw = broadcast.read();
  ::orderer::BroadcastResponse taken;
  if (!raw || !proto::decode(*raw, taken)) return "the orderer's stream ended";
  if (taken.status() != ::common::SUCCESS) return "orderer: " + taken.info();
  return s.commits->wait_for(p.tx_id);
}

/// Counts what clients report.
class books {
 public:
  books(const load_plan& plan, const std::function<void()>& on_window) : plan_(plan), on_window_(on_window) {}
  void add(std::chrono::nanoseconds took, const ending& why) {
    std::lock_guard lock(mutex_);
    ++finished_;
    if (!why.empty() && (found_.others.count(why) || found_.others.size() < kinds_max)) ++found_.others[why];
    if (finished_ == plan_.warm_up) return open();
    if (finished_ <= plan_.warm_up) return;
    ++found_.measured;
    found_.latencies.push_back(static_cast<std::uint64_t>(took.count()));
    if (why.empty()) ++found_.valid;
    found_.window_nanos = static_cast<std::uint64_t>(std::chrono::nanoseconds(steady::now() - begun_).count());
  }
  void open() {
    begun_ = steady::now();
    on_window_();
  }
  void starved() {
    std::lock_guard lock(mutex_);
    ++found_.starved;
  }
  [[nodiscard]] load_result& found() { return found_; }

 private:
  const load_plan& plan_;
  const std::function<void()>& on_window_;
  std::mutex mutex_;
  std::uint64_t finished_ = 0;
  steady::time_point begun_{};
  load_result found_;
};

/// Until every proposal is taken; a client that finds none ready waits for the generator, and is counted.
void play_client(session& s, generator& source, std::atomic<std::uint64_t>& left, books& all, steady::time_point deadline) {
  std::unique_ptr<edge::client_stream> broadcast;
  while (steady::now() < deadline) {
    const auto mine = left.fetch_sub(1);
    if (mine == 0 || mine > s.plan.txs) break;
    auto p = source.take();
    if (!p) all.starved();
    while (!p && steady::now() < deadline) {
      std::this_thread::yield();
      p = source.take();
    }
    if (!p) break;
    const auto begun = steady::now();
    ending why;
    switch (s.plan.via) {
      case door_kind::gateway: why = through_gateway(s, *p); break;
      case door_kind::evaluate: why = evaluate(s, *p); break;
      case door_kind::endorser:
        if (!broadcast) broadcast = s.orderer->open("/orderer.AtomicBroadcast/Broadcast", {std::chrono::seconds(s.plan.deadline_seconds + 60), {}});
        why = directly(s, *broadcast, *p);
        if (!why.empty()) broadcast.reset();
        break;
    }
    all.add(steady::now() - begun, why);
  }
}

load_result failed(std::string why) {
  load_result r;
  r.failure = std::move(why);
  return r;
}

}  // namespace

load_result run_load(const load_plan& plan, const std::function<void()>& on_window) {
  auto who = crypto::read_signing_identity(plan.client_msp_folder, plan.client_msp_id);
  if (!who) return failed(who.error().context);
  if (plan.peers.empty()) return failed("no peer to ask");
  const auto clock = std::make_shared<system_clock>();
  const auto random = std::make_shared<system_random>();
  session s{plan, *who, {}, {}, {}};
  for (const auto& [address, root] : plan.peers) s.peers.push_back(rpc_client::connect(address, edge::client_tls{root, {}, {}, {}}));
  s.orderer = rpc_client::connect(plan.orderer.first, edge::client_tls{plan.orderer.second, {}, {}, {}});
  if (plan.via == door_kind::endorser) s.commits = std::make_unique<commit_watch>(*s.peers.front(), plan, s.who, *random);
  generator_settings g;
  g.channel = plan.channel;
  g.txs = plan.txs;
  g.clients = plan.clients;
  g.value_bytes = plan.value_bytes;
  generator source{g, *who, clock, random};
  std::string broken;
  source.start({[](std::size_t, const ledger::envelope&) {}, [] {}, [&broken](const error& e) { broken = e.context; }});
  source.wait_until_ahead();
  if (!broken.empty()) return failed("signing failed: " + broken);
  books all(plan, on_window);
  if (plan.warm_up == 0) all.open();
  std::atomic<std::uint64_t> left{plan.txs};
  const auto deadline = steady::now() + std::chrono::seconds(plan.deadline_seconds);
  std::vector<std::thread> clients;
  for (std::size_t i = 0; i < plan.clients; ++i) clients.emplace_back([&] { play_client(s, source, left, all, deadline); });
  for (auto& c : clients) c.join();
  auto& found = all.found();
  if (steady::now() >= deadline) found.failure = "the load did not end within " + std::to_string(plan.deadline_seconds) + " s; fewer --txs, or more time with --deadline";
  found.envelopes = s.envelopes;
  found.envelope_bytes = s.envelope_bytes;
  found.endorsements_per_tx = s.endorsements;
  return std::move(found);
}

}  // namespace weft::bench
