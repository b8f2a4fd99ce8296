// Every role's interface on one page: what may be sent to it, and what the reply promises.
// Interfaces carry Fabric's messages and status codes, because behind the same interface there will be clients of other people's nodes.
#pragma once

#include <caf/all.hpp>

#include "actors/messages.hpp"
#include "chaincode/simulation/simulation.hpp"
#include "ledger/validation/validator.hpp"

namespace weft::actors {

namespace atom {
using endorse = caf::atom_constant<caf::atom("endorse")>;
using evaluate = caf::atom_constant<caf::atom("evaluate")>;
using submit = caf::atom_constant<caf::atom("submit")>;
using await = caf::atom_constant<caf::atom("await")>;
using broadcast = caf::atom_constant<caf::atom("broadcast")>;
using order = caf::atom_constant<caf::atom("order")>;
using forward = caf::atom_constant<caf::atom("forward")>;
using step = caf::atom_constant<caf::atom("step")>;
using sync = caf::atom_constant<caf::atom("sync")>;
using seek = caf::atom_constant<caf::atom("seek")>;
using credit = caf::atom_constant<caf::atom("credit")>;
using cancel = caf::atom_constant<caf::atom("cancel")>;
using block = caf::atom_constant<caf::atom("block")>;
using ended = caf::atom_constant<caf::atom("ended")>;
using written = caf::atom_constant<caf::atom("written")>;
using write = caf::atom_constant<caf::atom("write")>;
using commit = caf::atom_constant<caf::atom("commit")>;
using committed = caf::atom_constant<caf::atom("committed")>;
using prepare = caf::atom_constant<caf::atom("prepare")>;
using simulate = caf::atom_constant<caf::atom("simulate")>;
using expired = caf::atom_constant<caf::atom("expired")>;
using enroll = caf::atom_constant<caf::atom("enroll")>;
using validate = caf::atom_constant<caf::atom("validate")>;
using whois = caf::atom_constant<caf::atom("whois")>;
using status = caf::atom_constant<caf::atom("status")>;
using restart = caf::atom_constant<caf::atom("restart")>;
using stop = caf::atom_constant<caf::atom("stop")>;
using kill = caf::atom_constant<caf::atom("kill")>;
using tick = caf::atom_constant<caf::atom("tick")>;
using join = caf::atom_constant<caf::atom("join")>;
using create = caf::atom_constant<caf::atom("create")>;
using adopt = caf::atom_constant<caf::atom("adopt")>;
using leader = caf::atom_constant<caf::atom("leader")>;
using changed = caf::atom_constant<caf::atom("changed")>;
}  // namespace atom

/// ENDORSER of one peer: simulates proposals on a snapshot and signs what came out.
using endorser_actor = caf::typed_actor<
    // Judges and executes one SignedProposal (interop/04 §1). An `ok` status carries a pb(ProposalResponse), which may itself say 500.
    caf::replies_to<atom::endorse, signed_proposal>::with<endorse_reply>,
    // The same for an answer that nobody will order: the response is not endorsed, and private writes are not kept.
    caf::replies_to<atom::evaluate, signed_proposal>::with<endorse_reply>,
    // Who endorses here: pb(SerializedIdentity).
    caf::replies_to<atom::whois>::with<bytes>>;

/// One simulation, within a process: the context's borrowed parts live in `keep_alive`.
struct simulation_job {
  chaincode::simulation_context context;
  std::shared_ptr<const void> keep_alive;
};
struct simulation_outcome {
  result<chaincode::simulation_result> value = fail(errc::internal, "not simulated");
};

/// CHAINCODE_HOST of one peer: runs contracts. Never shared between nodes.
using chaincode_host_actor = caf::typed_actor<
    // Runs the proposal of the context; the outcome is shared and immutable.
    caf::replies_to<atom::simulate, std::shared_ptr<const simulation_job>>::with<std::shared_ptr<const simulation_outcome>>>;

struct submit_call;

/// GATEWAY of one peer, acting for its organization (interop/04 §2). Signs nothing.
using gateway_actor = caf::typed_actor<
    // Runs a query on one peer. payload: pb(protos.Response).
    caf::replies_to<atom::evaluate, signed_proposal>::with<gateway_reply>,
    // Collects endorsements that satisfy the policy. payload: pb(common.Payload) to be signed by the client.
    caf::replies_to<atom::endorse, signed_proposal>::with<gateway_reply>,
    // The same from one peer of each organization named (MSP ids), whatever the policy says.
    caf::replies_to<atom::endorse, signed_proposal, std::vector<std::string>>::with<gateway_reply>,
    // Sends a signed transaction to an orderer. The reply means "durably ordered", not "committed".
    caf::replies_to<atom::submit, ledger::envelope>::with<gateway_reply>,
    // Waits until a transaction (channel, id) is committed here, at most as long as gateway_options say. For callers in this process or behind an
    // edge that has checked the request's signature.
    caf::replies_to<atom::await, std::string, std::string>::with<commit_reply>,
    // INTERNAL: another round among the orderers.
    caf::reacts_to<atom::submit, std::shared_ptr<submit_call>>,
    // INTERNAL: the committer of this peer has committed a block.
    caf::reacts_to<atom::committed, commit_notice>,
    // INTERNAL: looks for waiters whose time is over.
    caf::reacts_to<atom::tick>,
    // INTERNAL: looks after submits that wait for an orderer.
    caf::reacts_to<atom::expired>,
    // INTERNAL: another orderer leads this channel now (peer_channel::led).
    caf::reacts_to<atom::changed, std::string>>;

/// ORDERER front of one node: checks size, signature and the channel's Writers policy (interop/06 §1), then hands to the consenter.
using orderer_actor = caf::typed_actor<
    // SUCCESS (200) means: the block with this envelope is on disk. Everything else left no trace.
    caf::replies_to<atom::broadcast, ledger::envelope>::with<broadcast_reply>,
    // Several at once, of one channel: those that pass travel together as far as the batch limits allow. One answer for each, in order.
    caf::replies_to<atom::broadcast, std::vector<ledger::envelope>>::with<std::vector<broadcast_reply>>,
    // Who leads the channel (an orderer's name), and in which term: answered as soon as this orderer knows of a later term than that one, at once if it
    // does already, or if this never changes. One question of an asker and channel is kept, and so many of all; others are answered as things stand
    // (empty: nobody leads).
    caf::replies_to<atom::leader, std::string, std::uint64_t>::with<std::string, std::uint64_t>,
    // INTERNAL: this channel has another leader, or none.
    caf::reacts_to<atom::changed, std::string>>;

/// CONSENTER of one channel on one node: decides the order. solo, raft, kafka and bft stand behind this interface.
using consenter_actor = caf::typed_actor<
    // Orders a normal envelope that passed the filters under configuration `sequence`. Same promise as broadcast.
    caf::replies_to<atom::order, ledger::envelope, std::uint64_t>::with<broadcast_reply>,
    // Several that passed, in this order; the reply comes when the last of them is on disk or refused.
    caf::replies_to<atom::order, std::vector<ledger::envelope>, std::uint64_t>::with<std::vector<broadcast_reply>>,
    // INTERNAL: a timer the core asked for has fired.
    caf::reacts_to<atom::expired, std::uint64_t>,
    // INTERNAL: the block of this number is on disk, or (text not empty) could not be written.
    caf::reacts_to<atom::written, std::uint64_t, std::string>>;

/// BLOCK_WRITER of one channel on one orderer: the only writer of its block store.
using block_writer_actor = caf::typed_actor<
    // Signs, appends and syncs a block, then tells the consenter and DELIVER.
    caf::reacts_to<atom::write, ledger::block, consenter_actor>,
    // The same for a raft channel, whose log has the block already, as the entry of this index (0: fetched from another orderer): it is not synced.
    caf::reacts_to<atom::write, ledger::block, std::uint64_t, consenter_actor>,
    // Everything that was written before is durable; the text is empty, or says why not.
    caf::replies_to<atom::sync>::with<std::string>>;

/// Takes the blocks of a subscription.
using block_sink_actor = caf::typed_actor<
    // The next block of the subscription; uses up one credit.
    caf::reacts_to<atom::block, std::string, ledger::block>,
    // The subscription is over, with a common.Status number and text: SUCCESS after `stop`, NOT_FOUND, FORBIDDEN, …
    caf::reacts_to<atom::ended, std::string, std::int32_t, std::string>>;

/// DELIVER of one node: streams blocks by credit (interop/04 §4), to peers, SDKs and the command.
using deliver_actor = caf::typed_actor<
    // Opens a subscription for the sink by a signed seek envelope, with so many credits to begin with; a later seek of a sink replaces the first.
    // The text names the ACL resource that a peer judges it by ("event/Block"); empty: the channel's readers. Orderers have one policy for all.
    caf::reacts_to<atom::seek, block_sink_actor, ledger::envelope, std::uint32_t, std::string>,
    // More credits for a sink's subscription to a channel.
    caf::reacts_to<atom::credit, block_sink_actor, std::string, std::uint32_t>,
    caf::reacts_to<atom::cancel, block_sink_actor, std::string>,
    // INTERNAL: a block has become durable here.
    caf::reacts_to<atom::written, std::string, ledger::block>,
    // INTERNAL: goes on with a channel whose readers were behind.
    caf::reacts_to<atom::tick, std::string>>;

/// COMMITTER of one channel on one peer: a pipeline over successive blocks; the only writer of the peer's ledger.
using committer_actor = caf::typed_actor<
    // Takes the next block as an orderer delivered it. The reply comes when it is committed; blocks may be sent ahead up to the pipeline's depth.
    caf::replies_to<atom::commit, ledger::block>::with<broadcast_reply>>;

/// One slice of stateless validation work: transactions [first, last) of a block.
struct prepare_job {
  std::shared_ptr<ledger::prepared_block> block;  ///< Each slice writes its own entries of `txs` only.
  std::shared_ptr<const crypto::verifier> verifier;
  std::size_t first = 0, last = 0;
  std::uint64_t epoch = 0;
};
/// VALIDATION_WORKER: one of a peer's pool; verifies signatures in batches.
using validation_worker_actor = caf::typed_actor<
    // Prepares the slice and replies with its epoch.
    caf::replies_to<atom::prepare, std::shared_ptr<const prepare_job>>::with<std::uint64_t>>;

/// A prepared block on its way into the ledger, with the private writes that were kept for it.
struct write_job {
  std::shared_ptr<const ledger::prepared_block> block;
  std::vector<std::pair<std::string, ledger::private_writes>> privates;  ///< By transaction id.
};
struct write_outcome {
  std::uint64_t number = 0;
  std::string failure;               ///< Not empty: nothing was stored.
  ledger::block sealed;
  std::vector<committed_tx> txs;
};
/// LEDGER_WRITER of one channel on one peer: judges and stores blocks in order. Blocks on the disk, so a live node gives it a thread.
using ledger_writer_actor = caf::typed_actor<
    caf::replies_to<atom::write, std::shared_ptr<const write_job>>::with<std::shared_ptr<const write_outcome>>>;

/// BLOCK_SOURCE of one channel on one peer: pulls blocks from an orderer and feeds the committer, by credit.
using block_source_actor = caf::typed_actor<
    caf::reacts_to<atom::block, std::string, ledger::block>,
    caf::reacts_to<atom::ended, std::string, std::int32_t, std::string>,
    // INTERNAL: time to try again, if the epoch is still the current one.
    caf::reacts_to<atom::tick, std::uint64_t>,
    // INTERNAL: the first of these orderers leads the channel now, where the second did.
    caf::reacts_to<atom::changed, std::string, std::string>>;

/// LEADER_WATCH of one channel on one peer: has a question open at each of the channel's orderers, and says to GATEWAY and BLOCK_SOURCE who leads now.
using leader_watch_actor = caf::typed_actor<
    // INTERNAL: looks whether somebody is to be asked.
    caf::reacts_to<atom::tick>>;

/// What a CA is asked to issue.
struct enrollment {
  std::string common_name, role;  ///< role: client, peer, admin, orderer.
};
struct enrolled {
  rpc_status status;
  std::string certificate_pem, key_pem;
};
template <class Inspector> auto inspect(Inspector& f, enrollment& x) { return f(x.common_name, x.role); }
template <class Inspector> auto inspect(Inspector& f, enrolled& x) { return f(x.status, x.certificate_pem, x.key_pem); }

/// CA of one organization: issues the network's identities.
using ca_actor = caf::typed_actor<
    // A key and a certificate for a new member of the organization.
    caf::replies_to<atom::enroll, enrollment>::with<enrolled>>;

/// What an MSP says of an identity.
struct membership {
  rpc_status status;                 ///< permission_denied with the check that failed.
  std::string msp_id, subject;
  std::string role;                  ///< "admin", "client", "peer", "orderer" or "member".
  std::int64_t expires_unix = 0;     ///< Seconds; expiry is no part of validity.
};
template <class Inspector> auto inspect(Inspector& f, membership& x) { return f(x.status, x.msp_id, x.subject, x.role, x.expires_unix); }

/// MSP of one organization: judges identities against its local definition (interop/03 §2).
using msp_actor = caf::typed_actor<
    // pb(SerializedIdentity) → who it is, or why it is nobody.
    caf::replies_to<atom::validate, bytes>::with<membership>>;

/// A channel to be made of organizations of this network.
struct channel_request {
  std::string name;
  std::vector<std::string> organizations;  ///< By name or MSP id; none: all that have peers.
  std::vector<std::string> contracts;      ///< To be deployed at once.
};
template <class Inspector> auto inspect(Inspector& f, channel_request& x) { return f(x.name, x.organizations, x.contracts); }

/// PARTICIPATION of one node: its members join channels (interop/02 §8). Answers are status and text of Fabric's participation API.
using participation_actor = caf::typed_actor<
    // The orderer or peer of that name joins the channel that block 0 begins. 201: it serves the channel, now and after every restart; 405: it does already.
    caf::replies_to<atom::join, std::string, ledger::block>::with<broadcast_reply>,
    // Makes a genesis block; every orderer and the organizations' peers join; contracts are deployed. 201: transactions commit there. What an
    // earlier attempt has done already is not done again.
    caf::replies_to<atom::create, channel_request>::with<broadcast_reply>,
    // INTERNAL: the contracts of a channel are deployed, or (text not empty) will not be.
    caf::reacts_to<atom::ended, std::string, std::string>>;

}  // namespace weft::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::shared_ptr<weft::actors::submit_call>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::shared_ptr<const weft::actors::simulation_job>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::shared_ptr<const weft::actors::simulation_outcome>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::shared_ptr<const weft::actors::prepare_job>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::shared_ptr<const weft::actors::write_job>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::shared_ptr<const weft::actors::write_outcome>)
