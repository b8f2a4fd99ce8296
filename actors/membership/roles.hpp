// The roles of membership: who may issue identities, and who says whether one is valid.
#pragma once

#include <memory>
#include <string>

#include "actors/interfaces.hpp"
#include "actors/role_spec.hpp"
#include "actors/site.hpp"
#include "crypto/ca/authority.hpp"

namespace weft::actors {

/// A certificate authority and its seams.
struct ca_site {
  std::string name;      ///< "ca.org1.example.com"
  std::string msp_id;
  crypto::authority authority;
  std::shared_ptr<const weft::clock> clock;
  std::shared_ptr<random_source> random;
};
[[nodiscard]] role_spec ca_role(seat s, std::shared_ptr<const ca_site> site);
[[nodiscard]] role_spec msp_role(seat s, std::shared_ptr<const crypto::msp> definition);

}  // namespace weft::actors
