#include "actors/role.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "actors/interfaces.hpp"

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

namespace {

/// The verbs of what nodes say to each other; whoever adds a message that crosses nodes adds its verb here and its types to remoting/travels.cpp.
constexpr std::array<caf::atom_value, 12> verbs_from_afar{
    atom::endorse::value, atom::whois::value, atom::broadcast::value, atom::order::value, atom::seek::value, atom::credit::value,
    atom::cancel::value, atom::block::value, atom::ended::value, caf::atom("step"), caf::atom("hello"), caf::atom("here")};
std::atomic<std::uint64_t> refused{0};

}  // namespace

bool may_come_from_afar(const caf::strong_actor_ptr& sender, caf::message_id mid, const caf::type_erased_tuple& content) {
  if (mid.is_response()) return true;
  if (content.match_elements<caf::down_msg>() && content.get_as<caf::down_msg>(0).source == sender) return true;
  if (!content.empty() && content.match_element<caf::atom_value>(0)) {
    const auto verb = content.get_as<caf::atom_value>(0);
    if (std::find(verbs_from_afar.begin(), verbs_from_afar.end(), verb) != verbs_from_afar.end()) return true;
  }
  ++refused;
  return false;
}

std::uint64_t refused_from_afar() noexcept { return refused; }

void log_unexpected(const std::string& role, const std::string& what) { spdlog::error("{}: {}", role, what); }

}  // namespace weft::actors
