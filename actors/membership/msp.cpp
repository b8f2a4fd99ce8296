// MSP: judges identities against one organization's local definition.
#include "actors/membership/roles.hpp"

namespace weft::actors {

namespace {

struct msp_state {
  static inline const char* name = "msp";
};

membership judge(const crypto::msp& definition, const bytes& serialized) {
  const auto who = definition.validate(serialized);
  if (!who) return {to_status(who.error()), definition.name(), {}, {}, 0};
  const auto& id = **who;
  const char* role = id.admin ? "admin" : id.peer ? "peer" : id.orderer ? "orderer" : id.client ? "client" : "member";
  const auto expires = std::chrono::floor<std::chrono::seconds>(id.cert.not_after()).time_since_epoch().count();
  return {{}, id.msp_id, id.cert.subject(), role, expires};
}

msp_actor::behavior_type msp_behavior(role_self<msp_actor, msp_state>, std::shared_ptr<const crypto::msp> definition) {
  return {[definition](atom::validate, const bytes& serialized) { return judge(*definition, serialized); }};
}

}  // namespace

role_spec msp_role(seat s, std::shared_ptr<const crypto::msp> definition) { return make_spec(std::move(s), &msp_behavior, std::move(definition)); }

}  // namespace weft::actors
