// CA: issues identities of one organization. The key is made here and handed over once; nothing of it is kept.
#include "actors/membership/roles.hpp"

#include <algorithm>

namespace weft::actors {

namespace {

struct ca_state {
  static inline const char* name = "ca";
};

enrolled issue(const ca_site& site, const enrollment& request) {
  const auto refuse = [](std::string why) { return enrolled{status_of(rpc_code::invalid_argument, std::move(why)), {}, {}}; };
  if (request.common_name.empty() || request.common_name.size() > 64) return refuse("a common name has 1 to 64 characters");
  static constexpr std::string_view roles[] = {"client", "peer", "admin", "orderer"};
  if (std::find(std::begin(roles), std::end(roles), request.role) == std::end(roles)) {
    return refuse("role '" + request.role + "' is none of client, peer, admin, orderer");
  }
  crypto::certificate_request wanted;
  wanted.common_name = request.common_name;
  wanted.organizational_units = {request.role};
  const auto valid = crypto::validity_from(site.clock->now());
  wanted.not_before = valid.not_before;
  wanted.not_after = std::min(valid.not_after, site.authority.cert().not_after());
  const auto made = site.authority.issue(wanted, *site.random);
  if (!made) return {to_status(made.error()), {}, {}};
  return {{}, made->cert.to_pem(), made->key.to_pem()};
}

ca_actor::behavior_type ca_behavior(role_self<ca_actor, ca_state>, std::shared_ptr<const ca_site> site) {
  return {[site](atom::enroll, const enrollment& request) { return issue(*site, request); }};
}

}  // namespace

role_spec ca_role(seat s, std::shared_ptr<const ca_site> site) { return make_spec(std::move(s), &ca_behavior, std::move(site)); }

}  // namespace weft::actors
