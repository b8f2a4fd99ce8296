#include "actors/role.hpp"

#include <spdlog/spdlog.h>

#include <stdexcept>

namespace weft::actors {

caf::message through_wire(caf::actor_system& sys, const caf::type_erased_tuple& content) {
  std::vector<char> buffer;
  caf::binary_serializer out{sys, buffer};
  if (auto err = caf::message::save(out, content)) throw std::logic_error(sys.render(err));
  caf::binary_deserializer in{sys, buffer};
  caf::message result;
  if (auto err = result.load(in)) throw std::logic_error(sys.render(err));
  return result;
}

void log_unexpected(const std::string& role, const std::string& what) { spdlog::error("{}: {}", role, what); }

}  // namespace weft::actors
