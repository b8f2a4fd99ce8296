#include "cluster/private_data/fetch.hpp"

#include "crypto/hash/sha256.hpp"
#include "proto/encode.hpp"
#include "weft/private_data.pb.h"

namespace weft::cluster {

namespace {

constexpr std::string_view purpose{"weft.peer.PrivateData/Fetch\0", 28};
constexpr std::chrono::minutes time_window{15};

bytes signed_part(bytes_view fetch) { return bytes(purpose).append(fetch); }

/// Envelope and content; the content's bytes are kept as they came.
result<void> open(bytes_view signed_fetch, ::weft::peer::SignedFetch& envelope, ::weft::peer::Fetch& content) {
  if (signed_fetch.size() > fetch_bytes_max) {
    return fail(errc::invalid_argument, "the request has " + std::to_string(signed_fetch.size()) + " bytes; at most " + std::to_string(fetch_bytes_max) + " are read");
  }
  if (!proto::decode(signed_fetch, envelope) || !proto::decode(envelope.fetch(), content)) return fail(errc::invalid_argument, "malformed request for private data");
  if (content.channel().empty()) return fail(errc::invalid_argument, "the request names no channel");
  return {};
}

result<void> check_time(std::int64_t unix_nanos, timestamp now) {
  // In whole nanoseconds around now, so that no claimed time overflows.
  const auto then = now.time_since_epoch().count(), window = std::chrono::nanoseconds(time_window).count();
  if (unix_nanos >= then - window && unix_nanos <= then + window) return {};
  return fail(errc::permission_denied, "the request's time is absent or more than 15 minutes off");
}

/// Whoever is no peer of the organization, or has not signed, learns nothing else.
result<void> check_sender(const ::weft::peer::SignedFetch& envelope, const ::weft::peer::Fetch& content, const fetch_rules& rules) {
  auto who = rules.msps.validate(content.identity());
  if (!who) return fail(errc::permission_denied, "the request's identity is not valid here: " + who.error().context);
  const auto& id = **who;
  const auto named = id.cert.subject() + " of " + id.msp_id;
  if (id.msp_id != rules.msp_id) return fail(errc::permission_denied, named + " is not of " + rules.msp_id + ", whose private data these are");
  if (!id.peer) return fail(errc::permission_denied, named + " is no peer");
  if (id.expired_at(rules.now)) return fail(errc::permission_denied, "the certificate of " + named + " has expired");
  if (!rules.verifier.verify(id.cert.key(), signed_part(envelope.fetch()), envelope.signature())) {
    return fail(errc::permission_denied, "the request is not signed by " + named);
  }
  return {};
}

}  // namespace

result<bytes> make_fetch(const fetch& what, const crypto::signing_identity& who, bytes_view nonce, timestamp now) {
  if (what.wanted.size() > wanted_max) return fail(errc::invalid_argument, "a request asks for at most " + std::to_string(wanted_max) + " sets");
  ::weft::peer::Fetch content;
  content.set_channel(what.channel);
  content.set_asked(what.asked);
  content.set_identity(who.serialized());
  content.set_nonce(bytes(nonce));
  content.set_unix_nanos(now.time_since_epoch().count());
  for (const auto& w : what.wanted) {
    auto& to = *content.add_wanted();
    to.set_block(w.at.block.value);
    to.set_transaction(w.at.tx.value);
    to.set_namespace_(w.ns);
    to.set_collection(w.collection);
    to.set_hash(w.hash);
  }
  ::weft::peer::SignedFetch envelope;
  envelope.set_fetch(proto::encode(content));
  WEFT_TRY(auto signature, who.sign(signed_part(envelope.fetch())));
  envelope.set_signature(std::move(signature));
  return proto::encode(envelope);
}

result<std::string> channel_of_fetch(bytes_view signed_fetch) {
  ::weft::peer::SignedFetch envelope;
  ::weft::peer::Fetch content;
  WEFT_CHECK(open(signed_fetch, envelope, content));
  return content.channel();
}

result<fetch> check_fetch(bytes_view signed_fetch, const fetch_rules& rules) {
  ::weft::peer::SignedFetch envelope;
  ::weft::peer::Fetch content;
  WEFT_CHECK(open(signed_fetch, envelope, content));
  WEFT_CHECK(check_sender(envelope, content, rules));
  WEFT_CHECK(check_time(content.unix_nanos(), rules.now));
  if (content.asked() != rules.name) return fail(errc::permission_denied, "the request is for another peer than " + rules.name);
  if (static_cast<std::size_t>(content.wanted_size()) > wanted_max) {
    return fail(errc::invalid_argument, "the request asks for " + std::to_string(content.wanted_size()) + " sets; at most " + std::to_string(wanted_max));
  }
  fetch out{content.channel(), content.asked(), {}};
  for (const auto& w : content.wanted()) {
    out.wanted.push_back({{block_number(w.block()), tx_number(w.transaction())}, w.namespace_(), w.collection(), w.hash()});
  }
  return out;
}

bytes make_fetched(std::span<const ledger::missing_private_data> wanted,
                   const std::function<std::optional<bytes>(const ledger::missing_private_data&)>& held) {
  ::weft::peer::Fetched out;
  std::size_t total = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    auto set = held(wanted[i]);
    if (!set || set->size() > fetched_bytes_max - total) continue;
    total += set->size();
    auto& to = *out.add_found();
    to.set_index(static_cast<std::uint32_t>(i));
    to.set_set(std::move(*set));
  }
  return proto::encode(out);
}

result<fetched> read_fetched(bytes_view answer, std::span<const ledger::missing_private_data> wanted) {
  ::weft::peer::Fetched in;
  if (!proto::decode(answer, in)) return fail(errc::invalid_argument, "malformed answer to a request for private data");
  fetched out;
  std::vector<bool> seen(wanted.size());
  for (auto& f : *in.mutable_found()) {
    if (f.index() >= wanted.size() || seen[f.index()] || crypto::view(crypto::sha256(f.set())) != bytes_view(wanted[f.index()].hash)) {
      ++out.wrong;
      continue;
    }
    seen[f.index()] = true;
    const auto& w = wanted[f.index()];
    out.found.push_back({w.at, w.ns, w.collection, std::move(*f.mutable_set())});
  }
  return out;
}

}  // namespace weft::cluster
