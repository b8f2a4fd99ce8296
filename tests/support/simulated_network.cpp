#include "tests/support/simulated_network.hpp"

#include <stdexcept>

#include "chaincode/endorsement/reply.hpp"
#include "common/common.pb.h"
#include "peer/proposal_response.pb.h"
#include "proto/encode.hpp"

namespace weft::testing {

using namespace actors;

simulated_network::simulated_network(std::uint64_t seed, config::topology t)
    : clock_(std::make_shared<manual_clock>(timestamp{std::chrono::seconds{1'790'000'000}})), random_(seed ^ 0x9e37) {
  config_ = make_system_config(1, true);
  system_ = std::make_unique<caf::actor_system>(*config_);
  scheduler_ = &dynamic_cast<caf::scheduler::test_coordinator&>(system_->scheduler());
  scheduler_->clock().current_time += std::chrono::hours(1);  // zero has a special meaning
  node_settings settings;
  settings.clock = clock_;
  settings.seed = seed;
  settings.threads_for_disks = false;
  auto started = actors::node::start(*system_, t, settings);
  if (!started) throw std::runtime_error("network does not start: " + started.error().context);
  node_ = std::move(*started);
  ready_ = std::make_shared<std::optional<result<void>>>();
  node_->when_ready([r = ready_](const result<void>& outcome) { *r = outcome; });
}

simulated_network::~simulated_network() {
  node_->stop();
  while (scheduler_->try_run_once()) {
  }
  scheduler_->clock().cancel_all();
  node_.reset();
}

bool simulated_network::run(const std::function<bool()>& until, std::chrono::seconds horizon) {
  const auto end = scheduler_->clock().now() + horizon;
  while (!until()) {
    if (scheduler_->try_run_once()) continue;
    const auto before = scheduler_->clock().now();
    if (before >= end || !scheduler_->trigger_timeout()) return until();
    clock_->advance(std::chrono::duration_cast<std::chrono::nanoseconds>(scheduler_->clock().now() - before));
  }
  return true;
}

bool simulated_network::ready() {
  run([&] { return ready_->has_value(); });
  if (!ready_->has_value()) throw std::runtime_error("network never became ready");
  if (!**ready_) throw std::runtime_error("network is not ready: " + (**ready_).error().context);
  return true;
}

bytes simulated_network::sign_proposal(const std::string& user, const std::string& contract, const std::vector<std::string>& args,
                                       std::string& tx_id) {
  const auto who = node_->user(user);
  if (!who) throw std::runtime_error(who.error().context);
  auto made = ledger::make_proposal({channel_, contract, {args.begin(), args.end()}, {}, false}, who->serialized(), random_.make_bytes(24),
                                    clock_->now());
  tx_id = made.tx_id;
  return ledger::make_signed_proposal(made.proposal_bytes, who->sign(made.proposal_bytes).value());
}

namespace {
/// Sends a request from outside and runs the network until its answer is there.
template <class Reply, class Handle, class... Ts>
Reply ask(simulated_network& net, caf::actor_system& system, const Handle& who, Ts&&... xs) {
  auto answer = std::make_shared<std::optional<Reply>>();
  auto failed = std::make_shared<bool>(false);
  auto asker = system.spawn([answer, failed, who, msg = std::make_tuple(std::forward<Ts>(xs)...)](caf::event_based_actor* self) {
    std::apply([&](const auto&... args) {
      self->request(who, std::chrono::seconds(90), args...)
          .then([answer](const Reply& r) { *answer = r; }, [failed](const caf::error&) { *failed = true; });
    }, msg);
  });
  net.run([&] { return answer->has_value() || *failed; });
  if (!answer->has_value()) throw std::runtime_error("no answer");
  return std::move(**answer);
}
}  // namespace

ledger::envelope simulated_network::endorse(const std::string& user, const std::string& contract, const std::vector<std::string>& args,
                                            outcome& out, std::size_t peer) {
  const signed_proposal proposal{sign_proposal(user, contract, args, out.tx_id)};
  const auto gateway = role<gateway_actor>(node_->peers()[peer]->name + "/gateway");
  const auto reply = ask<gateway_reply>(*this, *system_, gateway, atom::endorse::value, proposal);
  out.status = reply.status;
  if (!reply.status.ok()) return {};
  return ledger::envelope::make(reply.payload, node_->user(user)->sign(reply.payload).value());
}

outcome simulated_network::submit(const ledger::envelope& tx, const std::string& tx_id, std::size_t peer) {
  outcome out;
  out.tx_id = tx_id;
  const auto gateway = role<gateway_actor>(node_->peers()[peer]->name + "/gateway");
  const auto reply = ask<gateway_reply>(*this, *system_, gateway, atom::submit::value, tx);
  out.status = reply.status;
  if (!out.status.ok()) return out;
  const auto committed = ask<commit_reply>(*this, *system_, gateway, atom::await::value, channel_, tx_id);
  out.status = committed.status;
  out.code = committed.code;
  out.block = committed.block;
  return out;
}

outcome simulated_network::invoke(const std::string& user, const std::string& contract, const std::vector<std::string>& args, std::size_t peer) {
  outcome out;
  const auto tx = endorse(user, contract, args, out, peer);
  if (!out.status.ok()) return out;
  return submit(tx, out.tx_id, peer);
}

outcome simulated_network::invoke_on(const std::string& channel, const std::string& user, const std::string& contract, const std::vector<std::string>& args,
                                     std::size_t peer) {
  const auto before = std::exchange(channel_, channel);
  auto out = invoke(user, contract, args, peer);
  channel_ = before;
  return out;
}
bytes simulated_network::query_on(const std::string& channel, const std::string& user, const std::string& contract, const std::vector<std::string>& args,
                                  std::string* error, std::size_t peer) {
  const auto before = std::exchange(channel_, channel);
  auto out = query(user, contract, args, error, peer);
  channel_ = before;
  return out;
}

actors::endorse_reply simulated_network::endorse_raw(const bytes& raw) {
  return ask<endorse_reply>(*this, *system_, role<endorser_actor>(node_->peers()[0]->name + "/endorser"), atom::endorse::value, signed_proposal{raw});
}
actors::gateway_reply simulated_network::gateway_endorse(const bytes& raw) {
  return ask<gateway_reply>(*this, *system_, role<gateway_actor>(node_->peers()[0]->name + "/gateway"), atom::endorse::value, signed_proposal{raw});
}
actors::broadcast_reply simulated_network::broadcast(const ledger::envelope& tx) {
  return ask<broadcast_reply>(*this, *system_, role<orderer_actor>(node_->orderers()[0]->name + "/orderer"), atom::broadcast::value, tx);
}

std::vector<actors::broadcast_reply> simulated_network::broadcast(const std::vector<ledger::envelope>& txs) {
  return ask<std::vector<broadcast_reply>>(*this, *system_, role<orderer_actor>(node_->orderers()[0]->name + "/orderer"), atom::broadcast::value, txs);
}
std::shared_ptr<std::optional<broadcast_reply>> simulated_network::begin_broadcast(const ledger::envelope& tx) {
  auto answer = std::make_shared<std::optional<broadcast_reply>>();
  system_->spawn([answer, tx, to = role<orderer_actor>(node_->orderers()[0]->name + "/orderer")](caf::event_based_actor* self) {
    self->request(to, std::chrono::seconds(90), atom::broadcast::value, tx)
        .then([answer](const broadcast_reply& r) { *answer = r; }, [answer](const caf::error&) { *answer = broadcast_reply{0, "no answer"}; });
  });
  return answer;
}

ledger::envelope simulated_network::endorse_payload_of_size(std::size_t size, const crypto::signing_identity& who) {
  const auto made = ledger::make_proposal({"mychannel", "kv", {"put", "k", "v"}, {}, false}, who.serialized(), "nonce", clock_->now());
  const auto p = ledger::parse_signed_proposal(ledger::make_signed_proposal(made.proposal_bytes, "s")).value();
  ::common::Payload payload;
  payload.mutable_header()->set_channel_header(std::string(p.header.channel_header));
  payload.mutable_header()->set_signature_header(std::string(p.header.signature_header));
  payload.set_data(bytes(size, 'x'));
  auto raw = proto::encode(payload);
  auto signature = who.sign(raw).value();
  return ledger::envelope::make(std::move(raw), std::move(signature));
}

void simulated_network::kill(const std::string& role_name) {
  node_->kill(role_name);
  while (scheduler_->try_run_once()) {
  }
}

bytes simulated_network::query(const std::string& user, const std::string& contract, const std::vector<std::string>& args, std::string* error,
                               std::size_t peer) {
  std::string tx_id;
  const signed_proposal proposal{sign_proposal(user, contract, args, tx_id)};
  const auto gateway = role<gateway_actor>(node_->peers()[peer]->name + "/gateway");
  const auto reply = ask<gateway_reply>(*this, *system_, gateway, atom::evaluate::value, proposal);
  if (!reply.status.ok()) {
    if (error) {
      *error = reply.status.message;
      for (const auto& d : reply.status.details) error->append("\n").append(d.address).append(": ").append(d.message);
    }
    return {};
  }
  ::protos::Response response;
  if (!proto::decode(reply.payload, response)) throw std::runtime_error("the answer does not parse");
  return response.payload();
}

}  // namespace weft::testing
